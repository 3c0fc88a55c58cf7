"""How vendors write what the DICOM standard leaves open: `knowledge/vendors/*.yaml`, one file a vendor."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec
import yaml

from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError


class Dialect(Strict, frozen=True):
    """One vendor.

    Attributes
    ----------
    matches
        Regular expression searched in the lower-case Manufacturer.
    fat_suppression_options
        Values of ScanOptions that mean spectral fat suppression or water excitation.
    sequence_families
        Values of ScanningSequence outside the standard -> SE, GR, IR or EP.
    spin_echo_may_be_epi
        True where an echo-planar image may carry SE alone.
    """

    name: str
    key: str
    matches: str
    mark: Mark
    source: str
    fat_suppression_options: list[str] = msgspec.field(default_factory=list)
    sequence_families: dict[str, str] = msgspec.field(default_factory=dict)
    spin_echo_may_be_epi: bool = False


# A header without a known manufacturer is read by the standard alone.
STANDARD = Dialect(
    name="DICOM standard",
    key="standard",
    matches="",
    mark="V",
    source="DICOM PS3.3 C.8.3.1",
    fat_suppression_options=["FS"],
)


@cache
def load() -> tuple[Dialect, ...]:
    """All vendors, by key."""
    folder = files("spinemets.knowledge") / "vendors"
    found: list[Dialect] = []
    for item in sorted(folder.iterdir(), key=lambda p: p.name):
        if not item.name.endswith(".yaml"):
            continue
        try:
            content = yaml.load(item.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            found.append(msgspec.convert(content, Dialect))
        except (msgspec.ValidationError, yaml.YAMLError) as error:
            raise CatalogueError(f"vendor file {item.name}: {error}") from error
    return tuple(found)


def of(manufacturer: str | None) -> Dialect:
    """Dialect of a Manufacturer value; the plain standard where it is missing or unknown."""
    text = (manufacturer or "").lower()
    for dialect in load():
        if text and re.search(dialect.matches, text):
            return dialect
    return STANDARD
