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


@pytest.fixture(scope="module")
def sarcoma():
    """Truth of a mass beside the column that enters the canal, and its patient."""
    patient = phantom.build("fig11", 1)
    return patient, soft_truth(patient.anatomy, 1)


def test_soft_lesions_lie_where_they_say(sarcoma):
    """Levels from head to feet, the centroid at one of them, left of the column; a volume in mm3 that their boxes can hold."""
    patient, rows = sarcoma
    assert {row["kind"] for row in rows} == {"epidural", "paraspinal"}
    order = list(patient.anatomy.sizes)
    for row, region in zip(rows, patient.anatomy.soft_lesions, strict=True):
        places = [order.index(level) for level in row["levels"]]
        assert places == list(range(places[0], places[0] + len(places)))
        assert row["level"] in row["levels"] and set(row["levels"]) >= {"T10", "T11", "T12"}
        x, _, z = row["centroid_lps_mm"]
        assert patient.anatomy.site.at(z) in row["levels"]
        assert x > patient.anatomy.frames[row["level"]].origin[0] + 5
        low, high = (np.asarray(corner) for corner in region.box)
        assert 500 < row["volume_mm3"] < 0.6 * np.prod(high - low)
        assert (row["centroid_lps_mm"] > low).all() and (row["centroid_lps_mm"] < high).all()


def test_regions_are_numbered_in_their_order(sarcoma):
    """From the number given, one after the other; erosion stands with the mass that eats into bone."""
    _, rows = sarcoma
    assert [row["label"] for row in rows] == [1, 2]
    assert {row["kind"]: row["erosion_mm"] for row in rows} == {"epidural": 0.0, "paraspinal": 6.0}
    assert all(row["tissues"] == ["sarcoma"] for row in rows)


def test_lobes_bound_the_volume_of_a_mass(sarcoma):
    """No larger than its three ellipsoids laid side by side with what joins them, no smaller than half of the largest."""
    patient, rows = sarcoma
    (mass,) = patient.case.masses
    volumes = [4 / 3 * np.pi * np.prod(lobe.half_mm) for lobe in mass.lobules]
    found = next(row["volume_mm3"] for row in rows if row["kind"] == "paraspinal")
    assert max(volumes) / 2 < found < 1.1 * sum(volumes)
