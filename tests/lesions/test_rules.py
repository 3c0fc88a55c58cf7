import math

import pytest

from spinemets.knowledge import catalogue
from spinemets.lesions.rules import CtNumbers, Limits, ct_limits, rules, stir_limits, t1_limits

CT = CtNumbers(
    lytic_sd=2.5, lytic_least_hu=50, blastic_sd=3, blastic_least_hu=150, blastic_floor_hu=250, soft_floor_hu=-150
)


def test_ct_vector():
    """CT-02: "m0 160, s0 25 -> t_L 97.5, t_B 310"."""
    limits = ct_limits(160, 25, CT)
    assert (limits.low, limits.high, limits.floor) == (97.5, 310, -150)


def test_ct_least_differences_and_floor():
    """CT-02: "max(2.5 s0, 50)", "max(m0 + max(3 s0, 150), 250)"."""
    assert ct_limits(160, 5, CT).low == 110
    assert ct_limits(40, 5, CT).high == 250
    assert ct_limits(160, 100, CT).high == 460


def test_t1_needs_contrast_and_spread():
    """MR-T1-03: "voxel map C <= -0.20 and <= -3 robust SD"."""
    assert t1_limits(400, 10, voxel_contrast=-0.2, voxel_sd=3).low == pytest.approx(320)
    assert t1_limits(400, 50, voxel_contrast=-0.2, voxel_sd=3).low == 250
    assert t1_limits(400, 10, voxel_contrast=-0.2, voxel_sd=3).high == math.inf


def test_stir_needs_contrast_and_noise():
    """MR-STIR-01: "C >= +0.5 and CNR >= 3"."""
    assert stir_limits(40, 2, voxel_contrast=0.5, voxel_sd=3).high == 60
    assert stir_limits(40, 10, voxel_contrast=0.5, voxel_sd=3).high == 70
    assert stir_limits(40, 2, voxel_contrast=0.5, voxel_sd=3).low == -math.inf


def test_stricter_limits_satisfy_both():
    both = Limits(low=97.5, high=310, floor=-150).stricter(Limits(low=60, high=500))
    assert both == Limits(low=60, high=500, floor=-150)


def test_rules_take_their_numbers_from_the_catalogue():
    found = {r.criterion: r for r in rules(catalogue.load())}
    assert set(found) == {"CT-02", "MR-T1-03", "MR-STIR-01"}
    assert found["CT-02"].limits(160, 25) == ct_limits(160, 25, CT)
    assert found["MR-T1-03"].suffix == "t1"
    assert found["CT-02"].smoothed
    assert not found["MR-STIR-01"].smoothed
    assert rules({}) == ()
