"""Which levels a series holds."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.imaging.acquisition import default


@pytest.mark.parametrize("sequence", ["ct", "t1"])
def test_it_agrees_with_the_label_map(first_light, sequence):
    """A level is absent where no voxel has its number; the body of a whole one does not touch the border."""
    grid = first_light.grid(default(sequence))
    states, labels = first_light.coverage(grid), first_light.labels(grid)
    counts = {level: int((labels == verse_id(level)).sum()) for level in states}
    for level, state in states.items():
        assert (counts[level] > 0) == (state != "absent") or counts[level] < 5, level
    assert [level for level, state in states.items() if state == "whole"][-1] == "L5"
    assert states["C5"] == states["T5"] == "absent"


def test_a_field_that_ends_in_a_body_cuts_it(first_light, cube):
    """Borders through L3: cut; around it: whole; elsewhere: absent."""
    frame = first_light.anatomy.frames["L3"]
    assert first_light.coverage(cube(frame.origin, (60, 60, 30), 2.0))["L3"] == "whole"
    assert first_light.coverage(cube(frame.origin + np.array([0, 0, 25]), (60, 60, 30), 2.0))["L3"] == "cut"
    away = first_light.coverage(cube(frame.origin + np.array([0, 0, -900]), (60, 60, 30), 2.0))
    assert set(away.values()) == {"absent"}
