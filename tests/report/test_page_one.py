"""Page 1 (REP-05)."""

from __future__ import annotations

from dataclasses import replace

from spinemets.model.finding import State
from spinemets.report import page_one, wording


def test_urgent_lines_come_first_and_their_negative_forms_are_kept(named):
    """report.md 3: "urgent box: URG sentences ... or its negative form"."""
    one = page_one.page_one(named)
    assert [u.id for u in one.urgent] == ["URG-04"]
    assert [u.id for u in one.other_urgent] == ["URG-01", "URG-08"]
    assert len(one.urgent) + len(one.other_urgent) == len(named.urgent)


def test_worst_first_and_at_most_seven_sentences(named):
    """REP-05: "three to seven sentences"."""
    assert page_one.page_one(named).worst == named.summary[0]
    many = replace(named, summary=named.summary * 5)
    one = page_one.page_one(many)
    assert 1 + len(one.sentences) == 7


def test_key_rows_have_denominators(named):
    """Checklist 11: "Negative statements carry denominator and limit"."""
    rows = dict(page_one.key_rows(named))
    assert rows["Levels involved"] == "L3 (of 9 searched); indeterminate at T10"
    assert rows["Epidural"] == "not assessed at 9 levels (NA-RESOLUTION)"
    assert rows["Height loss"] == "L3 grade 2, 34 % (31 to 46)"
    assert rows["SINS"] == "L3 7 to 12, potentially unstable"
    assert rows["Response"].startswith("not assessed")


def test_negatives_count_what_was_looked_at(named):
    levels = {k: v for k, v in named.levels.items() if k in ("T11", "T12", "L1")}
    few = replace(named, levels=levels, lesions=())
    assert page_one.levels_involved(few) == "no lesion seen (of 3 searched)"
    assert page_one.height_loss(few) == "negative at 3 levels"
    refused = replace(levels["L1"].findings["FX-01"], state=State.NOT_ASSESSABLE, reason="NA-COVERAGE")
    mixed = {**levels, "L1": replace(levels["L1"], findings={"FX-01": refused})}
    assert page_one.height_loss(replace(few, levels=mixed)) == "negative at 2 levels, not assessed at 1"
    assert page_one.levels_involved(replace(few, levels=mixed)) == "no lesion seen (of 2 searched)"


def test_nothing_searched_is_not_negative(named, empty):
    bare = {k: replace(v, findings={}, lesions=()) for k, v in named.levels.items()}
    assert page_one.levels_involved(replace(named, levels=bare)) == "not assessed: no level could be searched"
    assert page_one.epidural(empty) == "not assessed: no criterion of this run looks for it"
    assert page_one.sins(empty) == "not assessed: no level in view"


def test_many_positive_levels_are_counted_not_cut(named):
    levels = {}
    for name, level in named.levels.items():
        loss = replace(level.findings["FX-01"], state=State.PRESENT)
        levels[name] = replace(level, findings={**level.findings, "FX-01": loss})
    assert page_one.height_loss(replace(named, levels=levels)).endswith("(and 6 more)")


def test_worst_score_first(named):
    score = named.levels["L3"].scores["SINS"]
    levels = dict(named.levels)
    for name, high in (("T9", 18), ("T11", 9), ("L5", 11)):
        levels[name] = replace(levels[name], scores={"SINS": replace(score, level_id=name, high=high, low=3)})
    made = replace(named, levels=levels)
    assert [s.level_id for s in page_one.worst_scores(made)] == ["T9", "L3", "L5", "T11"]
    assert page_one.sins(made) == "T9 3 to 18, potentially unstable; L3 7 to 12, potentially unstable (and 2 more)"


def test_without_names_the_way_out_is_shown(relative, empty):
    """Checklist 5: "No anchor: no level named anywhere, one-click way out shown"."""
    text = page_one.naming(relative)
    assert "No level is named" in text
    assert "--anchor" in text
    assert page_one.naming(empty) == "No vertebra was found: no level is named."


def test_naming_line_has_method_lowest_confidence_and_conflicts(named):
    assert page_one.naming(named) == "9 of 9 levels named by label map, lowest confidence 0.97."
    level = named.levels["L5"]
    doubt = replace(level, level=replace(level.level, conflict="The rib count says L6."))
    made = replace(named, levels={**named.levels, "L5": doubt})
    assert page_one.naming(made).endswith("0.97. The rib count says L6.")


def test_coverage(named, empty):
    assert page_one.coverage(named) == "T9 to L5, 9 vertebrae; cut by the border: T9"
    assert page_one.coverage(empty) == "no vertebra in view"
    whole = {k: replace(v, coverage="complete") for k, v in named.levels.items()}
    assert page_one.coverage(replace(named, levels=whole)) == "T9 to L5, 9 vertebrae"


def test_not_assessed_shows_three_and_counts_all(named):
    """report.md 3: "Not assessed: n items, the three that matter most here by name"."""
    one = page_one.page_one(named)
    assert (one.not_assessed_count, one.not_assessed_records) == (3, 19)
    assert one.not_assessed_top[0] == "Epidural soft tissue (T9-L5): below the resolution of the images"


def test_three_different_questions_are_named(named):
    """A question with several reasons is named once."""
    levels = dict(named.levels)
    for name in ("T9", "L1"):
        wall = replace(levels[name].findings["CT-06"], reason="NA-FEW")
        levels[name] = replace(levels[name], findings={**levels[name].findings, "CT-06": wall})
    one = page_one.page_one(replace(named, levels=levels))
    assert one.not_assessed_count == 4
    assert [t.partition(" (")[0] for t in one.not_assessed_top] == [
        "Epidural soft tissue", "Bright on STIR", "Density of the spongy bone"]  # fmt: skip


def test_own_sentences_pass_the_wording_rules(named, relative, empty):
    for a in (named, relative, empty):
        one = page_one.page_one(a)
        texts = [one.worst.text, one.naming, one.coverage, *one.not_assessed_top, *(v for _, v in one.key_rows)]
        for text in texts:
            assert wording.forbidden(text) == (), text


def test_an_empty_study_says_that_nothing_could_be_assessed(empty, named):
    assert "nothing could be assessed" in page_one.page_one(empty).worst.text
    quiet = {k: v for k, v in named.levels.items() if k in ("T11", "T12")}
    silent = replace(named, summary=(), levels=quiet)
    assert page_one.page_one(silent).worst.text.startswith("No abnormality was found by the criteria assessed")


def test_without_summary_sentences_positive_levels_are_still_first(named):
    """Never silently wrong: an absent sentence is not a negative one."""
    worst = page_one.page_one(replace(named, summary=())).worst.text
    assert worst == "Positive or indeterminate records at T10, L3; see the levels."
