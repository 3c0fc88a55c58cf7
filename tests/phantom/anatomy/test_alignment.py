"""Where the vertebrae stand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.alignment import L3_CENTRE_LPS_MM, bowls_mm, curvature, place, stack
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
def test_curves_are_those_that_were_drawn(seed):
    """Acceptance of PHA section 2: curvature within 1 degree, in each region."""
    levels = sizes(Patient(), seed, {})
    frames, curve = stack(levels, Patient(cobb_deg=0.0), seed), curvature(seed)

    def upper(level):
        return _tilt(frames[level].superior) - levels[level].wedge_deg / 2

    def lower(level):
        return _tilt(frames[level].superior) + levels[level].wedge_deg / 2

    assert upper("T12") - _tilt(frames["S1"].superior) == pytest.approx(-curve.lumbar_t12_s1, abs=1.0)
    assert lower("T12") - upper("T4") == pytest.approx(curve.thoracic_t4_t12, abs=1.0)
    assert lower("C7") - lower("C2") == pytest.approx(curve.cervical_c2_c7, abs=1.0)
    assert curve.lumbar_t12_s1 == pytest.approx(-36.8, abs=6.5)
    assert curve.thoracic_t4_t12 == pytest.approx(30, abs=6.5)
    assert curve.cervical_c2_c7 == pytest.approx(-12, abs=6.5)


@pytest.mark.parametrize("seed", range(5))
def test_neck_and_pelvis_lie_near_the_table(seed):
    """T1 lies the stated way in front of the sacrum; the sacral slope follows and is that of a person on the back."""
    frames = stack(sizes(Patient(), seed, {}), Patient(cobb_deg=0.0), seed)
    ahead = frames["S1"].origin[1] - frames["T1"].origin[1]
    assert ahead == pytest.approx(table("phantom_anatomy")["curvature"]["t1_before_s1_mm"], abs=0.1)
    assert -40 < _tilt(frames["S1"].superior) < -18


@pytest.mark.parametrize("cobb", [-30.0, 20.0, 40.0])
@pytest.mark.parametrize("apex", ["T8", "L2"])
def test_scoliosis(cobb, apex):
    """The steepest endplates enclose the angle; the apex lies to the convex side, the front turns there; the head is centred."""
    levels = sizes(Patient(), 1, {})
    frames = stack(levels, Patient(cobb_deg=cobb, apex=apex), 1)
    lean = {name: np.degrees(np.arcsin(frames[name].superior[0])) for name in levels}
    assert max(lean.values()) - min(lean.values()) == pytest.approx(abs(cobb), rel=0.12)
    names = list(levels)
    above, below = (frames[names[names.index(apex) + n]].origin[0] for n in (-3, 3))
    assert np.sign(frames[apex].origin[0] - (above + below) / 2) == np.sign(cobb)
    turned = np.degrees(np.arctan2(frames[apex].anterior[0], -frames[apex].anterior[1]))
    assert turned == pytest.approx(cobb / 2, abs=1.0)


def test_centre_of_l3_is_off_the_origin():
    """An ignored offset must show: L3 lies at a stated place away from the origin."""
    frames = stack(sizes(Patient(), 1, {}), Patient(), 1)
    assert frames["L3"].origin == pytest.approx(L3_CENTRE_LPS_MM)


def test_neighbours_are_a_body_and_a_disc_apart():
    """Distance of centres = half a body, the disc, half a body (along the curve)."""
    levels = sizes(Patient(), 2, {})
    frames = stack(levels, Patient(), 2)
    for upper, lower in pairwise(LEVELS):
        apart = np.linalg.norm(frames[upper].origin - frames[lower].origin)
        expected = (levels[upper].height[1] + levels[lower].height[1]) / 2 + levels[upper].disc[1]
        assert apart == pytest.approx(expected, abs=1.0)
        assert frames[upper].origin[2] > frames[lower].origin[2]


def test_a_wedge_adds_its_own_kyphosis():
    """A collapse tilts what lies above it by the wedge it gains, of which all discs together take back half."""
    plain, hurt = ({}, {"L1": Collapse(anterior=0.4, middle=0.2)})
    one, two = (sizes(Patient(), 1, c) for c in (plain, hurt))
    before, after = stack(one, Patient(), 1), stack(two, Patient(), 1)
    gained = two["L1"].wedge_deg - one["L1"].wedge_deg
    step = [_tilt(f["T12"].superior) - _tilt(f["L2"].superior) for f in (after, before)]
    assert step[1] - step[0] == pytest.approx(gained * (1 - 0.5 * 2 / len(LEVELS)), abs=1e-6)


def test_bowls_share_the_concavity():
    """Endplate concavity 0.7 mm above and 1.5 mm below: together the difference of rim and centre."""
    size = sizes(Patient(), 1, {})["L3"]
    upper, lower = bowls_mm(size)
    assert lower / upper == pytest.approx(1.5 / 0.7)
    assert upper + lower == pytest.approx((size.height[0] + size.height[2]) / 2 - size.height[1])


@pytest.mark.parametrize("seed", range(5))
def test_the_same_patient_on_the_feet(seed):
    """PHA-10: the standing set of curves (49.8 and 37.7 degrees), the patient as far from its mean as lying."""
    lying, standing = curvature(seed), curvature(seed, "standing")
    assert standing.lumbar_t12_s1 - lying.lumbar_t12_s1 == pytest.approx(-(49.8 - 36.8))
    assert standing.thoracic_t4_t12 - lying.thoracic_t4_t12 == pytest.approx(37.7 - 30.0)
    assert standing.cervical_c2_c7 - lying.cervical_c2_c7 == pytest.approx(12.0 - 4.7)
    levels = sizes(Patient(), seed, {})
    frames = stack(levels, Patient(cobb_deg=0.0), seed, "standing")
    lordosis = _tilt(frames["T12"].superior) - levels["T12"].wedge_deg / 2 - _tilt(frames["S1"].superior)
    assert lordosis == pytest.approx(-standing.lumbar_t12_s1, abs=1.0)
    # Sacral slope standing: 39.4 +- 8.0 (yukawa2018).
    assert -_tilt(frames["S1"].superior) == pytest.approx(39.4, abs=8.0)
