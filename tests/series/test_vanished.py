"""'files changing while read': the series whose files went has a line, the study stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.ingest.read import read
from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import UnreadableInput
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.series.vanished import in_spite_of


def refuse(*_):
    raise UnreadableInput("The files of series 5 changed or vanished while in use.")


@pytest.fixture
def study(make_volume):
    """Two series, the second of which cannot be loaded any more."""
    volume = make_volume(np.zeros((4, 4, 4), np.int16))
    first = Series(
        uid="1", number=1, label="series 4", acquisition=Acquisition(), grid=volume.grid,
        geometry=GeometryCheck(verdict="ok"), load=lambda: volume,
    )  # fmt: skip
    return Study(uid="s", patient=PatientFacts(), series=(first, replace(first, uid="2", number=2, load=refuse)))


def look(study):
    """A step that looks at every volume it may look at."""
    for series in study.series:
        if series.measurable:
            series.pixels()
    return study


def test_the_others_are_looked_at(study):
    """The lost one keeps its place in the list, says why, and is not measured."""
    first, second = in_spite_of(look, study).series
    assert first.measurable and not second.measurable
    assert second.geometry.notes == ("The files of series 5 changed or vanished while in use.",)


def test_what_is_whole_is_not_touched(study):
    """No series is loaded that the step does not load."""
    whole = replace(study, series=study.series[:1])
    assert in_spite_of(look, whole) is whole


def test_other_errors_are_not_hidden(study):
    """A step that fails for another reason fails."""
    with pytest.raises(UnreadableInput):
        in_spite_of(refuse, replace(study, series=study.series[:1]))


def test_through_the_front_door(tmp_path, monkeypatch):
    """Files emptied between listing and recognition: the study opens."""
    from spinemets.app import pipeline
    from spinemets.phantom.files import header_sets

    folder = header_sets.write_header_sets(tmp_path)["siemens"]

    def emptied(paths, options):
        found = read(paths, options)
        lost = next(series for series in found.series if series.measurable)
        changed = tuple(replace(s, load=refuse) if s is lost else s for s in found.series)
        return replace(found, series=changed)

    monkeypatch.setattr("spinemets.ingest.read.read", emptied)
    study = pipeline.open_study(folder)
    assert len(study.series) == len(read([folder]).series)
    assert all(
        series.pixels() is not None for series in study.series if series.measurable and series.load is not refuse
    )
