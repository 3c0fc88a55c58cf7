"""Roots below the conus: how many, on which side, where they leave."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.cauda import STEP_MM, cauda

HEIGHTS = np.arange(-300.0, 100.0, STEP_MM)
EXITS = [-20.0, -60.0, -100.0, -140.0]


@pytest.fixture(scope="module")
def made():
    """Four pairs in a round sac of 7 mm whose conus ends at 0; the last pair is thin."""
    even = np.ones_like(HEIGHTS)
    return cauda(HEIGHTS, (0 * even, 7 * even, 7 * even), 0.0, EXITS, 3)


def _at(made, z):
    return made.strands[:, :, round((z - HEIGHTS[0]) / STEP_MM)]


@pytest.mark.parametrize(("z", "n"), [(40.0, 0), (10.0, 16), (-30.0, 12), (-70.0, 8), (-110.0, 4), (-150.0, 0)])
def test_a_pair_leaves_at_each_exit(made, z, n):
    """All pairs hang from the conus, and each ends where it leaves: a dorsal and a ventral root on each side."""
    assert made.present(z) == n


def test_left_before_right(made):
    """The left root of each pair lies at the patient's left (u > 0), the right one opposite it."""
    left, right = made.strands[::2], made.strands[1::2]
    assert np.array_equal(left[:, 0], -right[:, 0])
    assert np.all(left[:, 0] > 0)
    assert np.array_equal(left[:, 1:], right[:, 1:])


def test_fan_is_dorsal_and_the_first_pairs_lie_outside(made):
    """Behind the middle; those that leave first outermost."""
    here = _at(made, -15.0)[::2]
    dorsal, ventral = here[:4], here[4:]
    assert np.all(dorsal[2:, 1] > 0)
    for roots in (dorsal, ventral):
        assert np.all(np.diff(roots[:, 0]) < 0)
    assert np.all(ventral[:, 1] < dorsal[:, 1])
    assert np.all(ventral[:, 2] < dorsal[:, 2])


def test_each_leaves_at_the_side(made):
    """Just above its exit a root lies at the side of the sac."""
    row = table("phantom_anatomy")["cauda"]
    for n, exit_z in enumerate(EXITS):
        for u, v, radius in _at(made, exit_z + 1)[[2 * n, 2 * (n + 4)]]:
            assert u == pytest.approx(7 * row["leaves_at"], abs=0.1)
            assert v == pytest.approx(0.0, abs=0.1)
            assert radius > 0


def test_thin_pairs(made):
    """The last pair is thinner."""
    row = table("phantom_anatomy")["cauda"]
    full = row["dorsal"]["diameter"] * table("phantom_anatomy")["neural"]["root_diameter_mm"] / 2
    radii = _at(made, -10.0)[:8, 2]
    assert radii[:6] == pytest.approx(full)
    assert radii[6:] == pytest.approx(full * row["thin"])


def test_distance(made):
    """At a root's middle minus its radius, for points that broadcast."""
    u, v, radius = _at(made, -10.0)[4]
    found = made.distance(
        (np.full((1, 1, 1), u, np.float32), np.full((1, 5, 1), v, np.float32), np.full((2, 1, 1), -10.0, np.float32))
    )
    assert found.shape == (2, 5, 1)
    assert found == pytest.approx(-radius, abs=1e-4)


def test_patient_has_twelve_pairs(normal):
    """T12 to the coccygeal one (PHA-13): 24 dorsal and 24 ventral roots below the conus, two of each less at each level."""
    canal, site = normal.anatomy.canal, normal.anatomy.site
    assert len(canal.cauda.strands) == 48
    found = [canal.cauda.present(site.z((level, -0.95))) for level in ("L1", "L2", "L3", "L4", "L5")]
    assert found == [40, 36, 32, 28, 24]


@pytest.mark.parametrize(("level", "clamped_mm2"), [("L2", 76.9), ("L3", 71.5), ("L4", 64.8)])
def test_roots_fill_as_much_as_real_ones(normal, level, clamped_mm2):
    """Their area over that of a sac clamped until it presses on them (Schonstrom 1984): circles pack to 0.5 to 0.9."""
    canal, z = normal.anatomy.canal, normal.anatomy.site.z((level, 0.0))
    u, v = (a[:, :, None].astype(np.float32) for a in np.meshgrid(*2 * [np.arange(-12, 12, 0.1)], indexing="ij"))
    area_mm2 = 0.01 * (canal.cauda.distance((u, v, np.full((1, 1, 1), z, np.float32))) < 0).sum()
    assert 0.5 < area_mm2 / clamped_mm2 < 0.9
