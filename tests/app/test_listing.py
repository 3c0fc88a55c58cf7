"""The listing as JSON: everything in it is in its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from spinemets.app.listing import SCHEMA, listed, plain, schema
from spinemets.model.acquisition import Acquisition, Diffusion, Tracer
from spinemets.model.grid import Grid
from spinemets.model.planar import Planar, PlanarView
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study, Unread
from spinemets.model.study_view import SeriesMotion, SeriesSet

KEPT = Path(__file__).resolve().parents[2] / "schemas" / "series.schema.json"


def no_pixels():
    raise AssertionError("a listing reads no pixels")


@pytest.fixture
def study() -> Study:
    """A volume with every kind of fact, a radiograph, a set, a motion and a file that was not read."""
    facts = Acquisition(
        modality="MR", tr_s=4.0, b_values_s_per_mm2=(800.0,), image_type=("ORIGINAL",),
        diffusion=Diffusion(b_s_per_mm2=800.0, direction_lps=(1.0, 0.0, 0.0)),
        tracer=Tracer(agent="F-18", vendor={"philips_suv_factor": 0.5}),
    )  # fmt: skip
    grid = Grid(shape_ijk=(4, 5, 6), affine_lps_mm=np.diag([1, 2, 3, 1.0]), frame_of_reference_uid="1.9")
    volume = Series(
        uid="1.2", number=1, label="series 1", acquisition=facts, load=no_pixels, grid=grid,
        recognition=Recognition(kind="dwi", confidence=0.9, runner_up=("t2_fs", 0.5), conflicts=("c",)),
        geometry=GeometryCheck(verdict="resampled", missing_positions_mm=(5.0,)),
    )  # fmt: skip
    planar = Planar(views=(PlanarView(name="AP", columns_towards="L"),), load=no_pixels, spacing_mm=(0.1, 0.2))
    radiograph = Series(uid="1.3", number=2, label="series 2", acquisition=Acquisition(), load=no_pixels, planar=planar)
    return Study(
        uid="1", patient=PatientFacts(pseudonym="hidden"), series=(volume, radiograph),
        unread=(Unread(file="a.dcm", reason="broken"),), warnings=("w",),
        sets=(SeriesSet(kind="repeats", name="n", members=("1.2",), varies=("v",)),),
        motions=(
            SeriesMotion(reference_uid="1.2", moving_uid="1.3", verdict="moved", sentence="s", shift_mm=(1.0, 2.0, 3.0)),
        ),
    )  # fmt: skip


def test_listing_keeps_its_schema(study: Study):
    data = json.loads(json.dumps(listed(study), allow_nan=False))
    jsonschema.Draft202012Validator(schema()).validate(data)
    assert data["schema"] == SCHEMA == "spinemets-series/2"


def test_every_named_object_refuses_other_fields(study: Study):
    data = json.loads(json.dumps(listed(study)))
    data["series"][0]["acquisition"]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(data)


def test_schema_is_published():
    """`schemas/series.schema.json` is generated and may not drift."""
    assert json.loads(KEPT.read_text(encoding="utf-8")) == json.loads(json.dumps(schema()))


def test_what_is_in_it(study: Study):
    data = listed(study)
    first, second = data["series"]
    assert first["runner_up"] == {"kind": "t2_fs", "score": 0.5}
    assert first["acquisition"]["diffusion"]["b_s_per_mm2"] == 800.0
    assert first["affine_lps_mm"][2] == [0, 0, 3, 0]
    assert first["missing_positions_mm"] == [5.0]
    assert second["planar"]["views"][0]["columns_towards"] == "L"
    assert data["spaces"] == [["1.2"], ["1.3"]]
    assert data["sets"][0]["members"] == ["1.2"]
    assert data["motions"][0]["shift_mm"] == [1.0, 2.0, 3.0]
    assert data["unread"] == [{"file": "a.dcm", "reason": "broken", "kind": "unreadable"}]


def test_no_patient_facts(study: Study):
    assert "hidden" not in json.dumps(listed(study))


def test_numbers_that_are_none_become_null():
    assert plain((float("nan"), 1.0, {"a": (2,)})) == [None, 1.0, {"a": [2]}]
