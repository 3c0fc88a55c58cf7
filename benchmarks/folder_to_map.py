"""From a folder of diffusion images to an ADC map in a running process, beside dcm2niix converting it: part of `make bench`.

256 x 256 x 40 voxels, three b-values, 120 files. Ours: headers, recognition, pixels, noise, map; motion between volumes is not measured,
which dcm2niix does not do either, and nothing is written. dcm2niix is a process of its own.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SIZE, SLICES, B_VALUES, ROUNDS = 256, 40, (0, 400, 800), 7
MR_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"


def write_diffusion(folder: Path) -> Path:
    """120 files as a scanner writes them, b-values in the standard element."""
    from pydicom.uid import generate_uid

    folder.mkdir(parents=True)
    uids = generate_uid(), generate_uid(), generate_uid()
    draw = np.random.default_rng(1)
    rows, columns = np.mgrid[:SIZE, :SIZE] / (SIZE / 2) - 1
    inside = np.hypot(rows, columns) < 0.7
    for n, b in enumerate(B_VALUES):
        for k in range(SLICES):
            signal = inside * 900 * np.exp(-b * 1e-3)
            noise = 8 * (draw.standard_normal((SIZE, SIZE)) + 1j * draw.standard_normal((SIZE, SIZE)))
            image = np.rint(np.abs(signal + noise)).astype(np.uint16)
            _file(image, (n * SLICES + k, k, b), uids).save_as(folder / f"{n}-{k:03d}.dcm", enforce_file_format=True)
    return folder


def _file(image: np.ndarray, of: tuple[int, int, int], uids: tuple[str, str, str]) -> Any:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import generate_uid

    number, k, b = of
    ds = pydicom.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MR_STORAGE
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.Modality, ds.PatientID, ds.SeriesNumber, ds.InstanceNumber = "MR", "synthetic", 1, number + 1
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uids
    ds.ImageType, ds.ScanningSequence, ds.SequenceVariant = ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"], "EP", "SK"
    ds.RepetitionTime, ds.EchoTime, ds.MagneticFieldStrength, ds.MRAcquisitionType = 4000, 75, 1.5, "2D"
    ds.DiffusionBValue = float(b)
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-128, -128, 5.0 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness, ds.AcquisitionTime = [1, 1], 5.0, f"1000{number // SLICES:02d}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.BitsAllocated = SIZE, SIZE, 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.PixelData = image.tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def ours(folder: Path) -> float:
    """Seconds from folder to map."""
    from spinemets.ingest.options import ReadingOptions
    from spinemets.ingest.read import read
    from spinemets.maps.from_study.compute import compute
    from spinemets.maps.from_study.how import How
    from spinemets.series.recognise import recognise
    from spinemets.series.sets.find import with_sets

    begun = time.perf_counter()
    study = with_sets(recognise(read([folder], ReadingOptions()), look=False))
    made, _ = compute(study, "adc", How(motion=False))
    seconds = time.perf_counter() - begun
    adc = made[0].maps[0].array
    assert abs(float(np.nanmedian(adc)) / 1e-3 - 1) < 0.02, "the map is wrong"
    return seconds


def theirs(program: str, folder: Path) -> float:
    """Seconds that dcm2niix takes for the same folder."""
    with tempfile.TemporaryDirectory() as out:
        begun = time.perf_counter()
        subprocess.run([program, "-z", "n", "-b", "n", "-o", out, str(folder)], check=True, capture_output=True)
        return time.perf_counter() - begun


def main() -> int:
    """Alternate both and print."""
    program = shutil.which("dcm2niix")
    with tempfile.TemporaryDirectory() as name:
        folder = write_diffusion(Path(name) / "dwi")
        ours(folder)
        mine, other = [], []
        for _ in range(ROUNDS):
            mine.append(ours(folder))
            if program:
                other.append(theirs(program, folder))
    print(
        f"folder of 120 diffusion images to ADC map, warm: best {1000 * min(mine):.0f} ms, median {1000 * statistics.median(mine):.0f} ms"
    )
    if other:
        print(
            f"  dcm2niix converting it: best {1000 * min(other):.0f} ms; ours is {min(mine) / min(other):.2f} times that (asked: 1.25)"
        )
    else:
        print("  dcm2niix is not installed here: nothing to compare with")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
