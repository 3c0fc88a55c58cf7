"""Series gone wrong, and protocols that leave something out."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.faults import ROWS
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.planes import one_slice


@pytest.mark.parametrize("name", ROWS)
def test_one_patient_imaged_in_many_ways(name):
    """The lesion is the same in all; the series exist."""
    case = case_of(name)
    assert [insert.level for insert in case.inserts] == ["L2"]
    modalities = {default(series).modality for series in case.series}
    assert modalities == {{"proto-pet-only": "PT", "proto-ct5-soft": "CT"}.get(name, "MR")}


@pytest.mark.parametrize(("name", "right"), [("fs-fail-edge", "t2_fs"), ("shading", "t1"), ("motion-1", "t1")])
def test_the_fault_is_in_the_picture(name, right):
    """The faulty series differs from the right one by far more than noise does."""
    built = phantom.build(name, 1)
    wrong = next(series for series in built.case.series if series not in ("t1", "stir"))
    grid = one_slice("sagittal", built.anatomy.frames["L2"].origin + np.array([0.0, 20.0, 0.0]), (160, 120), 1.0, 4.0)
    pictures = [
        np.asarray(built.render_together((default(series),), grid)[0].array, float).reshape(160, 120, -1)[..., 0]
        for series in (wrong, right)
    ]
    noise = default(right).stored / default(right).noise
    assert np.abs(pictures[0] - pictures[1]).mean() > 2 * noise
