"""Decoded images: "a volume is decoded once" and memory is bounded."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spinemets.ingest import codecs, decoded
from spinemets.ingest import limits as bounds
from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput


@pytest.fixture
def counted(monkeypatch):
    """Counts decoded frames."""
    calls: list[int] = []
    original = codecs.decode

    def decode(source, syntax, indices):
        for array in original(source, syntax, indices):
            calls.append(1)
            yield array

    monkeypatch.setattr(codecs, "decode", decode)
    return calls


@pytest.fixture
def compressed(tmp_path, write_series, noise, axial_positions):
    import pydicom

    folder = write_series(tmp_path / "s", noise(3, 16, 12), axial_positions(0, 2, 4))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress("1.2.840.10008.1.2.5", encoding_plugin="pydicom", generate_instance_uid=False)
        dataset.save_as(path)
    return folder


def test_each_image_is_decoded_once_and_again_only_after_release(compressed, counted):
    """Checked at reading, handed over at the first use, decoded anew after release."""
    series = read([compressed]).series[0]
    assert len(counted) == 3
    first = series.pixels().array
    assert len(counted) == 3
    series.load.release()
    np.testing.assert_array_equal(series.pixels().array, first)
    assert len(counted) == 6


def test_beyond_the_budget_nothing_is_kept(compressed, counted, monkeypatch):
    """A limit of the table bounds what is kept."""
    small = dataclasses.replace(bounds.load(), decoded_cache_mb=0)
    monkeypatch.setattr(bounds, "load", lambda: small)
    series = read([compressed]).series[0]
    assert series.pixels().array.shape == (12, 16, 3)
    assert len(counted) == 6


def test_files_that_change_in_use_are_our_error(compressed, noise, tmp_path, write_series, axial_positions):
    """Vanished or overwritten files give a sentence, not a traceback, for raw and for compressed images."""
    raw = write_series(tmp_path / "raw", noise(2, 4, 4), axial_positions(0, 2))
    for folder in (compressed, raw):
        series = read([folder]).series[0]
        series.pixels()
        series.load.release()
        for path in folder.iterdir():
            path.write_bytes(path.read_bytes()[:400])
        with pytest.raises(UnreadableInput, match=r"changed"):
            series.pixels()


def test_size_of_the_decoded_image_is_checked(compressed, monkeypatch):
    """A stream whose size contradicts the header is a damaged file."""
    monkeypatch.setattr(codecs, "decode", lambda source, syntax, indices: (np.zeros((2, 2)) for _ in indices))
    with pytest.raises(UnreadableInput, match="pixels cannot be decoded"):
        read([compressed])
    assert decoded.DecodedImages().take([]) == {}
