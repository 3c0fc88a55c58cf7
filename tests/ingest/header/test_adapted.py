"""pydicom data sets in our own form: the same values by keyword, nested items, private blocks; broken ones absent."""

from __future__ import annotations

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from spinemets.ingest.header.adapted import adapted


def dataset(**values):
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def test_values_and_items():
    """Scalars, several values, empty ones, items."""
    made = dataset(
        Modality="MR", ImageType=["ORIGINAL", "PRIMARY"], EchoTime="12.5", ScanOptions="", Rows=4,
        AnatomicRegionSequence=Sequence([dataset(CodeMeaning="Spine")]),
    )  # fmt: skip
    found = adapted(made)
    assert (found.get("Modality"), found.get("ImageType"), found.get("Rows")) == ("MR", ["ORIGINAL", "PRIMARY"], 4)
    assert found.get("EchoTime") == 12.5 and str(found.get("EchoTime")) == "12.5"
    assert "ScanOptions" in found and found.get("ScanOptions") is None
    assert "KVP" not in found and found.get("KVP") is None
    (item,) = found.get("AnatomicRegionSequence")
    assert item.get("CodeMeaning") == "Spine" and found.first_items() == [item]


def test_private_blocks():
    """By the text that reserves them."""
    made = pydicom.Dataset()
    made.private_block(0x0019, "MAKER", create=True).add_new(0x0C, "IS", "800")
    assert adapted(made).private(0x0019, 0x0C, "MAKER") == 800
    assert adapted(made).private(0x0019, 0x0C, "OTHER") is None


def test_broken_values_are_absent():
    """One value that pydicom cannot convert costs no other."""
    made = dataset(Modality="MR")
    made[0x00189087] = RawDataElement(Tag(0x00189087), "FD", 3, b"abc", 0, False, True)
    found = adapted(made)
    assert found.get("DiffusionBValue") is None and found.get("Modality") == "MR"
