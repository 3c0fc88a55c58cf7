"""Functional groups and dimensions of multi-frame objects (PS3.3 C.7.6.16, C.7.6.17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spinemets.exports.dicom.about import About
from spinemets.exports.dicom.text import derived_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def group(**elements: Any) -> Dataset:
    """An item with elements by keyword; those that are None are left out."""
    from pydicom.dataset import Dataset  # lazy: heavy import

    d = Dataset()
    for keyword, value in elements.items():
        if value is not None:
            setattr(d, keyword, value)
    return d


def grouped(d: Dataset, shared: Mapping[str, Dataset], frames: Iterable[Mapping[str, Dataset]]) -> None:
    """Shared and per-frame functional groups: sequence keyword -> its item."""
    d.SharedFunctionalGroupsSequence = [group(**{name: [one] for name, one in shared.items()})]
    d.PerFrameFunctionalGroupsSequence = [group(**{name: [one] for name, one in frame.items()}) for frame in frames]


def organised(d: Dataset, about: About, dimensions: Sequence[tuple[str, str]]) -> None:
    """Multi-frame dimension module.

    Parameters
    ----------
    dimensions
        Element and sequence of its functional group of each dimension, in the order of the index values.
    """
    from pydicom.datadict import tag_for_keyword  # lazy: heavy import

    organization = derived_uid(about.series_uid, "dimensions")
    d.DimensionOrganizationSequence = [group(DimensionOrganizationUID=organization)]
    d.DimensionIndexSequence = [
        group(
            DimensionOrganizationUID=organization, DimensionIndexPointer=tag_for_keyword(element),
            FunctionalGroupPointer=tag_for_keyword(sequence), DimensionDescriptionLabel=element,
        )
        for element, sequence in dimensions
    ]  # fmt: skip
