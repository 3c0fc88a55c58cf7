"""Mineral along the spine and fat in muscle."""

from __future__ import annotations

from itertools import pairwise

import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.population import mineral_factor, muscle_fat


@pytest.mark.parametrize("level", ["C2", "C5", "T12", "L4"])
def test_measured_levels_are_themselves(level):
    """Where it was measured, the table's number."""
    assert mineral_factor(level) == table("tissues")["mineral_by_level"][level]


@pytest.mark.parametrize(
    ("levels", "factor"),
    [
        (["C1", "C2"], 1.55),
        (["C3", "C4", "C6", "C7"], 1.75),
        (["T9", "T10", "T11", "T13"], 1.03),
        (["L5", "L6", "S1"], 1.0),
    ],
)
def test_measured_levels_stand_for_their_neighbours(levels, factor):
    """C5 for C3 to C7, T12 for T9 to T12; beyond the ends as at the ends."""
    assert [mineral_factor(level) for level in levels] == [factor] * len(levels)


def test_straight_lines_between():
    """C7 to T9 and T12 to L4 fall evenly."""
    thoracic = [mineral_factor(level) for level in ("C7", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9")]
    steps = [b - a for a, b in pairwise(thoracic)]
    assert steps == pytest.approx([(1.03 - 1.75) / 9] * 9)
    lumbar = [mineral_factor(level) for level in ("T12", "L1", "L2", "L3", "L4")]
    assert lumbar == pytest.approx([1.03, 1.0225, 1.015, 1.0075, 1.0])


def test_lumbar_density_falls_downwards_in_both_sources():
    """HU by lumbar level (42 adults) and mineral by level (50 adults) agree in direction, not in size: 7 % and 2 %."""
    hu = table("tissues")["hu_by_lumbar_level"]
    readings = [hu[level] for level in ("L1", "L2", "L3", "L4")]
    factors = [mineral_factor(level) for level in ("L1", "L2", "L3", "L4")]
    assert readings == sorted(readings, reverse=True) and factors == sorted(factors, reverse=True)
    assert 1 - readings[-1] / readings[0] == pytest.approx(0.07, abs=0.005)
    assert 1 - factors[-1] / factors[0] == pytest.approx(0.022, abs=0.001)


@pytest.mark.parametrize("group", table("tissues")["muscle_fat"]["measured"])
def test_measured_muscle(group):
    """The mean of the younger group below 38 y, of the older one from there."""
    row = table("tissues")["muscle_fat"]["measured"][group]
    young, old = muscle_fat(group, 37.9), muscle_fat(group, 38.0)
    assert [young.mean, old.mean] == row["fat"]
    assert [young.sd, old.sd] == row["sd"]["fat"]
    assert young.mean < old.mean


def test_paraspinal_line():
    """0.05 at 25 y to 0.20 at 75 y, level beyond."""
    found = [muscle_fat("paraspinal", age).mean for age in (18.0, 25.0, 50.0, 75.0, 90.0)]
    assert found == pytest.approx([0.05, 0.05, 0.125, 0.2, 0.2])
    assert muscle_fat("paraspinal", 50.0).sd is None


def test_unknown_muscle():
    """No guess."""
    with pytest.raises(KeyError):
        muscle_fat("soleus", 50.0)
