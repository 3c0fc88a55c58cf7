"""Headers read per second from a folder of many small files, and the peak memory: part of `make bench`.

    python benchmarks/headers.py [--files N] [--rounds N]

N single-slice CT files of 16 x 16 pixels, with headers as scanners write them (about 110 elements), are written to a
temporary folder, 1000 to a sub-folder. Timed is `gather`: finding the files, looking at what they are, reading every
header; then `read`: the same, and the series formed of them. Warm cache, running process; best and median of the rounds.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import gather, read

STUDY, SERIES = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"


def template():
    """One header with what a CT scanner states, private elements included."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.ImageType, dataset.Modality, dataset.Manufacturer = ["ORIGINAL", "PRIMARY", "AXIAL"], "CT", "MAKER"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = "20240102"
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "101112.131415"
    dataset.PatientID, dataset.PatientSex, dataset.PatientAge = "synthetic", "F", "061Y"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = STUDY, SERIES, f"{STUDY}.3"
    dataset.SeriesNumber, dataset.AcquisitionNumber = 4, 1
    dataset.StudyDescription, dataset.SeriesDescription, dataset.ProtocolName = "SPINE", "SPINE 1.0", "CT spine"
    dataset.ConvolutionKernel, dataset.KVP, dataset.PatientPosition = "B30f", 120, "HFS"
    dataset.ImageOrientationPatient, dataset.PixelSpacing, dataset.SliceThickness = [1, 0, 0, 0, 1, 0], [1, 1], 1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns, dataset.PixelRepresentation = 16, 16, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    block = dataset.private_block(0x0019, "MAKER CT HEADER", create=True)
    for number in range(50):
        block.add_new(number, "LO", f"private value {number}")
    dataset.PixelData = bytes(512)
    return dataset


def write(folder: Path, n: int) -> None:
    """That many files: one header, of which the identifier, number and position change."""
    dataset = template()
    for k in range(n):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{SERIES}.{100000 + k}"
        dataset.InstanceNumber, dataset.ImagePositionPatient = k + 1, [-8, -8, k]
        below = folder / f"{k // 1000:03d}"
        below.mkdir(exist_ok=True)
        dataset.save_as(below / f"{k:06d}.dcm", enforce_file_format=True)


def main() -> None:
    """Write the files, time, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder, options.files)
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for name, work in (("gather", lambda: gather([folder], ReadingOptions())), ("read", lambda: read([folder]))):
            seconds = []
            for _ in range(options.rounds):
                start = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - start)
            best, median = min(seconds), statistics.median(seconds)
            print(f"{name:6s} {options.files} files: best {best:.2f} s = {options.files / best:.0f} headers/s", end="")
            print(f"   median {median:.2f} s = {options.files / median:.0f} headers/s")
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak_mb:.0f} MB, of which before reading {before_mb:.0f} MB")


if __name__ == "__main__":
    main()
