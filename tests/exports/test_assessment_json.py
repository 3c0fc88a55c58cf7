"""`assessment.json`: "The JSON assessment is the only source" (REP-01); written and read back without loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spinemets.exports.assessment_json import read_json, write_json
from spinemets.model.errors import UnreadableInput


def test_what_is_read_back_is_equal(tmp_path, assessment):
    write_json(assessment, tmp_path / "a.json")
    again = read_json(tmp_path / "a.json")
    assert again == assessment
    assert type(again.levels["L3"].findings["CT-04:posterior"]) is type(
        assessment.levels["L3"].findings["CT-04:posterior"]
    )


def test_picture_bytes_survive(tmp_path, assessment):
    write_json(assessment, tmp_path / "a.json")
    assert read_json(tmp_path / "a.json").pictures[0].image == b"\x00\xffRIFF"


def test_equal_assessments_give_equal_bytes(tmp_path, assessment):
    """REP-12: "two runs on the same input are byte-equal"."""
    write_json(assessment, tmp_path / "a.json")
    write_json(replace(assessment), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_levels_keep_their_anatomical_order(tmp_path, assessment):
    """REP-02: "levels always in anatomical order"; sorting the keys would put L1 before T9."""
    t9 = replace(assessment.levels["L3"])
    mixed = replace(assessment, levels={"T9": t9, **assessment.levels})
    write_json(mixed, tmp_path / "a.json")
    assert list(json.loads((tmp_path / "a.json").read_text())["levels"]) == ["T9", "L3", "v02"]
    assert list(read_json(tmp_path / "a.json").levels) == ["T9", "L3", "v02"]


def test_numbers_are_numbers_or_null(tmp_path, assessment):
    """REP-12: "Numbers are JSON numbers or null, never strings; unknown != 0"."""
    write_json(assessment, tmp_path / "a.json")
    findings = json.loads((tmp_path / "a.json").read_text())["levels"]["L3"]["findings"]
    assert findings["CT-04:posterior"]["value"] == 38.5
    assert findings["MR-STIR-01"]["value"] is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["value", "ci95"])
def test_a_number_that_json_cannot_carry_is_an_error_and_no_file(tmp_path, assessment, number, field):
    """A not-a-number would become a silent null."""
    level = assessment.levels["v02"]
    (key, finding), *_ = level.findings.items()
    wrong = replace(finding, **{field: number if field == "value" else (0.0, number)})
    broken = replace(assessment, levels={"v02": replace(level, findings={key: wrong})})
    with pytest.raises(ValueError, match="without loss"):
        write_json(broken, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', "null", "\x00\x01"])
def test_another_file_is_refused_with_its_name_and_a_remedy(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UnreadableInput, match=r"other\.json") as caught:
        read_json(path)
    assert str(tmp_path) not in str(caught.value)
    assert "assessment.json" in caught.value.remedy


def test_another_schema_version_is_refused_by_name(tmp_path, assessment):
    write_json(replace(assessment, schema="spinemets-assessment/99"), tmp_path / "a.json")
    with pytest.raises(UnreadableInput, match="spinemets-assessment/99"):
        read_json(tmp_path / "a.json")
