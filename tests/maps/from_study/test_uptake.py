"""SUV of studies: E-70, each kind with its own needs, refusals that name the element."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.how import How
from spinemets.maps.from_study.uptake import suv_maps
from spinemets.model.acquisition import Tracer
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.study import PatientFacts

TRACER = {
    "nuclide": "F-18", "half_life_s": 6586.2, "dose_bq": 3.7e8, "injected_at": "2026-01-02T09:00:00", "acquired_at": "2026-01-02T10:00:00",
    "series_at": "2026-01-02T10:00:00", "units": "BQML", "decay_correction": "START", "corrections": ("ATTN", "DECY", "SCAT"),
}  # fmt: skip
PATIENT = {"weight_kg": 80.0, "height_m": 1.75, "sex": "M"}


@pytest.fixture
def study(build):
    """Function: a PET series of 12 kBq/ml."""

    def made(tracer=(), patient=()):
        facts = Tracer(**{**TRACER, **dict(tracer)})
        padding = np.zeros((4, 4, 2), bool)
        padding[0] = True
        return build(
            [(np.full((4, 4, 2), 12000.0), {"modality": "PT", "tracer": facts, "padding": padding})],
            PatientFacts(**{**PATIENT, **dict(patient)}),
        )

    return made


def test_all_three(study):
    """E-70."""
    (found,) = suv_maps(study(), How())
    assert isinstance(found, MapResult)
    by_name = {one.name: one for one in found.maps}
    for name, truth in (("suv_bw_g_per_ml", 3.78976), ("suv_lbm_g_per_ml", 2.85098), ("suv_bsa_cm2_per_ml", 0.926625)):
        assert by_name[name].array[1, 0, 0] == pytest.approx(truth, rel=1e-5)
        assert np.isnan(by_name[name].array[0]).all()
    assert found.rejected == {"no measurement in the file": 8}
    assert found.inputs["units_of_the_file"] == "BQML"


def test_what_one_kind_lacks(study):
    (found,) = suv_maps(study(patient={"sex": None}), How())
    assert [one.name for one in found.maps] == ["suv_bw_g_per_ml", "suv_bsa_cm2_per_ml"]
    assert any("lean body mass" in note and "PatientSex" in note for note in found.notes)


@pytest.mark.parametrize(
    ("tracer", "patient", "word"),
    [({}, {"weight_kg": None}, "PatientWeight"), ({"units": "CNTS"}, {}, "CNTS"), ({"injected_at": None}, {}, "0018,1078"), ({"corrections": ("DECY",)}, {}, "ttenuation"), ({"dose_bq": 370.0}, {}, "0018,1074")],
)  # fmt: skip
def test_refusals_name_the_element(study, tracer, patient, word):
    (found,) = suv_maps(study(tracer, patient), How())
    assert isinstance(found, NotMapped) and word in found.reason


def test_no_tracer_and_no_pet(build):
    (found,) = suv_maps(build([(np.ones((4, 4, 2)), {"modality": "PT"})]), How())
    assert isinstance(found, NotMapped) and "tracer" in found.reason
    assert suv_maps(build([(np.ones((4, 4, 2)), {})]), How()) == []
