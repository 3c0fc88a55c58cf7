"""What a criterion returns, and what the runner makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spinemets.model.region import Region


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval, without unit (the catalogue entry has the unit).

    `sd` is the standard deviation where an entry needs another interval than 95 % (FX-01 grades by the 68 % one).
    """

    value: float
    ci95: tuple[float, float] | None = None
    sd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number with unit (UCUM) and 95 % interval."""

    value: float
    unit: str
    ci95: tuple[float, float] | None = None
    sd: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Answer of a `measure`: numbers by name.

    Attributes
    ----------
    values
        Names are those of the entry's `gives`; a name may be left out where it does not exist here.
    n_voxels
        Voxels (or surface points) the judged number rests on.
    category
        Graded result where the entry defines one.
    verdicts
        For a gate: use (`density`, `soft_tissue`, ...) -> `ok`, `limited` or a reason code.
    caveats
        Codes.
    notes
        Sentences that belong to this very measurement ("dense focus under the upper endplate, 0.8 mL").
    outline
        The region really measured, for the picture.
    """

    values: Mapping[str, Estimate]
    n_voxels: int = 0
    category: str | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outline: Region | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Answer of a `measure` that cannot be given: reason code (signs.md 0.6), what is missing, what would help."""

    code: str
    missing: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, order=True)
class Subject:
    """What a statement is about.

    `level_id` None = the study (or, with `series_uid`, a series). `part`: wall, side or disc of the level.
    """

    level_id: str | None = None
    part: str | None = None
    series_uid: str | None = None
    lesion_id: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """A measured criterion.

    Attributes
    ----------
    criterion, version, subject
        What was measured on what.
    values
        By name; `judged` names the one that is compared with the cut-off.
    eroded
        The same with the region eroded by one voxel, where the entry asks for it and it could be had.
    series_uids, regions, references, lesions
        Evidence: series, region names, reference regions, lesion ids used.
    context
        Facts a cut-off may be bound to: `level`, `kvp`, `field_t`, `series_kind`, ... (only those known).
    """

    criterion: str
    version: str
    subject: Subject
    values: Mapping[str, Value]
    judged: str | None
    eroded: Mapping[str, Value] = field(default_factory=dict)
    n_voxels: int = 0
    category: str | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    series_uids: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    lesions: tuple[str, ...] = ()
    context: Mapping[str, float | str] = field(default_factory=dict)
    outline: Region | None = None


@dataclass(frozen=True, kw_only=True)
class NotAssessable:
    """A criterion that could not be measured: reason code, what is missing, what would help."""

    criterion: str
    version: str
    subject: Subject
    code: str
    missing: str
    remedy: str = ""


Result = Measurement | NotAssessable
