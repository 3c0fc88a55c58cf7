"""Painting in parts: neither threads nor slabs change a byte."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.imaging import slabs
from spinemets.phantom.imaging.acquisition import default


@pytest.mark.parametrize("sequence", ["ct", "stir"])
def test_threads_change_nothing(normal, monkeypatch, sequence):
    """Every slice draws its noise from a stream of its own: as many threads as there are, the same bytes."""
    few = replace(default(sequence), n_slices=7)
    monkeypatch.setattr(slabs, "SLAB_SAMPLES", 100_000)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(slabs, "THREADS", threads)
        found.append(normal.render(sequence, few).array)
    assert np.array_equal(*found)


def test_what_goes_wrong_in_a_thread_is_told(normal):
    """Not swallowed: a failed slab would be an image of anything."""

    def fails(item: int) -> None:
        if item == 2:
            raise ArithmeticError("slab 2")

    with pytest.raises(ArithmeticError, match="slab 2"):
        slabs.in_threads(fails, range(4))
