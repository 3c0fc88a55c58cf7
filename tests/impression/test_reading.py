"""READ, pathology.md section 11."""

from __future__ import annotations

import msgspec
import pytest

from spinemets.impression.reading import Sign, certainty, differential, signs
from spinemets.knowledge.catalogue import Criterion, Weight, load, table

READING = table("reading")


def criterion(name: str, **weights) -> Criterion:
    return Criterion(
        id=name, version="1.0", title=name.lower(), asks="?", shows="s", decided="d", kind="measure", per="vertebra",
        modalities=["CT"],
        weights={
            state: [Weight(hypothesis=h, strength=s, group=g, mark="R", source="s") for h, s, g in rows]
            for state, rows in weights.items()
        },
    )  # fmt: skip


CATALOGUE = {
    "T1LOW": criterion("T1LOW", present=[("metastasis", 2, "T1/fat")], absent=[("metastasis", -2, "T1/fat")]),
    "HALO": criterion("HALO", present=[("metastasis", 3, "water")]),
    "CORTEX": criterion("CORTEX", present=[("metastasis", 3, "CT density/cortex")]),
    "T1HIGH": criterion("T1HIGH", present=[("hemangioma", 3, "T1/fat"), ("metastasis", -3, "T1/fat")]),
    "SHARP": criterion("SHARP", present=[("hemangioma", 2, "morphology")]),
    "HOT": criterion("HOT", present=[("metastasis", 1, "uptake")]),
}


def test_vector_l3_most_likely(finding) -> None:
    """'L3: t1_low (2, T1), halo (3, water), cortex (3, CT), no against -> 8 -> most likely metastasis'."""
    findings = {n: finding(n, "present") for n in ("T1LOW", "HALO", "CORTEX")}
    (first,) = differential(findings, CATALOGUE, READING)
    assert (first.name, first.net, first.certainty) == ("metastasis", 8, "most likely")
    assert len(first.signs_for) == 3


def test_vector_t9_hemangioma(finding) -> None:
    """'T9: t1_high + trabeculae ..., t1_low absent -> metastasis very unlikely or unlikely, hemangioma most likely'."""
    findings = {
        "T1HIGH": finding("T1HIGH", "present"), "SHARP": finding("SHARP", "present"), "T1LOW": finding("T1LOW", "absent")
    }  # fmt: skip
    ranked = differential(findings, CATALOGUE, READING)
    assert (ranked[0].name, ranked[0].certainty) == ("hemangioma", "most likely")
    metastasis = next(h for h in ranked if h.name == "metastasis")
    assert metastasis.net == -3  # both signs are of the T1 group: only the strongest counts
    assert metastasis.certainty == "unlikely"


def test_vector_single_hot_focus(finding) -> None:
    """'L5: hot focus only -> metastasis weak 1 -> may represent'."""
    (first,) = differential({"HOT": finding("HOT", "present")}, CATALOGUE, READING)
    assert (first.net, first.certainty) == (1, "may represent")


def test_in_one_group_only_the_strongest_counts(finding) -> None:
    """'Independence groups per lesion ... In one group only the strongest counts.'"""
    two = {**CATALOGUE, "T1LOW2": criterion("T1LOW2", present=[("metastasis", 1, "T1/fat")])}
    findings = {n: finding(n, "present") for n in ("T1LOW", "T1LOW2")}
    assert differential(findings, two, READING)[0].net == 2


@pytest.mark.parametrize(
    ("net", "strengths", "word"),
    [
        (8, [(3, "a"), (3, "b"), (2, "c")], "most likely"),
        (5, [(3, "a"), (2, "a")], "likely"),
        (6, [(3, "a"), (3, "b"), (3, "c"), (-3, "d")], "likely"),
        (4, [(2, "a"), (2, "b")], "likely"),
        (2, [(2, "a")], "may represent"),
        (0, [(2, "a"), (-2, "b")], None),
        (-1, [(-1, "a")], None),
        (-3, [(-3, "a")], "unlikely"),
        (-5, [(-3, "a"), (-2, "b")], "very unlikely"),
        (-6, [(-3, "a"), (-3, "a")], "unlikely"),
    ],
)
def test_certainty_words(net, strengths, word) -> None:
    """READ 5: the words and their limits."""
    counted = [Sign(hypothesis="h", strength=s, group=g, words="w") for s, g in strengths]
    assert certainty(net, counted, READING) == word


def test_superseded_signs_say_nothing_once_the_first_is_judged(finding) -> None:
    """'t1_low as a state: MR-T1-03 present, or, without a G-07 reference, MR-T1-01 and MR-T1-02 both present'."""
    catalogue = {
        "MR-T1-03": criterion("MR-T1-03", absent=[("metastasis", -2, "T1/fat")]),
        "MR-T1-01": criterion("MR-T1-01", present=[("metastasis", 2, "T1/fat")]),
    }
    both = {"MR-T1-03": finding("MR-T1-03", "absent"), "MR-T1-01": finding("MR-T1-01", "present")}
    assert [s.strength for s in signs(both, catalogue, READING)] == [-2]
    blocked = {**both, "MR-T1-03": finding("MR-T1-03", "not_assessable")}
    assert [s.strength for s in signs(blocked, catalogue, READING)] == [2]


def test_removing_a_series_never_raises_certainty(finding) -> None:
    """READ 9: 'certainty falls or stays when a series is removed'."""
    full = {n: finding(n, "present") for n in ("T1LOW", "HALO", "CORTEX")}
    for gone in full:
        left = {n: f for n, f in full.items() if n != gone} | {gone: finding(gone, "not_assessable")}
        (first,) = differential(left, CATALOGUE, READING)
        assert first.net < 8
        assert gone in first.not_assessed


def test_signs_without_a_hypothesis_are_called_indeterminate(finding) -> None:
    """'indeterminate = none reaches net 1'."""
    catalogue = {**CATALOGUE, "ODD": criterion("ODD", present=[("metastasis", -2, "x")])}
    ranked = differential({"ODD": finding("ODD", "present")}, catalogue, READING, lesion=True)
    assert all(h.name != "indeterminate" for h in differential({}, catalogue, READING))
    assert ranked[0].name == "indeterminate"
    assert ranked[0].certainty is None


def test_weights_bound_to_a_part_and_to_a_neighbouring_sign(finding) -> None:
    """READ 6: 'cortex break posterior/pedicle with lytic focus strong'; neither the wall nor the focus alone is."""
    entry = criterion("CT-04", present=[("metastasis", 3, "CT density/cortex")])
    bound = msgspec.structs.replace(
        entry.weights["present"][0], parts=["posterior"], beside={"CT-02": ["lytic", "mixed"]}
    )
    catalogue = {"CT-04": msgspec.structs.replace(entry, weights={"present": [bound]}), "CT-02": criterion("CT-02")}
    wall = {"CT-04:posterior": finding("CT-04", "present", part="posterior")}
    front = {"CT-04:anterior": finding("CT-04", "present", part="anterior")}
    lytic = {"CT-02": finding("CT-02", "present", category="lytic")}
    blastic = {"CT-02": finding("CT-02", "present", category="blastic")}
    assert [s.strength for s in signs({**wall, **lytic}, catalogue, READING)] == [3]
    for other in (wall, {**wall, **blastic}, {**front, **lytic}):
        assert signs(other, catalogue, READING) == ()


def test_our_entries_follow_the_table_of_the_reading_model() -> None:
    """READ 6 gives a lytic or blastic type alone no weight, and t1_low two points for and against."""
    entries = load()
    assert entries["CT-02"].weights == {}
    assert {s: [w.strength for w in ws] for s, ws in entries["MR-T1-03"].weights.items()} == {
        "present": [2],
        "absent": [-2],
    }
    assert entries["CT-04"].weights["present"][0].parts == ["posterior"]


def test_many_moderate_signs_are_not_one_strong_one() -> None:
    """READ 5: 'most likely' needs a strong sign, however many moderate ones add up."""
    moderate = [Sign(hypothesis="h", strength=2, group=g, words="w") for g in "abcd"]
    assert certainty(8, moderate, READING) == "likely"
    strong = [*moderate[:2], Sign(hypothesis="h", strength=3, group="c", words="w")]
    assert certainty(7, strong, READING) == "most likely"
