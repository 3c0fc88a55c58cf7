"""Digest: "SHA-256 of file contents"."""

from __future__ import annotations

import hashlib
import os

import pytest

from spinemets.ingest.files import digests as module
from spinemets.ingest.files.digests import BLOCK, Digests
from spinemets.ingest.files.source_file import SourceFile
from spinemets.model.errors import UnreadableInput


@pytest.fixture
def files(tmp_path):
    found = []
    for n, size in enumerate((0, 1, BLOCK, BLOCK + 17)):
        path = tmp_path / str(n)
        path.write_bytes(bytes([n]) * size)
        found.append(SourceFile(path=path, name=str(n), size=size))
    return found


def test_of_one_file_is_plain_sha256(files):
    """The same as sha256sum, for any size."""
    for source in files:
        assert Digests().file(source) == hashlib.sha256(source.path.read_bytes()).hexdigest()


def test_of_a_series(files):
    """Order does not matter; one file keeps its own digest; several are hashed together."""
    digests = Digests()
    assert digests.series(files)() == digests.series(files[::-1])() != digests.series(files[:2])()
    assert digests.series(files[1:2])() == digests.file(files[1]) == hashlib.sha256(b"\1").hexdigest()


def test_nothing_is_read_before_it_is_asked_for(files, monkeypatch):
    """Making the digest of a series opens no file; asking for it twice reads each file once."""
    opened: list[str] = []
    original = module._read
    monkeypatch.setattr(module, "_read", lambda path: opened.append(path.name) or original(path))
    digests = Digests()
    digest = digests.series([*files, *files])
    assert opened == []
    assert digest() == digest() == digests.series(files)()
    assert sorted(opened) == ["0", "1", "2", "3"]


def test_a_file_that_vanishes_is_our_error(tmp_path):
    """No exception of the operating system reaches the user."""
    gone = SourceFile(path=tmp_path / "gone", name="gone", size=1)
    with pytest.raises(UnreadableInput, match="gone cannot be read"):
        Digests().file(gone)


@pytest.mark.parametrize("change", ["longer", "other"])
def test_a_file_that_changes_before_it_is_hashed_is_our_error(tmp_path, change):
    """A digest of other contents than those that were read would be a wrong source."""
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    status = path.stat()
    source = SourceFile(path=path, name="x", size=status.st_size, changed_ns=status.st_mtime_ns)
    path.write_bytes(b"abcd" if change == "longer" else b"abd")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + (10**9 if change == "other" else 0)))
    with pytest.raises(UnreadableInput, match="x changed while it was in use"):
        Digests().series([source])()


def test_a_file_that_changes_after_it_was_hashed_keeps_its_digest(tmp_path):
    """What was hashed once is not hashed again: one run, one digest."""
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    source = SourceFile(path=path, name="x", size=3)
    digests = Digests()
    first = digests.file(source)
    path.write_bytes(b"other")
    assert digests.file(source) == first == digests.series([source])()
