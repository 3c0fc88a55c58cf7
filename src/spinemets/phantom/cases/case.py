"""A case: who the patient is, what is planted, what must be found, and the series it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.pathology.bone_focus import BoneFocus
from spinemets.phantom.pathology.canal.plant import CanalInsert
from spinemets.phantom.pathology.degenerative import BenignChange
from spinemets.phantom.pathology.hardware import Fixture
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.paraspinal import ParaspinalMass
from spinemets.phantom.pathology.screw import Screw


@dataclass(frozen=True, kw_only=True)
class Marrow:
    """Marrow between the trabeculae: a tissue's, and its fat fraction; mineral stays that of the age."""

    tissue: str
    fat_fraction: float


@dataclass(frozen=True, kw_only=True)
class Move:
    """How a patient lies on another day: shift in LPS mm after a turn about the long axis, towards the left in front."""

    shift_mm: tuple[float, float, float]
    turn_deg: float


@dataclass(frozen=True, kw_only=True)
class Avidity:
    """Uptake of a bone-seeking tracer against the table: in all bone, and in kidneys and soft tissue."""

    bone_factor: float = 1.0
    soft_factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a case holds beside normal anatomy, what must be found in it, and the series it is made of.

    Attributes
    ----------
    name
        Key in `spinemets.phantom.cases.named`, with its number and, after `@`, its day where it has them.
    marrow
        Marrow of the whole patient in place of what the age gives.
    fixtures
        Implants beside screws.
    discs
        Tissue that fills the disc below a level.
    slips_mm
        How far a level, and the spine above it, has slipped forwards on the one below.
    clinical
        Lines of the clinical file beside age, sex and primary.
    days
        Days at which the patient is imaged; `day` is this one.
    moved
        How the patient lies against the first day.
    foci
        Disease of bones away from the vertebrae.
    stated
        What the headers say of a protocol in place of what is true, by field of `Acquisition`.
    omitted
        DICOM keywords that the files of a series lack, by series.
    lost_slices
        Slices (along k, from 0) of a series whose files are lost, by series.
    avidity
        How avidly the whole patient takes up a bone-seeking tracer.
    awaits
        Why nothing is expected yet; empty where `expected` says what must be found.
    """

    name: str
    about: str
    patient: Patient = field(default_factory=Patient)
    inserts: tuple[Insert, ...] = ()
    collapses: Mapping[str, Collapse] = field(default_factory=dict)
    benign: tuple[BenignChange, ...] = ()
    screws: tuple[Screw, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    marrow: Marrow | None = None
    discs: Mapping[str, str] = field(default_factory=dict)
    slips_mm: Mapping[str, float] = field(default_factory=dict)
    clinical: Mapping[str, str] = field(default_factory=dict)
    days: tuple[int, ...] = (0,)
    day: int = 0
    moved: Move | None = None
    canal: tuple[CanalInsert, ...] = ()
    masses: tuple[ParaspinalMass, ...] = ()
    foci: tuple[BoneFocus, ...] = ()
    expected: tuple[tuple[str, str, str | None, str], ...] = ()
    series: tuple[str, ...] = ("ct", "t1", "stir")
    stated: Mapping[str, Any] = field(default_factory=dict)
    omitted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lost_slices: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    avidity: Avidity = field(default_factory=Avidity)
    awaits: str = ""

    @property
    def person(self) -> str:
        """Name of the patient: the same on all days."""
        return self.name.partition("@")[0]


# Name -> function of the number at the end of the name (None = none).
Group = dict[str, Callable[[float | None], Case]]
