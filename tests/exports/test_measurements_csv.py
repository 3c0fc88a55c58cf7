"""`measurements.csv`: one row per value with unit, interval, state, criterion, level, series, cut-offs, caveats."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from spinemets.exports.measurements_csv import COLUMNS, csv_text, rows, write_csv


@pytest.fixture
def table(assessment):
    return list(csv.DictReader(io.StringIO(csv_text(assessment))))


def row(table, finding_id, quantity=None):
    return next(r for r in table if r["finding_id"] == finding_id and quantity in (None, r["quantity"]))


def test_one_row_per_value_and_one_for_a_record_without(assessment, table):
    """Nothing dropped: every record of the assessment has a row."""
    assert {r["finding_id"] for r in table} == {f.id for f in assessment.all_findings()}
    assert [r["quantity"] for r in table if r["finding_id"] == "L3-01"] == ["share", "gap_mm"]


def test_a_value_has_unit_interval_state_cutoff_and_series(table):
    share = row(table, "L3-01", "share")
    assert (share["value"], share["unit"], share["ci95_low"], share["ci95_high"]) == ("38.5", "%", "29.0", "47.25")
    assert (share["state"], share["category"], share["judged"]) == ("present", "focal", "yes")
    assert share["cutoffs"] == "focal above 2 % [E]"
    assert (share["caveats"], share["lesion"], share["n_voxels"]) == ("CV-PV CV-DEGEN", "L3-1", "210")
    assert (share["series_number"], share["level"], share["part"]) == ("4", "L3", "posterior")


def test_only_the_judged_value_is_marked(table):
    assert row(table, "L3-01", "gap_mm")["judged"] == "no"
    assert row(table, "L3-01", "gap_mm")["sd"] == "0.5"


def test_all_digits_are_kept(table):
    """Rounding is for people: the table has what was measured."""
    assert row(table, "L3-01", "gap_mm")["value"] == "6.125"


def test_a_record_without_value_has_an_empty_cell_never_zero(table):
    """signs.md 0.4: "null if none, never 0 as a stand-in"."""
    refused = row(table, "L3-02")
    assert (refused["value"], refused["quantity"], refused["judged"]) == ("", "", "")
    assert (refused["reason"], refused["missing"], refused["remedy"]) == (
        "NA-SERIES",
        "there is no STIR series",
        "add STIR",
    )


def test_a_judged_number_that_has_no_name_is_still_written(table):
    bare = row(table, "v02-01")
    assert (bare["quantity"], bare["value"], bare["judged"]) == ("value", "112.0", "yes")


def test_level_names_carry_their_confidence_and_relative_ones_their_place(table):
    assert row(table, "L3-01")["level_confidence"] == "0.97"
    assert (row(table, "v02-01")["level"], row(table, "v02-01")["level_position"]) == ("v02", "2 of 2")
    assert row(table, "v02-01")["level_confidence"] == ""


def test_study_records_say_study_and_their_series(table):
    gate = row(table, "S-01")
    assert (gate["level"], gate["series_number"]) == ("study", "4")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_starts_a_formula(assessment, start):
    """Titles and labels may come from file names; a spreadsheet must not run them."""
    record = next(iter(assessment.study_findings.values()))
    wrong = replace(assessment, study_findings={"x": replace(record, title=f"{start}cmd()")})
    cells = [v for r in rows(wrong) for k, v in r.items() if k in ("title", "series_label")]
    assert not any(c.startswith(start) for c in cells)


def test_negative_numbers_stay_numbers(assessment):
    record = next(iter(assessment.levels["v02"].findings.values()))
    level = replace(assessment.levels["v02"], findings={"x": replace(record, value=-42.5, ci95=(-50.0, -30.0))})
    made = list(rows(replace(assessment, levels={"v02": level})))
    assert made[-1]["value"] == "-42.5"
    assert float(made[-1]["ci95_low"]) == -50.0


def test_columns_are_fixed(tmp_path, assessment):
    write_csv(assessment, tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_text().splitlines()[0].split(",") == list(COLUMNS)


def test_text_with_commas_quotes_and_line_ends_survives(assessment):
    record = next(iter(assessment.study_findings.values()))
    odd = 'a "quoted", text\nin two lines'
    made = csv_text(replace(assessment, study_findings={"x": replace(record, missing=odd)}))
    assert next(csv.DictReader(io.StringIO(made)))["missing"] == odd
