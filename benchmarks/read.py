"""Time from a DICOM folder to a volume in memory, beside dcm2niix on the same folder in the same run.

    python benchmarks/read.py [FOLDER ...] [--rounds N]

Without a folder a synthetic CT (275 images of 512 x 512) is written to a temporary folder. Ours: `read` (every header, the
SHA-256 of every file, G-01) plus the scaled volume, in a running process; "new process" adds starting Python and all
imports. dcm2niix converts to uncompressed NIfTI without a hash. The rounds alternate; the best and the median are shown.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ONE_PROCESS = (
    "import sys; from pathlib import Path; from spinemets.ingest.read import read;"
    "[s.pixels() for s in read([Path(sys.argv[1])]).series if s.measurable]"
)


def synthetic_ct(folder: Path, n: int = 275) -> Path:
    """Write a CT of n noise slices."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    folder.mkdir(parents=True)
    base = np.random.default_rng(0).integers(0, 3000, (512, 512)).astype(np.int16)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k in range(n):
        dataset = pydicom.Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.Modality, dataset.PatientID, dataset.SeriesNumber, dataset.InstanceNumber = "CT", "synthetic", 1, k + 1
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-180, -180, 1.25 * k], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness, dataset.KVP = [0.703, 0.703], 1.25, 120
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 512, 512, 16, 16, 15
        dataset.PixelRepresentation = 1
        dataset.PixelData = np.roll(base, 777 * k).tobytes()
        dataset.save_as(folder / f"{generate_uid()[-16:]}.dcm", enforce_file_format=True)
    return folder


def ours(folder: Path) -> tuple[float, float]:
    """Seconds of reading headers and digests, and of the volumes."""
    from spinemets.ingest.read import read

    start = time.perf_counter()
    study = read([folder])
    middle = time.perf_counter()
    for series in study.series:
        if series.measurable:
            series.pixels()
    return middle - start, time.perf_counter() - middle


def process(command: list[str]) -> float:
    """Seconds of a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Alternate the readers on one folder."""
    times: dict[str, list[float]] = {
        "ours: headers + SHA-256": [],
        "ours: folder to volume": [],
        "ours: new process": [],
    }
    converter = shutil.which("dcm2niix")
    if converter:
        times["dcm2niix"] = []
    ours(folder)
    for _ in range(rounds):
        headers, volumes = ours(folder)
        times["ours: headers + SHA-256"].append(headers)
        times["ours: folder to volume"].append(headers + volumes)
        if converter:
            with tempfile.TemporaryDirectory() as out:
                times["dcm2niix"].append(process([converter, "-z", "n", "-b", "n", "-o", out, str(folder)]))
        times["ours: new process"].append(process([sys.executable, "-c", ONE_PROCESS, str(folder)]))
    return times


def main() -> None:
    """Print one table per folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = options.folders or [synthetic_ct(Path(temporary) / "synthetic-ct")]
        for folder in folders:
            n = sum(1 for p in folder.rglob("*") if p.is_file())
            print(f"{folder.name}: {n} files")
            for name, seconds in measure(folder, options.rounds).items():
                print(f"  {name:26s} best {min(seconds):.3f} s   median {statistics.median(seconds):.3f} s")


if __name__ == "__main__":
    main()
