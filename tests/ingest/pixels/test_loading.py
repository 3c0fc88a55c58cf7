"""Loading: a volume is read when asked for; what goes wrong then is one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read
from spinemets.model.errors import OutOfResources, UnreadableInput


def test_a_refused_series_cannot_be_loaded_by_mistake(tmp_path, write_image, noise):
    """No geometry, no volume: the error says so."""
    series = read([write_image(tmp_path / "x", noise(4, 4), PixelSpacing=None)]).series[0]
    assert series.grid is None
    with pytest.raises(UnreadableInput, match="series 4 has no trusted geometry"):
        series.pixels()


def test_memory_that_runs_out_is_our_error(tmp_path, write_image, noise, monkeypatch):
    """A machine too small for the volume gives a sentence."""
    from spinemets.ingest.pixels import loading

    def full(*_):
        raise MemoryError

    series = read([write_image(tmp_path / "x", noise(4, 4))]).series[0]
    monkeypatch.setattr(loading, "straighten", full)
    with pytest.raises(OutOfResources, match="Memory ran out while series 4 was read"):
        series.pixels()


def test_pixel_r_c_of_image_k_is_array_c_r_k(tmp_path, write_series, noise, axial_positions):
    """The order of axes that every room relies on."""
    stored = noise(3, 5, 4)
    volume = read([write_series(tmp_path / "s", stored, axial_positions(0, 2, 4))]).series[0].pixels()
    np.testing.assert_array_equal(volume.array.transpose(2, 1, 0), stored.astype(int) - 1024)
