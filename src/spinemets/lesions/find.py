"""Find lesion candidates in every searched series, together with the normal marrow they stand out from (G-07, G-11).

Series are searched apart and never fused: a candidate belongs to one series, and its id says which
(`L3-1` CT, `L3-1t1` T1, `L3-1stir` STIR; running number per level, largest first).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spinemets.geometry.components import ML_PER_MM3
from spinemets.knowledge.catalogue import Catalogue
from spinemets.lesions.candidates import Candidate, Keep, limits_by_part, search
from spinemets.lesions.choose import for_vertebra
from spinemets.lesions.describe import Kinds, Setting, describe
from spinemets.lesions.ground import Ground, prepare
from spinemets.lesions.normal import Neighbourhood, part_centres, reference, unfit_levels, with_shading
from spinemets.lesions.place import Zones
from spinemets.lesions.rules import Rule, rules
from spinemets.model.lesion import Found, Lesion
from spinemets.model.reference import NoReference, Reference
from spinemets.model.series import Series
from spinemets.model.spine import Spine
from spinemets.model.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One series as it is searched.

    Attributes
    ----------
    series, rule
        Which, and by which rule; `rule` is None for series that only need a normal reference.
    grounds
        Readable levels.
    searched
        Levels for which this series is the best of its kinds.
    dense
        Level id -> why its body is no reference (metal, cement).
    normal, found
        State of the iteration.
    """

    series: Series
    rule: Rule | None
    grounds: Mapping[str, Ground]
    searched: tuple[str, ...]
    dense: Mapping[str, str]
    normal: dict[str, Reference | NoReference] = field(default_factory=dict)
    found: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)


def find(study: Study, spine: Spine, catalogue: Catalogue) -> Found:
    """Search the study.

    Parameters
    ----------
    study
        Recognised series.
    spine
        Located vertebrae; a level without `body` and `marrow` regions is not searched.
    catalogue
        Entries G-07 and G-11 hold the numbers, those of the searches their voxel rules.

    Returns
    -------
    Found
        `searched` names every (series, level, criterion) with a reference and a marrow mask: only there may `absent` be said.
    """
    g07, g11 = catalogue["G-07"].values(), catalogue["G-11"].values()
    fields = _fields(study, spine, catalogue, {**g07, **g11})
    if not fields:
        return Found()
    order = [v.level.id for v in spine.vertebrae]
    stated = _stated(study)
    metal = {level for one in fields for level, what in one.dense.items() if what == "metal"}
    fields = tuple(_beside_metal(one, metal) for one in fields)
    keep = Keep(**{name: g11[name] for name in Keep.__dataclass_fields__})
    hood = Neighbourhood(part_voxels=g11["part_voxels"], **{n: g07[n] for n in _HOOD})
    diseased: set[str] = set()
    for _ in range(g07["rounds"]):
        for one in fields:
            _search_series(one, order, stated, diseased, hood, keep)
        now = {level for one in fields for level, found in one.found.items() if _unfit(one, level, found, g07)}
        if now == diseased:
            break
        diseased = now
    lesions = _facing(_described(fields, spine, catalogue, g11), order)
    normal = {(f.series.uid, level): ref for f in fields for level, ref in f.normal.items()}
    searched = {(f.series.uid, level, f.rule.criterion) for f in fields if f.rule for level in f.found}
    return Found(lesions=lesions, normal=normal, searched=frozenset(searched))


_HOOD = ("reach_levels", "least_bodies", "least_voxels", "shading_share")


def _fields(study: Study, spine: Spine, catalogue: Catalogue, numbers: Mapping[str, Any]) -> tuple[Field, ...]:
    """Every series that some level is searched in, or that some entry compares with normal neighbours."""
    of_kind = {kind: rule for rule in rules(catalogue) for kind in rule.kinds}
    best: dict[str, list[str]] = {}
    for rule in rules(catalogue):
        for vertebra in spine.vertebrae:
            choice = for_vertebra(study, vertebra, rule.kinds)
            if choice.series:
                best.setdefault(choice.series[0].uid, []).append(vertebra.level.id)
    compared = {
        kind
        for entry in catalogue.values()
        if entry.needs.normal or entry.needs.cortex
        for kinds in entry.needs.volumes.values()
        for kind in kinds
    }
    fields: list[Field] = []
    for series in study.series:
        wanted = series.uid in best or (series.kind in compared and series.kind not in of_kind)
        if series.measurable and wanted:
            one = _field(series, of_kind.get(series.kind), spine, tuple(best.get(series.uid, ())), numbers)
            fields.append(one)
    return tuple(fields)


def _field(
    series: Series, rule: Rule | None, spine: Spine, searched: tuple[str, ...], numbers: Mapping[str, Any]
) -> Field:
    volume = series.pixels()
    is_ct = series.kind.startswith("ct")
    grounds: dict[str, Ground] = {}
    dense: dict[str, str] = {}
    for vertebra in spine.vertebrae:
        ground = prepare(
            volume,
            vertebra,
            inner_depth_mm=numbers["inner_depth_mm"],
            fwhm_mm=numbers["smoothing_fwhm_mm"],
            raw_marrow=not is_ct,
            most_voxels=numbers["most_voxels"],
        )
        if ground is None:
            continue
        grounds[vertebra.level.id] = ground
        if is_ct:
            why = _dense(ground, numbers)
            if why:
                dense[vertebra.level.id] = why
    return Field(series=series, rule=rule, grounds=grounds, searched=searched, dense=dense)


def _beside_metal(one: Field, metal: set[str]) -> Field:
    """A series without the levels in which CT shows metal: screws are dense, their voids dark on T1 (STIR is allowed)."""
    if one.rule is None or one.rule.criterion == "MR-STIR-01":
        return one
    return replace(one, searched=tuple(x for x in one.searched if x not in metal))


def _dense(ground: Ground, numbers: Mapping[str, Any]) -> str:
    """Why a body with metal or cement is no reference; empty if it holds neither."""
    voxel_ml = ground.grid.voxel_volume_mm3 * ML_PER_MM3
    for what in ("metal", "cement"):
        if np.count_nonzero(ground.raw >= numbers[f"{what}_hu"]) * voxel_ml >= numbers[f"{what}_ml"]:
            return what
    return ""


def _stated(study: Study) -> dict[str, str]:
    """Levels the user names as treated or with a device."""
    levels: dict[str, str] = {}
    for treatment in study.clinical.treatments:
        levels.update(dict.fromkeys(treatment.levels, f"treated ({treatment.kind}, stated)"))
    for device in study.clinical.devices:
        levels.update(dict.fromkeys(device.levels, f"device ({device.kind}, stated)"))
    return levels


def _search_series(
    one: Field, order: list[str], stated: Mapping[str, str], diseased: set[str], hood: Neighbourhood, keep: Keep
) -> None:
    """One round of G-07 in one series: references without the diseased levels, then candidates against them."""
    unfit = unfit_levels(one.grounds, diseased, stated, one.dense)
    for level_id, ground in one.grounds.items():
        normal = reference(level_id, order, one.grounds, unfit, hood)
        if isinstance(normal, Reference) and not one.series.kind.startswith("ct"):
            normal = with_shading(normal, one.grounds, hood.shading_share)
        one.normal[level_id] = normal
        one.found.pop(level_id, None)
        if one.rule is None or level_id not in one.searched or isinstance(normal, NoReference) or normal.median <= 0:
            continue
        thick = max(ground.grid.spacing_mm) > keep.thick_slice_mm  # pedicles: presence only (G-04)
        parts = {} if thick else part_centres(normal.members, one.grounds, hood.part_voxels)
        limits = limits_by_part(one.rule, (normal.median, normal.spread), parts)
        one.found[level_id] = search(ground, limits, one.rule, keep)


def _unfit(one: Field, level_id: str, found: tuple[Candidate, ...], g07: Mapping[str, Any]) -> bool:
    """Whether the candidates of a body take so much of it that its median can no longer stand for normal marrow."""
    ground = one.grounds[level_id]
    taken = sum(int(np.count_nonzero(c.mask & ground.parts["body"])) for c in found)
    return bool(taken > g07["drop_share"] * int(np.count_nonzero(ground.parts["body"])))


def _described(
    fields: tuple[Field, ...], spine: Spine, catalogue: Catalogue, g11: Mapping[str, Any]
) -> tuple[Lesion, ...]:
    lesions: list[Lesion] = []
    zones = Zones(**{n: g11[n] for n in Zones.__dataclass_fields__})
    for one in fields:
        if one.rule is None:
            continue
        kinds = Kinds(lytic_below=0.0, blastic_above=1.0)
        if "CT-02" in catalogue:
            ct = catalogue["CT-02"].values()
            kinds = Kinds(lytic_below=ct["lytic_below"], blastic_above=ct["blastic_above"])
        setting = Setting(
            series_uid=one.series.uid,
            rule=one.rule,
            sides=spine.sides,
            kinds=kinds,
            zones=zones,
            tiny_mm=g11["tiny_mm"],
        )
        for level_id, candidates in one.found.items():
            normal = one.normal[level_id]
            assert isinstance(normal, Reference)
            for n, candidate in enumerate(candidates, start=1):
                lesions.append(describe(candidate, n, one.grounds[level_id], normal, setting))
    return tuple(lesions)


def _facing(lesions: tuple[Lesion, ...], order: list[str]) -> tuple[Lesion, ...]:
    """Say so where endplate changes of two neighbours face each other across their disc (MIM-02)."""
    place = {name: n for n, name in enumerate(order)}
    lower = {(x.series_uid, place[x.level_id] + 1) for x in lesions if x.values["beside_lower_endplate"]}
    upper = {(x.series_uid, place[x.level_id]) for x in lesions if x.values["beside_upper_endplate"]}
    pairs = lower & upper
    return tuple(_paired(x, place[x.level_id], pairs) for x in lesions)


def _paired(lesion: Lesion, here: int, pairs: set[tuple[str, int]]) -> Lesion:
    below = bool(lesion.values["beside_lower_endplate"]) and (lesion.series_uid, here + 1) in pairs
    above = bool(lesion.values["beside_upper_endplate"]) and (lesion.series_uid, here) in pairs
    if not (below or above):
        return lesion
    note = "A like change faces it across the disc: this pair is the pattern of degenerative endplate change."
    side = "at_lower_endplate" if below else "at_upper_endplate"
    return replace(
        lesion,
        values={**lesion.values, side: 1.0},
        caveats=tuple(dict.fromkeys((*lesion.caveats, "CV-DEGEN"))),
        notes=(*lesion.notes, note),
    )
