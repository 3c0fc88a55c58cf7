"""Plots (report.md, section 5): one idea each, intervals, gaps, a data table that says the same."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.catalogue import table
from spinemets.model.measurement import Value
from spinemets.report import plots, wording


@pytest.fixture
def by_id(named):
    return {p.id: p for p in plots.plots(named)}


def test_the_first_release_draws_heights_density_t1_and_sins(by_id):
    assert list(by_id) == ["plot-heights", "plot-density", "plot-t1", "plot-sins"]


def test_drawings_are_well_formed(by_id):
    for p in by_id.values():
        root = ElementTree.fromstring(p.drawing)
        assert root.find("title").text
        assert root.get("role") == "group"


def test_one_mark_per_value_and_one_bar_per_interval(by_id):
    root = ElementTree.fromstring(by_id["plot-heights"].drawing)
    marks = [e for e in root.iter() if (e.get("class") or "").startswith("mark")]
    bars = [e for e in root.iter("line") if e.get("class") == "interval"]
    assert len(marks) == 9 * 3 + 3  # and three in the legend
    assert len(bars) == 9 * 3


def test_table_below_says_what_is_drawn(by_id, named):
    p = by_id["plot-heights"]
    assert p.header == ("Level", "anterior [mm]", "middle [mm]", "posterior [mm]", "expected")
    row = next(r for r in p.rows if r[0] == "L3")
    value = named.levels["L3"].findings["G-08"].values["ha_mm"]
    assert row[1] == wording.quantity(value.value, "mm", value.ci95)
    assert [r[0] for r in p.rows] == list(named.levels)


def test_rows_are_as_long_as_the_header_and_never_empty(by_id):
    for p in by_id.values():
        for row in p.rows:
            assert len(row) == len(p.header)
            assert all(cell.strip() for cell in row)


def test_a_gap_says_why(by_id):
    """ "gaps for levels" without a value, with the reason of the record."""
    assert dict(by_id["plot-density"].rows)["L5"] == "not assessed (NA-ARTEFACT)"
    assert "not assessed (NA-ARTEFACT)" in by_id["plot-density"].drawing


def test_cut_off_line_with_its_mark(by_id):
    """ "T1 body to disc and body to muscle ratio with the cut-off line"."""
    p = by_id["plot-t1"]
    assert p.note == "Line at 1: cut-off of marrow darker than muscle (published, the review)"
    assert 'class="cut"' in p.drawing


def test_two_criteria_with_one_limit_share_a_line_and_both_are_named(named):
    level = named.levels["L3"]
    disc = replace(level.findings["MR-T1-02"], cutoffs=level.findings["MR-T1-01"].cutoffs)
    made = replace(named, levels={"L3": replace(level, findings={**level.findings, "MR-T1-02": disc})})
    profile = plots.gather(table("lexicon")["plots"]["t1"], made)
    assert profile.cuts == ((1.0, "Line at 1: cut-off of marrow darker than muscle (published, the review) and marrow "
                                  "darker than disc (published, the review)"),)  # fmt: skip


def test_head_is_at_the_top(by_id):
    root = ElementTree.fromstring(by_id["plot-heights"].drawing)
    y = {e.text: float(e.get("y")) for e in root.iter("text") if e.get("class") == "name"}
    assert list(y) == sorted(y, key=y.get)
    assert next(iter(y)) == "T9"


def test_larger_values_lie_to_the_right(by_id, named):
    root = ElementTree.fromstring(by_id["plot-density"].drawing)
    marks = [e for e in root.iter("polygon") if e.get("class").startswith("mark")][:-1]
    x = [float(e.get("points").split(",")[0]) for e in marks]
    values = [f.values["mean"].value for v in named.levels.values() if "mean" in (f := v.findings["CT-08"]).values]
    assert [x[n] > x[n + 1] for n in range(len(x) - 1)] == [values[n] > values[n + 1] for n in range(len(values) - 1)]


def test_lines_differ_by_shape_not_only_by_colour():
    assert len(set(plots.SHAPES)) == len(plots.SHAPES)


def test_sins_bar_has_known_blocks_and_a_hatched_rest(by_id):
    """ "SINS as a stacked bar with a hatched part for unknown items"."""
    root = ElementTree.fromstring(by_id["plot-sins"].drawing)
    known = [float(e.get("width")) for e in root.iter("rect") if e.get("class") == "block"]
    unknown = [float(e.get("width")) for e in root.iter("rect") if e.get("class") == "block-unknown"]
    assert len(known) == 4
    assert sum(unknown) / sum(known) == pytest.approx((12 - 7) / 7, rel=0.01)
    assert by_id["plot-sins"].rows[0][-1] == "7 to 12, potentially unstable"
    assert by_id["plot-sins"].rows[0][2] == "0 to 3"


def test_without_values_there_is_no_plot(empty):
    assert plots.plots(empty) == ()


def test_a_line_that_no_level_has_is_left_out(named):
    profile = plots.gather(table("lexicon")["plots"]["density"], named)
    assert profile.lines == ("mean",)
    assert {p.line for p in profile.points} == {0}


def test_a_single_value_without_interval_can_be_drawn(named):
    spec = table("lexicon")["plots"]["density"]
    level = named.levels["T9"]
    one = replace(level.findings["CT-08"], ci95=None, values={"mean": Value(value=120.0, unit="[hnsf'U]")})
    made = replace(named, levels={"T9": replace(level, findings={"CT-08": one})})
    profile = plots.gather(spec, made)
    low, high = plots.extent(profile)
    assert low < 120.0 < high
    ElementTree.fromstring(plots.draw(profile, "x"))


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4))
def test_ticks_are_round_few_and_inside(low, width):
    made = plots.ticks(low, low + width)
    assert 2 <= len(made) <= 8
    assert all(low - 1e-6 <= t <= low + width + 1e-6 for t in made)
    assert made == sorted(made)


def test_captions_teach_what_to_look_for_and_pass_the_wording_rules(by_id):
    """report.md 1: "captions that say what to look for"."""
    for p in by_id.values():
        assert p.look_for.startswith("What to look for")
        assert wording.forbidden(p.look_for, statement=False) == ()
