"""Archives: "zip bombs, path traversal and symlinks in archives refused"."""

from __future__ import annotations

import bz2
import dataclasses
import errno
import gc
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest

from spinemets.ingest.files import archive as archives
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.sources import listing
from spinemets.ingest.read import read
from spinemets.model.errors import OutOfResources


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
    """A single gzipped DICOM file is read; what is no archive inside an archive has its line."""
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
    assert {u.file for u in study.unread} == {"a.zip!inner.zip"}


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
    assert [u.reason for u in found.unread] == [
        "archive refused: unpacks to more than 250 times its size",
        "not unpacked: unpacks to more than 250 times its size",
    ]
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
    assert name in {u.file for u in found.unread}
    assert all("damaged" in u.reason for u in found.unread)
    assert len(found.files) <= 2


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


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def slices(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_archives_inside_archives_are_opened(tmp_path, folder, slices):
    """Zip in zip, tar.gz in zip, gz of an image in a tar: the study is the same, and names show the way."""
    (a, b, c) = slices.items()
    inner = zipped(dict([a]))
    packed = gzip.compress(tarred({"x/" + b[0]: b[1], "one.dcm.gz": gzip.compress(c[1])}))
    outer = tmp_path / "outer.zip"
    outer.write_bytes(zipped({"inner.zip": inner, "more.tar.gz": packed}))
    study, plain = read([outer]), read([folder])
    assert study.unread == ()
    np.testing.assert_array_equal(study.series[0].pixels().array, plain.series[0].pixels().array)
    assert {f.name for f in listing([outer]).files} == {
        f"outer.zip!inner.zip!{a[0]}", f"outer.zip!more.tar.gz!x/{b[0]}", "outer.zip!more.tar.gz!one.dcm.gz"
    }  # fmt: skip


def test_archives_are_opened_so_deep_and_no_deeper(tmp_path, slices):
    """A zip inside a zip inside a zip ... stops at the limit, with a line."""
    data = next(iter(slices.values()))
    for _ in range(30):
        data = zipped({"x": data})
    (tmp_path / "deep.zip").write_bytes(data)
    found = listing([tmp_path / "deep.zip"])
    assert found.files == []
    assert [u.reason for u in found.unread] == ["archives inside archives are opened 3 deep and no deeper"]


def test_one_budget_counts_all_levels(tmp_path, monkeypatch):
    """Sixteen small bombs inside one archive are one bomb."""
    small = dataclasses.replace(bounds.load(), unpack_ratio_from_mb=4)
    monkeypatch.setattr(bounds, "load", lambda: small)
    inner = zipped({"zeros": bytes(1 << 20)})
    (tmp_path / "bomb.zip").write_bytes(zipped({f"{n}.zip": inner for n in range(16)}))
    found = listing([tmp_path])
    assert len(found.files) <= 4
    assert "archive refused: unpacks to more than 250 times" in found.unread[-1].reason


def test_what_a_bomb_left_on_the_disk_is_gone(tmp_path, monkeypatch):
    """No half member stays behind."""
    monkeypatch.setattr(bounds, "load", lambda: dataclasses.replace(bounds_of(), max_unpacked_mb=2))
    made: list = []
    monkeypatch.setattr(archives, "Folder", lambda: made.append(Kept(tmp_path / "private")) or made[-1])
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    listing([tmp_path / "bomb.gz"])
    assert list(made[0].path.iterdir()) == []


class Kept:
    def __init__(self, path) -> None:
        path.mkdir()
        self.path = path


def test_a_lost_directory_loses_no_member(tmp_path, slices):
    """Central directory cut off: every whole member is found by its own header, and the damage is said."""
    data = zipped(slices)
    (tmp_path / "a.zip").write_bytes(data[: data.index(b"PK\x01\x02")])
    study = read([tmp_path / "a.zip"])
    assert study.series[0].n_images == 3
    assert [u.file for u in study.unread] == ["a.zip"]
    assert "its directory is lost" in study.unread[0].reason


def test_a_damaged_member_costs_that_member(tmp_path, slices):
    """A wrong checksum in one of three: two are used, one has a line."""
    data = bytearray(zipped(slices, zipfile.ZIP_STORED))
    first = next(iter(slices.values()))
    data[data.index(first) + len(first) - 3] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(bytes(data))
    found = listing([tmp_path / "a.zip"])
    assert len(found.files) == 2
    assert [(u.file, u.reason) for u in found.unread] == [
        (f"a.zip!{next(iter(slices))}", "damaged member of an archive (cut off or changed)")
    ] or "BadZipFile" in found.unread[0].reason


def test_names_that_disagree_and_names_used_twice(tmp_path, slices):
    """The directory calls a member otherwise than its header, or two members have one name: all are read."""
    data = bytearray(zipped(slices))
    name = next(iter(slices)).encode()
    at = data.rindex(name)
    data[at : at + len(name)] = b"Q" * len(name)
    (tmp_path / "a.zip").write_bytes(bytes(data))
    assert len(listing([tmp_path / "a.zip"]).files) == 3
    out = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "w") as made:
        for member in slices.values():
            made.writestr("same", member)
    (tmp_path / "b.zip").write_bytes(out.getvalue())
    assert read([tmp_path / "b.zip"]).series[0].n_images == 3


def test_zip64(tmp_path, slices):
    """Sizes in the zip64 fields."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        for name, data in slices.items():
            with made.open(name, "w", force_zip64=True) as stream:
                stream.write(data)
    assert read([tmp_path / "a.zip"]).series[0].n_images == 3


def test_a_huge_directory_is_not_read(tmp_path, monkeypatch, slices):
    """The directory of a zip is read as a whole: its size is looked at first."""
    (tmp_path / "a.zip").write_bytes(zipped(slices))
    monkeypatch.setattr(bounds, "load", lambda: dataclasses.replace(bounds_of(), max_zip_directory_mb=0))
    assert "its directory is larger than 0 MB" in listing([tmp_path]).unread[0].reason


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_single_files_packed_in_any_way(tmp_path, slices, pack):
    """`.dcm.gz`, `.dcm.xz`, `.dcm.bz2`, and a packed archive without an honest name."""
    (tmp_path / "one.dcm.packed").write_bytes(pack(next(iter(slices.values()))))
    assert read([tmp_path / "one.dcm.packed"]).series[0].n_images == 1
    (tmp_path / "blob").write_bytes(pack(tarred(slices)))
    assert read([tmp_path / "blob"]).series[0].n_images == 3


def test_tars_that_end_in_silence(tmp_path, slices):
    """tarfile takes a spoilt header in the middle for the end: here it is damage with a line."""
    data = bytearray(tarred(slices))
    second = data.index(list(slices)[1].encode())
    data[second + 150] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(bytes(data))
    found = listing([tmp_path / "a.tar"])
    assert len(found.files) == 1
    assert found.unread[0].reason == "damaged archive (cut off, or not a tar after this point)"


def test_hostile_tar_headers(tmp_path):
    """A name of megabytes is not read, a sparse file of terabytes is not made."""
    info = tarfile.TarInfo("x" * (400 << 10))
    (tmp_path / "long.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "longer than 256 kB" in listing([tmp_path / "long.tar"]).unread[0].reason
    sparse = tarfile.TarInfo("big")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 0
    buf = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    buf[483:495] = b"77777777777\0"
    buf[148:156] = b"        "
    buf[148:156] = b"%06o\0 " % sum(buf)
    (tmp_path / "sparse.tar").write_bytes(bytes(buf) + bytes(1024))
    found = listing([tmp_path / "sparse.tar"])
    assert found.files == [] and len(found.unread) == 1


def test_a_full_disk_is_no_damage(tmp_path, monkeypatch, slices):
    """Exit code 7, with what to do."""
    (tmp_path / "a.zip").write_bytes(zipped(slices))

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(archives._Unpacking, "_copy", full)
    with pytest.raises(OutOfResources, match="temporary files"):
        listing([tmp_path])


def test_names_of_members_are_fit_for_a_line(tmp_path):
    """Escape sequences and line breaks in member names do not reach the terminal."""
    (tmp_path / "a.zip").write_bytes(zipped({"a\x1b[31mb\nc": b"x" * 200}))
    (row,) = read_rows(tmp_path / "a.zip")
    assert row == "a.zip!a\\x1b[31mb\\nc"


def read_rows(path) -> list[str]:
    from spinemets.model.errors import UnreadableInput

    with pytest.raises(UnreadableInput) as raised:
        read([path])
    return [str(raised.value).split("volume: ")[1].rsplit(": ", 1)[0]]


def test_desktop_rubbish_in_archives(tmp_path, slices):
    """`__MACOSX/._x` beside every file is one line, not one line a file."""
    rubbish = {f"__MACOSX/._{name}": b"\0\5\x16\7" + bytes(60) for name in slices} | {".DS_Store": b"x"}
    (tmp_path / "a.zip").write_bytes(zipped(slices | rubbish))
    study = read([tmp_path / "a.zip"])
    assert study.series[0].n_images == 3
    assert [u.kind for u in study.unread] == ["set aside"]
    assert "3 more files left behind by a desktop" in study.unread[0].reason


def test_nothing_is_written_beside_the_archive(tmp_path, slices, monkeypatch):
    """Only the private folder is written to, and it goes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(zipped({"../../x": next(iter(slices.values())), "/y": b"1"}))
    study = read([tmp_path / "in"])
    assert len(list((tmp_path / "t").iterdir())) == 1
    del study
    gc.collect()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file() and p.parent.name != "s") == ["a.zip"]


def test_a_member_without_a_name_is_a_member(tmp_path, folder):
    """A damaged directory may hold an empty name (found by coverage-guided fuzzing): its file is read like any other."""
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for n, path in enumerate(sorted(folder.iterdir())):
            out.writestr("?" if n == 0 else path.name, path.read_bytes())
    whole = archive.read_bytes()
    # the name of one letter becomes none, locally and in the directory, the letter an extra field's first byte
    local, central = whole.index(b"PK\x03\x04"), whole.index(b"PK\x01\x02")
    edited = bytearray(whole)
    edited[local + 26 : local + 30] = b"\0\0\1\0"
    edited[central + 28 : central + 32] = b"\0\0\1\0"
    archive.write_bytes(bytes(edited))
    found = listing([archive])
    assert len(found.files) + len(found.unread) == 3
    assert read([archive]).series
