"""Patterns: shares, sizes and directions."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.patterns import Grains, Struts, coarse_struts, grain_fields
from spinemets.phantom.pathology.shapes import lattice


@pytest.fixture(scope="module")
def bone(normal):
    """L3 at 1 mm over a wide block: many grains."""
    vertebra = normal.anatomy.vertebra("L3")
    return vertebra.bone(lattice(vertebra.frame.origin, np.full(3, 45.0), 1.0))


@pytest.mark.parametrize("size", ["islands", "grains", "patches"])
@pytest.mark.parametrize("share", [0.3, 0.55])
def test_grains_take_their_share(bone, size, share):
    """PHA-21, PHA-22, PHA-24: the stated share on average over a wide region."""
    found = Grains(share=share, size=size).share_at(bone, grain_fields(1), 1.0)
    assert found.mean() == pytest.approx(share, abs=0.05)
    assert 0 <= found.min() <= found.max() <= 1


def test_grains_grow_with_their_length(bone):
    """Larger grains change more slowly: the share of neighbours that differ falls."""
    changes = [
        np.abs(np.diff(Grains(share=0.5, size=size).share_at(bone, grain_fields(1), 1.0), axis=0)).mean()
        for size in ("grains", "islands", "patches")
    ]
    assert changes == sorted(changes, reverse=True)


def test_struts_are_vertical_and_dotted(bone):
    """Share by area of a hexagonal lattice: pi r^2 over sqrt(3)/2 d^2; constant along the superior axis."""
    struts = coarse_struts()
    found = struts.share_at(bone, {}, 0.3)
    expected = np.pi * (struts.thickness_mm / 2) ** 2 / (np.sqrt(3) / 2 * struts.spacing_mm**2)
    assert found.mean() == pytest.approx(expected, rel=0.1)
    l, a, s = (np.broadcast_to(c, found.shape) for c in bone.local)  # noqa: E741
    axis = (np.hypot(l, a) < 0.4) & (np.abs(s) < 20)
    assert axis.sum() > 10
    assert found[axis].min() > 0.9


def test_struts_keep_their_distance(bone):
    """A point half way between two struts holds none."""
    found = Struts(spacing_mm=8.0, thickness_mm=1.0).share_at(bone, {}, 0.3)
    l, a, _ = (np.broadcast_to(c, found.shape) for c in bone.local)  # noqa: E741
    between = (np.abs(l - 4.0) < 0.4) & (np.abs(a) < 0.4)
    assert found[between].max() == 0.0
