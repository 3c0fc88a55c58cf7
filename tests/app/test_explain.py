"""`explain`: every number with its origin; N and E are never called published."""

from __future__ import annotations

import json

import pytest

from spinemets.app import explain
from spinemets.knowledge.catalogue import decode, load
from spinemets.model.errors import UsageError

ENTRY = """
id: XX-01
version: "1.0"
title: Density of the spongy bone
asks: How dense is it?
shows: Loss of density.
decided: Median against two bands.
kind: measure
per: vertebra
modalities: [CT]
module: trabecular_density
needs:
  volumes: {ct: [ct_bone, ct]}
  regions: [trabecular_core]
  references: [muscle]
  normal: true
  lesions: {lesions: CT-02}
  focus: [MR-T1-03, CT-02]
  cortex: true
  anatomy: [frame]
  acquisition: [kvp]
  gates: {CT-09: density}
  results: [CT-03]
  facts: [clinical]
  tables: [units]
parameters:
  reach_mm: {value: 30, unit: mm, mark: E, about: reach of the search}
  share: {value: [0.1, 0.2], unit: "1", mark: V, about: shares, source: Key2020}
gives:
  mean: {quantity: attenuation, unit: "[hnsf'U]"}
judge:
  by: bands
  of: mean
  bands:
    - {name: low, state: present, up_to: 100, mark: N, source: Key2013, population: women, caveat: Only L1.}
    - {name: rest, state: measured, mark: E, source: study, population: none, caveat: Not a cut-off.}
  cuts:
    - {name: c, value: 3, side: above, mark: R, source: review, population: patients, caveat: Old.}
  categories: {mixed: present, none: not_assessable}
  valid_when:
    - {otherwise: measured, code: CV-LEVEL, levels: [L1]}
statements: {present: "{level}: low."}
caveats: [CV-PV]
pitfalls: [Sclerosis hides it.]
remedy: Give a CT.
sources: {Key2013: A paper.}
weights:
  present: [{hypothesis: metastasis, strength: 2, group: bone, mark: R, source: review}]
"""


@pytest.fixture
def text() -> str:
    return explain.text(decode(ENTRY, "XX-01.yaml"))


@pytest.mark.parametrize(
    "part",
    [
        "XX-01  Density of the spongy bone  (version 1.0, measure, per vertebra)",
        "image ct: ct_bone or ct",
        "gate CT-09: fit for density",
        "lesion candidates of CT-02",
        "leading lesion candidate of MR-T1-03, else CT-02, from another series, or none",
        "reach_mm = 30 mm: reach of the search [engineering choice]",
        "share = 0.1, 0.2: shares [verified in the literature; Key2020]",
        "c: above 3 HU [stated by the review; review]",
        "low: up to 100 HU -> present [literature, not verified; Key2013]",
        "rest: above that -> measured [engineering choice; study]",
        "none -> not assessable",
        "present counts for metastasis, strength +2",
        "mean: attenuation (HU)",
        "Sclerosis hides it.",
        "CV-PV:",
        "Give a CT.",
    ],
)
def test_text_holds_every_part(text: str, part: str):
    """'Prints title, asks, shows, decided, needs, parameters and cut-offs with mark, sources, pitfalls, caveats.'"""
    assert part in " ".join(text.split()) or part in text


def test_text_fits_a_terminal(text: str):
    assert max(len(line) for line in text.splitlines()) <= 80


def test_not_verified_numbers_are_never_called_published(text: str):
    """'A cut-off without [R] or [V] must never be printed as "published".'"""
    assert "published" not in text
    assert "verified" not in explain.MARKS["E"]
    assert explain.MARKS["N"].endswith("not verified")


def test_data_is_plain_json_with_sentences():
    data = explain.data(decode(ENTRY, "XX-01.yaml"))
    assert json.loads(json.dumps(data))["entry"]["id"] == "XX-01"
    assert set(data["caveat_sentences"]) == {"CV-PV", "CV-LEVEL"}


def test_unknown_id_offers_near_ones():
    with pytest.raises(UsageError) as caught:
        explain.entry("CT-2")
    assert "no catalogue entry 'CT-2'" in caught.value.what
    assert caught.value.remedy


def test_every_entry_of_the_catalogue_explains_itself():
    """'Report row, export, `explain`, docs page and protocol completeness follow from the entry.'"""
    listed = {entry["id"] for entry in explain.listing()["entries"]}
    assert listed == set(load())
    for name in load():
        assert explain.entry(name.lower()).id == name
        assert name in explain.text(explain.entry(name))


@pytest.mark.parametrize(("unit", "shown"), [("[hnsf'U]", " HU"), ("1", ""), ("{level}", " level"), ("mm", " mm")])
def test_units_are_the_readers(unit: str, shown: str):
    assert explain.in_unit(unit) == shown
