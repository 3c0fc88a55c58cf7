"""`report.txt`: 80 columns, same order, same facts."""

from __future__ import annotations

import pytest

from spinemets.report import text, wording
from spinemets.report.lexicon import notice
from spinemets.testing import words


@pytest.fixture(params=["named", "relative", "sideless", "empty"])
def any_text(request):
    a = request.getfixturevalue(request.param)
    return a, text.render(a)


def flat(made):
    return " ".join(made.split())


def test_at_most_eighty_columns(any_text):
    """REP-14: "text version <= 80 columns"."""
    assert max(len(line) for line in any_text[1].splitlines()) <= 80


def test_banner_first_and_last(any_text):
    lines = flat(any_text[1])
    assert lines.startswith(notice())
    assert lines.endswith(notice())


def test_sections_in_order(any_text):
    """REP-02: same order as the page."""
    titles = ["URGENT", "SUMMARY", "TECHNIQUE", "COMPARISON", "CLINICAL DATA", "LEVELS", "SCORES", "NOT ASSESSED", "METHODS",
              "REFERENCES"]  # fmt: skip
    places = [any_text[1].index(f"\n{t}") for t in titles]
    assert places == sorted(places)


def test_every_statement_level_and_refusal_is_in_it(named):
    made = flat(text.render(named))
    for sentence in [*(s.text for s in named.summary), *(u.sentence for u in named.urgent)]:
        assert sentence in made
    for level in named.levels.values():
        assert f"{level.level.words}" in made
    for finding in named.not_assessable:
        assert finding.title in made


def test_positive_records_have_value_cut_off_and_criterion(named):
    made = flat(text.render(named))
    assert (
        "[L3-03] Wall broken: posterior: present. 38 % (29 to 47). Cut-off: focal: above 2 %, engineering choice."
        in made
    )
    assert "CT-04 v1.0." in made


def test_score_items_keep_their_range_and_reason(named):
    assert "pain: 0 to 3; pain type not supplied" in flat(text.render(named))


def test_generated_text_passes_the_wording_rules(any_text):
    assert wording.forbidden(any_text[1], statement=False) == ()


def test_without_laterality_no_word_of_side(sideless):
    assert words.side_words(text.render(sideless)) == ()


def test_no_section_is_empty(any_text):
    for block in any_text[1].split("\n\n"):
        lines = block.strip().splitlines()
        assert lines
        if lines[0].isupper():
            assert len(lines) > 1, lines[0]


def test_written(tmp_path, named):
    text.write_text(named, tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == text.render(named)
