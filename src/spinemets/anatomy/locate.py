"""Labels -> Spine: the door of the room `anatomy`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy import build, discs, landmarks, laterality, shape
from spinemets.anatomy.completeness import with_shares
from spinemets.anatomy.earlier import matched
from spinemets.anatomy.evidence import Evidence, counted_from_one_end
from spinemets.anatomy.frames import NO_ENDPLATE, PATIENT_ANTERIOR, axes_of
from spinemets.anatomy.gather import gather
from spinemets.anatomy.instances import Instance, clean, head_to_feet, tangents
from spinemets.anatomy.label_names import Candidate
from spinemets.anatomy.numbering import number
from spinemets.anatomy.options import LevelOptions
from spinemets.anatomy.settings import Settings, load
from spinemets.geometry.planes import angle_deg, unit
from spinemets.geometry.resampling import SoftMask
from spinemets.knowledge.catalogue import load as catalogue
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.region import Region
from spinemets.model.segmentation import Segmentation
from spinemets.model.spine import Frame, Spine, Vertebra
from spinemets.model.study import Study

Array = NDArray[np.float64]
Given = TypeVar("Given")
Made = TypeVar("Made")
# Resampling lets other threads run; more of them than this would hold more patches than they save time.
THREADS = 4

NO_SPINE = (
    "NA-SEGMENTATION",
    "no spine was found in any series and no label map was given: nothing can be said level by level",
)
# Kinds in which a cord looks as the fluid about it: its outline there is no landmark.
NO_CORD = ("ct", "ct_bone", "ct_soft", "ct_lung")
NO_VERTEBRAE = ("NA-SEGMENTATION", "what was outlined holds no vertebra as a structure of its own")


def locate(
    study: Study, segmentations: tuple[Segmentation, ...], options: LevelOptions, *, walls: bool = True
) -> Spine:
    """Vertebrae head to feet, each with frame, regions, walls and endplates on the grid of the label map.

    Parameters
    ----------
    study
        Tells whether left and right are known.
    segmentations
        Label maps in one patient space; a map of whole vertebrae leads, a map of bodies defines `body` exactly.
    options
        How levels may be named.
    walls
        False leaves out the surfaces of walls and pedicles, which names and outlines do not need.
    """
    if not any(s.parts for s in segmentations):
        return Spine(vertebrae=(), absent=NO_SPINE)
    settings = load()
    sides = laterality.sides(study, segmentations)
    gathered = gather(tuple(s for s in segmentations if s.parts), settings.conflict_mm)
    if not gathered.instances:
        return Spine(
            vertebrae=(), grid=gathered.grid, others=gathered.others, sides=sides, sources=gathered.sources,
            warnings=gathered.warnings, ignored=gathered.ignored, absent=NO_VERTEBRAE,
        )  # fmt: skip
    instances = _ordered([clean(i, settings.debris_share) for i in gathered.instances])
    shapes = _shapes(instances, gathered.others, settings)
    relative = [Level(name=None, position=n + 1, of=len(instances), method="relative") for n in range(len(instances))]
    found = _each(
        lambda of: build.vertebra(of[0], of[1], of[2], sides, settings, walls=walls),
        list(zip(instances, shapes, relative, strict=True)),
    )
    found = _with_spacing(found)
    levels, told = _levels(instances, found, (gathered.grid, gathered.others), study, options)
    named = _finished(found, levels, settings)
    return Spine(
        vertebrae=named,
        grid=gathered.grid,
        discs=discs.all_discs(gathered, named),
        others=gathered.others,
        sides=sides,
        body_only=all(s.canal is None for s in shapes),
        sources=gathered.sources,
        ignored=gathered.ignored,
        warnings=(*gathered.warnings, *told),
    )


def _each(work: Callable[[Given], Made], of: Sequence[Given]) -> list[Made]:
    """The work done on each, side by side, results in order."""
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, of))


def _ordered(instances: list[Instance]) -> list[Instance]:
    centroids = np.array([i.region.centroid_lps_mm for i in instances]).reshape(-1, 3)
    return [instances[n] for n in head_to_feet(centroids)]


def _shapes(instances: list[Instance], others: dict[str, Region], settings: Settings) -> list[shape.Shape]:
    """Shapes of all vertebrae: canals first, so that a vertebra without a ring can borrow its neighbour's."""
    centroids = np.array([i.region.centroid_lps_mm for i in instances])
    along = tangents(centroids)

    def canal_of(place: int) -> shape.Canal | None:
        whole = instances[place].vertebra
        if whole is None:
            return None
        return shape.first_canal(SoftMask.of(whole, settings.smoothing_voxels), whole, along[place], settings)

    places = range(len(instances))
    canals = _each(canal_of, places)
    _aim_upper_cervical(instances, canals)

    def shape_of(place: int) -> shape.Shape:
        instance, own, near = instances[place], canals[place], _nearest_canal(canals, place)
        if instance.name == "C1":
            return _atlas(instance, own, along[place])
        if instance.vertebra is not None and (own is not None or near is not None):
            canal = own or shape.borrowed_canal(instance.region, near)  # type: ignore[arg-type]  # one of both is there
            return shape.whole(instance, canal, along[place], settings, own=own is not None)
        return shape.body_alone(instance, _labelled_canal(instance.region, others), along[place], settings)

    return _with_neighbour_axes(_each(shape_of, places))


def _nearest_canal(canals: list[shape.Canal | None], place: int) -> shape.Canal | None:
    known = [n for n, canal in enumerate(canals) if canal is not None and n != place]
    return canals[min(known, key=lambda n: abs(n - place))] if known else None


def _aim_upper_cervical(instances: list[Instance], canals: list[shape.Canal | None]) -> None:
    """C1 and C2 have no thick body that shows which way is anterior: they take it from the next vertebra below."""
    for place in reversed(range(len(instances))):
        canal = canals[place]
        if canal is None or instances[place].name not in ("C1", "C2"):
            continue
        below = next((c for c in canals[place + 1 :] if c is not None), None)
        toward = PATIENT_ANTERIOR if below is None else below.axes[:, 1]
        canals[place] = replace(canal, axes=axes_of(canal.axes[:, 2], toward))


def _atlas(instance: Instance, canal: shape.Canal | None, tangent: Array) -> shape.Shape:
    """C1: a ring without body; its axes are the curve's and its neighbour's."""
    axes = axes_of(tangent, PATIENT_ANTERIOR) if canal is None else canal.axes
    frame = Frame(
        origin_lps_mm=instance.region.centroid_lps_mm,
        left=axes[:, 0],
        anterior=axes[:, 1],
        superior=axes[:, 2],
        flags=("C1 has no body: superior follows the curve, anterior the neighbour",),
    )
    return shape.Shape(frame=frame, body=None, canal=canal)


def _labelled_canal(body: Region, others: dict[str, Region]) -> Array | None:
    """Middle of a labelled canal (else cord) at the height of a body, None where there is none."""
    for name in ("canal", "cord"):
        region = others.get(name)
        if region is None:
            continue
        points = region.grid.to_lps_mm(region.indices)
        near = points[np.abs(points[:, 2] - body.centroid_lps_mm[2]) <= 10.0]
        if len(near) >= 10:
            middle: Array = near.mean(axis=0)
            return middle
    return None


def _with_neighbour_axes(shapes: list[shape.Shape]) -> list[shape.Shape]:
    """A body whose endplates are both destroyed takes superior and anterior interpolated between its neighbours'."""
    sound = [n for n, s in enumerate(shapes) if s.frame is not None and not _destroyed(s.frame)]
    result = []
    for place, found in enumerate(shapes):
        if found.frame is None or not _destroyed(found.frame) or not sound:
            result.append(found)
            continue
        frames = [f for f in (shapes[n].frame for n in sound) if f is not None]
        up = unit(np.array([np.interp(place, sound, [f.superior[a] for f in frames]) for a in range(3)]))
        ahead = np.array([np.interp(place, sound, [f.anterior[a] for f in frames]) for a in range(3)])
        axes = axes_of(up, ahead)
        frame = replace(found.frame, left=axes[:, 0], anterior=axes[:, 1], superior=axes[:, 2])
        result.append(replace(found, frame=frame))
    return result


def _destroyed(frame: Frame) -> bool:
    return NO_ENDPLATE in frame.flags


def _levels(
    instances: list[Instance],
    vertebrae: list[Vertebra],
    of: tuple[Grid, dict[str, Region]],
    study: Study,
    options: LevelOptions,
) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """Names of the ordered vertebrae (G-09), by `numbering` from what the labels and the header say, and warnings on them."""
    grid, others = of
    candidates = [
        Candidate(name=i.name, centroid_lps_mm=middle(v), height_mm=_whole_height(v))
        for i, v in zip(instances, vertebrae, strict=True)
    ]
    ribs, rules = landmarks.ribs_of(vertebrae, others), catalogue()["G-09"].values()
    shows_cord = any(s.kind not in NO_CORD for s in study.series if s.grid is not None and s.grid == grid)
    namings = {i.naming for i in instances if i.name is not None}
    sizes = [v.known_by_mm for v in vertebrae]
    others_say = [match for levels in options.elsewhere if (match := matched(sizes, levels, rules)) is not None]
    evidence = Evidence(
        naming=namings.pop() if len(namings) == 1 else "none",
        sacrum=landmarks.on_sacrum(vertebrae, others),
        c2=landmarks.dens_of(vertebrae, [i.vertebra for i in instances]),
        first_rib=_or(landmarks.bears_rib(vertebrae, others, "T1"), ribs.first),
        last_rib=_or(landmarks.bears_rib(vertebrae, others, "T12"), ribs.last),
        conus=landmarks.conus_of(vertebrae, others) if shows_cord else None,
        other_series=tuple((m.place, m.name, m.confidence) for m in others_say),
        earlier=matched(sizes, options.earlier, rules),
        header_regions=landmarks.header_regions(study),
    )
    levels = number(candidates, evidence, options)
    return levels, counted_from_one_end(levels, evidence, options)


def _or(named: int | None, seen: int | None) -> int | None:
    """A rib with a number before one without."""
    return seen if named is None else named


def middle(vertebra: Vertebra) -> Array:
    """Body centre, or the middle of what is labelled."""
    if vertebra.frame is not None:
        return vertebra.frame.origin_lps_mm
    return next(iter(vertebra.regions.values())).centroid_lps_mm


def _whole(vertebra: Vertebra) -> bool:
    return vertebra.completeness.heights_valid


def _whole_height(vertebra: Vertebra) -> float | None:
    return vertebra.size_mm.get("height_mm") if _whole(vertebra) else None


def _with_spacing(vertebrae: list[Vertebra]) -> list[Vertebra]:
    """With the distance of each whole body's centre to that of the next one below, where that is whole too."""
    result = list(vertebrae)
    for place, (above, below) in enumerate(pairwise(vertebrae)):
        if _whole(above) and _whole(below) and above.frame is not None and below.frame is not None:
            spacing = float(np.linalg.norm(above.frame.origin_lps_mm - below.frame.origin_lps_mm))
            result[place] = replace(above, size_mm={**above.size_mm, "spacing_mm": spacing})
    return result


def _finished(found: list[Vertebra], levels: tuple[Level, ...], settings: Settings) -> tuple[Vertebra, ...]:
    """Final names, shares of the neighbours' volume, and the flag of a lowest body that may be the sacrum."""
    volumes = [v.regions["body"].volume_mm3 if "body" in v.regions else None for v in found]
    verdicts = with_shares([v.completeness for v in found], volumes)
    named = [
        replace(v, level=level, completeness=verdict) for v, level, verdict in zip(found, levels, verdicts, strict=True)
    ]
    last = named[-1]
    tilt = _tilt(named)
    if last.level.name is None and tilt is not None and tilt > settings.sacrum_tilt_deg:
        flag = f"possible sacrum: tilted {tilt:.0f} degrees against the curve of the bodies above"
        sizes = {**last.size_mm, "possible_sacrum_tilt_deg": tilt}
        named[-1] = replace(last, flags=(*last.flags, flag), size_mm=sizes)
    return tuple(named)


def _tilt(vertebrae: list[Vertebra]) -> float | None:
    """Angle of the lowest body's superior axis to the line through the two bodies above it."""
    framed = [v.frame for v in vertebrae if v.frame is not None]
    if len(framed) < 3 or vertebrae[-1].frame is None:
        return None
    return angle_deg(framed[-1].superior, unit(framed[-3].origin_lps_mm - framed[-2].origin_lps_mm))
