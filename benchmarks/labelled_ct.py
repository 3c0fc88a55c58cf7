"""A real labelled CT end to end, report included: at its own 3 mm and resampled to 1 mm. One fresh process a row.

Skips with its reason where the real images (`shared/data` beside the repository) are absent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(os.environ.get("SPINEMETS_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SET = DATA / "ct-torso-ts-labelled"
SCHEME = "totalsegmentator_total_v2"
# Bars of the project's first release.
BARS = {"3 mm": (4.0, 500.0), "1 mm": (15.0, 1000.0)}


def finer(source: Path, target: Path, *, factor: int, order: int) -> None:
    """Resample a NIfTI to voxels `factor` times smaller (order 1 = linear for images, 0 = nearest for labels)."""
    import nibabel as nib
    import numpy as np
    from scipy import ndimage

    image = nib.load(source)
    array = ndimage.zoom(np.asanyarray(image.dataobj), factor, order=order, grid_mode=True, mode="nearest")
    affine = image.affine.copy()
    affine[:3, :3] /= factor
    affine[:3, 3] += image.affine[:3, :3] @ np.full(3, (1 / factor - 1) / 2)
    nib.save(nib.Nifti1Image(array.astype(np.int16), affine), target)


def run(ct: Path, labels: Path, out: Path) -> tuple[float, float, list[dict[str, float]]]:
    """Seconds, peak memory [MB] and stages of one whole analysis."""
    command = [sys.executable, "-m", "spinemets.app.cli", "analyze", str(ct), "--labels", f"{labels}:{SCHEME}"]
    begun = time.perf_counter()
    child = subprocess.Popen([*command, "--out", str(out), "-q"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"analyze ended with status {status}")
    stages = json.loads((out / "assessment.json").read_text())["provenance"]["stages"]
    return seconds, usage.ru_maxrss / 1024, stages


def main() -> int:
    """Print one block per resolution."""
    if not SET.is_dir():
        print("labelled CT: the real images are not here")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: on Linux a child's peak memory begins at that of the process that started it.
        subprocess.run([sys.executable, "-m", "benchmarks.labelled_ct", str(folder)], check=True)
        inputs = {
            "3 mm": (SET / "ct.nii.gz", SET / "labels_vertebrae.nii.gz"),
            "1 mm": (folder / "ct.nii.gz", folder / "labels.nii.gz"),
        }
        for label, (ct, labels) in inputs.items():
            runs = [run(ct, labels, folder / f"out {label}") for _ in range(3)]
            seconds, peak, stages = min(runs, key=lambda r: r[0])
            bar_s, bar_mb = BARS[label]
            spread = " ".join(f"{r[0]:.2f}" for r in runs)
            print(
                f"labelled CT, {label}: {seconds:.2f} s (runs {spread}; bar {bar_s:g}), peak {peak:.0f} MB (bar {bar_mb:g})"
            )
            for stage in stages:
                print(
                    f"  {stage['stage']:24} {stage['seconds']:7.2f} s   peak so far {stage['peak_memory_mb']:6.0f} MB"
                )
    return 0


def prepare(folder: Path) -> int:
    """Write the 1 mm versions."""
    finer(SET / "ct.nii.gz", folder / "ct.nii.gz", factor=3, order=1)
    finer(SET / "labels_vertebrae.nii.gz", folder / "labels.nii.gz", factor=3, order=0)
    return 0


if __name__ == "__main__":
    sys.exit(prepare(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
