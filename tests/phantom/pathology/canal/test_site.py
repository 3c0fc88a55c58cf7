"""Heights by level."""

from __future__ import annotations

import pytest


def test_marks_run_down_the_column(normal):
    """From head to feet heights fall, and a body's upper edge lies above its lower one."""
    site = normal.anatomy.site
    middles = [site.z((level, 0.0)) for level in site.sizes]
    assert middles == sorted(middles, reverse=True)
    assert site.z(("L3", 1.0)) - site.z(("L3", -1.0)) == pytest.approx(site.sizes["L3"].height[2], rel=0.03)


def test_levels_of_a_span(normal):
    """A level reaches from its upper edge to that of the next."""
    site = normal.anatomy.site
    assert site.levels(*site.heights((("T6", 0.9), ("T6", -0.9)))) == ("T6",)
    assert site.levels(*site.heights((("T5", 0.0), ("T7", 0.0)))) == ("T5", "T6", "T7")
    assert site.at(site.z(("L2", 0.0))) == "L2"
    low, high = site.extent("L2")
    assert high == site.z(("L2", 1.0))
    assert low == site.z(("L3", 1.0))
    assert site.extent("L5")[0] == site.z(("L5", -1.0))
