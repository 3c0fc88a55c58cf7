"""The whole synthetic patient as functions: vertebrae, discs, sacrum, canal, soft tissue, pathology, hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy import trunk
from spinemets.phantom.anatomy.alignment import Place, Posture, stack
from spinemets.phantom.anatomy.arch import Arch, arch, exiting_roots
from spinemets.phantom.anatomy.atlas import Atlas, atlas
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.canal import Canal, canal
from spinemets.phantom.anatomy.cervical import cervical_arch
from spinemets.phantom.anatomy.degeneration import dried
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.lining import Lining, lining
from spinemets.phantom.anatomy.sacrum import Sacrum, sacrum
from spinemets.phantom.anatomy.sizes import LevelSize, Patient, sizes
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.cases.case import Case, Marrow, Move
from spinemets.phantom.pathology import fracture
from spinemets.phantom.pathology.canal.plant import plant
from spinemets.phantom.pathology.canal.region import Region
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.pathology.degenerative import BenignChange
from spinemets.phantom.pathology.hardware import Implant, implants
from spinemets.phantom.pathology.inserts import Insert, widened
from spinemets.phantom.pathology.patterns import grain_fields
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.shape.texture import Field, stream
from spinemets.phantom.tissue.structure import Structure, structure
from spinemets.phantom.tissue.tissues import Tissue, materials, spongiosa, tissue
from spinemets.physics import ct

# An arch of a level in its frame, in another shape.
Shaped = Callable[[str, Arch, Place], Arch]


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
    lining: Lining
    column: trunk.Column
    soft: tuple[trunk.Soft, ...]
    brain: tuple[trunk.Soft, ...]
    other_bone: tuple[trunk.Bone, ...]
    roots: tuple[Rod, ...]
    metal: tuple[Implant, ...]
    fields: Mapping[str, Field]
    texture: Structure
    hosts: Mapping[str, Tissue]
    inserts: tuple[Insert, ...]
    benign: tuple[BenignChange, ...]
    broken: Mapping[str, tuple[fracture.Fracture, fracture.FractureMeasure]]
    altered_discs: Mapping[str, str]
    dried: Mapping[str, float]
    site: Site
    soft_lesions: tuple[Region, ...]

    def vertebra(self, level: str) -> Vertebra:
        """Vertebra of a level."""
        return next(v for v in self.vertebrae if v.level == level)


def assemble(case: Case, seed: int, posture: Posture = "lying", *, shaped: Shaped | None = None) -> Anatomy:
    """Anatomy of a case; the same patient in both postures. `shaped` gives arches another shape than the mean one."""
    levels = sizes(case.patient, seed, case.collapses)
    frames = _moved(_slipped(stack(levels, case.patient, seed, posture), case.slips_mm), case.moved)
    names = tuple(levels)
    arches = {
        level: (cervical_arch if size.region == "cervical" else arch)(size, frames[level])
        for level, size in levels.items()
    }
    if shaped is not None:
        arches = {level: shaped(level, made, frames[level]) for level, made in arches.items()}
    for level in {insert.level for insert in case.inserts if insert.expansion_mm}:
        arches[level] = widened(arches[level], tuple(i for i in case.inserts if i.level == level))
    ring = atlas(levels["C2"], frames["C2"], arches["C2"].all_rods, scale=levels["C2"].mean_width / 17.0)
    low = sacrum(frames["S1"], scale=levels[names[-1]].mean_width / 48.35)
    vertebrae = _vertebrae(levels, frames, arches, (ring.rods, low.rods))
    by_level = {vertebra.level: vertebra for vertebra in vertebrae}
    fields = _fields(seed)
    col = trunk.column(levels, frames, case.patient)
    site = Site(sizes=levels, frames=frames)
    own = canal(levels, frames, low)
    tube, soft_lesions = plant(own, site, case.canal)
    around = trunk.trunk(col, (levels, frames), (ring.frame, low), case.patient, seed)
    near = tuple(rod for bone in around.bones for rod in bone.rods)
    masses = [mass.region(tube, site, near) for mass in case.masses]
    by_name = {bone.name: bone for bone in around.bones}
    masses += [focus.region(site, by_name, low) for focus in case.foci]
    return Anatomy(
        sizes=levels,
        frames=frames,
        atlas=ring,
        vertebrae=tuple(vertebrae),
        discs=_discs(vertebrae, low),
        sacrum=low,
        canal=tube,
        lining=replace(lining(levels, frames, arches, own), canal=tube),
        column=col,
        soft=around.soft,
        brain=around.brain,
        other_bone=around.bones,
        roots=tuple(rod for level in names for rod in exiting_roots(levels[level], frames[level])),
        metal=implants((*case.screws, *case.fixtures), levels, frames),
        fields=fields,
        texture=structure(case.patient.age_years, seed),
        hosts=_hosts(case, levels),
        inserts=tuple(insert.fitted(by_level[insert.level]) for insert in case.inserts),
        benign=case.benign,
        broken=_broken(case, vertebrae, fields["islands"]),
        altered_discs=case.discs,
        dried=_dried(case.patient, seed, levels),
        site=site,
        soft_lesions=(*soft_lesions, *masses),
    )


def _vertebrae(
    levels: Mapping[str, LevelSize],
    frames: Mapping[str, Place],
    arches: Mapping[str, Arch],
    ends: tuple[tuple[Rod, ...], tuple[Rod, ...]],
) -> list[Vertebra]:
    """Vertebrae that keep clear of their neighbours' processes; `ends` are the rods above the first and below the last."""
    names = tuple(levels)
    vertebrae = []
    for number, level in enumerate(names):
        rods: tuple[Rod, ...] = ()
        if number == 0:
            rods += ends[0]
        else:
            above = ("transverse", "lamina") if levels[names[number - 1]].region == "cervical" else ()
            rods += arches[names[number - 1]].of("inferior_articular", "spinous", *above)
        if number + 1 < len(names):
            below = ("transverse", "pedicle") if levels[level].region == "cervical" else ()
            rods += arches[names[number + 1]].of("superior_articular", "spinous", "lamina", *below)
        else:
            rods += ends[1]
        vertebrae.append(
            Vertebra(
                level=level,
                frame=frames[level],
                body=Body(size=levels[level]),
                arch=arches[level],
                neighbour_rods=rods,
            )
        )
    return vertebrae


def _broken(
    case: Case, vertebrae: list[Vertebra], islands: Field
) -> dict[str, tuple[fracture.Fracture, fracture.FractureMeasure]]:
    """Collapses whose marrow shows them, with their sizes."""
    found = {}
    for vertebra in vertebrae:
        collapse = case.collapses.get(vertebra.level)
        if isinstance(collapse, fracture.Fracture):
            found[vertebra.level] = (collapse, fracture.measure(collapse, vertebra, islands))
    return found


def _discs(vertebrae: list[Vertebra], low: Sacrum) -> tuple[Disc, ...]:
    """Discs between neighbours, the last one on the sacrum."""
    made = [
        Disc(level=a.level, upper=a.body, upper_frame=a.frame, lower=b.body, lower_frame=b.frame)
        for a, b in pairwise(vertebrae)
    ]
    last = vertebrae[-1]
    made.append(Disc(level=last.level, upper=last.body, upper_frame=last.frame, lower=low.s1, lower_frame=low.s1_frame))
    return tuple(made)


def _dried(patient: Patient, seed: int, levels: Mapping[str, LevelSize]) -> dict[str, float]:
    """How dry each disc's nucleus is."""
    return {
        level: dried(level, size.disc_grade, age_years=patient.age_years, seed=seed) for level, size in levels.items()
    }


def _fields(seed: int) -> dict[str, Field]:
    """Random fields of lesions and muscle by name."""
    return {
        **grain_fields(seed),
        "marbling": Field.make(stream(seed, "marbling"), 4.0, stretch=5.0),
    }


def _hosts(case: Case, levels: Mapping[str, LevelSize]) -> dict[str, Tissue]:
    """Spongy bone of each level: thoracic ones a little denser; a collapse keeps its mineral in less volume.

    Where a fracture has a band, the band holds the mineral of the volume lost.
    """
    by_level = table("tissues")["mineral_by_level"]
    hosts = {}
    for level, size in levels.items():
        factor = by_level["T12"] if size.thoracic else by_level["L4"]
        collapse = case.collapses.get(level)
        if not (isinstance(collapse, fracture.Fracture) and (collapse.band_mm or collapse.tumour)):
            factor *= sum(size.before) / sum(size.height)
        hosts[level] = spongiosa(age_years=case.patient.age_years, sex=case.patient.sex, level_factor=factor)
    return hosts if case.marrow is None else {level: _filled(host, case.marrow) for level, host in hosts.items()}


def _filled(host: Tissue, marrow: Marrow) -> Tissue:
    """Spongy bone with other marrow between its trabeculae; HU follow from the mixture."""
    other, m = tissue(marrow.tissue), materials()
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=host.mineral_mg_per_ml,
        fat_fraction=marrow.fat_fraction,
        hu_bone=m["hu_bone"],
        hu_fat=m["hu_fat"],
        hu_soft=m["hu_soft"],
    )
    return replace(
        other,
        name=host.name,
        kvp_model=host.kvp_model,
        mineral_mg_per_ml=host.mineral_mg_per_ml,
        fat_fraction=marrow.fat_fraction,
        hu=float(hu),
    )


def _slipped(frames: dict[str, Place], slips_mm: Mapping[str, float]) -> dict[str, Place]:
    """Levels and the spine above them pushed forwards on the level below."""
    pushed = dict(frames)
    names = tuple(frames)
    for level, slip_mm in slips_mm.items():
        ahead = slip_mm * frames[names[names.index(level) + 1]].anterior
        for name in names[: names.index(level) + 1]:
            pushed[name] = replace(pushed[name], origin=pushed[name].origin + ahead)
    return pushed


def _moved(frames: dict[str, Place], move: Move | None) -> dict[str, Place]:
    """The same column turned about the long axis through L3, then shifted."""
    if move is None:
        return frames
    angle, centre = np.radians(move.turn_deg), frames["L3"].origin
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    return {
        name: Place(
            origin=centre + turn @ (f.origin - centre) + np.asarray(move.shift_mm),
            left=turn @ f.left,
            anterior=turn @ f.anterior,
            superior=turn @ f.superior,
        )
        for name, f in frames.items()
    }
