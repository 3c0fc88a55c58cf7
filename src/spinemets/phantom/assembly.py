"""The whole synthetic patient as functions: vertebrae, discs, sacrum, canal, soft tissue, pathology, hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy import trunk
from spinemets.phantom.anatomy.alignment import Place, stack
from spinemets.phantom.anatomy.arch import arch, exiting_roots
from spinemets.phantom.anatomy.atlas import Atlas, atlas
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.canal import Canal, canal
from spinemets.phantom.anatomy.cervical import cervical_arch
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.sacrum import Sacrum, iliac_rods, rib_rods, sacrum
from spinemets.phantom.anatomy.sizes import LevelSize, sizes
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.cases.case import Case
from spinemets.phantom.pathology import screw
from spinemets.phantom.pathology.canal.plant import plant
from spinemets.phantom.pathology.canal.region import Region
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.shape.texture import Field, stream
from spinemets.phantom.tissue.tissues import Tissue, spongiosa


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """All functions of one patient."""

    sizes: Mapping[str, LevelSize]
    frames: Mapping[str, Place]
    atlas: Atlas
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
    site: Site
    soft_lesions: tuple[Region, ...]

    def vertebra(self, level: str) -> Vertebra:
        """Vertebra of a level."""
        return next(v for v in self.vertebrae if v.level == level)


def assemble(case: Case, seed: int) -> Anatomy:
    """Anatomy of a case."""
    levels = sizes(case.patient, seed, case.collapses)
    frames = stack(levels, case.patient, seed)
    names = tuple(levels)
    arches = {
        level: (cervical_arch if size.region == "cervical" else arch)(size, frames[level])
        for level, size in levels.items()
    }
    ring = atlas(levels["C2"], frames["C2"], arches["C2"].all_rods, scale=levels["C2"].mean_width / 17.0)
    low = sacrum(frames["S1"], scale=levels[names[-1]].mean_width / 48.35)
    vertebrae = []
    for number, level in enumerate(names):
        rods: tuple[Rod, ...] = ()
        if number == 0:
            rods += ring.rods
        else:
            above = ("transverse", "lamina") if levels[names[number - 1]].region == "cervical" else ()
            rods += arches[names[number - 1]].of("inferior_articular", "spinous", *above)
        if number + 1 < len(names):
            below = ("transverse", "pedicle") if levels[level].region == "cervical" else ()
            rods += arches[names[number + 1]].of("superior_articular", "spinous", "lamina", *below)
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
    for level in names:
        if levels[level].thoracic:
            bone += rib_rods(levels[level], frames[level])
    site = Site(sizes=levels, frames=frames)
    tube, soft_lesions = plant(canal(levels, frames, low), site, case.canal)
    return Anatomy(
        sizes=levels,
        frames=frames,
        atlas=ring,
        vertebrae=tuple(vertebrae),
        discs=_discs(vertebrae, low),
        sacrum=low,
        canal=tube,
        column=col,
        soft=tuple(trunk.soft_structures(col, case.patient, seed)),
        other_bone=bone,
        roots=tuple(rod for level in names for rod in exiting_roots(levels[level], frames[level])),
        metal=tuple(screw.rod(s, levels[s.level], frames[s.level]) for s in case.screws),
        fields=_fields(seed),
        hosts=_hosts(case, levels),
        inserts=case.inserts,
        site=site,
        soft_lesions=(*soft_lesions, *(mass.region(tube, site, bone) for mass in case.masses)),
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
