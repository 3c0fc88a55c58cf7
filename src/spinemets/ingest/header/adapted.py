"""A pydicom data set in the form this package reads headers in, for callers who hold one."""

from __future__ import annotations

from typing import Any

from spinemets.ingest.files import damage
from spinemets.ingest.header.elements import Elements


def adapted(dataset: Any) -> Elements:
    """Elements of a pydicom Dataset, values as pydicom converts them; broken ones are absent."""
    found = Elements()
    for tag in tuple(dataset.keys()):
        try:
            element = dataset[tag]
            items = element.VR == "SQ"
            value = tuple(adapted(item) for item in element.value or ()) if items else _plain(element.value)
        except damage.of_dicom():
            value = None
        found.put(int(tag), value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return list(value) or None
    return None if value == "" else value
