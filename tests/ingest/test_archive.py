"""Archives: "zip bombs, path traversal and symlinks in archives refused"."""

from __future__ import annotations

import dataclasses
import gc
import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from spinemets.ingest import limits as bounds
from spinemets.ingest.read import read
from spinemets.ingest.sources import listing


@pytest.fixture
def folder(tmp_path, write_series, noise, axial_positions):
    return write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tgz", "tar.xz", "tar.bz2"])
def test_an_archive_is_the_folder_it_holds(tmp_path, folder, ending):
    """Same volume, same digest, names inside the archive; the pixels can be read again after release."""
    archive = tmp_path / f"study.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for path in folder.iterdir():
                out.write(path, f"deep/er/{path.name}")
    else:
        mode = {"tar": "w", "tgz": "w:gz"}.get(ending, f"w:{ending[4:]}")
        with tarfile.open(archive, mode) as out:
            out.add(folder, "deep")
    plain, packed = read([folder]).series[0], read([archive]).series[0]
    assert packed.digest == plain.digest
    gc.collect()
    for _ in range(2):
        np.testing.assert_array_equal(packed.pixels().array, plain.pixels().array)
        packed.load.release()


def test_a_gzipped_image_and_an_archive_inside_a_folder(tmp_path, folder):
    """A single gzipped DICOM file is read; archives in a folder are opened once."""
    first = sorted(folder.iterdir())[0]
    (tmp_path / "one.dcm.gz").write_bytes(gzip.compress(first.read_bytes()))
    assert read([tmp_path / "one.dcm.gz"]).series[0].n_images == 1
    outer = tmp_path / "outer"
    outer.mkdir()
    with zipfile.ZipFile(outer / "a.zip", "w") as out:
        out.write(first, "x.dcm")
        out.writestr("inner.zip", (b"PK\x03\x04" + bytes(300)))
    study = read([outer])
    assert study.series[0].n_images == 1
    assert [(u.file, u.reason) for u in study.unread] == [
        ("a.zip!inner.zip", "an archive inside an archive is not opened")
    ]


def test_member_names_never_become_paths(tmp_path, folder):
    """`../../x` and absolute names are only names: nothing is written outside the private folder."""
    first = sorted(folder.iterdir())[0]
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as out:
        for name in ("../../outside.dcm", "/absolute.dcm"):
            info = tarfile.TarInfo(name)
            info.size = first.stat().st_size
            out.addfile(info, io.BytesIO(first.read_bytes()))
    found = listing([archive])
    assert [f.name for f in found.files] == ["a.tar!../../outside.dcm", "a.tar!/absolute.dcm"]
    assert len({f.path.parent for f in found.files}) == 1
    assert not (tmp_path.parent / "outside.dcm").exists()


def test_links_and_devices_are_refused(tmp_path):
    """Symlinks in archives refused, in tar and in zip."""
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as out:
        for name, kind in (("link", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/hostname"
            out.addfile(info)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "/etc/hostname")
    found = listing([tmp_path])
    assert found.files == []
    assert {u.file for u in found.unread} == {"a.tar!link", "a.tar!pipe", "a.zip!link"}
    assert all("not followed" in u.reason for u in found.unread)


def test_bombs_are_refused_while_they_unpack(tmp_path, monkeypatch):
    """Sizes are counted, not believed: ratio, total and number of members."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("zeros", bytes(8 << 20))
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    small = dataclasses.replace(bounds.load(), unpack_ratio_from_mb=1)
    monkeypatch.setattr(bounds, "load", lambda: small)
    found = listing([tmp_path])
    assert found.files == []
    assert [u.reason for u in found.unread] == ["archive refused: unpacks to more than 250 times its size"] * 2
    monkeypatch.setattr(bounds, "load", lambda: dataclasses.replace(small, max_unpacked_mb=2, max_unpack_ratio=10**6))
    assert all("more than 2 MB" in u.reason for u in listing([tmp_path]).unread)


def test_too_many_members(tmp_path, monkeypatch):
    """An archive of countless tiny members stops at the limit."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as out:
        for n in range(5):
            out.writestr(str(n), b"x")
    monkeypatch.setattr(bounds, "load", lambda: dataclasses.replace(bounds_of(), max_files=3))
    assert "more than 3 files" in listing([tmp_path]).unread[0].reason


def bounds_of():
    return bounds.Limits(**{name: int(row["value"]) for name, row in bounds.table("reading_limits").items()})


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz", "a.tar.gz", "a.gz"])
def test_damaged_archives_have_a_line(tmp_path, folder, name):
    """Cut in the middle: what was whole may be used, the damage is said, no exception leaves."""
    archive = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(archive, "w") as out:
            out.write(next(folder.iterdir()), "x")
    elif name == "a.gz":
        archive.write_bytes(gzip.compress(next(folder.iterdir()).read_bytes()))
    else:
        with tarfile.open(archive, f"w:{name[-2:]}") as out:
            out.add(folder, "x")
    data = archive.read_bytes()
    archive.write_bytes(data[: len(data) // 2])
    found = listing([archive])
    assert [u.file for u in found.unread] == [name]
    assert "damaged archive" in found.unread[0].reason


def test_the_private_folder_goes_with_its_last_user(tmp_path, folder):
    """Unpacked patient data do not outlive the study."""
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as out:
        out.add(folder, "x")
    found = listing([archive])
    private = found.files[0].path.parent
    assert private.is_dir() and (private.stat().st_mode & 0o077) == 0
    del found
    gc.collect()
    assert not private.exists()


def test_encrypted_members_and_folders(tmp_path, folder):
    """Folders in an archive are no files; what is encrypted is said."""
    first = sorted(folder.iterdir())[0]
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("folder/", "")
        out.write(first, "plain")
        out.write(first, "secret")
    data = bytearray(archive.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    archive.write_bytes(bytes(data))
    found = listing([archive])
    assert [f.name for f in found.files] == ["a.zip!plain"]
    assert [(u.file, u.reason) for u in found.unread] == [("a.zip!secret", "encrypted member of an archive")]


def test_segmentation_in_an_archive_is_named_not_pathed(tmp_path, folder, shared_data):
    """The private folder vanishes: the offer for labels is a name, never a temporary path."""
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.write(sorted(folder.iterdir())[0], "ct")
        out.write(shared_data / "dicom-objects" / "liver-seg.dcm", "seg.dcm")
    assert read([archive]).label_files == ("a.zip!seg.dcm",)
