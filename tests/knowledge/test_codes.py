"""Caveat and reason codes: each of signs.md 0.6 and 0.7 has one clear sentence."""

from __future__ import annotations

import re

from spinemets.knowledge import catalogue

REASONS = [
    "SERIES",
    "COVERAGE",
    "SEQUENCE",
    "FIELD",
    "GEOMETRY",
    "RESOLUTION",
    "FEW",
    "REFERENCE",
    "ARTEFACT",
    "FATSAT",
    "CONTRAST",
    "META",
    "CLINICAL",
    "REGISTRATION",
    "SEGMENTATION",
    "ANATOMY",
    "LEVEL",
]
CAVEATS = [
    "PV",
    "TREATED",
    "FRACTURE",
    "REDMARROW",
    "DEGEN",
    "OSTEOPOROSIS",
    "SEQUENCE",
    "POPULATION",
    "FIELD",
    "FEWREF",
    "SHADING",
    "NEARMETAL",
    "KVP",
    "IVCONTRAST",
    "LATERALITY",
    "LEVEL",
    "NONSPECIFIC",
    "FN",
]
FORBIDDEN = re.compile(r"recommend|advis|should|prescrib|is indicated|(?<!cannot be )excluded|normal|no metastasis")


def test_every_reason_code_has_sentence_and_remedy():
    """0.6: no silent zero: each code says what is wrong and what would help."""
    codes = catalogue.table("reasons")["codes"]
    assert sorted(codes) == sorted(f"NA-{name}" for name in REASONS)
    for row in codes.values():
        assert row["sentence"].endswith(".") and row["remedy"].endswith(".")
        assert not FORBIDDEN.search((row["sentence"] + row["remedy"]).lower())


def test_every_caveat_code_has_a_sentence():
    """0.7: caveat codes are printed as sentences."""
    codes = catalogue.table("caveats")["codes"]
    assert sorted(codes) == sorted(f"CV-{name}" for name in CAVEATS)
    for row in codes.values():
        assert row["sentence"].endswith(".")
        assert not FORBIDDEN.search(row["sentence"].lower())


def test_codes_used_in_the_catalogue_exist():
    """A code in an entry without a sentence would reach the reader as a code."""
    known = set(catalogue.table("caveats")["codes"]) | set(catalogue.table("reasons")["codes"])
    for entry in catalogue.load().values():
        used = {*entry.caveats, *entry.absent_caveats, *(v.code for v in entry.judge.valid_when)}
        assert used <= known, entry.id
