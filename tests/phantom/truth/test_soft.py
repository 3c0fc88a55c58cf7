"""Volumes of regions of soft tissue."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.model.grid import Grid
from spinemets.phantom.truth.soft import soft_truth


@pytest.mark.parametrize("case", ["epi-escc-2", "epi-escc-3"])
def test_label_map_holds_the_volume(case):
    """A label map of 0.5 mm agrees within 1 % with the truth, and its voxels lie around the stated centroid."""
    patient = phantom.build(case, 1)
    first = len(patient.case.inserts) + 1
    for row, region in zip(soft_truth(patient.anatomy, first), patient.anatomy.soft_lesions, strict=True):
        low, high = (np.asarray(corner) for corner in region.box)
        affine = np.diag([0.5, 0.5, 0.5, 1.0])
        affine[:3, 3] = low - 0.13
        shape = tuple(int(n) for n in np.ceil((high - low) / 0.5) + 2)
        labels = patient.lesion_labels(Grid(shape_ijk=shape, affine_lps_mm=affine))
        index = np.argwhere(labels == row["label"])
        assert len(index) * 0.125 == pytest.approx(row["volume_mm3"], rel=0.01)
        assert affine[:3, 3] + 0.5 * index.mean(axis=0) == pytest.approx(row["centroid_lps_mm"], abs=0.1)


def test_numbers_follow_the_bones():
    """Soft lesions are numbered after the lesions of bone."""
    truth = phantom.build("epi-escc-1b", 1).truth
    assert [row["label"] for row in truth["soft_lesions"]] == [len(truth["lesions"]) + 1]
