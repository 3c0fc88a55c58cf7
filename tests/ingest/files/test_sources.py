"""The files of an input: folders of any nesting, "any or no extension", odd files named, links and devices not followed."""

from __future__ import annotations

import gzip
import os
import socket

import pytest

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import sniff
from spinemets.ingest.files.sources import listing
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
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "broken").symlink_to(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    found = listing([tmp_path])
    assert found.files == []
    assert reasons(found) == {
        "empty": "empty file",
        ".DS_Store": "left behind by a desktop, not an image",
        ".hidden": "hidden file",
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
        b"PK\x03\x04": "zip", b"\xfd7zXZ\x00": "xz", b"BZh": "bz2", bytes(257) + b"ustar": "tar", b"hello": "dicom",
        bytes(344) + b"n+1\0": "nifti", b"\x1c\2\0\0n+2\0": "nifti",
    }  # fmt: skip
    for data, kind in cases.items():
        path.write_bytes(data)
        assert sniff(path, "x") == kind, data[:8]
    for name, kind in (("x.json", "side"), ("x.zip", "zip"), ("x.nii", "nifti"), ("x.dcm", "dicom")):
        path.write_bytes(b"{}")
        assert sniff(path, name) == kind
    path.write_bytes(gzip.compress(b"x"))
    for name, kind in (("x.nii.gz", "nifti-gz"), ("x.tar.gz", "gz"), ("x.tgz", "gz"), ("x.gz", "gz")):
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


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path):
    """'symlinks out of the folder': a line each; links inside, and a folder given through a link, are the user's wish."""
    (tmp_path / "secret").write_bytes(b"1234")
    given = tmp_path / "given"
    (given / "sub").mkdir(parents=True)
    (given / "own").write_bytes(b"1234")
    (given / "out").symlink_to(tmp_path / "secret")
    (given / "sub" / "up").symlink_to("../../secret")
    (given / "in").symlink_to("own")
    (given / "self").symlink_to("self")
    (given / "folder").symlink_to(given / "sub", target_is_directory=True)
    found = listing([given])
    assert {f.name for f in found.files} == {"own", "in"}
    assert reasons(found) == {
        "out": "link that leads out of the folder, not followed",
        "sub/up": "link that leads out of the folder, not followed",
        "self": "cannot be opened (broken link or no permission)",
        "folder": "link to a folder, not followed",
    }
    (tmp_path / "alias").symlink_to(given, target_is_directory=True)
    assert {f.name for f in listing([tmp_path / "alias"]).files} == {"own", "in"}
    assert [f.name for f in listing([given / "out"]).files] == ["out"]


def test_names_that_are_not_utf8(tmp_path):
    """The file is read; its name can be printed."""
    (tmp_path / os.fsdecode(b"bild\xff\n1")).write_bytes(b"1234")
    (found,) = listing([tmp_path]).files
    assert found.name == "bild\\xff\\n1"
    assert found.path.read_bytes() == b"1234"


def test_what_may_not_be_opened_has_a_line(tmp_path, monkeypatch):
    """Folders without permission are said, not passed over; sockets and devices too."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "x").write_bytes(b"1")
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "no", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = listing([tmp_path])
    assert found.files == []
    assert reasons(found) == {
        "closed": "folder that cannot be opened (no permission, or too deep)", "socket": "not a regular file"
    }  # fmt: skip


def test_a_path_too_long_is_no_traceback():
    """The file system refuses the name: the same line as for a missing file."""
    from pathlib import Path

    with pytest.raises(UnreadableInput, match="There is no file"):
        listing([Path("x" * 5000)])


def test_desktop_files_are_counted(tmp_path):
    """Hundreds of `._x` are one line."""
    for n in range(10):
        (tmp_path / f"._IM{n}").write_bytes(b"1")
    (tmp_path / "Thumbs.db").write_bytes(b"1")
    found = listing([tmp_path])
    assert found.files == []
    assert reasons(found) == {"._IM0": "and 10 more files left behind by a desktop, no images"}


def test_foreign_archives_are_refused_by_name(tmp_path):
    """What this program cannot open it names."""
    (tmp_path / "a.dcm").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert reasons(listing([tmp_path])) == {
        "a.dcm": "7z archive: not opened, unpack it first", "b.png": "PNG picture: not read"
    }  # fmt: skip


def test_files_of_a_dicomdir_that_are_not_there(tmp_path, shared_data):
    """'files it names that are missing are said by name; files it does not name are still read'."""
    import tarfile

    with tarfile.open(shared_data / "dicom-robustness" / "dicomdirtests.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "dicomdirtests"
    for path in folder.glob("DICOMDIR-*"):
        path.unlink()
    whole = listing([folder])
    assert whole.unread == [] or all("named by" in u.reason for u in whole.unread)
    before = len(whole.unread)
    (folder / "77654033" / "CR1" / "6154").rename(folder / "77654033" / "CR1" / "renamed")
    found = listing([folder])
    assert len(found.unread) == before + 1
    assert ("77654033/CR1/6154", "named by DICOMDIR, but not in the input") in [
        (u.file, u.reason) for u in found.unread
    ]
    assert "77654033/CR1/renamed" in {f.name for f in found.files}
