"""Where the vertebrae stand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemets.phantom.anatomy.alignment import L3_CENTRE_LPS_MM, bowls_mm, place, stack
from spinemets.phantom.anatomy.sizes import LEVELS, Collapse, Patient, sizes


def _tilt(axis):
    """Sagittal tilt of a superior axis, degrees, positive towards the back."""
    return float(np.degrees(np.arctan2(axis[1], axis[2])))


def test_axes_are_orthonormal_and_left_handed_by_rule():
    """Frame (left, anterior, superior) with left = superior x anterior (G-03)."""
    frame = place(np.zeros(3), -20.0, 3.0)
    axes = np.stack([frame.left, frame.anterior, frame.superior])
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.cross(frame.superior, frame.anterior) == pytest.approx(frame.left)


def test_upright_frame_is_the_patients():
    """No tilt: left +x, anterior -y, superior +z in LPS."""
    frame = place(np.zeros(3), 0.0, 0.0)
    assert frame.left == pytest.approx([1, 0, 0])
    assert frame.anterior == pytest.approx([0, -1, 0])
    assert frame.superior == pytest.approx([0, 0, 1])


@pytest.mark.parametrize("degrees", [-15.0, 10.0])
def test_turning_in_the_sagittal_plane(degrees):
    """`tilted` adds to the tilt and keeps left."""
    frame = place(np.zeros(3), 5.0, 0.0).tilted(degrees)
    assert _tilt(frame.superior) == pytest.approx(5.0 + degrees)
    assert frame.left == pytest.approx([1, 0, 0])
    assert np.cross(frame.superior, frame.anterior) == pytest.approx(frame.left)


@pytest.mark.parametrize("seed", range(5))
def test_lordosis_is_the_recumbent_one(seed):
    """Lordosis T12 to S1 is sampled from 36.8 degrees; sacral slope as requested."""
    levels = sizes(Patient(), seed, {})
    frames = stack(levels, seed)
    t12 = _tilt(frames["T12"].superior) - levels["T12"].wedge_deg / 2
    assert _tilt(frames["S1"].superior) == pytest.approx(-36.0, abs=1e-6)
    assert t12 - _tilt(frames["S1"].superior) == pytest.approx(36.8, abs=6.5)


def test_centre_of_l3_is_off_the_origin():
    """An ignored offset must show: L3 lies at a stated place away from the origin."""
    frames = stack(sizes(Patient(), 1, {}), 1)
    assert frames["L3"].origin == pytest.approx(L3_CENTRE_LPS_MM)


def test_neighbours_are_a_body_and_a_disc_apart():
    """Distance of centres = half a body, the disc, half a body (along the curve)."""
    levels = sizes(Patient(), 2, {})
    frames = stack(levels, 2)
    for upper, lower in pairwise(LEVELS):
        apart = np.linalg.norm(frames[upper].origin - frames[lower].origin)
        expected = (levels[upper].height[1] + levels[lower].height[1]) / 2 + levels[upper].disc[1]
        assert apart == pytest.approx(expected, abs=1.0)
        assert frames[upper].origin[2] > frames[lower].origin[2]


def test_a_wedge_adds_its_own_kyphosis():
    """A collapse tilts what lies above it by the wedge it gains, of which all discs together take back half."""
    plain, hurt = ({}, {"L1": Collapse(anterior=0.4, middle=0.2)})
    one, two = (sizes(Patient(), 1, c) for c in (plain, hurt))
    before, after = stack(one, 1), stack(two, 1)
    gained = two["L1"].wedge_deg - one["L1"].wedge_deg
    kyphosis = _tilt(before["T10"].superior) - _tilt(after["T10"].superior)
    assert kyphosis == pytest.approx(0.5 * gained, abs=1e-6)
    step = [_tilt(f["T12"].superior) - _tilt(f["L2"].superior) for f in (after, before)]
    assert step[1] - step[0] == pytest.approx(gained * (1 - 0.5 * 2 / len(LEVELS)), abs=1e-6)


def test_bowls_share_the_concavity():
    """Endplate concavity 0.7 mm above and 1.5 mm below: together the difference of rim and centre."""
    size = sizes(Patient(), 1, {})["L3"]
    upper, lower = bowls_mm(size)
    assert lower / upper == pytest.approx(1.5 / 0.7)
    assert upper + lower == pytest.approx((size.height[0] + size.height[2]) / 2 - size.height[1])
