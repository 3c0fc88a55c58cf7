"""Clinical file (REP-15): "what is absent is unknown (null), never a default"; unknown keys list the known ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets.ingest.facts import clinical
from spinemets.ingest.facts.clinical import read_clinical
from spinemets.model.errors import UsageError
from spinemets.model.study import ClinicalFacts, Device, Treatment


def facts(tmp_path, text: str) -> ClinicalFacts:
    path = tmp_path / "clinical.yaml"
    path.write_text(text)
    return read_clinical(path)


def test_absent_is_unknown(tmp_path):
    """An empty file states nothing at all."""
    assert facts(tmp_path, "") == ClinicalFacts() == facts(tmp_path, "primary: null\npain: null\n")


def test_everything_at_once(tmp_path):
    """Each key reaches its field."""
    found = facts(
        tmp_path,
        """
age_years: 61
sex: female
primary: breast
pain: {type: non_mechanical, level: L3}
neurology: {deficit: cauda_equina, onset_date: 2024-05-01, ambulatory: false}
treatments: [{kind: kyphoplasty, levels: [T12]}]
radiotherapy: [{levels: [T7, T8], date: 2023-02, dose_gy: 20, fractions: 5}]
surgery: [{levels: [L1], kind: cement, date: "2022"}]
systemic_therapy: [{kind: bone_agent, start: 2024-01-01, stop: 2024-03-01}]
devices: [pacemaker, {kind: pedicle screws, levels: [L4, L5]}]
alignment: new_deformity
height_cm: 170.5
fever: false
crp_mg_per_l: 12.5
histology: ductal
""",
    )
    assert (found.age_years, found.sex, found.primary, found.pain) == (61, "female", "breast", "occasional")
    assert found.neurology == "cauda equina, since 2024-05-01, not able to walk"
    assert found.treatments == (
        Treatment(kind="kyphoplasty", levels=("T12",)),
        Treatment(kind="radiotherapy 20 Gy in 5 fractions", date="2023-02", levels=("T7", "T8")),
        Treatment(kind="surgery: cement", date="2022", levels=("L1",)),
        Treatment(kind="systemic therapy: bone agent, until 2024-03-01", date="2024-01-01"),
    )
    assert found.devices == (Device(kind="pacemaker"), Device(kind="pedicle screws", levels=("L4", "L5")))
    assert (found.alignment, found.height_cm) == ("new_deformity", 170.5)
    assert found.others == {"histology": "ductal", "fever": "no", "crp_mg_per_l": "12.5", "pain_level": "L3"}


def test_none_given_on_purpose_is_not_unknown(tmp_path):
    """An empty list means "none, as stated"."""
    found = facts(tmp_path, "treatments: []\ndevices: []\n")
    assert found.none_stated == ("treatments", "devices") and found.treatments == ()


def test_short_forms(tmp_path):
    """Words instead of parts; age_y as REP-15 spells it; zero is a value."""
    found = facts(tmp_path, "age_y: 0\npain: mechanical\nneurology: weak left leg\nsurgery: [{}]\nradiotherapy: [{}]\n")
    assert (found.age_years, found.pain, found.neurology) == (0, "mechanical", "weak left leg")
    assert [t.kind for t in found.treatments] == ["radiotherapy", "surgery"]


def test_all_errors_are_listed(tmp_path):
    """Wrong key, wrong word, wrong level, wrong date: four lines."""
    with pytest.raises(UsageError) as error:
        facts(tmp_path, "agee: 3\nsex: F\nsurgery:\n  - {levels: [L9], date: yesterday}\n")
    text = str(error.value)
    assert "has 4 error(s)" in text and "unknown key 'agee'; known are age_y, age_years, alignment" in text
    assert "line 2, sex" in text and "line 4, surgery > 0 > levels > 0" in text and "surgery > 0 > date" in text


def test_published_schema_is_the_one_in_use():
    """`schemas/clinical.schema.json` is generated and may not drift."""
    path = Path(__file__).parents[3] / "schemas" / "clinical.schema.json"
    assert json.loads(path.read_text()) == clinical.schema()


def test_alternatives_say_what_is_wrong(tmp_path):
    """Where a key may be a word or a table, the message is about what was written."""
    with pytest.raises(UsageError, match=r"line 1, pain: 'strong' is not one of \['mechanical'"):
        facts(tmp_path, "pain: strong\n")
    with pytest.raises(UsageError, match=r"pain > type: 'strong' is not one of"):
        facts(tmp_path, "pain: {type: strong}\n")
