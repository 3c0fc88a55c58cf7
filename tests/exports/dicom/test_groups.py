"""Functional groups and dimensions of multi-frame objects."""

from __future__ import annotations

from pydicom.dataset import Dataset

from spinemets.exports.dicom.groups import group, grouped, organised


def test_group_leaves_out_what_is_not_stated():
    """None is no value: the element is absent."""
    d = group(Rows=3, Columns=None)
    assert d.Rows == 3 and "Columns" not in d


def test_groups_of_frames():
    """Every group is a sequence of one item, shared or of its frame."""
    d = Dataset()
    frames = [{"FrameContentSequence": group(StackID=str(n))} for n in range(3)]
    grouped(d, {"PixelMeasuresSequence": group(SliceThickness="4")}, frames)
    assert d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 4
    assert [f.FrameContentSequence[0].StackID for f in d.PerFrameFunctionalGroupsSequence] == ["0", "1", "2"]


def test_dimensions(about):
    """Pointers name element and group; all dimensions belong to one organization, whose uid follows from the series."""
    d = Dataset()
    organised(d, about, (("StackID", "FrameContentSequence"), ("ImagePositionPatient", "PlanePositionSequence")))
    first, second = d.DimensionIndexSequence
    assert (first.DimensionIndexPointer, first.FunctionalGroupPointer) == (0x00209056, 0x00209111)
    assert (second.DimensionIndexPointer, second.FunctionalGroupPointer) == (0x00200032, 0x00209113)
    organization = d.DimensionOrganizationSequence[0].DimensionOrganizationUID
    assert {first.DimensionOrganizationUID, second.DimensionOrganizationUID} == {organization}
    again = Dataset()
    organised(again, about, ())
    assert again.DimensionOrganizationSequence[0].DimensionOrganizationUID == organization
