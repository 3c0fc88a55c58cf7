"""Which series is held against which: within one space and family, b-values against b 0, nothing left out."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition, Diffusion
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.series.motion.pairs import pairs_of
from spinemets.series.sets.find import with_sets


@pytest.fixture
def make():
    def build(number: int, kind: str = "t1", *, uid=None, frame="1.9", shape=(32, 32, 10), z=0.0, **facts):
        affine = np.diag([2.0, 2.0, 4.0, 1.0])
        affine[2, 3] = z
        stated = {"modality": "MR", "tr_s": 0.5 + number / 10, "te_s": 0.01, **facts}
        return Series(
            uid=uid or f"1.2.{number}", number=number, label=f"series {number}", load=lambda: 1 / 0,
            acquisition=Acquisition(**stated), recognition=Recognition(kind=kind, confidence=1.0),
            grid=None if shape is None else Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame),
        )  # fmt: skip

    return build


def pairs(*series: Series, most: int = 8) -> dict[int, tuple[int, str]]:
    study = with_sets(Study(uid="1", patient=PatientFacts(), series=series))
    return {p.moving.number: (p.reference.number, p.reason) for p in pairs_of(study, most)}


def test_the_series_with_most_voxels_leads(make):
    assert pairs(make(1), make(2, "stir", shape=(40, 40, 10)), make(3, "t2")) == {1: (2, ""), 3: (2, "")}


def test_each_space_for_itself(make):
    """Other frames of reference claim nothing of each other; a single series has no pair."""
    assert pairs(make(1), make(2, frame="1.8"), make(3, frame="1.8")) == {3: (2, "")}


def test_ct_is_held_against_mr_once(make):
    found = pairs(make(1), make(2, "stir"), make(3, "ct", modality="CT"), make(4, "ct", modality="CT", shape=(9, 9, 9)))
    assert found == {2: (1, ""), 4: (3, ""), 1: (3, "")}


def test_distorted_images_do_not_lead(make):
    """Echo planar series have the most voxels here, and still the T1 leads."""
    assert pairs(make(1), make(2, "dwi", shape=(90, 90, 30), scanning_sequence=("EP",))) == {2: (1, "")}


def test_weighted_volumes_against_the_lowest_b(make):
    def volume(n, b):
        return make(n, "dwi", uid=f"1.5#{n}", tr_s=4.0, diffusion=Diffusion(b_s_per_mm2=b))

    found = pairs(make(1), volume(2, 800.0), volume(3, 0.0), volume(4, 400.0))
    assert found == {3: (1, ""), 4: (3, ""), 2: (3, "")}


def test_long_sets_are_sampled_and_the_rest_is_said(make):
    volumes = [make(n, "dce", uid=f"1.5#{n}", tr_s=0.004, time_s=5.0 * n) for n in range(1, 21)]
    found = pairs(*volumes, most=4)
    assert len(found) == 19
    measured = [n for n, (_, reason) in found.items() if not reason]
    assert len(measured) == 4 and {2, 20} <= set(measured)
    assert found[3][1] == "one of 20 volumes, of which 4 are measured"


def test_echoes_of_one_series_move_together(make):
    echo = [make(n, "t2star", uid=f"1.5#{n}", tr_s=0.5, te_s=0.005 * n) for n in (1, 2, 3)]
    assert pairs(*echo) == {
        2: (1, "echoes of one excitation move together"),
        3: (1, "echoes of one excitation move together"),
    }


def test_stations_take_the_largest_they_overlap(make):
    """The lowest station does not touch the reference at the top: it is held against the middle one."""
    top, middle, low = make(1, z=60.0, shape=(34, 34, 10)), make(2, z=30.0, shape=(33, 33, 10)), make(3, z=0.0)
    assert pairs(top, middle, low) == {2: (1, ""), 3: (2, "")}


def test_other_modalities_are_said(make):
    assert pairs(make(1), make(2, "pet", modality="PT"))[2] == (1, "series 2 is PT")


def test_series_without_a_grid_have_no_pair(make):
    assert pairs(make(1), make(2, shape=None)) == {}
