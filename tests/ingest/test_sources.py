"""The files of an input: folders of any nesting, "any or no extension", odd files named, links and devices not followed."""

from __future__ import annotations

import gzip
import os

import pytest

from spinemets.ingest import limits as bounds
from spinemets.ingest.source_file import sniff
from spinemets.ingest.sources import listing
from spinemets.model.errors import UnreadableInput


def reasons(found) -> dict[str, str]:
    return {u.file: u.reason for u in found.unread}


def test_folders_of_any_depth_in_a_fixed_order(tmp_path):
    """Names are relative to the input; the order does not depend on the file system."""
    for name in ("b/2", "a/1/x.dcm", "c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1234")
    assert [f.name for f in listing([tmp_path]).files] == ["c", "a/1/x.dcm", "b/2"]


def test_odd_files_have_a_line_each(tmp_path):
    """Empty and hidden files, broken links, pipes: nothing hangs, nothing is dropped silently."""
    (tmp_path / "empty").touch()
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "broken").symlink_to(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    found = listing([tmp_path])
    assert found.files == []
    assert reasons(found) == {
        "empty": "empty file",
        ".DS_Store": "hidden file",
        "broken": "cannot be opened (broken link or no permission)",
        "pipe": "not a regular file",
    }


def test_links_to_folders_are_not_walked(tmp_path):
    """A link that points back to its own folder is no endless input."""
    (tmp_path / "x").write_bytes(b"1")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [f.name for f in listing([tmp_path]).files] == ["x"]


def test_limits_of_depth_size_and_number(tmp_path, monkeypatch):
    """Too deep, too large, too many: refused with the limit named."""
    import dataclasses

    small = dataclasses.replace(bounds.load(), max_folder_depth=1, max_file_mb=0, max_files=2)
    monkeypatch.setattr(bounds, "load", lambda: small)
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "x").write_bytes(b"1")
    (tmp_path / "big").write_bytes(b"12")
    found = listing([tmp_path])
    assert found.files == []
    assert reasons(found) == {"a/b": "more than 1 folders deep", "big": "larger than the limit of 0 MB"}
    monkeypatch.setattr(bounds, "load", lambda: dataclasses.replace(small, max_file_mb=1))
    for n in range(4):
        (tmp_path / f"f{n}").write_bytes(b"1")
    with pytest.raises(UnreadableInput, match="more than 2 files"):
        listing([tmp_path])


def test_kinds_by_first_bytes_then_by_name(tmp_path, write_nifti, write_image, noise):
    """Content decides over the name; a DICOM file called .zip is a DICOM file."""
    import numpy as np

    path = tmp_path / "x"
    cases = {
        b"PK\x03\x04": "zip", b"\xfd7zXZ\x00": "tar", b"BZh": "tar", bytes(257) + b"ustar": "tar", b"hello": "dicom",
        bytes(344) + b"n+1\0": "nifti", b"\x1c\2\0\0n+2\0": "nifti",
    }  # fmt: skip
    for data, kind in cases.items():
        path.write_bytes(data)
        assert sniff(path, "x") == kind, data[:8]
    for name, kind in (("x.json", "side"), ("x.zip", "zip"), ("x.nii", "nifti"), ("x.dcm", "dicom")):
        path.write_bytes(b"{}")
        assert sniff(path, name) == kind
    path.write_bytes(gzip.compress(b"x"))
    for name, kind in (("x.nii.gz", "nifti-gz"), ("x.tar.gz", "tar"), ("x.tgz", "tar"), ("x.gz", "gz")):
        assert sniff(path, name) == kind
    write_image(path, noise(4, 4))
    assert sniff(path, "odd.zip") == "dicom"
    nifti = write_nifti(tmp_path / "v.nii.gz", np.ones((4, 4, 4), np.int16), np.eye(4))
    assert sniff(nifti, nifti.name) == "nifti-gz"


def test_a_folder_and_single_files_together(tmp_path):
    """Several paths are one input."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_bytes(b"1")
    (tmp_path / "y").write_bytes(b"1")
    found = listing([tmp_path / "d", tmp_path / "y"], leave_out=[tmp_path / "d" / "x"])
    assert [f.name for f in found.files] == ["y"]
