"""DICOMDIR 'used as an index only for cross-check': names found in any byte order, even in a damaged file."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from spinemets.ingest.files.dicomdir import missing, referenced
from spinemets.ingest.files.source_file import SourceFile


def entry(name: str, kind: str = "explicit") -> bytes:
    """(0004,1500) as the three encodings write it."""
    value = name.encode() + b" " * (len(name) % 2)
    if kind == "big":
        return b"\x00\x04\x15\x00CS" + len(value).to_bytes(2, "big") + value
    if kind == "implicit":
        return b"\x04\x00\x00\x15" + len(value).to_bytes(4, "little") + value
    return b"\x04\x00\x00\x15CS" + len(value).to_bytes(2, "little") + value


@pytest.mark.parametrize("kind", ["explicit", "big", "implicit"])
def test_names_in_every_encoding(kind):
    """Folders are joined, doubles are one, padding goes."""
    data = b"junk" + entry("DICOM\\IM1", kind) + b"\0" * 9 + entry("DICOM\\IM2 ", kind) + entry("DICOM\\IM1", kind)
    assert referenced(data) == ("DICOM/IM1", "DICOM/IM2")


def test_what_is_no_name_is_no_name():
    """Bytes that only look like the tag, lengths that lie, control characters."""
    assert referenced(entry("A\\B")[:-1] + b"\x01") == ()
    assert referenced(b"\x04\x00\x00\x15CS\xff\xff" + b"A" * 10) == ()
    assert referenced(b"") == ()


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset"])
def test_real_indices_name_the_same_files(shared_data, name):
    """Four encodings of one real index."""
    with tarfile.open(shared_data / "dicom-robustness" / "dicomdirtests.tar.xz") as archive:
        data = {m.name: archive.extractfile(m).read() for m in archive if m.name.startswith("dicomdirtests/DICOMDIR")}
    data = {Path(full).name: content for full, content in data.items()}
    names = referenced(data[name])
    assert len(names) == 31
    assert names == referenced(data["DICOMDIR"])


def test_missing_files_have_a_line(tmp_path):
    """Small letters and endings of a driver do no harm; many missing files are counted."""
    path = tmp_path / "DICOMDIR"
    path.write_bytes(entry("A\\IM1") + entry("A\\IM2") + entry("A\\IM3"))
    index = SourceFile(path=path, name="cd/DICOMDIR", size=1)
    rows = missing(index, ["cd/a/im1", "cd/A/IM2.dcm", "A/IM3"])
    assert [(row.file, row.reason) for row in rows] == [("cd/A/IM3", "named by cd/DICOMDIR, but not in the input")]
    path.write_bytes(b"".join(entry(f"A\\X{n}") for n in range(50)))
    rows = missing(index, [])
    assert len(rows) == 21 and rows[-1].reason == "names 30 more files that are not in the input"


def test_an_index_inside_an_archive(tmp_path):
    """Names of members begin with the archive."""
    path = tmp_path / "000001"
    path.write_bytes(entry("A\\IM1") + entry("A\\IM2"))
    rows = missing(SourceFile(path=path, name="cd.zip!DICOMDIR", size=1), ["cd.zip!A/IM1"])
    assert [row.file for row in rows] == ["cd.zip!A/IM2"]
