"""Metal."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.pathology.hardware import Bar, implants


def test_screws_of_the_metal_case():
    """Four titanium screws through the pedicles of L3 and L4, up to the end of the scale."""
    from dataclasses import replace

    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.ct_scan import render_ct

    patient = phantom.build("hw-ct", 1)
    assert len(patient.anatomy.metal) == len(patient.truth["hardware"]) == 4
    grid = patient.grid(default("ct"))
    rod = patient.anatomy.metal[0]
    index = np.round(grid.to_ijk((np.add(rod.start, rod.end)) / 2)).astype(int)
    part = grid.crop((0, 0, int(index[2])), (220, 220, 1))
    volume = render_ct(patient.anatomy, replace(default("ct"), noise=0.0), part, np.random.default_rng(0))
    assert volume.array[index[0], index[1], 0] > 2500


@pytest.mark.parametrize("name", ["hw-ct", "hw-cage", "hw-l3l5", "pit-hardware"])
def test_screws_run_forwards_from_both_sides_into_their_body(normal, name):
    """Each level has a left and a right screw; heads behind and lateral, tips in the body, nearer to the midline."""
    case = case_of(name)
    for screw in case.screws:
        frame, sign = normal.anatomy.frames[screw.level], 1 if screw.side == "left" else -1
        (rod, *_) = implants((screw,), normal.anatomy.sizes, normal.anatomy.frames)
        ends = [np.subtract(place, frame.origin) for place in (rod.start, rod.end)]
        head, tip = sorted(ends, key=lambda place: place @ frame.anterior)
        half = normal.anatomy.sizes[screw.level].mean_depth / 2
        assert head @ frame.anterior < -half < tip @ frame.anterior < half
        assert sign * (head @ frame.left) > sign * (tip @ frame.left) > 0
    sides = {(screw.level, screw.side) for screw in case.screws}
    assert len(sides) == len(case.screws) == 2 * len({screw.level for screw in case.screws})


@pytest.mark.parametrize("name", ["hw-cage", "hw-l3l5"])
def test_rods_lie_behind_their_levels_on_their_side(normal, name):
    """One a side, from the first to the last screwed level, behind the bodies; made of what the screws are made of."""
    case = case_of(name)
    bars = [fixture for fixture in case.fixtures if isinstance(fixture, Bar)]
    assert [bar.side for bar in bars] == ["left", "right"]
    assert {bar.material for bar in bars} == {screw.material for screw in case.screws}
    for bar in bars:
        assert set(bar.levels) == {screw.level for screw in case.screws}
        for rod in implants((bar,), normal.anatomy.sizes, normal.anatomy.frames):
            for place in (rod.start, rod.end):
                away = np.subtract(place, normal.anatomy.frames[bar.levels[0]].origin)
                assert (away[0] > 8) if bar.side == "left" else (away[0] < -8)
                assert away[1] > 20
