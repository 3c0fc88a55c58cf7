"""Words by code; and that no text of the tables breaks the rules of wording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.knowledge.catalogue import table
from spinemets.model.assessment import UrgentLine
from spinemets.model.finding import State
from spinemets.report import lexicon, wording

REASONS = [
    "NA-SERIES",
    "NA-COVERAGE",
    "NA-SEQUENCE",
    "NA-FIELD",
    "NA-GEOMETRY",
    "NA-RESOLUTION",
    "NA-FEW",
    "NA-REFERENCE",
    "NA-ARTEFACT",
    "NA-FATSAT",
    "NA-CONTRAST",
    "NA-META",
    "NA-CLINICAL",
    "NA-REGISTRATION",
    "NA-SEGMENTATION",
    "NA-ANATOMY",
    "NA-LEVEL",
]
CAVEATS = [
    "CV-PV",
    "CV-TREATED",
    "CV-FRACTURE",
    "CV-REDMARROW",
    "CV-DEGEN",
    "CV-OSTEOPOROSIS",
    "CV-SEQUENCE",
    "CV-POPULATION",
    "CV-FIELD",
    "CV-FEWREF",
    "CV-SHADING",
    "CV-NEARMETAL",
    "CV-KVP",
    "CV-IVCONTRAST",
    "CV-LATERALITY",
    "CV-LEVEL",
    "CV-NONSPECIFIC",
    "CV-FN",
]


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_code_has_words(code, named):
    """signs.md 0.6."""
    assert lexicon.reason_words(code, replace(named, sentences={})) != code
    assert lexicon.short_reason(code) != code


@pytest.mark.parametrize("code", CAVEATS)
def test_every_caveat_code_has_a_sentence(code, named):
    """signs.md 0.7: "Caveat codes (printed as sentences)"."""
    sentence = lexicon.caveat_words(code, replace(named, sentences={}))
    assert sentence != code
    assert sentence.endswith(".")


def test_the_assessment_s_own_sentence_comes_first(named):
    own = replace(named, sentences={"CV-PV": "Own.", "NA-SERIES": "Own too."})
    assert lexicon.caveat_words("CV-PV", own) == "Own."
    assert lexicon.reason_words("NA-SERIES", own) == "Own too."


def test_unknown_codes_are_shown_not_hidden(named):
    assert lexicon.caveat_words("CV-NEW", named) == "CV-NEW"
    assert lexicon.reason_words("NA-NEW", named) == "NA-NEW"
    assert lexicon.reason_words(None, named) == "no reason recorded"
    assert lexicon.short_reason("NA-NEW") == "NA-NEW"


@pytest.mark.parametrize(("mark", "published"), [("R", True), ("V", True), ("N", False), ("E", False), ("X", False)])
def test_only_r_and_v_are_published(mark, published):
    """signs.md 0.1: "A cut-off without [R] or [V] must never be printed in a report as "published""."""
    assert lexicon.published(mark) is published
    assert ("published" in lexicon.mark_words(mark)) is published


def test_states_differ_by_word_and_by_sign():
    """WCAG: no meaning by colour alone."""
    assert len({lexicon.state_word(s) for s in State}) == len(State)
    assert len({lexicon.state_sign(s) for s in State}) == len(State)
    assert lexicon.state_word(State.ABSENT) == "negative"


KINDS = ("lytic", "blastic", "mixed", "marrow_only", "marrow_replacing")


def test_lesion_kinds_have_letters_and_shapes():
    """report.md 3: "L lytic, B blastic, M mixed, W marrow-only"."""
    letters = {k: lexicon.lesion_kind(k)["letter"] for k in KINDS}
    assert letters == dict(zip(KINDS, "LBMWR", strict=True))
    assert len({lexicon.lesion_kind(k)["shape"] for k in KINDS}) == len(KINDS)
    assert lexicon.lesion_kind("fat_poor")["letter"] == "F"


def test_urgent_kinds():
    """A kind that the table does not know is shown as urgent, never hidden."""
    kinds = {k: lexicon.is_urgent(UrgentLine(id="URG-01", kind=k, sentence="s"))
             for k in ("urgent", "cannot be excluded", "none found", "not assessed", "always", "new kind")}  # fmt: skip
    assert kinds == {"urgent": True, "cannot be excluded": True, "none found": False, "not assessed": False,
                     "always": False, "new kind": True}  # fmt: skip


def test_clinical_weight_sorts_what_matters_first():
    ids = ["CT-08", "MR-T1-01", "EPI-06", "CT-04", "ZZ-99", "CT-02"]
    assert sorted(ids, key=lexicon.clinical_weight) == ["EPI-06", "CT-04", "CT-02", "MR-T1-01", "CT-08", "ZZ-99"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("pedicle_left", "pedicle left"),
        ("side_a", "side A"),
        ("posterior", "posterior"),
        ("pedicle_side_b", "pedicle side B"),
    ],
)
def test_parts_in_words(part, words):
    assert lexicon.words_of_part(part) == words


def test_level_lists_join_runs_in_anatomical_order():
    order = [f"T{n}" for n in range(1, 13)] + ["L1", "L2", "L3"]
    assert lexicon.level_list(["L1", "T3", "T4", "T5", "T12"], order) == "T3-T5, T12, L1"
    assert lexicon.level_list(["T11", "T12", "L1", "L2"], order) == "T11-L2"
    assert lexicon.level_list([], order) == ""
    assert lexicon.level_list(["T2", "T2"], order) == "T2"


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v)


@pytest.mark.parametrize("name", ["lexicon", "glossary", "references", "windows"])
def test_no_text_of_the_tables_has_a_forbidden_word(name):
    for text in texts(table(name)):
        assert wording.forbidden(text, statement=False) == (), text


def test_glossary_is_sorted_and_explains_the_scores():
    keys = list(table("glossary"))
    assert keys == sorted(keys, key=str.lower)
    assert {"SINS", "ESCC", "ADC", "cut-off", "interval"} <= set(keys)


def test_references_say_what_was_read():
    for key, entry in table("references").items():
        assert entry["text"].endswith("."), key
        assert entry["read"], key
