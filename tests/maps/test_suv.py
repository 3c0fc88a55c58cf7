"""SUV factors of headers: the reference headers, and series as they are read."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from spinemets.maps.suv import Refused, SuvFactors, factors, of_series
from spinemets.model.acquisition import Tracer
from spinemets.model.study import PatientFacts

HEADER = {
    "PatientWeight": 80.0, "PatientSize": 1.75, "PatientSex": "M", "Units": "BQML", "DecayCorrection": "START",
    "CorrectedImage": ["DECY", "ATTN", "SCAT"], "SeriesDate": "20240301", "SeriesTime": "100000.00 ",
    "RadiopharmaceuticalStartDateTime": "20240301090000", "RadionuclideTotalDose": 3.7e8, "RadionuclideHalfLife": 6586.2,
}  # fmt: skip
TRACER = Tracer(
    nuclide="F-18", half_life_s=6586.2, dose_bq=3.7e8, injected_at="2024-03-01T09:00:00", units="BQML",
    series_at="2024-03-01T10:00:00", acquired_at="2024-03-01T10:00:00", decay_correction="START",
    corrections=("ATTN", "DECY"),
)  # fmt: skip
PATIENT = PatientFacts(weight_kg=80.0, height_m=1.75, sex="M")


@pytest.fixture(scope="module")
def reference(shared_data):
    """Function: headers of a file beside the images; skipped where they are absent."""
    folder = shared_data.parent / "reference" / "suv"
    if not folder.is_dir():
        pytest.skip("the reference headers are not here")
    return lambda name: json.loads((folder / name).read_text())


def test_a_header():
    """E-70 as a header: 12 000 Bq/ml, one hour after 370 MBq of F-18."""
    found = factors(HEADER)
    assert isinstance(found, SuvFactors)
    assert 12_000.0 * found.bw == pytest.approx(3.78976021, rel=1e-6)
    assert 12_000.0 * found.lbm_janma == pytest.approx(2.85098175, rel=1e-6)
    assert 12_000.0 * found.bsa == pytest.approx(0.926624754, rel=1e-6)


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("PatientWeight", "0010,1030"),
        ("Units", "0054,1001"),
        ("DecayCorrection", "0054,1102"),
        ("CorrectedImage", "0028,0051"),
        ("RadionuclideTotalDose", "0018,1074"),
        ("RadionuclideHalfLife", "0018,1075"),
        ("RadiopharmaceuticalStartDateTime", "0018,1078"),
        ("SeriesTime", "0008,0031"),
    ],
)
def test_what_is_missing_is_named(keyword, tag):
    """One element gone at a time: refused, with its tag."""
    found = factors({name: value for name, value in HEADER.items() if name != keyword})
    assert isinstance(found, Refused)
    assert tag in found.tags


def test_a_day_without_a_time_of_day():
    """A time of day alone is read without its date; so are fractions and a blank at the end."""
    found = factors({**HEADER, "RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": "090000.5 "})
    assert found.elapsed_s == pytest.approx(3599.5)
    assert "a date is missing" in found.notes[0]


def test_real_headers(reference):
    """8 anonymised headers: the owners' factors; the one whose start cannot be found is refused."""
    rows = reference("real_headers.json")
    for row in rows:
        found = factors(row["header"])
        if row["id"] == "CPS_AND_BQML_AC_DT_-_S_DT":
            assert "series time later than acquisition" in found.reason
        else:
            assert found.bw == pytest.approx(row["owners_suv_bw"], rel=1e-6), row["id"]
    assert len(rows) == 8


def test_reference_headers_to_compute(reference):
    """18 headers: three factors each, 1e-6; what cannot be given is refused, the others not."""
    rows = reference("suv_vectors.json")["must_compute"]
    for row in rows:
        found, expected = factors(row["header"]), row["expected"]
        kinds = {
            "suv_bw_per_unit": found.bw,
            "suv_lbm_janma_per_unit": found.lbm_janma,
            "suv_bsa_cm2_per_ml_per_unit": found.bsa,
        }
        for name, value in kinds.items():
            if expected[name] is None:
                assert isinstance(value, Refused), (row["id"], name)
            else:
                assert value == pytest.approx(expected[name], rel=1e-6), (row["id"], name)
        assert found.elapsed_s == pytest.approx(expected["decay_seconds"], abs=1e-6), row["id"]
    assert len(rows) == 18


def test_reference_headers_to_refuse(reference):
    """16 headers: the element that the reference names is among those of the refusal."""
    rows = reference("suv_vectors.json")["must_refuse"]
    for row in rows:
        found = factors(row["header"])
        assert isinstance(found, Refused), row["id"]
        assert found.tags, row["id"]
        if re.search("[0-9]{4},[0-9]{4}", row["reason"]):
            assert any(tag in row["reason"] for tag in found.tags), (row["id"], found)
    assert len(rows) == 16


def test_a_series_as_it_was_read():
    """The facts of our reader lead to what the header leads to."""
    assert of_series(TRACER, PATIENT).bw == pytest.approx(factors(HEADER).bw, rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"half_life_s": 4062.6}, "radionuclide half-life contradicts the nuclide"),
        ({"injected_at": None}, "injection time missing"),
        ({"units": "CNTS"}, "units CNTS and no vendor scale factor"),
    ],
)
def test_a_series_is_refused_for_the_same_reasons(changed, reason):
    assert of_series(replace(TRACER, **changed), PATIENT).reason == reason


def test_private_elements_of_a_series():
    """Counts with a vendor's factor; a vendor's start of the scan where the series was made later."""
    counts = of_series(replace(TRACER, units="CNTS", vendor={"philips_suv_factor": 0.0005}), PATIENT)
    assert counts.bw == 0.0005
    late = replace(TRACER, series_at="2024-03-01T12:00:00", vendor={"ge_scan_start": "2024-03-01T10:00:00"})
    assert of_series(late, PATIENT).bw == pytest.approx(factors(HEADER).bw)
