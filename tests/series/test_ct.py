"""CT-01: kernel names."""

from __future__ import annotations

import re

import pytest

from spinemets.knowledge import dialects
from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import ct_table, kernel_table
from spinemets.series.ct import classify, first_word, kernel_class
from spinemets.series.picture.looked import Looked


@pytest.mark.parametrize(
    ("kernel", "word"),
    [("I31f\\3", "I31F"), ("['I70f', '3']", "I70F"), ("STANDARD", "STANDARD"), (" b30s ", "B30S"), ("HD LUNG", "HD")],
)
def test_first_word(kernel, word):
    """Some vendors append a strength as a second value."""
    assert first_word(kernel) == word


def test_the_same_letter_means_different_things():
    """B is a Philips body kernel and nothing at a vendor nobody named."""
    table = kernel_table()
    assert kernel_class("B", "Philips", table).class_ == "soft"
    assert kernel_class("B", "GE MEDICAL SYSTEMS", table) is None
    assert kernel_class("HD LUNG", "GE MEDICAL SYSTEMS", table).class_ == "lung"


def test_table_of_kernels_is_whole():
    """Every pattern compiles, every row has a mark and a known source, every vendor has a header dialect."""
    table = kernel_table()
    rows = [row for vendor in table.vendors.values() for row in vendor] + table.words
    for row in rows:
        re.compile(row.pattern)
        assert row.source in table.sources
        assert row.class_ in ct_table().kernel_kinds
        assert row.mark in ("V", "N")
    assert set(table.vendors) <= {d.key for d in dialects.load()}


SOFT = {"modality": "CT", "kernel": "STANDARD", "manufacturer": "GE", "image_type": ("ORIGINAL", "PRIMARY", "AXIAL")}


@pytest.mark.parametrize(
    ("canal_hu", "kind", "conflict", "doubt"),
    [
        (15.0, "ct_soft", True, False),
        (250.0, "ctm", False, False),
        (100.0, "ctm", False, True),
        (None, "ctm", False, True),
    ],
)
def test_myelogram_by_words_and_canal(canal_hu, kind, conflict, doubt):
    """CTM-01: "sac median >= 120 HU ... else plain CT"; T: "sac 15 HU -> plain CT". In between, and unseen, is a doubt."""
    facts = Acquisition(**SOFT, description="CT post myelography")
    found = classify(facts, ct_table(), kernel_table(), Looked(canal_hu=canal_hu))
    assert (found.kind, bool(found.conflicts), bool(found.doubts)) == (kind, conflict, doubt)


def test_a_bright_canal_alone_is_no_myelogram():
    """Without words of the header a vessel may be what is bright."""
    found = classify(Acquisition(**SOFT), ct_table(), kernel_table(), Looked(canal_hu=300.0))
    assert found.kind == "ct_soft"


@pytest.mark.parametrize(("texture", "conflict"), [("sharp", True), ("smooth", False), (None, False)])
def test_noise_against_the_name_of_the_kernel(texture, conflict):
    """CT-01: "kernel class ... checked by noise texture": reported, not resolved; reformatted images are not asked."""
    found = classify(Acquisition(**SOFT), ct_table(), kernel_table(), Looked(texture=texture))
    assert found.kind == "ct_soft" and bool(found.conflicts) is conflict
    smooth = Acquisition(**{**SOFT, "image_type": ("DERIVED", "SECONDARY", "MPR")})
    assert not classify(smooth, ct_table(), kernel_table(), Looked(texture="sharp")).conflicts
    unknown = Acquisition(**{**SOFT, "kernel": None})
    assert not classify(unknown, ct_table(), kernel_table(), Looked(texture="sharp")).conflicts


def test_wrong_values_are_a_conflict_and_a_missing_image_type_a_doubt():
    """Values that are no Hounsfield units are said; without an image type a planning image is not ruled out."""
    wrong = classify(Acquisition(**SOFT), ct_table(), kernel_table(), Looked(values_wrong="air measures -500 HU"))
    assert wrong.conflicts == ("air measures -500 HU",)
    assert classify(Acquisition(modality="CT", kernel="B30s"), ct_table(), kernel_table()).doubts
