"""What the files of a case lack: slices that were lost, header elements that were removed. For tests of what notices it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.case import Case


def check_whole(case: Case) -> None:
    """Refuse a case whose point is what its DICOM files lack, where another format is to be written.

    Raises
    ------
    UsageError
        If slices or elements are to be lacking.
    """
    if case.lost_slices or case.omitted:
        raise UsageError(
            f"{case.name} is about what DICOM files can lack: NIfTI has no such slices or elements.",
            "Write it with --format dicom.",
        )


def spoil(files: Sequence[Path], lost_slices: Sequence[int], omitted: Sequence[str]) -> None:
    """Remove the files of lost slices (numbers along k, from 0), and elements (DICOM keywords) from all others."""
    for number in lost_slices:
        files[number].unlink()
    if omitted:
        for path in (file for number, file in enumerate(files) if number not in lost_slices):
            _without(path, omitted)


def _without(path: Path, omitted: Sequence[str]) -> None:
    import pydicom  # lazy: heavy import

    dataset = pydicom.dcmread(path)
    for keyword in omitted:
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.save_as(path)
