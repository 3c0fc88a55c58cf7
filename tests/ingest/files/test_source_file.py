"""One file of the input: what it looks like by its first bytes, and its name without ending."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.ingest.files.source_file import (
    Listing,
    SourceFile,
    foreign,
    kind_of,
    left_by_desktop,
    shown,
    sniff,
    stem,
)


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
        (b"\x1f\x8b\x08", "x.tgz", "gz"),
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


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"7z\xbc\xaf\x27\x1c", "7z archive"), (b"Rar!\x1a\x07\x01\x00", "rar archive"),
        (b"\x28\xb5\x2f\xfd", "Zstandard (zst) archive"), (b"\x89PNG\r\n\x1a\n", "PNG picture"), (b"%PDF-1.4", "PDF document"),
    ],
)  # fmt: skip
def test_known_types_that_are_not_read_have_a_name(head: bytes, name: str) -> None:
    """'7z/rar refused by name', whatever the file is called; a DICOM file with such a preamble stays DICOM."""
    found = foreign(head)
    assert found is not None and found[0] == name
    assert kind_of(head, "IM0001") == "foreign"
    assert kind_of(head.ljust(128, b"\0") + b"DICM", "x.png") == "dicom"


def test_a_dicomdir_is_known_by_its_class() -> None:
    """Whatever its name: the class stands in its first bytes."""
    head = bytes(128) + b"DICM" + b"\2\0\2\0UI\x14\x001.2.840.10008.1.3.10\0"
    assert kind_of(head, "IM0001") == "dicomdir"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("._IM0001", True), ("a/b/._IM0001", True), ("x/Thumbs.db", True), ("desktop.ini", True), (".DS_Store", True),
        ("__MACOSX/x/IM1", True), ("a/__MACOSX/IM1", True), ("IM0001", False), (".hidden", False), ("x._y", False),
    ],
)  # fmt: skip
def test_what_desktops_leave_behind(name: str, expected: bool) -> None:
    """macOS and Windows rubbish, by name."""
    assert left_by_desktop(name) is expected


def test_names_are_made_fit_for_a_line() -> None:
    """Bytes that are not UTF-8, control characters, direction marks and endless names; ordinary names stay."""
    assert shown("Wirbelsäule/脊椎.dcm") == "Wirbelsäule/脊椎.dcm"
    assert shown("a\udcff\n\x1b[0m\u202eb") == "a\\xff\\n\\x1b[0m\\u202eb"
    long = shown("x" * 5000 + ".dcm")
    assert len(long) < 410 and long.endswith(".dcm")
    shown("a\udcff").encode("utf-8")
