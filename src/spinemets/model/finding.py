"""`Finding`: a measurement judged against its cut-off, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from spinemets.model.measurement import Subject, Value


class State(StrEnum):
    """States of signs.md 0.4. `absent` means looked for with adequate data and not found."""

    PRESENT = "present"
    ABSENT = "absent"
    INDETERMINATE = "indeterminate"
    MEASURED = "measured"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """A cut-off as shown to the reader: value, side that counts as positive, mark of origin, source, population."""

    value: float
    direction: str
    unit: str
    mark: str
    source: str
    population: str = ""
    caveat: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where a finding was seen: series, regions, lesions, voxel count, slice position, ids of findings it rests on."""

    series_uids: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    lesions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    n_voxels: int = 0
    position_lps_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One record of signs.md 0.4.

    Attributes
    ----------
    id
        `L3-02`, running number within the level (`S-01` for the study), stable for the same input.
    value, unit, ci95
        The judged number; None if there is none, never 0 as a stand-in.
    values
        All numbers by name.
    verdicts
        Of a gate: use -> `ok`, `limited` or a reason code.
    statement
        One sentence.
    cutoffs
        Those it was compared with.
    caveats
        Codes; their sentences are in the knowledge table.
    notes
        Sentences that belong to this very finding.
    reason, missing, remedy
        Only for `not_assessable`.
    counts_for
        Hypothesis the sign speaks for and how strongly ("metastasis: moderate"), if READ lists it.
    """

    id: str
    criterion: str
    version: str
    title: str
    subject: Subject
    state: State
    statement: str
    category: str | None = None
    value: float | None = None
    unit: str | None = None
    ci95: tuple[float, float] | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    cutoffs: tuple[Cutoff, ...] = ()
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    reason: str | None = None
    missing: str | None = None
    remedy: str | None = None
    counts_for: str | None = None

    @property
    def key(self) -> str:
        """`CT-02`, or with its part `CT-04:posterior`."""
        return self.criterion if self.subject.part is None else f"{self.criterion}:{self.subject.part}"
