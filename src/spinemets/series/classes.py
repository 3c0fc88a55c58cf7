"""Typed form of the tables `series_mr`, `series_ct` and `ct_kernels`: what the recognition rules are made of."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal

import msgspec

from spinemets.knowledge import catalogue, kinds
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError

Range = tuple[float | None, float | None]


class Rule(Strict, frozen=True):
    """Conditions that must all be known and true; None = no condition."""

    family: list[str] | None = None
    inversion: bool | None = None
    fat_suppressed: bool | None = None
    contrast: bool | None = None
    diffusion: bool | None = None
    etl_max: int | None = None
    echoes_min: int | None = None
    echoes_max: int | None = None
    flips_min: int | None = None
    times_min: int | None = None
    step_max_s: float | None = None
    image_type_any: list[str] | None = None
    or_image_type: list[str] | None = None


class NoneOrBelow(Strict, frozen=True):
    """A cell met by absence, or by a value up to the bound (a spectral pulse may list an inversion time)."""

    none_or_below: float


class MrClass(Strict, frozen=True):
    """One row of MR-GEN-01."""

    rule: Rule
    nested_in: str | None = None
    tr_ms: Range | None = None
    te_ms: Range | None = None
    ti_ms: Range | Literal["none"] | NoneOrBelow | None = None
    flip_deg: Range | None = None
    tr_ms_by_field: dict[str, Range] = msgspec.field(default_factory=dict)
    te_ms_by_field: dict[str, list[tuple[float, float]]] = msgspec.field(default_factory=dict)
    ti_ms_by_field: dict[str, Range] = msgspec.field(default_factory=dict)
    fat: Literal["bright", "dark"] | None = None


class EchoPhase(Strict, frozen=True):
    """In- and opposed-phase echo times [ms] of one field class."""

    opposed: float
    in_: float = msgspec.field(name="in")
    half_width: float


class DescriptionWord(Strict, frozen=True):
    """A word of a description, what it says, and the classes it agrees with."""

    pattern: str
    says: str
    agrees: list[str]
    unless: str | None = None

    def found_in(self, text: str) -> bool:
        """Whether a lower-case text holds the word, and nothing that takes it back ("without contrast")."""
        return bool(re.search(self.pattern, text)) and not (self.unless and re.search(self.unless, text))


class MrTable(Strict, frozen=True):
    """The table `series_mr`."""

    mark: Mark
    source: str
    field_classes: dict[str, tuple[float, float]]
    spectral_ti_max_ms: float
    classes: dict[str, MrClass]
    echo_phase: dict[str, EchoPhase]
    component_words: list[str]
    diffusion_words: list[str]
    map_words: dict[str, str]
    localizer: LocalizerRule
    description_words: list[DescriptionWord]

    def field_class(self, field_t: float | None) -> str | None:
        """`1.5`, `3`, `low`, or None where no figure is tied to this field strength."""
        if field_t is None:
            return None
        return next((name for name, (low, high) in self.field_classes.items() if low <= field_t <= high), None)

    def ancestors(self, kind: str) -> tuple[str, ...]:
        """Plainer classes that `kind` is nested in, nearest first."""
        found: list[str] = []
        parent = self.classes[kind].nested_in
        while parent is not None:
            found.append(parent)
            parent = self.classes[parent].nested_in
        return tuple(found)


class LocalizerRule(Strict, frozen=True):
    """What makes a planning image of a series that does not call itself one."""

    families: list[str]
    slices_max: int
    angle_min_deg: float
    pattern: str


class BodyWord(Strict, frozen=True):
    """A word that names a body region."""

    pattern: str
    region: str


class ValuesCheck(Strict, frozen=True):
    """When voxel values alone are unmistakably on the Hounsfield scale."""

    air_at_most_hu: float
    air_share_min: float
    soft_peak_hu: tuple[float, float]
    search_peak_hu: tuple[float, float]
    lowest_hu: float
    confidence: float
    n_samples: int


class Myelogram(Strict, frozen=True):
    """CTM-01: words of the header, and what the picture must show in the bony canal."""

    pattern: str
    canal_min_hu: float
    canal_plain_max_hu: float


class Nuclear(Strict, frozen=True):
    """What tells kinds of PET and nuclear medicine series apart."""

    attenuation_word: str
    corrected_pattern: str
    uncorrected_pattern: str
    tomography_words: list[str]
    planar_words: list[str]
    bone_tracers: str
    bone_pattern: str


class CtTable(Strict, frozen=True):
    """The table `series_ct`."""

    mark: Mark
    source: str
    kernel_kinds: dict[str, str]
    localizer_words: list[str]
    screen_capture_words: list[str]
    changed_values_words: list[str]
    changed_if_derived_words: list[str]
    reformatted_words: list[str]
    modality_kinds: dict[str, str]
    sop_class_modalities: dict[str, str]
    nuclear: Nuclear
    myelogram: Myelogram
    values_check: ValuesCheck
    description_words: list[DescriptionWord]
    body_words: list[BodyWord]
    compatible_regions: list[tuple[str, str]]


class Kernel(Strict, frozen=True):
    """A pattern of kernel names and its class."""

    pattern: str
    class_: Literal["bone", "soft", "lung", "unknown"] = msgspec.field(name="class")
    mark: Mark
    source: str


class KernelTable(Strict, frozen=True):
    """The table `ct_kernels`."""

    sources: dict[str, str]
    vendors: dict[str, list[Kernel]]
    words: list[Kernel]


def _decode(name: str, kind: Any) -> Any:
    try:
        return msgspec.convert(catalogue.table(name), kind, strict=False)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table {name}: {error}") from error


@cache
def mr_table() -> MrTable:
    """Rules for MR series."""
    table: MrTable = _decode("series_mr", MrTable)
    return table


@cache
def ct_table() -> CtTable:
    """Rules for CT series and for what is never measured."""
    table: CtTable = _decode("series_ct", CtTable)
    return table


@cache
def kernel_table() -> KernelTable:
    """Kernel names."""
    table: KernelTable = _decode("ct_kernels", KernelTable)
    return table


@cache
def known_kinds() -> dict[str, str]:
    """Every kind a series may have -> what it is."""
    return {name: kind.about for name, kind in kinds.kinds().items()}
