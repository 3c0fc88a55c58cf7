"""Rows of the tables: complete, never empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.assessment import LesionSummary
from spinemets.model.finding import State
from spinemets.model.level import Level
from spinemets.model.study import ClinicalFacts, Device, PatientFacts
from spinemets.report import tables


def test_every_refused_record_is_in_exactly_one_row(named):
    """report.md 3: "A test forbids a criterion that is in neither list"."""
    listed = [i for row in tables.not_assessed(named) for i in row.finding_ids]
    assert sorted(listed) == sorted(f.id for f in named.not_assessable)
    assert len(listed) == len(set(listed))


def test_rows_name_reason_remedy_and_levels_heaviest_first(named):
    rows = tables.not_assessed(named)
    assert [r.criterion for r in rows] == ["CT-06", "MR-STIR-01", "CT-08"]
    assert [r.levels for r in rows] == ["T9-L5", "T9-L5", "L5"]
    assert all(r.reason and r.remedy and r.short for r in rows)


def test_records_that_differ_only_in_detail_share_a_row(named):
    """The table stays readable: one row per question, reason and remedy; the details stand at the levels."""
    levels = {}
    for n, (name, level) in enumerate(named.levels.items()):
        walls = {k: replace(f, state=State.NOT_ASSESSABLE, reason="NA-RESOLUTION", missing=f"gap of {n} {k}", remedy="thin slices")
                 for k, f in level.findings.items() if k.startswith("CT-04")}  # fmt: skip
        levels[name] = replace(level, findings=walls)
    (row,) = tables.not_assessed(replace(named, levels=levels))
    assert row.levels == "T9-L5 (54 records)"
    assert len(row.finding_ids) == 54
    assert row.reason.endswith("gap of 0 CT-04:anterior; 53 more like it at the levels")


def test_a_study_record_and_a_missing_remedy_are_said(named):
    gate = replace(named.study_findings["CT-09"], state=State.NOT_ASSESSABLE, reason="NA-META", missing="no kVp")
    row = next(r for r in tables.not_assessed(replace(named, study_findings={"CT-09": gate})) if r.criterion == "CT-09")
    assert (row.levels, row.remedy) == ("study", "nothing in this study would answer it")


def test_no_cell_of_the_level_table_is_empty(named, relative, sideless):
    for a in (named, relative, sideless):
        for level in a.levels.values():
            row = tables.level_row(level, a)
            assert set(row) == {"lesions", *tables.level_columns(a), "sins"}
            assert all(cell.text.strip() for cell in row.values())


def test_columns_without_any_record_are_left_out_and_named(named):
    assert "adc" not in tables.level_columns(named)
    assert "ADC" in tables.columns_without_records(named)


def test_cells_of_the_ill_level(named):
    row = tables.level_row(named.levels["L3"], named)
    assert row["lesions"].text == "L L3-1 6.2 mL (5.5 to 7.1)"
    assert row["walls"].text == "posterior: focal, 38 % (29 to 47)"
    assert row["pedicles"].text.startswith("left: present, 35 %")
    assert row["epidural"].text == "not assessed (NA-RESOLUTION)"
    assert row["sins"].text == "7 to 12, potentially unstable"
    assert (row["walls"].state, row["epidural"].state) == ("present", "not_assessable")


def test_cells_of_a_level_without_positive_record(named):
    row = tables.level_row(named.levels["L1"], named)
    assert (row["lesions"].text, row["walls"].text, row["pedicles"].text) == ("negative", "negative", "negative")
    assert row["sins"].text == "no lesion to score"


def test_a_level_that_no_search_reached_is_not_negative(named):
    """signs.md 0.4: "absent ... never means "no data""."""
    level = named.levels["L1"]
    ct = replace(level.findings["CT-02"], state=State.NOT_ASSESSABLE, reason="NA-REFERENCE")
    blind = replace(level, findings={"CT-02": ct})
    assert tables.lesion_cell(blind, named).text == "not assessed (NA-REFERENCE)"
    assert tables.lesion_cell(replace(level, findings={}), named).text == "not assessed (no search)"


def test_an_undecided_search_is_not_negative(named):
    assert tables.lesion_cell(named.levels["T10"], named).text.startswith("? indeterminate")


def test_walls_of_which_some_were_not_assessed(named):
    level = named.levels["L1"]
    refused = replace(level.findings["CT-04:left"], state=State.NOT_ASSESSABLE, reason="NA-FEW", value=None)
    mixed = replace(level, findings={**level.findings, "CT-04:left": refused})
    assert tables.level_row(mixed, named)["walls"].text == "negative in 5 of 6; left: not assessed (NA-FEW)"
    walls = {
        k: replace(f, state=State.NOT_ASSESSABLE, reason="NA-FEW")
        for k, f in level.findings.items()
        if k.startswith("CT-04")
    }
    assert tables.level_row(replace(level, findings=walls), named)["walls"].text == "not assessed (NA-FEW)"
    assert tables.level_row(replace(level, findings={}), named)["walls"].text == "no record"


def test_walls_measured_without_cut_off(named):
    level = named.levels["L1"]
    walls = {k: replace(f, state=State.MEASURED) for k, f in level.findings.items() if k.startswith("CT-04")}
    assert "posterior: 0 % (0 to 1)" in tables.level_row(replace(level, findings=walls), named)["walls"].text


def test_naming_says_method_confidence_and_runner_up(named, relative):
    """Checklist 4: "Every level: how named, confidence, runner-up"."""
    assert tables.level_naming(named.levels["L3"]) == "label map, 0.97 (next: L2 0.02)"
    assert tables.level_naming(relative.levels["v03"]) == "place only: nothing in view names a level"
    bare = replace(named.levels["L3"], level=Level(name="L3", position=1, of=1, method="top stated"))
    assert tables.level_naming(bare) == "top stated, confidence not computed (no other name offered)"


def test_series_rows(named):
    ct, t1, scout = tables.series_rows(named)
    assert (ct["kind"], ct["confidence"]) == ("CT bone kernel", "0.98, header; next: ct_soft 0.11")
    assert ct["made"] == "120 kVp, kernel B70f, slice 1 mm, contrast medium not stated"
    assert "Conflict: The description says T2." in t1["evidence"]
    assert "stated by user: field_t" in t1["made"]
    assert "without contrast medium" in t1["made"]
    assert scout["used"] == "not used: a localizer is not measured"
    assert all(v.strip() for row in (ct, t1, scout) for v in row.values())


def test_a_silent_header_is_said_to_be_silent(named):
    bare = replace(named.series[0], acquisition=Acquisition())
    assert tables.acquisition(bare) == "contrast medium not stated"


def test_lesion_rows(named):
    (row,) = tables.lesion_rows(named)
    assert row["kind"] == "lytic"
    assert row["diameters"] == "longest 24.3 mm, orthogonal 18.0 mm, craniocaudal 15.5 mm"
    assert (row["share"], row["parts"]) == ("21 %", "body 82 %, pedicle left 18 %")
    assert row["numbers"] == "lytic 6.1 mL, blastic 0.14 mL, mean 42 HU"
    assert "LPS (4.0, -18.0, 92.0) mm" in row["position"]


def test_a_lesion_with_nothing_known_has_no_empty_cell(named):
    lesion = LesionSummary(
        id="L3-2", level_id="L3", series_uid="none", criterion="CT-02", kind="lytic", volume_ml=0.06,
        volume_ci95_ml=(0.03, 0.1), diameters_mm={}, share_of_body=None, compartments={}, values={},
        centroid_lps_mm=(0.0, 0.0, 0.0), tiny=True,
    )  # fmt: skip
    (row,) = tables.lesion_rows(replace(named, lesions=(lesion,)))
    assert all(v.strip() for v in row.values())
    assert row["notes"] == "Close to the smallest size that is kept."


def test_blanks_are_shown_as_not_supplied(named):
    """REP-02 row 6: "only what was supplied, echoed, "not supplied" for pain type, primary, prior therapy, neurology"."""
    rows = dict(tables.clinical_rows(named))
    assert rows["Primary"] == "breast"
    assert rows["Pain"] == rows["Neurology"] == "not supplied"
    assert rows["Prior therapy"] == "radiotherapy at T7 2025-10"
    assert rows["Implants"] == "none, as stated"


def test_patient_rows_fall_back_to_the_clinical_file(named):
    a = replace(named, patient=PatientFacts(), clinical=ClinicalFacts(age_years=70.0, sex="M", height_cm=171.0,
                                                                    devices=(Device(kind="screws", levels=("L4",)),)))  # fmt: skip
    rows = dict(tables.patient_rows(a))
    assert (rows["Patient"], rows["Age"], rows["Sex"]) == ("not supplied", "70 years", "M")
    assert dict(tables.clinical_rows(a))["Implants"] == "screws at L4"
    assert dict(tables.clinical_rows(a))["Height"] == "171 cm"


def test_modality_of_files_without_header_is_the_recognised_one(named):
    bare = tuple(replace(s, acquisition=Acquisition()) for s in named.series)
    assert dict(tables.patient_rows(replace(named, series=bare)))["Modality"] == "CT + MR"


def test_body_size_names_width_depth_and_height_only(named):
    level = replace(named.levels["L3"], size_mm={"height_mm": 25.0, "width_mm": 44.04, "voxel_along_s_mm": 3.0})
    assert tables.body_size(level) == "width 44.0 mm, height 25.0 mm"


@pytest.mark.parametrize("label", ["Age", "Sex", "Study date", "Accession", "Modality"])
def test_an_empty_study_says_so_in_every_row(empty, label):
    bare = replace(empty, patient=PatientFacts(), clinical=ClinicalFacts())
    assert dict(tables.patient_rows(bare))[label] in ("not supplied", "not stated")
