"""Truth of one level."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.truth.levels import before, heights, level_truth, point


def test_level_from_its_functions(first_light):
    """Heights of L3, its centre and its directions are those of the anatomy."""
    found = level_truth(first_light.anatomy, "L3", 19)
    vertebra = first_light.anatomy.vertebra("L3")
    assert found["verse_id"] == 22
    assert found["body_centre_lps_mm"] == pytest.approx(vertebra.frame.origin, abs=1e-3)
    assert tuple(found["heights_mm"].values()) == pytest.approx(vertebra.body.heights_mm(), abs=1e-3)
    assert np.cross(found["left_lps"], found["anterior_lps"]) == pytest.approx(
        -np.array(found["superior_lps"]), abs=2e-3
    )


def test_heights_before_a_collapse(first_light):
    """The wedge of L1 lost height in front; a whole body is as it was."""
    broken, whole = (first_light.anatomy.vertebra(level).body for level in ("L1", "L3"))
    assert heights(before(broken))["anterior"] > 1.3 * heights(broken)["anterior"]
    assert heights(before(whole)) == heights(whole)


def test_points_are_rounded():
    """Micrometres."""
    assert point(np.array([1.23456, -2.0, 0.0004])) == [1.235, -2.0, 0.0]
