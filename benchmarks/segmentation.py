"""`spinemets segment` as a user runs it: a lumbar MR and a chest CT of 275 slices of 512 x 512, one fresh process a row.

The CT is the real 5 mm one resampled to 275 slices, the MR a real one of the lumbar spine; where the real images
(`shared/data` beside the repository) are absent, the demonstration's CT and T1 stand in. Published times of peers are
those of their own pages, on their machines: no run side by side.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(os.environ.get("SPINEMETS_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
# Seconds and MB of the project's bar and aim, two cores, whole command.
BARS = {"lumbar MR": (4.0, 2.0), "chest CT": (15.0, 6.0)}
PEAK_MB = (1500.0, 800.0)
PEERS = """published by peers, on their machines:
  TotalSegmentator, 512 x 512 x 280 CT, GPU: 77 s, 7.6 GB (3 mm model 34 s, 7.4 GB); low-resolution subset, CPU: 70 s
  Spinal Cord Toolbox, full MR spine, CPU: 780 s; cropped cord model 22 s
  SPINEPS, TotalSpineSeg: no CPU time published; users report minutes"""
ROUNDS = 3


def slices_of(source: Path, target: Path, number: int) -> None:
    """Write a DICOM series as NIfTI with another number of slices, linear between the old ones."""
    import nibabel as nib
    import numpy as np
    from scipy import ndimage

    from spinemets.app.pipeline import open_study

    volume = open_study(source).series[0].pixels()
    factor = number / volume.grid.shape_ijk[2]
    array = ndimage.zoom(volume.array, (1, 1, factor), order=1, grid_mode=True, mode="nearest")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.grid.affine_lps_mm
    affine[:3, 2] /= factor
    nib.save(nib.Nifti1Image(array.astype(np.int16), affine), target)


def prepare(folder: Path) -> int:
    """Write the images and what their headers would say."""
    if DATA.is_dir():
        slices_of(DATA / "ct-thoracic-dx-a0001" / "series-kernel-B.tar.xz", folder / "ct.nii.gz", 275)
        (folder / "mr.nii.gz").write_bytes((DATA / "mr-lumbar-vb" / "vb2_05_img.nii.gz").read_bytes())
    else:
        import nibabel as nib
        import numpy as np

        from spinemets import phantom
        from spinemets.phantom.imaging.acquisition import default

        patient = phantom.build("first-light", 1)
        for name, sequence in (("ct", "ct"), ("mr", "t1")):
            volume = patient.render(sequence, default(sequence))
            affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.grid.affine_lps_mm
            nib.save(nib.Nifti1Image(volume.array, affine), folder / f"{name}.nii.gz")
    (folder / "facts.yaml").write_text("'*ct.nii.gz': {kind: ct_soft, kvp: 120}\n'*mr.nii.gz': {kind: t2}\n")
    return 0


def run(image: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak memory [MB] of one call."""
    command = [
        sys.executable,
        "-m",
        "spinemets.app.cli",
        "segment",
        str(image),
        "--facts",
        str(image.parent / "facts.yaml"),
    ]
    begun = time.perf_counter()
    child = subprocess.Popen([*command, "--out", str(out), "-q"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"segment ended with status {status}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def main() -> int:
    """Print one row an exam, then the peers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: on Linux a child's peak memory begins at that of the process that started it.
        subprocess.run([sys.executable, "-m", "benchmarks.segmentation", str(folder)], check=True)
        for label, image in (("lumbar MR", "mr.nii.gz"), ("chest CT", "ct.nii.gz")):
            # Each call outlines anew: a folder of its own.
            runs = [run(folder / image, folder / f"{label} {n}") for n in range(ROUNDS)]
            seconds, peak = min(runs)
            must, aim = BARS[label]
            print(
                f"segment, {label}: {seconds:.2f} s (runs {' '.join(f'{s:.2f}' for s, _ in runs)}; bar {must:g}, aim {aim:g}), "
                f"peak {peak:.0f} MB (bar {PEAK_MB[0]:.0f}, aim {PEAK_MB[1]:.0f})"
            )
    print(PEERS)
    return 0


if __name__ == "__main__":
    sys.exit(prepare(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
