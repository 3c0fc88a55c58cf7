"""Rows of a listing: one for each DICOM series, named by what its volumes differ in."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.rows import rows_of


@pytest.fixture
def volume(make_series):
    from dataclasses import replace

    def build(number: int, uid: str, kind: str = "dwi", size: int = 4):
        return replace(make_series(np.zeros((size, size, 3)), number=number, kind=kind), uid=uid)

    return build


def test_volumes_of_one_series_share_a_row(volume, make_study):
    rows = rows_of(make_study(volume(1, "9"), volume(2, "5#1"), volume(3, "5#2"), volume(4, "5#3"), volume(5, "6")))
    assert [row.number for row in rows] == ["1", "2-4", "5"]
    assert rows[1].first.number == 2


def test_volumes_that_differ_get_rows_of_their_own(volume, make_study):
    """Another kind or another size is not hidden in a row."""
    rows = rows_of(make_study(volume(1, "5#1"), volume(2, "5#2", "adc"), volume(3, "5#3", size=5)))
    assert [row.number for row in rows] == ["1", "2", "3"]


def test_the_set_that_explains_names_the_row(volume, make_study):
    from dataclasses import replace

    members = ("5#1", "5#2")
    phase = SeriesSet(kind="phase_magnitude", name="phase", members=members, varies=("a", "b"))
    b = SeriesSet(kind="b_values", name="b", members=("4", *members), varies=("x", "a", "b"))
    study = replace(make_study(volume(1, "5#1"), volume(2, "5#2")), sets=(phase, b))
    assert rows_of(study)[0].explained is b
    part = SeriesSet(kind="b_values", name="part", members=("5#1",), varies=("a",))
    assert rows_of(replace(study, sets=(part,)))[0].explained is None
