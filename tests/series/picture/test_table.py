"""The figures of the picture checks against the specification they serve."""

from __future__ import annotations

from spinemets.series.picture.table import picture_table


def test_hounsfield_sanity_is_that_of_the_gate():
    """CT-01: "air -1000 +/- 50, subcutaneous fat -130..-60, muscle 20..90"."""
    rule = picture_table().hounsfield
    assert (rule.air_hu, rule.air_tolerance_hu) == (-1000, 50)
    assert rule.tissue_range_hu[0] <= -130 and rule.tissue_range_hu[1] >= 90


def test_a_skull_is_larger_than_any_other_ring_of_bone():
    """80 cm2 is a circle of 10 cm; a canal has a hundredth of it."""
    table = picture_table()
    assert table.head.area_min_cm2 > 10 * table.canal.area_cm2[1]
    assert table.head.median_hu == (20, 45)
