"""One file of the input: what it looks like by its first bytes, and its name without ending."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.ingest.source_file import Listing, SourceFile, sniff, stem


def source(name: str) -> SourceFile:
    return SourceFile(path=Path("x"), name=name, size=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub/t1.nii.gz", "sub/t1"), ("t1.nii", "t1"), ("T1.NII.GZ", "T1"), ("t1.json", "t1"), ("dwi.bval", "dwi"),
        ("IM0001", "IM0001"), ("a.zip!b.nii", "a.zip!b"),
    ],
)  # fmt: skip
def test_stem_joins_an_image_and_its_side_files(name: str, expected: str) -> None:
    """BIDS: `t1.json` belongs to `t1.nii.gz` of the same folder."""
    assert stem(source(name)) == expected


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (bytes(128) + b"DICM", "anything", "dicom"),
        (b"PK\x03\x04", "x", "zip"),
        (b"\x1f\x8b\x08", "t1.nii.gz", "nifti-gz"),
        (b"\x1f\x8b\x08", "x.tgz", "tar"),
        (b"\x1f\x8b\x08", "x.dcm.gz", "gz"),
        (bytes(257) + b"ustar", "x", "tar"),
        (bytes(344) + b"n+1\x00", "noname", "nifti"),
        (b"{}", "t1.json", "side"),
        (b"", "IM0001", "dicom"),
    ],
)
def test_sniff_believes_bytes_before_names(tmp_path, head: bytes, name: str, kind: str) -> None:
    """'wrong or no extension': first bytes decide, the name only where they are silent."""
    path = tmp_path / "file"
    path.write_bytes(head)
    assert sniff(path, name) == kind


def test_a_listing_begins_empty() -> None:
    assert Listing() == Listing(files=[], unread=[])
