"""What must hold for the sets of any study: order, position and direction of slices change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.model.acquisition import Diffusion
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study
from spinemets.series.sets.find import with_sets
from tests.series.study_builders import stack


def whole_study() -> list[Series]:
    """A study with every kind of set."""
    gre = {"scanning_sequence": ("GR",), "tr_s": 0.01, "te_s": 0.003}
    b = [(0.0, None), (800.0, (1.0, 0.0, 0.0)), (800.0, (0.0, 1.0, 0.0))]
    ct = {"modality": "CT", "tr_s": None, "te_s": None, "kvp": 120.0}
    return [
        stack(1, contrast_agent=False),
        stack(2, "t1_gd", contrast_agent=True),
        *(stack(3 + n, "dwi", uid=f"7#{n}", tr_s=4.0, te_s=0.08, diffusion=Diffusion(b_s_per_mm2=v, direction_lps=d)) for n, (v, d) in enumerate(b)),
        *(stack(6 + n, "vfa", flip_deg=5.0 * (n + 1), **gre) for n in range(3)),
        *(stack(9 + n, "dce", uid=f"8#{n}", flip_deg=20.0, time_s=6.0 * n, contrast_agent=True, **gre) for n in range(5)),
        *(stack(14 + n, "t2", te_s=0.1, at=(0, 0, 100.0 + 38.0 * n)) for n in range(3)),
        *(stack(17 + n, "stir", te_s=0.06, ti_s=0.16, acquired=f"2020-01-01T10:{10 + n}:00") for n in (0, 1)),
        *(stack(19 + n, "ct", kernel=f"K{n}", **ct) for n in (0, 1)),
        *(stack(21 + n, "t2star", uid=f"9#{n}", tr_s=0.5, te_s=0.01 * (n + 1), scanning_sequence=("GR",)) for n in range(3)),
        *(stack(24 + n, "t1_gre", uid=f"10#{n}", tr_s=0.15, te_s=0.005, complex_component=c) for n, c in enumerate(("MAGNITUDE", "PHASE"))),
        *(stack(26 + n, "t1_flair", tr_s=2.2, te_s=0.02, ti_s=0.5 * (n + 1)) for n in range(2)),
        *(stack(28 + n, "dixon", tr_s=0.006, te_s=0.0023, image_type=("DERIVED", w)) for n, w in enumerate(("W", "F"))),
    ]  # fmt: skip


ALL_KINDS = {
    "contrast_pair", "b_values", "flip_angles", "dynamic", "stations", "repeats", "kernels", "echoes", "phase_magnitude",
    "inversion_times", "in_opposed",
}  # fmt: skip


def study_of(series) -> Study:
    return Study(uid="1", patient=PatientFacts(), series=tuple(series))


def members(study: Study) -> set[tuple[str, frozenset[str]]]:
    return {(item.kind, frozenset(item.members)) for item in study.sets}


@pytest.fixture(scope="module")
def found() -> Study:
    return with_sets(study_of(whole_study()))


def test_every_kind_is_found(found: Study):
    assert {item.kind for item in found.sets} == ALL_KINDS
    assert found.warnings == ()


def test_every_member_is_a_series_of_the_study_with_its_own_words(found: Study):
    uids = {s.uid for s in found.series}
    for item in found.sets:
        assert len(item.members) == len(item.varies) == len(set(item.members)) >= 2
        assert set(item.members) <= uids
        assert item.name and "\n" not in item.name and all(item.varies)


def test_series_are_untouched(found: Study):
    assert [s.uid for s in found.series] == [s.uid for s in whole_study()]


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_the_series_changes_nothing(random):
    series = whole_study()
    random.shuffle(series)
    assert members(with_sets(study_of(series))) == members(with_sets(study_of(whole_study())))


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.floats(-500, 500)] * 3))
def test_place_in_the_scanner_changes_nothing(shift):
    """All series moved alike: the same sets with the same seams."""

    def moved(series: Series) -> Series:
        affine = np.array(series.grid.affine_lps_mm)
        affine[:3, 3] += shift
        return replace(series, grid=replace(series.grid, affine_lps_mm=affine))

    there = with_sets(study_of(moved(s) for s in whole_study()))
    here = with_sets(study_of(whole_study()))
    assert members(there) == members(here)
    assert [item.notes for item in there.sets] == [item.notes for item in here.sets]


def reversed_slices(series: Series) -> Series:
    """The same stack, its slices counted from the other end."""
    grid = series.grid
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] = grid.to_lps_mm((0, 0, grid.shape_ijk[2] - 1))
    affine[:3, 2] *= -1
    turned = Grid(shape_ijk=grid.shape_ijk, affine_lps_mm=affine, frame_of_reference_uid=grid.frame_of_reference_uid)
    return replace(series, grid=turned)


def test_direction_of_the_slices_does_not_part_a_pair_or_stations():
    series = whole_study()
    series[1], series[14] = reversed_slices(series[1]), reversed_slices(series[14])
    assert members(with_sets(study_of(series))) == members(with_sets(study_of(whole_study())))


@pytest.mark.parametrize("frame", ["1.8", None])
def test_another_frame_of_reference_parts_everything(frame):
    """Half a set in another space is no set."""
    series = whole_study()
    series[0] = replace(series[0], grid=replace(series[0].grid, frame_of_reference_uid=frame))
    study = with_sets(study_of(series))
    assert "contrast_pair" not in {item.kind for item in study.sets}
    assert any("differs in frame of reference" in line for line in study.warnings)


def test_a_study_of_nothing():
    assert with_sets(study_of(())).sets == ()
