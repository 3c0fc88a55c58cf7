"""Study view: which series belong together, what is missing, and that nothing is joined or left alone silently."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.series.recognise import recognise
from spinemets.series.sets.find import spaces, stacks, with_sets

SHAPE = (32, 32, 10)


def no_pixels():
    raise AssertionError("the study view reads no pixels")


@pytest.fixture
def make():
    """A series with a grid and no pixels."""

    def build(
        number: int, kind: str = "t1", *, uid: str | None = None, z: float = 0.0, frame="1.9", shape=SHAPE, **facts
    ):
        affine = np.diag([2.0, 2.0, 4.0, 1.0])
        affine[2, 3] = z
        stated = {"modality": "MR", "tr_s": 0.5, "te_s": 0.01, **facts}
        return Series(
            uid=uid or f"1.2.{number}", number=number, label=f"series {number}", load=no_pixels,
            acquisition=Acquisition(**stated), recognition=Recognition(kind=kind, confidence=1.0),
            grid=Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame),
        )  # fmt: skip

    return build


def study_of(*series: Series) -> Study:
    return Study(uid="1", patient=PatientFacts(), series=series)


def sets_of(*series: Series):
    return with_sets(study_of(*series)).sets


def test_a_study_of_single_series_has_no_sets(make):
    """T1 and STIR of one lattice differ in everything: no set, no warning."""
    study = study_of(make(1), make(2, "stir", tr_s=4.0, te_s=0.06, ti_s=0.16))
    found = with_sets(study)
    assert found.sets == () and found.warnings == ()


def test_sets_are_in_the_order_of_their_first_series(make):
    flips = [make(n, "vfa", scanning_sequence=("GR",), flip_deg=5.0 * n) for n in (3, 4)]
    repeats = [make(n, tr_s=0.6, acquired=f"2020-01-01T10:0{n}:00") for n in (1, 2)]
    assert [s.kind for s in sets_of(*repeats, *flips)] == ["repeats", "flip_angles"]


def test_stacks_hold_series_of_one_lattice(make):
    moved, other = make(3, z=4.0), make(4, frame="1.8")
    groups = stacks([make(1), make(2), moved, other])
    assert [[s.number for s in g] for g in groups] == [[1, 2], [3], [4]]


def test_spaces_are_frames_of_reference(make):
    """Files that state no frame are tied to nothing, each a space of its own."""
    study = study_of(make(1), make(2, frame="1.8"), make(3), make(4, frame=None), make(5, frame=None))
    assert [[s.number for s in g] for g in spaces(study)] == [[1, 3], [2], [4], [5]]


def test_warnings_of_reading_are_kept(make):
    study = replace(study_of(make(1, "t1_gd", contrast_agent=True)), warnings=("before",))
    assert with_sets(study).warnings[0] == "before"
    assert "no partner before contrast" in with_sets(study).warnings[1]


def test_plans_and_maps_are_no_members(make):
    """Localizers and derived images repeat nothing."""
    assert sets_of(make(1, "localizer"), make(2, "localizer"), make(3, "derived"), make(4, "derived")) == ()


def real(folder, name):
    path = folder.parent / "reference" / name
    if not path.is_file():
        pytest.skip(f"reference/{name} is not here")
    return with_sets(recognise(read([path], ReadingOptions())))


def test_real_series_per_b_value_are_one_set(shared_data):
    """diffusion_phantom: trace-weighted b 0 to 2000, each a series of its own, and the scanner's ADC beside them."""
    study = real(shared_data, "diffusion_phantom/repeat1.zip")
    (found,) = [s for s in study.sets if s.kind == "b_values"]
    assert found.name == "diffusion: b 0, 500, 1000, 1500, 2000 s/mm2"
    assert [study.by_uid(uid).label for uid in found.members] == [f"series {n}" for n in range(3001, 3006)]
    assert f"ADC map of the scanner: series {study.series[5].number}" in found.notes


def test_real_flip_angles_are_one_set(shared_data):
    """vfa_t1_phantom: 2 to 30 degrees, in order although 15 was acquired first."""
    (found,) = real(shared_data, "vfa_t1_phantom/vfa.zip").sets
    assert (found.kind, found.name) == ("flip_angles", "flip angles 2, 5, 10, 15, 20, 25, 30 degrees")


def test_real_inversion_times_are_one_set(shared_data):
    """vfa_t1_phantom: ten inversion times from 35 to 3000 ms."""
    (found,) = real(shared_data, "vfa_t1_phantom/ir.zip").sets
    assert found.kind == "inversion_times" and len(found.members) == 10
    assert found.varies[0] == "TI 35 ms" and found.varies[-1] == "TI 3000 ms"


def test_real_field_map_is_echoes_and_phase(shared_data):
    """xa30-enhanced-fieldmap: two echoes of magnitude in one series, phase in another."""
    study = real(shared_data, "dcm_qa/xa30-enhanced-fieldmap.zip")
    kinds = {s.kind: s for s in study.sets}
    assert kinds["echoes"].varies == ("TE 10 ms", "TE 12.46 ms")
    assert kinds["phase_magnitude"].varies[-1].startswith("phase")


def test_real_repeats_of_one_series_are_volumes_in_time(shared_data):
    """ge-fmri-0004: four volumes of one DICOM series."""
    (found,) = real(shared_data, "dcm_qa/ge-fmri-0004.zip").sets
    assert found.kind == "dynamic" and len(found.members) == 4
