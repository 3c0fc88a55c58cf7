"""The whole synthetic patient as functions: vertebrae, discs, sacrum, canal, soft tissue, pathology, hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from spinemets.knowledge.catalogue import table
from spinemets.phantom import trunk
from spinemets.phantom.acquisition import Sequence
from spinemets.phantom.alignment import Place, stack
from spinemets.phantom.arch import SIDES, ArchPlan, arch, exiting_roots
from spinemets.phantom.body import Body
from spinemets.phantom.canal import Canal, canal
from spinemets.phantom.disc import Disc
from spinemets.phantom.distance import Rod
from spinemets.phantom.lesions import Insert
from spinemets.phantom.sacrum import Sacrum, iliac_rods, rib_rods, sacrum
from spinemets.phantom.sizes import LEVELS, Collapse, LevelSize, Patient, sizes
from spinemets.phantom.texture import Field, stream
from spinemets.phantom.tissues import Tissue, spongiosa
from spinemets.phantom.vertebra import Vertebra

VERSE_IDS = {"T10": 17, "T11": 18, "T12": 19, "L1": 20, "L2": 21, "L3": 22, "L4": 23, "L5": 24, "sacrum": 26}


@dataclass(frozen=True, kw_only=True)
class Screw:
    """A pedicle screw: level, side, diameter and length in mm."""

    level: str
    side: str
    diameter_mm: float = 6.5
    length_mm: float = 45.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a case holds beside normal anatomy, what must be found in it, and the series it is made of."""

    name: str
    about: str
    patient: Patient = field(default_factory=Patient)
    inserts: tuple[Insert, ...] = ()
    collapses: Mapping[str, Collapse] = field(default_factory=dict)
    screws: tuple[Screw, ...] = ()
    expected: tuple[tuple[str, str, str | None, str], ...] = ()
    series: tuple[Sequence, ...] = ("ct", "t1", "stir")


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """All functions of one patient."""

    sizes: Mapping[str, LevelSize]
    frames: Mapping[str, Place]
    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    sacrum: Sacrum
    canal: Canal
    column: trunk.Column
    soft: tuple[trunk.Soft, ...]
    other_bone: tuple[Rod, ...]
    roots: tuple[Rod, ...]
    metal: tuple[Rod, ...]
    fields: Mapping[str, Field]
    hosts: Mapping[str, Tissue]
    inserts: tuple[Insert, ...]

    def vertebra(self, level: str) -> Vertebra:
        """Vertebra of a level."""
        return next(v for v in self.vertebrae if v.level == level)


def assemble(case: Case, seed: int) -> Anatomy:
    """Anatomy of a case."""
    levels = sizes(case.patient, seed, case.collapses)
    frames = stack(levels, seed)
    arches = {level: arch(levels[level], frames[level]) for level in LEVELS}
    low = sacrum(frames["S1"], scale=levels["L5"].mean_width / 48.35)
    vertebrae = []
    for number, level in enumerate(LEVELS):
        rods: tuple[Rod, ...] = ()
        if number > 0:
            rods += arches[LEVELS[number - 1]].of("inferior_articular", "spinous")
        if number + 1 < len(LEVELS):
            rods += arches[LEVELS[number + 1]].of("superior_articular", "spinous", "lamina")
        else:
            rods += low.rods
        vertebrae.append(
            Vertebra(
                level=level,
                frame=frames[level],
                body=Body(size=levels[level]),
                arch=arches[level],
                neighbour_rods=rods,
            )
        )
    col = trunk.column(levels, frames, case.patient)
    bone = iliac_rods(frames["S1"])
    for level in ("T10", "T11", "T12"):
        bone += rib_rods(levels[level], frames[level])
    return Anatomy(
        sizes=levels,
        frames=frames,
        vertebrae=tuple(vertebrae),
        discs=_discs(vertebrae, low),
        sacrum=low,
        canal=canal(levels, frames, low),
        column=col,
        soft=tuple(trunk.soft_structures(col, case.patient, seed)),
        other_bone=bone,
        roots=tuple(rod for level in LEVELS for rod in exiting_roots(levels[level], frames[level])),
        metal=tuple(_screw(s, levels[s.level], frames[s.level]) for s in case.screws),
        fields=_fields(seed),
        hosts=_hosts(case, levels),
        inserts=case.inserts,
    )


def _discs(vertebrae: list[Vertebra], low: Sacrum) -> tuple[Disc, ...]:
    """Discs between neighbours, the last one on the sacrum."""
    made = [
        Disc(level=a.level, upper=a.body, upper_frame=a.frame, lower=b.body, lower_frame=b.frame)
        for a, b in pairwise(vertebrae)
    ]
    last = vertebrae[-1]
    made.append(Disc(level=last.level, upper=last.body, upper_frame=last.frame, lower=low.s1, lower_frame=low.s1_frame))
    return tuple(made)


def _fields(seed: int) -> dict[str, Field]:
    """Texture fields by name."""
    rows = table("phantom_anatomy")["texture"]
    return {
        "mineral": Field.make(stream(seed, "mineral"), rows["mineral_length_mm"], stretch=1.6),
        "fat": Field.make(stream(seed, "fat"), rows["fat_length_mm"]),
        "islands": Field.make(stream(seed, "islands"), 5.0),
        "marbling": Field.make(stream(seed, "marbling"), 4.0, stretch=5.0),
    }


def _hosts(case: Case, levels: Mapping[str, LevelSize]) -> dict[str, Tissue]:
    """Spongy bone of each level: thoracic ones a little denser; a healed collapse keeps its mineral in less volume."""
    by_level = table("tissues")["mineral_by_level"]
    hosts = {}
    for level, size in levels.items():
        factor = by_level["T12"] if size.thoracic else by_level["L4"]
        factor *= sum(size.before) / sum(size.height)
        hosts[level] = spongiosa(age_years=case.patient.age_years, sex=case.patient.sex, level_factor=factor)
    return hosts


def _screw(screw: Screw, size: LevelSize, frame: Place) -> Rod:
    """Screw through a pedicle into the body."""
    plan = ArchPlan(size=size, frame=frame)
    side = SIDES[screw.side]
    start = (side * (plan.pedicle_l + 2.0), plan.wall - 14.0, plan.pedicle_s)
    inward = 0.30
    end = (
        side * (plan.pedicle_l + 2.0 - inward * screw.length_mm),
        plan.wall - 14.0 + screw.length_mm * (1 - inward**2) ** 0.5,
        plan.pedicle_s,
    )
    half = (screw.diameter_mm / 2, screw.diameter_mm / 2)
    return plan.rod(start, end, (0, 0, 1), (half, half))
