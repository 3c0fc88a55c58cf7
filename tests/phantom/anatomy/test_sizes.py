"""Sizes of a patient against the level table."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.sizes import LEVELS, Collapse, Patient, sizes


@pytest.fixture(scope="module")
def many():
    """Sizes of 60 women of mean stature."""
    patient = Patient(sex="female", height_cm=163.5)
    return [sizes(patient, seed, {}) for seed in range(60)]


@pytest.mark.parametrize("level", ["T11", "L3", "L5"])
def test_women_follow_the_sex_scale(many, level):
    """Depth x 0.945, height x 0.98 of the mean table for a woman of mean stature; individuals spread around it."""
    row = table("phantom_anatomy")["levels"][level]
    depth = np.mean([s[level].mean_depth for s in many])
    assert depth == pytest.approx(0.945 * np.mean(row["depth"]), rel=0.015)
    height = np.mean([s[level].height[0] for s in many])
    assert height == pytest.approx(0.98 * row["height"][0], rel=0.015)


def test_men_are_larger():
    """Same seed, other sex: wider and taller bodies."""
    her = sizes(Patient(sex="female", height_cm=163.5), 4, {})["L3"]
    him = sizes(Patient(sex="male", height_cm=176.5), 4, {})["L3"]
    assert him.mean_width / her.mean_width == pytest.approx(1.055 / 0.945, rel=1e-6)
    assert him.height[0] / her.height[0] == pytest.approx(1.02 / 0.98, rel=1e-6)


def test_stature_acts_with_its_exponent():
    """Lengths go with (height/170)^0.8."""
    small, tall = (sizes(Patient(height_cm=h), 1, {})["L2"].height[0] for h in (155.0, 175.0))
    assert tall / small == pytest.approx((175 / 155) ** 0.8)


def test_collapse_takes_its_share():
    """A collapse lowers each height by its share and keeps what was before."""
    found = sizes(Patient(), 1, {"L1": Collapse(anterior=0.4, middle=0.2, posterior=0.1)})["L1"]
    assert np.array(found.height) / np.array(found.before) == pytest.approx([0.6, 0.8, 0.9])
    assert found.wedge_deg > 10


def test_only_the_collapsed_level_changes():
    """Neighbours keep their sizes: they are the reference for the loss."""
    plain, hurt = (sizes(Patient(), 1, c) for c in ({}, {"L1": Collapse(anterior=0.4, middle=0.2)}))
    assert all(plain[level] == hurt[level] for level in LEVELS if level != "L1")


def test_levels_run_head_to_feet():
    """Levels are kept in order, bodies grow downwards."""
    found = sizes(Patient(), 1, {})
    assert tuple(found) == LEVELS
    widths = [found[level].mean_width for level in LEVELS]
    assert widths[-1] > widths[0]
    assert all(b > 0.95 * a for a, b in pairwise(widths))
