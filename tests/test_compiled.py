"""How loops are compiled: kept between runs where that is possible, and without holding the interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.compiled import SEEN, compiled
from spinemets.phantom.shape import borders, lattice, mixing, rods


def doubled(out: np.ndarray, values: np.ndarray) -> None:
    out[:] = 2 * values


@pytest.mark.parametrize("loop", [borders.ellipse, borders.join, lattice.periodic, mixing.shell, rods.join])
def test_loops_are_kept_and_release_the_interpreter(loop):
    """One signature each: compiling takes seconds, once per machine."""
    assert len(loop.signatures) == 1
    assert loop.targetoptions["nogil"]
    assert loop.stats.cache_path


def test_nowhere_to_keep_machine_code(monkeypatch):
    """A read-only installation without a home folder still works."""
    import numba

    real, asked = numba.njit, []

    def refusing(signatures, *, cache, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(signatures, cache=cache, **options)

    monkeypatch.setattr(numba, "njit", refusing)
    loop = compiled(f"void(float32[:,:,::1], {SEEN})")(doubled)
    values, out = np.ones((2, 3, 4), np.float32), np.zeros((2, 3, 4), np.float32)
    loop(out, values)
    assert asked == [True, False]
    assert (out == 2).all()


def test_loops_read_what_may_not_be_written():
    """Coordinates are often views that must not change."""
    values, out = np.broadcast_to(np.float32(3), (2, 3, 4)).copy(), np.zeros((2, 3, 4), np.float32)
    values.flags.writeable = False
    borders.coverage(out, values, np.float32(1))
    assert not out.any()


def test_division_by_zero_is_infinite():
    """As in numpy: no exception from within a loop."""
    out, zero = np.empty((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.float32)
    borders.ellipse(out, np.ones((1, 1, 1), np.float32), zero, zero, np.ones((1, 1, 1), np.float32))
    assert out[0, 0, 0] == pytest.approx(1.0, abs=1e-3)
