"""Codes of structures, against the dictionary pydicom makes of PS3.16."""

from __future__ import annotations

import pytest
from pydicom.sr._concepts_dict import concepts

from spinemets.exports.dicom import structures
from spinemets.exports.dicom.structures import DISCS, VERTEBRAE
from spinemets.model.level import ORDER


@pytest.fixture(scope="module")
def meanings() -> dict[str, list[str]]:
    """SNOMED CT code -> its meanings in DICOM."""
    found: dict[str, list[str]] = {}
    for rows in concepts["SCT"].values():
        for code, (meaning, _) in rows.items():
            found.setdefault(code, []).append(meaning)
    return found


@pytest.mark.parametrize("level", list(VERTEBRAE))
def test_vertebrae(level, meanings):
    """CID 7603: "L3 vertebra" is the vertebra the code names."""
    assert VERTEBRAE[level].meaning in meanings[VERTEBRAE[level].value]


def test_every_usual_level_has_a_code():
    """C1 to L5, and the discs from C2/C3 to L5/S1."""
    presacral = [level for level in ORDER if level[0] in "CTL" and level not in ("T13", "L6")]
    assert list(VERTEBRAE) == presacral
    assert list(DISCS) == presacral[1:]
    assert (DISCS["C7"].meaning, DISCS["T12"].meaning, DISCS["L5"].meaning) == (
        "C7/T1 disc",
        "T12/L1 disc",
        "L5/S1 disc",
    )


WORDS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)
REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar"}


@pytest.mark.parametrize("level", [level for level in DISCS if level != "C2"])
def test_discs(level, meanings):
    """SNOMED CT names a disc by the vertebra above it (the dictionary lacks C2/C3, which is of CID 7604)."""
    named = (
        f"Intervertebral disc structure of {WORDS[int(level[1:]) - 1]} {REGIONS[level[0]]} vertebra (body structure)"
    )
    assert named in meanings[DISCS[level].value]


@pytest.mark.parametrize(
    "name", ["ANATOMY", "ABNORMALITY", "SACRUM", "SPINAL_CORD", "CANAL", "METASTASIS", "LESION", "VERTEBRA", "COCCYX"]
)
def test_others(name, meanings):
    """Categories and other structures have the meaning they are given."""
    code = getattr(structures, name)
    assert code.meaning in meanings[code.value] and code.scheme == "SCT"
