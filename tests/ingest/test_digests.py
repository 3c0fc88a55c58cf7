"""Digest: "SHA-256 of file contents"."""

from __future__ import annotations

import hashlib

import pytest

from spinemets.ingest.digests import BLOCK, Digests, of_file
from spinemets.ingest.source_file import SourceFile
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
        assert of_file(source.path) == hashlib.sha256(source.path.read_bytes()).digest()


def test_of_a_series(files):
    """Order does not matter; one file keeps its own digest; several are hashed together."""
    digests = Digests()
    for source in files:
        digests.start(source)
    assert digests.series(files) == digests.series(files[::-1]) != digests.series(files[:2])
    assert digests.series(files[1:2]) == digests.file(files[1]) == hashlib.sha256(b"\1").hexdigest()
    digests.close()


def test_a_file_that_vanishes_is_our_error(tmp_path):
    """No exception of the operating system reaches the user."""
    digests = Digests()
    gone = SourceFile(path=tmp_path / "gone", name="gone", size=1)
    digests.start(gone)
    with pytest.raises(UnreadableInput, match="gone cannot be read"):
        digests.file(gone)
    digests.close()
