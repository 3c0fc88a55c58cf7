"""The finding card: "state, value, unit, interval, cut-off and its source, what it counts for, what speaks against, where
measured, criterion id and version" - always (report.md, section 3)."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from spinemets.model.finding import Cutoff, Evidence, State
from spinemets.model.measurement import Value
from spinemets.report import cards


@pytest.fixture
def wall(named):
    return named.levels["L3"].findings["CT-04:posterior"]


def test_card_of_a_positive_record(named, wall):
    c = cards.card(wall, named)
    assert (c.id, c.criterion, c.version) == ("L3-03", "CT-04", "1.0")
    assert (c.title, c.state_word, c.value) == ("Wall broken: posterior", "present", "38 % (29 to 47)")
    assert c.counts_for == "metastasis (for, strong)"
    assert c.notes == ("An osteophyte lies 4 mm away.",)
    assert c.where == "series 4 (CT bone kernel); LPS (1.0, -20.5, 104.0) mm; region marrow; 812 voxels"
    assert [p.plane for p in c.pictures] == ["sagittal", "axial"]


def test_a_record_without_an_outline_leads_to_the_pictures_of_its_level(named):
    """Checklist 7: no record stands without a picture where the level has one."""
    loss = cards.card(named.levels["L3"].findings["FX-01"], named)
    assert loss.pictures == ()
    assert [p.id for p in loss.level_pictures] == ["002", "003"]
    assert cards.card(named.levels["L3"].findings["CT-02"], named).level_pictures == ()
    assert cards.card(named.study_findings["CT-09"], named).level_pictures == ()


def test_every_text_of_every_card_is_filled(named):
    """REP-01: "Missing data is content"; a field that must speak is never empty."""
    must = ("id", "criterion", "version", "title", "state_word", "sign", "value", "counts_for", "where")
    for finding in named.all_findings():
        c = cards.card(finding, named)
        for name in must:
            assert getattr(c, name), (finding.id, name)
    assert {f.name for f in fields(cards.Card)} >= set(must)


def test_marks_are_spelled_out_and_only_r_and_v_are_published(named):
    seen = {}
    for finding in named.all_findings():
        for cut in cards.card(finding, named).cuts:
            seen[cut.mark] = cut
            assert cut.published is (cut.mark in "RV")
            assert ("published" in cut.mark_words) is (cut.mark in "RV")
    assert set(seen) == {"R", "V", "E"}
    assert seen["E"].mark_words == "engineering choice"


def test_literature_that_was_not_verified_says_so(named, wall):
    cut = Cutoff(value=885.0, direction="above", unit="[hnsf'U]", mark="N", source="Key", name="mean")
    line = cards.card(replace(wall, cutoffs=(cut,)), named).cuts[0]
    assert (line.text, line.mark_words) == ("mean: above 885 HU", "literature, not verified")
    assert line.population == "population not stated"


def test_a_refused_record_says_why_and_what_would_help(named):
    stir = named.levels["T9"].findings["MR-STIR-01"]
    c = cards.card(stir, named)
    assert c.value == "not assessed"
    assert "NA-SERIES" in c.missing
    assert "there is no STIR series in this study" in c.missing
    assert c.remedy == "add STIR or fat-suppressed T2"
    assert c.where == "no image position recorded"


def test_reason_is_not_said_twice(named):
    stir = named.levels["T9"].findings["MR-STIR-01"]
    same = replace(stir, missing="no suitable series in this study.")
    assert cards.reason(same, replace(named, sentences={})) == "no suitable series in this study (NA-SERIES)"
    assert cards.reason(replace(stir, missing=None), named).endswith("(NA-SERIES)")


def test_a_measured_record_that_could_not_be_judged_keeps_its_value(named, wall):
    kept = replace(wall, state=State.NOT_ASSESSABLE, reason="NA-FIELD", missing="the figure is for 1.5 T")
    c = cards.card(kept, named)
    assert c.value == "38 % (29 to 47)"
    assert "1.5 T" in c.missing


def test_caveats_are_printed_as_sentences(named):
    lytic = named.levels["L3"].findings["CT-02"]
    against = cards.card(lytic, named).against
    assert len(against) == 2
    assert all(a.endswith(".") and not a.startswith("CV-") for a in against)


def test_further_values_are_listed_without_the_judged_one(named):
    lytic = named.levels["L3"].findings["CT-02"]
    assert cards.card(lytic, named).others == (("part of the body that the foci occupy", "21 % (18 to 24)"),)


def test_numbers_without_interval_come_last_and_are_said_to_have_none(named):
    lytic = named.levels["L3"].findings["CT-02"]
    limits = {
        **lytic.values,
        "lytic_at_most_hu": Value(value=36.2, unit="[hnsf'U]"),
        "new": Value(value=2.0, unit="mm"),
    }
    others = cards.card(replace(lytic, values=limits), named).others
    assert others[-1] == ("without interval:", "limit used for lytic voxels 36 HU, new 2.0 mm")


def test_shares_are_printed_in_per_cent_ratios_are_not(named):
    """The catalogue entry says which pure number is a share."""
    assert cards.value_text(named.levels["L3"].findings["FX-01"]) == "34 % (31 to 46)"
    assert cards.value_text(named.levels["L3"].findings["MR-T1-01"]) == "0.75 (0.71 to 0.79)"
    assert cards.card(named.levels["L3"].findings["FX-01"], named).cuts[0].text == "grade 1: above 20 %"
    assert not cards.is_share("CT-04", "broken_share", "%")
    assert cards.is_share("CT-04", "broken_share", "1")
    assert not cards.is_share("XX-99", "x", "1")


def test_a_source_that_only_repeats_its_mark_is_not_said_twice(named, wall):
    assert cards.card(wall, named).cuts[0].source == ""
    other = replace(wall.cutoffs[0], mark="V", source="")
    assert cards.card(replace(wall, cutoffs=(other,)), named).cuts[0].source == "no source recorded"


def test_judged_value_by_entry_by_number_or_none(named):
    assert cards.judged(named.levels["L3"].findings["FX-01"]) == "loss_max"
    strange = replace(named.levels["L3"].findings["FX-01"], criterion="XX-99")
    assert cards.judged(strange) == "loss_max"
    assert cards.judged(replace(strange, values={})) is None


@pytest.mark.parametrize(
    ("state", "value", "category", "shown"),
    [
        (State.PRESENT, 38.0, "focal", "focal, 38 % (29 to 47)"),
        (State.PRESENT, None, None, "present"),
        (State.INDETERMINATE, 38.0, None, "? indeterminate, 38 % (29 to 47)"),
        (State.ABSENT, None, None, "negative"),
        (State.ABSENT, 38.0, "grade 0", "negative, 38 % (29 to 47)"),
        (State.MEASURED, 38.0, None, "38 % (29 to 47)"),
        (State.MEASURED, None, "ok", "ok"),
        (State.MEASURED, None, None, "measured"),
        (State.NOT_ASSESSABLE, None, None, "not assessed (NA-FEW)"),
    ],
)
def test_table_cells_are_never_empty(wall, state, value, category, shown):
    """report.md 3: "A cell is a value with interval, "negative", "not assessed (reason code)" or "not in view"."""
    ci = None if value is None else (29.0, 47.0)
    made = replace(wall, state=state, value=value, ci95=ci, category=category, reason="NA-FEW")
    assert cards.cell(made) == shown


def test_no_record_is_said():
    assert cards.cell(None) == "no record"


def test_series_of_a_record_without_evidence_is_that_of_its_subject(named, wall):
    bare = replace(wall, evidence=Evidence(), subject=replace(wall.subject, series_uid="1.2.3.5"))
    assert cards.series_uids(bare) == ("1.2.3.5",)
    assert cards.where(bare, named) == "series 5 (T1)"
    unknown = replace(bare, subject=replace(wall.subject, series_uid="9.9"))
    assert cards.where(unknown, named) == "a series not listed"


def test_evidence_it_rests_on(named, wall):
    made = replace(wall, evidence=Evidence(lesions=("L3-1",), findings=("L3-04", "L3-1"), references=("disc",)))
    assert cards.card(made, named).rests_on == "L3-1 and L3-04"
    assert "against disc" in cards.where(made, named)


@pytest.mark.parametrize(
    ("name", "shown"), [("height_anterior_mm", "height anterior"), ("mean_hu", "mean"), ("ratio", "ratio")]
)
def test_value_names_lose_the_unit_that_stands_behind_the_number(name, shown):
    assert cards.value_name(name) == shown
