"""Values: an image's own functional groups first, broken values absent, private elements by their creator."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from spinemets.ingest.header.values import Values


def dataset(**values):
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def test_broken_values_are_absent():
    """A value that cannot be converted is None, not an exception."""
    header = dataset(Modality="MR")
    header[0x00180081] = RawDataElement(Tag(0x00180081), "DS", 4, b"1A2B", 0, False, True)
    assert Values(header).number("EchoTime") is None
    assert Values(header).text("Modality") == "MR"
    assert Values(dataset(EchoTime=float("1e400"))).number("EchoTime") is None


def test_the_image_s_own_group_comes_first():
    """Per frame, then shared, then the top level."""

    def group(te):
        return dataset(MREchoSequence=Sequence([dataset(EffectiveEchoTime=te)]))

    header = dataset(
        EffectiveEchoTime=1.0,
        SharedFunctionalGroupsSequence=Sequence([group(2.0)]),
        PerFrameFunctionalGroupsSequence=Sequence([group(3.0), dataset()]),
    )
    assert [Values(header, n).number("EffectiveEchoTime") for n in (0, 1, 2)] == [3.0, 2.0, 2.0]


def test_items_of_a_sequence():
    """Each item by itself; none where the sequence is absent or no sequence."""
    header = dataset(
        Modality="PT", RadiopharmaceuticalInformationSequence=Sequence([dataset(RadionuclideHalfLife="6586.2")])
    )
    (item,) = Values(header).items("RadiopharmaceuticalInformationSequence")
    assert item.number("RadionuclideHalfLife") == 6586.2
    assert item.text("Modality") is None
    assert Values(header).items("EnergyWindowInformationSequence") == ()
    assert Values(dataset(EchoTime=5.0)).items("EchoTime") == ()


@pytest.mark.parametrize("block", [0x10, 0x11])
def test_private_elements_are_found_by_their_creator(block):
    """The block is the one its creator reserved, wherever that is."""
    header = dataset()
    header.add_new((0x0019, block), "LO", "SIEMENS MR HEADER")
    header.add_new((0x0019, block * 256 + 0x0C), "IS", "800")
    assert int(Values(header).private(0x0019, 0x0C, "SIEMENS MR HEADER")) == 800
    assert Values(header).private(0x0019, 0x0C, "ANOTHER") is None
    assert Values(header).private(0x0019, 0x0D, "SIEMENS MR HEADER") is None
