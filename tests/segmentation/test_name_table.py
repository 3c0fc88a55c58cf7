"""Names inside a label map."""

from __future__ import annotations

import pytest

from spinemets.segmentation.name_table import meaning, names_in
from spinemets.segmentation.schemes import schemes


def test_caret_table(label_table):
    """TotalSegmentator writes a Caret label table into an extension of code 0."""
    content = label_table({27: "vertebrae_L5", 25: "sacrum"})
    assert names_in([(0, content)]) == {27: "vertebrae_L5", 25: "sacrum"}
    assert names_in([(30, content + b"\0" * 11)]) == {27: "vertebrae_L5", 25: "sacrum"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"<LabelTable><Label Key='1'>L1</LabelTable>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><LabelTable><Label Key='1'>&a;</Label></LabelTable>",
        b"<LabelTable><Label Key='0'>???</Label></LabelTable>",
        b"\xff\xfe<LabelTable",
    ],
)
def test_no_table(content):
    assert names_in([(0, content)]) == {}


def test_the_first_usable_table_counts(label_table):
    assert names_in([(6, b"comment"), (0, label_table({1: "L1"})), (0, label_table({1: "L2"}))]) == {1: "L1"}


@pytest.mark.parametrize(
    ("name", "structure", "level", "side"),
    [
        ("vertebrae_L5", "vertebra", "L5", None),
        ("L5", "vertebra", "L5", None),
        ("Th7", "vertebra", "T7", None),
        ("L3 vertebra", "vertebra", "L3", None),
        ("Third lumbar vertebra", "vertebra", "L3", None),
        ("Twelfth thoracic vertebra", "vertebra", "T12", None),
        ("Thoracic vertebra 12", "vertebra", "T12", None),
        ("3rd lumbar vertebra", "vertebra", "L3", None),
        ("Atlas", "vertebra", "C1", None),
        ("Axis", "vertebra", "C2", None),
        ("Bone structure of sacrum", "sacrum", None, None),
        ("Disc space L4/L5", "disc", "L4", None),
        ("vertebrae_S1", "sacral_segment", "S1", None),
        ("L3 (numbering assumed, alternative L4)", "vertebra", "L3", None),
        ("vertebra 3 of 9 in view", "vertebra", None, None),
        ("vertebrae", "vertebrae", None, None),
        ("Vertebral body of L2", "vertebral_body", "L2", None),
        ("vertebrae_body", "bodies", None, None),
        ("sacrum", "sacrum", None, None),
        ("spinal_cord", "cord", None, None),
        ("spinal_canal", "canal", None, None),
        ("spinal_channel", "canal", None, None),
        ("rib_left_12", "rib", "T12", "left"),
        ("T12_rib", "rib", "T12", None),
        ("disc_L4-L5", "disc", "L4", None),
        ("L5/S", "disc", "L5", None),
        ("L4_ivd", "disc", "L4", None),
        ("disc below L3", "disc", "L3", None),
        ("intervertebral_discs", "discs", None, None),
        ("C2_endplate", "endplate", "C2", None),
        ("Endplate", "endplates", None, None),
        ("vertebra_posterior_elements", "posterior_elements", None, None),
        ("autochthon_left", "muscle", None, "left"),
        ("iliopsoas_right", "psoas", None, "right"),
        ("subcutaneous_fat", "fat", None, None),
    ],
)
def test_meaning(name, structure, level, side):
    found = meaning(name)
    assert found is not None
    assert (found.structure, found.level, found.side) == (structure, level, side)


@pytest.mark.parametrize(
    "name", ["liver", "lesion L3", "C8", "L9", "T2 hyperintensity", "Segment_1", "", "heart", "left", "12", "DARK_BLUE"]
)
def test_not_understood(name):
    """A word that is not known makes the name mean nothing: never half a name."""
    assert meaning(name) is None


def test_names_of_schemes_agree_with_their_integers(shared_data):
    """What a vertebra is called in a source is understood as the level its integer has."""
    import json

    facts = json.loads((shared_data.parent / "label_schemes.json").read_text())["schemes"]
    checked = 0
    for name, entry in facts.items():
        for text, label in entry.get("labels", {}).items():
            if label["kind"] == "vertebra" and label.get("level") and label["level"] not in ("L7", "COCC"):
                found = meaning(label["name"])
                assert found is not None
                assert found.level == schemes()[name].meanings(int(text))[0].level
                checked += 1
    assert checked > 200
