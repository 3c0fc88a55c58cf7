"""Every scheme of the table, against the facts it was taken from."""

from __future__ import annotations

import json

import pytest

from spinemets.model.errors import CatalogueError
from spinemets.segmentation import schemes as module
from spinemets.segmentation.schemes import COUNTED, Meaning, schemes

KINDS = {"sacrum": "sacrum", "coccyx": "coccyx", "cord": "cord", "canal": "canal", "disc_unnumbered": "discs",
         "vertebra_body_unnumbered": "bodies", "vertebra_unnumbered": "vertebrae",
         "posterior_elements_unnumbered": "posterior_elements", "vertebra_instance": "vertebra",
         "disc_instance": "disc"}  # fmt: skip


def test_every_scheme_is_there_with_its_source():
    found = schemes()
    assert len(found) == 20
    assert all(s.title and s.source and s.cautions for s in found.values())
    assert "wasserth/TotalSegmentator" in found["totalsegmentator_total_v2"].source


def test_instances_are_never_guessed():
    """'instances_* never guessed'."""
    assert {s.name for s in schemes().values() if not s.guess} == {"instances_vertebra", "instances_body"}
    assert schemes()["instances_body"].body_only


@pytest.mark.parametrize(
    ("scheme", "integer", "expected"),
    [
        ("totalsegmentator_total_v1", 18, [("vertebra", "L5")]),
        ("totalsegmentator_total_v2", 27, [("vertebra", "L5")]),
        ("totalsegmentator_total_v2", 26, [("sacral_segment", "S1"), ("sacrum", None)]),
        ("totalsegmentator_total_v2", 18, []),
        ("totalsegmentator_total_v3", 26, [("vertebra", "L6")]),
        ("totalsegmentator_vertebrae_mr", 25, [("vertebra", "C1")]),
        ("verse", 28, [("vertebra", "T13")]),
        ("verse", 19, [("vertebra", "T12")]),
        ("verse", 25, [("vertebra", "L6")]),
        ("spineps_vert", 128, [("disc", "T13")]),
        ("spineps_vert", 51, [("rib", "T12")]),
        ("totalspineseg", 25, [("vertebra", "T5")]),
        ("totalspineseg", 71, [("disc", "C7")]),
        ("moose_clin_ct_vertebrae", 28, [("sacrum", None)]),
        ("moose_clin_ct_vertebrae", 26, []),
        ("sct_vertebrae", 25, [("cord_level", "S1")]),
        ("mrspineseg", 11, [("disc", "L5")]),
        ("instances_body", 137, [("vertebral_body", None)]),
    ],
)
def test_traps(scheme, integer, expected):
    """'25 = L6 (VerSe) = sacrum (TS v2) = S1 (SCT) = C1 (TS vertebrae_mr) = T5 (TotalSpineSeg)'."""
    assert [(m.structure, m.level) for m in schemes()[scheme].meanings(integer)] == expected


def test_known_but_not_needed_is_listed():
    v2 = schemes()["totalsegmentator_total_v2"]
    assert v2.lists(18)
    assert not v2.lists(118)
    assert not schemes()["instances_vertebra"].lists(0)


def test_sides():
    v2 = schemes()["totalsegmentator_total_v2"]
    assert v2.meanings(103) == (Meaning(structure="rib", level="T12", side="left"),)
    assert v2.meanings(115)[0].side == "right"
    assert Meaning(structure="rib", level="T12", side="left").words == "rib T12 left"


def test_short_forms():
    """'Integers counted up or down': `50..27` and `1..24` both cover 24 levels."""
    assert module._integers("50..27") == tuple(range(50, 26, -1))
    assert module._integers([3, "5..7"]) == (3, 5, 6, 7)
    assert module._levels("C1..L5") == COUNTED
    assert len(COUNTED) == 24
    with pytest.raises(CatalogueError, match="Q1"):
        module._levels("Q1")


def test_against_the_collected_facts(shared_data):
    """Every integer of every scheme means what the sources say; nothing a source lists is unknown here."""
    facts = json.loads((shared_data.parent / "label_schemes.json").read_text())["schemes"]
    assert set(facts) == set(schemes())
    for name, entry in facts.items():
        scheme = schemes()[name]
        for text, label in entry.get("labels", {}).items():
            integer, kind = int(text), label["kind"]
            assert scheme.lists(integer), (name, integer)
            meanings = scheme.meanings(integer)
            if kind == "vertebra" and (label.get("level") or label["name"]) in COUNTED:
                assert [m.level for m in meanings if m.structure == "vertebra"] == [label.get("level") or label["name"]]
            elif kind == "disc" and label.get("between") and label["between"][1] != "S":
                assert meanings[0] == Meaning(structure="disc", level=label["between"][0])
            elif kind == "rib" and "number" in label:
                assert meanings == (Meaning(structure="rib", level=f"T{label['number']}", side=label["side"]),)
            elif kind in KINDS:
                assert KINDS[kind] in {m.structure for m in meanings}, (name, integer)
