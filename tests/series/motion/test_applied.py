"""G-10: what moved is brought back to the outlines, what moved too far is not used, what cannot be measured stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.errors import UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.study import PatientFacts, Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.motion.applied import aligned
from tests.series.moving_body import FIRST, SECOND, axial, body, sagittal, scan, series_of

CENTRE = sagittal().corners_lps_mm.mean(axis=0)


def series(number, grid=None, signal=SECOND, seed=4, **motion):
    grid = grid or sagittal()
    facts = motion.pop("facts", {})
    return series_of(scan(body(seed), signal, grid, **motion), grid, number, "t2", te_s=0.1, **facts)


def study(*members, sets=()):
    return Study(uid="1", patient=PatientFacts(), series=members, sets=sets)


@pytest.fixture(scope="module")
def lead():
    return series(1, signal=FIRST)


def displacement(before, after, point=CENTRE):
    """How far a point of the patient that a series shows there is moved by the new grid, LPS mm."""
    return after.grid.to_lps_mm(before.grid.to_ijk(point)) - point


def test_a_still_series_stays(lead):
    found = aligned(study(lead, series(2)), lead.grid)
    assert found.series[1].grid is sagittal() or found.series[1].grid == sagittal()
    assert found.series[1].warnings == ()
    assert [m.verdict for m in found.motions] == ["agrees"]


def test_what_moved_is_moved_back(lead):
    """3 mm backwards: content, grid and pixels lie where the outlines are again, within 0.5 mm, and the series says so."""
    moved = series(2, shift_mm=(0, 3, 0))
    found = aligned(study(lead, moved), lead.grid).series[1]
    assert displacement(moved, found) == pytest.approx((0, -3, 0), abs=0.5)
    assert found.pixels().grid == found.grid
    assert np.array_equal(found.pixels().array, moved.pixels().array)
    assert found.warnings[-1].startswith("Moved back:") and "mm backwards" in found.warnings[-1]


def test_a_turn_is_undone(lead):
    """Two degrees about the middle: points 40 mm above and below it come back by 1.4 mm, one way and the other."""
    moved = series(2, rotation_deg=(2, 0, 0), shift_mm=(0, 1, 0))
    found = aligned(study(lead, moved), lead.grid).series[1]
    assert found.measurable and found.grid != moved.grid
    for up in (-40.0, 40.0):
        truth = CENTRE + np.array([0, 0, up])
        seen = CENTRE + np.array([0, 1 - up * np.sin(np.radians(2)), up * np.cos(np.radians(2))])
        assert found.grid.to_lps_mm(moved.grid.to_ijk(seen)) == pytest.approx(truth, abs=0.6)


def test_what_moved_too_far_is_not_used(lead):
    found = aligned(study(lead, series(2, shift_mm=(0, 9, 0))), lead.grid)
    assert not found.series[1].measurable
    assert "not used together" in found.series[1].geometry.notes[-1]
    assert [m.verdict for m in found.motions] == ["refused"]


def test_members_of_a_set_go_with_the_first(lead):
    """Echoes of one excitation are measured once."""
    first, second = series(2, shift_mm=(0, 3, 0)), series(3, shift_mm=(0, 3, 0))
    together = SeriesSet(kind="echoes", name="two echoes", members=(first.uid, second.uid), varies=("", ""))
    found = aligned(study(lead, first, second, sets=(together,)), lead.grid)
    assert [m.moving_uid for m in found.motions] == [first.uid]
    assert found.series[2].grid.affine_lps_mm == pytest.approx(found.series[1].grid.affine_lps_mm)
    assert displacement(second, found.series[2])[1] == pytest.approx(-3, abs=0.5)


def test_another_modality_is_held_against_its_own_first(lead):
    """MR beside an outlined CT: the larger MR against the CT, the smaller against the larger; both ways are added."""
    ct = replace(lead, acquisition=replace(lead.acquisition, modality="CT"))
    large, small = series(2, axial(), shift_mm=(0, 3, 0)), series(3, signal=FIRST, shift_mm=(0, 3, 3))
    found = aligned(study(ct, large, small), ct.grid)
    assert [(m.reference_uid, m.moving_uid) for m in found.motions] == [(ct.uid, large.uid), (large.uid, small.uid)]
    assert displacement(large, found.series[1]) == pytest.approx((0, -3, 0), abs=0.5)
    assert displacement(small, found.series[2]) == pytest.approx((0, -3, -3), abs=1.0)
    far = aligned(
        study(ct, series(2, axial(), shift_mm=(0, 9, 0)), series(3, signal=FIRST, shift_mm=(0, 9, 0))), ct.grid
    )
    assert [s.measurable for s in far.series] == [True, False, False]


def test_what_cannot_be_measured_stays(lead):
    """Pixels that cannot be read, another frame of reference, no common field: each series is where it was."""

    def broken():
        raise UnreadableInput("A file is cut short.")

    unreadable = replace(series(2), load=broken)
    elsewhere = series(3, replace(sagittal(), frame_of_reference_uid="1.8"))
    below = np.array(sagittal().affine_lps_mm)
    below[2, 3] -= 900
    apart = series(4, Grid(shape_ijk=sagittal().shape_ijk, affine_lps_mm=below, frame_of_reference_uid="1.9"))
    given = study(lead, unreadable, elsewhere, apart)
    found = aligned(given, lead.grid)
    assert [s.grid for s in found.series] == [s.grid for s in given.series]
    assert all(s.measurable for s in found.series)
    assert [m.verdict for m in found.motions] == ["not measured", "not measured"]
    assert found.series[3].warnings[-1] == "Series 4 against series 1: motion not measured: they do not overlap."
    assert "cut short" in found.motions[0].sentence and "do not overlap" in found.motions[1].sentence


def test_without_a_series_in_that_space(lead):
    """Outlines of another patient space change nothing."""
    given = study(lead, series(2))
    assert aligned(given, replace(sagittal(), frame_of_reference_uid="1.7")) is given
