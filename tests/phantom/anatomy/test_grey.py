"""The butterfly: its share of the cord, its symmetry, its horns."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.grey import butterfly, growth


@pytest.fixture(scope="module")
def unit():
    """(p, q) on a fine lattice, and what lies in a cord of unit half axes."""
    p, q = np.meshgrid(*[np.linspace(-1, 1, 601, dtype=np.float32)] * 2, indexing="ij")
    return p, q, np.hypot(p, q) < 1


@pytest.mark.parametrize("share", [0.12, 0.2, 0.36])
def test_grows_to_its_share(unit, share):
    """Share of the cord's area, by counting on another lattice."""
    p, q, inside = unit
    grey = butterfly(p, q) < growth(share)
    assert (grey & inside).sum() / inside.sum() == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("share", [0.12, 0.36])
def test_within_the_cord(unit, share):
    """White matter all around: the horns end before the surface."""
    p, q, _ = unit
    grey = butterfly(p, q) < growth(share)
    assert np.hypot(p, q)[grey].max() < 0.97


def test_left_is_as_right(unit):
    """Mirror images."""
    p, q, _ = unit
    assert np.array_equal(butterfly(p, q), butterfly(-p, q))


def test_front_and_back(unit):
    """Anterior horns are broad, posterior ones narrow and reach further; a mirrored cord has them the other way round."""
    p, q, _ = unit
    grey = butterfly(p, q) < growth(0.16)
    one_side = grey & (p > 0)
    front, back = one_side & (q < -0.3), one_side & (q > 0.3)
    width = [
        band.any(axis=1).sum() for band in (one_side & (np.abs(q + 0.3) < 0.01), one_side & (np.abs(q - 0.45) < 0.01))
    ]
    assert width[0] > 1.4 * width[1]
    assert q[back].max() > -q[front].min() + 0.1


def test_more_grows_further():
    """Growth rises with the share."""
    found = [growth(share) for share in (0.1, 0.2, 0.3, 0.4)]
    assert found == sorted(found)
    assert len(set(found)) == 4


def test_shares_of_the_table():
    """More in the enlargements than between them."""
    shares = table("phantom_anatomy")["neural"]["grey_share"]
    assert shares["C5"] > shares["T4"] < shares["T12"]
    assert all(0.1 <= share <= 0.4 for share in shares.values())
