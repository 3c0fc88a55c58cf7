"""PET-01 and NM-01: corrected or not, SPECT, bone scan, others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets.model.acquisition import Acquisition, Tracer
from spinemets.series.classes import ct_table
from spinemets.series.nuclear import classify

TABLE = ct_table().nuclear


@pytest.mark.parametrize(
    ("corrections", "description", "kind", "conflict"),
    [
        (("DECY", "ATTN", "SCAT"), "WB", "pet_ac", False),
        (("attn ",), None, "pet_ac", False),
        (("DECY", "NORM"), "WB NAC", "pet_nac", False),
        (("DECY", "ATTN"), "WB NAC", "pet_ac", True),
        (("DECY",), "PET AC 3D", "pet_nac", True),
        (("DECY",), "no AC", "pet_nac", False),
        ((), "WB NAC", "pet", False),
        ((), None, "pet", False),
    ],
)
def test_attenuation_is_read_from_the_corrections(corrections, description, kind, conflict):
    """CorrectedImage decides; a description that says otherwise is a conflict; silence is neither of the two."""
    facts = Acquisition(modality="PT", tracer=Tracer(corrections=corrections), description=description)
    found = classify(facts, "PT", TABLE)
    assert found.kind == kind and bool(found.conflicts) is conflict
    assert classify(Acquisition(modality="PT"), "PT", TABLE).kind == "pet"


@pytest.mark.parametrize(
    ("image_type", "agent", "description", "kind"),
    [
        (("ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"), "Tc-99m MDP", "", "bone_scan"),
        (("ORIGINAL", "PRIMARY", "STATIC"), "HDP", "", "bone_scan"),
        (("ORIGINAL", "PRIMARY", "WHOLE BODY"), None, "Whole Body Bone", "bone_scan"),
        (("ORIGINAL", "PRIMARY", "WHOLE BODY"), None, "Ganzkörper Knochen", "bone_scan"),
        (("ORIGINAL", "PRIMARY", "WHOLE BODY"), None, "全身骨シンチ", "bone_scan"),
        (("ORIGINAL", "PRIMARY", "WHOLE BODY"), "MIBG", "bone", "nm"),
        (("ORIGINAL", "PRIMARY", "WHOLE BODY"), None, None, "nm"),
        (("ORIGINAL", "PRIMARY", "RECON TOMO"), "MDP", "bone", "spect"),
        (("ORIGINAL", "PRIMARY", "TOMO"), "MDP", "bone", "nm"),
        ((), None, "bone", "nm"),
    ],
)
def test_nuclear_medicine(image_type, agent, description, kind):
    """NM-01: bone-seeking tracer, planar or SPECT; raw projections and other tracers are neither."""
    facts = Acquisition(modality="NM", image_type=image_type, tracer=Tracer(agent=agent), description=description)
    found = classify(facts, "NM", TABLE)
    assert found.kind == kind
    assert bool(found.doubts) is (kind == "bone_scan" and agent is None)


def test_real_pet_headers(shared_data: Path):
    """Real headers of several makers state ATTN, each in its own order."""
    path = shared_data.parent / "reference" / "suv" / "real_headers.json"
    if not path.is_file():
        pytest.skip("the reference headers are not here")
    content = json.loads(path.read_text())
    rows = content if isinstance(content, list) else list(content.values())
    seen = 0
    for row in _dicts(rows):
        corrections = row.get("CorrectedImage")
        if not corrections:
            continue
        words = tuple(corrections) if isinstance(corrections, list) else tuple(str(corrections).split("\\"))
        found = classify(Acquisition(modality="PT", tracer=Tracer(corrections=words)), "PT", TABLE)
        assert found.kind == "pet_ac", words
        seen += 1
    assert seen >= 5


def _dicts(value):
    if isinstance(value, dict):
        if "CorrectedImage" in value:
            yield value
        for inner in value.values():
            yield from _dicts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _dicts(inner)
