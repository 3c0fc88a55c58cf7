"""The spine map (report.md, section 3, item 4)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from spinemets.model.finding import State
from spinemets.report import spine_map, wording

SVG = "{http://www.w3.org/2000/svg}"


def row(assessment, name):
    return next(r for r in spine_map.rows(assessment) if r.name == name)


def test_one_row_per_vertebra_from_c1_to_the_sacrum(named):
    """ "one row per vertebra C1 to sacrum, real names"."""
    names = [r.name for r in spine_map.rows(named)]
    assert names[0] == "C1"
    assert names[-2:] == ["L5", "S1"]
    assert len(names) == 7 + 12 + 5 + 1


def test_out_of_view_is_hatched_and_leads_nowhere(named):
    """ "hatch = not in the field of view"."""
    c1 = row(named, "C1")
    assert (c1.view, c1.target, c1.sentence) == ("not located", None, "C1: not located")


def test_relative_numbers_show_only_what_is_in_view(relative):
    """ ""3 of 9 in view"": no row may suggest a name."""
    rows = spine_map.rows(relative)
    assert [r.name for r in rows] == [str(n) for n in range(1, 10)]
    assert rows[2].words == "vertebra 3 of 9 in view"


def test_a_thirteenth_thoracic_vertebra_stands_at_its_place(named):
    level = named.levels["L1"]
    t13 = replace(level, level=replace(level.level, name="T13"))
    names = [r.name for r in spine_map.rows(replace(named, levels={**named.levels, "T13": t13}))]
    assert names[names.index("T13") - 1 : names.index("T13") + 2] == ["T12", "T13", "L1"]


def test_the_ill_level(named):
    l3 = row(named, "L3")
    assert (l3.letter, l3.shape) == ("L", "circle")
    assert (l3.epidural, l3.loss, l3.sins, l3.urgent) == ("/", "34 % (31 to 46)", "7 to 12", True)
    assert l3.target == "#level-L3"
    assert l3.sentence == (
        "L3: 1 lesion, lytic (bone lost), epidural not assessed, height loss 34 % (31 to 46), SINS 7 to 12, urgent line"
    )


def test_wedge_is_drawn_to_the_measured_heights(named):
    """ "wedge drawn to measured heights": front lower than back."""
    front, middle, back = row(named, "L3").heights
    assert (front, middle, back) == pytest.approx((0.66, 0.72, 0.98))
    drawn = spine_map._body(row(named, "L3"), 50.0)
    points = [tuple(map(float, p.split(","))) for p in ElementTree.fromstring(drawn).get("points").split()]
    top_front, top_back = points[-1], points[2]
    assert top_front[0] < top_back[0]
    assert top_front[1] > top_back[1]


def test_heights_that_were_not_measured_draw_no_deformity(named):
    level = named.levels["L3"]
    bare = replace(level, findings={k: v for k, v in level.findings.items() if k != "G-08"})
    assert row(replace(named, levels={**named.levels, "L3": bare}), "L3").heights is None


def test_doubtful_names_carry_a_question_mark(named):
    """ "`?` where naming is unsure"."""
    assert row(named, "L5").doubtful
    assert ">L5?<" in spine_map.draw(named)


def test_in_view_but_not_searched_is_dotted_not_empty(named):
    """ "dotted = in view, not assessable"."""
    level = named.levels["T12"]
    blind = {k: replace(f, state=State.NOT_ASSESSABLE, reason="NA-FEW") for k, f in level.findings.items()}
    made = replace(named, levels={**named.levels, "T12": replace(level, findings=blind)})
    assert row(made, "T12").view == "not assessed"
    assert "lesion search not assessed" in row(made, "T12").sentence
    assert 'class="body dotted"' in spine_map.draw(made)


@pytest.mark.parametrize(
    ("kind", "letter", "shape"),
    [("mixed", "M", "diamond"), ("marrow_only", "W", "triangle"), ("marrow_replacing", "R", "ring"), (None, "", "")],
)
def test_the_letter_is_the_type_of_the_level(named, kind, letter, shape):
    """LES-01: one type per level, however many series show it; a level with tiny foci only has none."""
    level = replace(named.levels["L3"], lesion_type=kind)
    made = row(replace(named, levels={**named.levels, "L3": level}), "L3")
    assert (made.letter, made.shape) == (letter, shape)


@pytest.mark.parametrize(
    ("state", "value", "ci", "shown"),
    [
        (State.PRESENT, 0.34, None, "34 %"),
        (State.MEASURED, 0.05, (0.0, 0.1), "5 % (0 to 10)"),
        (State.ABSENT, 0.05, (0.0, 0.1), "none"),
        (State.NOT_ASSESSABLE, None, None, "/"),
    ],
)
def test_height_loss_column(named, state, value, ci, shown):
    level = named.levels["L3"]
    loss = replace(level.findings["FX-01"], state=state, value=value, ci95=ci)
    made = replace(named, levels={**named.levels, "L3": replace(level, findings={**level.findings, "FX-01": loss})})
    assert row(made, "L3").loss == shown


def test_a_loss_in_per_cent_is_not_scaled_again(named):
    level = named.levels["L3"]
    loss = replace(level.findings["FX-01"], value=34.0, unit="%", ci95=(31.0, 46.0))
    made = replace(named, levels={**named.levels, "L3": replace(level, findings={**level.findings, "FX-01": loss})})
    assert row(made, "L3").loss == "34 % (31 to 46)"


def test_drawing_is_well_formed_and_every_row_is_a_link_with_words(named):
    """Keyboard and screen reader: rows in view are links that say their content."""
    root = ElementTree.fromstring(spine_map.draw(named))
    links = list(root.iter("a"))
    assert len(links) == len(named.levels)
    assert all(link.get("aria-label") and link.get("href").startswith("#level-") for link in links)


def test_the_list_says_the_same_and_joins_what_is_not_in_view(named):
    """ "Below 480 px it becomes a list"."""
    listed = spine_map.list_rows(spine_map.rows(named))
    assert [r.words for r in listed] == ["C1 to T8", *[v.level.words for v in named.levels.values()], "S1"]


def test_sentences_pass_the_wording_rules(named, relative):
    for a in (named, relative):
        for r in spine_map.rows(a):
            assert wording.forbidden(r.sentence) == ()


def test_a_column_that_nothing_answers_has_no_heading(named):
    """A heading above empty cells would read as "none found"."""
    bare = {
        k: replace(v, findings={n: f for n, f in v.findings.items() if n != "CT-06"}) for k, v in named.levels.items()
    }
    assert ">epidural<" in spine_map.draw(named)
    assert ">epidural<" not in spine_map.draw(replace(named, levels=bare))
    wide, narrow = (
        ElementTree.fromstring(spine_map.draw(a)).get("width") for a in (named, replace(named, levels=bare))
    )
    assert float(narrow) < float(wide)


def test_no_vertebra_no_rows(empty):
    assert spine_map.rows(empty) == ()
    ElementTree.fromstring(spine_map.draw(empty))
