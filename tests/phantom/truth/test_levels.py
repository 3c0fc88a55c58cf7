"""Truth of one level."""

from __future__ import annotations

from itertools import pairwise

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


@pytest.fixture(scope="module")
def levels(normal):
    """Truth of all levels of the usual patient, head to feet."""
    return normal.truth["levels"]


def test_levels_stand_on_one_another(levels):
    """Centres fall from head to feet; between two lie half of each body and the disc, as in the heights stated."""
    for above, below in pairwise(levels):
        apart = np.subtract(above["body_centre_lps_mm"], below["body_centre_lps_mm"])
        assert apart[2] > 0, above["name"]
        rims = [(x["heights_mm"]["anterior"] + x["heights_mm"]["posterior"]) / 4 for x in (above, below)]
        disc = np.mean([above["disc_below_mm"]["anterior"], above["disc_below_mm"]["posterior"]])
        assert np.linalg.norm(apart) == pytest.approx(sum(rims) + disc, abs=2.5), above["name"]


def test_directions_are_rotations(levels):
    """Each level's axes are unit vectors at right angles; left is +x, anterior -y, superior +z."""
    for level in levels:
        axes = np.array([level["left_lps"], level["anterior_lps"], level["superior_lps"]])
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=3e-3), level["name"]
        assert axes[0, 0] > 0.9 and axes[1, 1] < -0.7 and axes[2, 2] > 0.7, level["name"]


def test_body_volume_is_about_that_of_an_elliptic_cylinder(levels):
    """pi/4 x width x depth x mean height within a fifth: mm3, not ml; waist, rounded rims and bowls take some."""
    for level in levels:
        height = np.mean(list(level["heights_mm"].values()))
        cylinder = np.pi / 4 * level["width_mm"] * level["depth_mm"] * height
        assert level["body_volume_mm3"] == pytest.approx(cylinder, rel=0.2), level["name"]


def test_wedge_follows_from_the_heights_of_a_collapse(first_light):
    """L1 is wedged forwards by the difference of its rim heights over its depth; L3 of the same patient is not."""
    by_name = {level["name"]: level for level in first_light.truth["levels"]}
    broken, whole = by_name["L1"], by_name["L3"]
    lost = broken["heights_mm"]["posterior"] - broken["heights_mm"]["anterior"]
    # Heights are those at 5/6 of the half depth: the rims differ by 6/5 of it.
    expected = np.degrees(np.arctan(6 / 5 * lost / broken["depth_mm"]))
    assert broken["wedge_deg"] == pytest.approx(expected, abs=2.0)
    assert abs(whole["wedge_deg"]) < 3 < broken["wedge_deg"]


def test_landmarks_lie_on_their_sides(levels):
    """Seen in the level's frame: left to the left, front before back, top above bottom, arch behind the canal."""
    for level in levels:
        axes = np.array([level["left_lps"], level["anterior_lps"], level["superior_lps"]])
        at = {n: axes @ np.subtract(p, level["body_centre_lps_mm"]) for n, p in level["landmarks_lps_mm"].items()}
        for name, place in at.items():
            if name.endswith(("_left", "_right")):
                assert (place[0] > 0) == name.endswith("_left"), (level["name"], name)
            if name.startswith("endplate"):
                assert (place[2] > 0) == ("superior" in name), (level["name"], name)
        assert at["wall_anterior"][1] > 0 > at["wall_posterior"][1] > at["canal_centre"][1] > at["spinous_tip"][1]
        assert at["wall_left"][0] - at["wall_right"][0] == pytest.approx(level["width_mm"], rel=0.15)


def test_sizes_grow_downwards(levels):
    """Bodies of L3 are wider and taller than those of T6, those than those of C5; mineral and fat are fractions."""
    found = {level["name"]: level for level in levels}
    for name in ("width_mm", "body_volume_mm3"):
        assert found["C5"][name] < found["T6"][name] < found["L3"][name]
    for level in levels:
        assert level["canal_ap_mm"] < level["canal_width_mm"] < 35
        assert 0 < level["fat_fraction"] < 1 and 30 < level["mineral_mg_per_ml"] < 400
