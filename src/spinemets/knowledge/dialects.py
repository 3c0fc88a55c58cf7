"""How vendors write what the DICOM standard leaves open: `knowledge/vendors/*.yaml`, one file a vendor."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

import msgspec
import yaml

from spinemets.knowledge.catalogue import HERE, Mark, Strict
from spinemets.model.errors import CatalogueError


class PrivateElement(Strict, frozen=True):
    """One private element.

    Attributes
    ----------
    element
        Last byte of its tag; the block is the one that `creator` reserves.
    form
        How its bytes are written; text holds numbers or words, parts joined by backslashes.
    offset
        Number that some releases add to the value.
    before_standard
        Whether it says more than the standard element and is used instead of it.
    """

    group: int
    element: int
    creator: str
    form: Literal["text", "float32", "float64", "int16", "int32"]
    meaning: str
    mark: Mark
    source: str
    offset: float | None = None
    before_standard: bool = False


class TextRule(Strict, frozen=True):
    """A number that stands in a text: the first group of `pattern` in the element of that keyword and tag."""

    keyword: str
    tag: int
    pattern: str
    meaning: str
    mark: Mark
    source: str


class DirectionRule(Strict, frozen=True):
    """Where the gradient direction stands and in which axes.

    Attributes
    ----------
    elements
        One element of three numbers or three of one.
    axes
        Frame image: by InPlanePhaseEncodingDirection (ANY where it does not matter), which stored component (1 to 3) with
        which sign lies along the row, along the column and along row x column.
    positions
        PatientPosition values for which the axes are known; empty = all.
    axial_only
        Whether the axes are known for axial slices only.
    """

    elements: list[PrivateElement]
    frame: Literal["patient", "image"]
    axes: dict[str, list[int]] = msgspec.field(default_factory=dict)
    positions: list[str] = msgspec.field(default_factory=list)
    axial_only: bool = False


class DiffusionElements(Strict, frozen=True):
    """Where a vendor writes the diffusion weighting besides the standard elements.

    Attributes
    ----------
    nominal
        What the protocol asked for, where `b_value` is the effective weighting.
    averaged, averaged_words, single_words
        Element that tells averages over directions from single directions, and its words for either.
    from_text
        Last resort.
    length_scales_b
        Whether a direction shorter than 1 scales the private b-value by its squared length.
    """

    b_value: PrivateElement | None = None
    nominal: PrivateElement | None = None
    averaged: PrivateElement | None = None
    averaged_words: list[str] = msgspec.field(default_factory=list)
    single_words: list[str] = msgspec.field(default_factory=list)
    direction: DirectionRule | None = None
    b_matrix: PrivateElement | None = None
    from_text: list[TextRule] = msgspec.field(default_factory=list)
    length_scales_b: bool = False

    @property
    def elements(self) -> list[PrivateElement]:
        """Every private element named here."""
        single = [self.b_value, self.nominal, self.averaged, self.b_matrix]
        return [e for e in single if e is not None] + (self.direction.elements if self.direction else [])


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
    echo_planar_factor
        Where the number of echoes of an echo-planar readout stands; above 1 the readout is echo planar.
    diffusion
        Where the diffusion weighting stands.
    """

    name: str
    key: str
    matches: str
    mark: Mark
    source: str
    fat_suppression_options: list[str] = msgspec.field(default_factory=list)
    sequence_families: dict[str, str] = msgspec.field(default_factory=dict)
    spin_echo_may_be_epi: bool = False
    echo_planar_factor: PrivateElement | None = None
    diffusion: DiffusionElements = msgspec.field(default_factory=DiffusionElements)


# A header without a known manufacturer is read by the standard alone.
STANDARD = Dialect(
    name="DICOM standard",
    key="standard",
    matches="",
    mark="V",
    source="DICOM PS3.3 C.8.3.1",
    fat_suppression_options=["FS"],
    spin_echo_may_be_epi=True,  # a maker nobody names may be the one whose echo planar images carry SE
)


@cache
def load() -> tuple[Dialect, ...]:
    """All vendors, by key."""
    folder = HERE / "vendors"
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


@lru_cache(maxsize=256)
def of(manufacturer: str | None) -> Dialect:
    """Dialect of a Manufacturer value; the plain standard where it is missing or unknown."""
    text = (manufacturer or "").lower()
    for dialect in load():
        if text and re.search(dialect.matches, text):
            return dialect
    return STANDARD
