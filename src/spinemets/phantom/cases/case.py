"""A case: who the patient is, what is planted, what must be found, and the series it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.pathology.canal.plant import CanalInsert
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.paraspinal import ParaspinalMass
from spinemets.phantom.pathology.screw import Screw


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a case holds beside normal anatomy, what must be found in it, and the series it is made of."""

    name: str
    about: str
    patient: Patient = field(default_factory=Patient)
    inserts: tuple[Insert, ...] = ()
    collapses: Mapping[str, Collapse] = field(default_factory=dict)
    screws: tuple[Screw, ...] = ()
    canal: tuple[CanalInsert, ...] = ()
    masses: tuple[ParaspinalMass, ...] = ()
    expected: tuple[tuple[str, str, str | None, str], ...] = ()
    series: tuple[str, ...] = ("ct", "t1", "stir")


# Name -> function of the number at the end of the name (None = none).
Group = dict[str, Callable[[float | None], Case]]
