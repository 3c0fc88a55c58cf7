"""Several label maps of one patient space become one list of instances."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from spinemets.anatomy.instances import Instance
from spinemets.geometry.overlap import shared_share, union
from spinemets.geometry.resampling import region_on_grid
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation

HANDLED = {"vertebra", "vertebral_body", "bodies", "disc", "discs"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """All structures on one grid.

    Attributes
    ----------
    discs
        Discs with the name of the vertebra above (None = plain instance).
    disc_mass
        All discs as one mass.
    others
        Sacrum, canal, cord, ribs, by name.
    """

    grid: Grid
    instances: tuple[Instance, ...]
    discs: tuple[tuple[str | None, Region], ...] = ()
    disc_mass: Region | None = None
    others: dict[str, Region] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def gather(segmentations: tuple[Segmentation, ...], conflict_mm: float) -> Gathered:
    """Merge label maps: a whole-vertebra map leads, a map of bodies defines `body` exactly, discs join.

    Maps on another grid are brought to the leading map's grid (nearest voxel). Bodies meet vertebrae by overlap, not by
    name: where the names differ, or the same level lies more than `conflict_mm` apart in two maps, a warning says so.
    """
    ordered = sorted(segmentations, key=_rank)
    grid = ordered[0].grid
    warnings = [w for s in ordered for w in s.warnings]
    instances: list[Instance] = []
    for segmentation in ordered:
        for part in segmentation.parts:
            if part.structure in ("vertebra", "vertebral_body"):
                moved = _moved(part, grid)
                if moved is not None:
                    _join(instances, moved, segmentation, warnings, conflict_mm)
    masses = [p for s in ordered for p in s.of("bodies")]
    if masses:
        instances = _with_mass(instances, region_on_grid(masses[0].region, grid), warnings)
    discs = tuple((p.level, region_on_grid(p.region, grid)) for s in ordered for p in s.of("disc"))
    disc_masses = [p for s in ordered for p in s.of("discs")]
    return Gathered(
        grid=grid,
        instances=tuple(instances),
        discs=tuple(d for d in discs if d[1].n_voxels),
        disc_mass=region_on_grid(disc_masses[0].region, grid) if disc_masses else None,
        others=_others(ordered, grid),
        warnings=tuple(warnings),
        ignored=tuple(
            f"{s.source}: label {value} ({count} voxels) is not in its scheme"
            for s in ordered
            for value, count in s.ignored
        ),
        sources=tuple(s.source for s in ordered),
    )


def _rank(segmentation: Segmentation) -> tuple[int, int]:
    """Whole vertebrae first, then bodies, then the rest; of equals the one with more voxels per vertebra."""
    if segmentation.of("vertebra") and not segmentation.body_only:
        kind = 0
    elif segmentation.of("vertebra") or segmentation.of("vertebral_body"):
        kind = 1
    else:
        kind = 2
    return kind, -sum(p.region.n_voxels for p in segmentation.of("vertebra"))


def _moved(part: Part, grid: Grid) -> Part | None:
    region = region_on_grid(part.region, grid)
    return replace(part, region=region) if region.n_voxels else None


def _join(
    instances: list[Instance], part: Part, segmentation: Segmentation, warnings: list[str], conflict_mm: float
) -> None:
    """Add one labelled vertebra or body to the list, or unite it with the instance it overlaps."""
    whole = part.structure == "vertebra" and not segmentation.body_only
    place = _best_overlap(instances, part.region)
    same_name = next((n for n, i in enumerate(instances) if part.level and i.name == part.level), None)
    if same_name is not None and same_name != place:
        apart = float(np.linalg.norm(instances[same_name].region.centroid_lps_mm - part.region.centroid_lps_mm))
        if place is not None or apart > conflict_mm:
            warnings.append(
                f"{segmentation.source}: its {part.level} lies {apart:.0f} mm from {part.level} of the other label map; "
                "the maps disagree on the numbering or do not lie in one patient space"
            )
        if place is None:
            return
    if place is None:
        instances.append(
            Instance(
                name=part.level,
                vertebra=part.region if whole else None,
                body=None if whole else part.region,
                naming=segmentation.naming,
                flags=part.region.flags,
                confidence=part.confidence,
                first_map=segmentation,
            )
        )
        return
    found = instances[place]
    if found.name is None:
        found = replace(found, name=part.level, naming=segmentation.naming if part.level else found.naming)
    if whole:
        # Two maps of whole vertebrae: the leading one is used.
        return
    if found.body is None:
        found = replace(
            found,
            body=part.region,
            vertebra=None if found.vertebra is None else union([found.vertebra, part.region]),
            one_map=found.first_map is segmentation,
        )
    instances[place] = found


def _best_overlap(instances: list[Instance], region: Region) -> int | None:
    """Instance that shares most voxels with a region, if at least a third of the smaller of the two."""
    shares = [shared_share(i.region, region) for i in instances]
    if not shares or max(shares) < 1 / 3:
        return None
    return int(np.argmax(shares))


def _box(first: Region, second: Region) -> tuple[np.ndarray, np.ndarray]:
    low = np.maximum(first.start_ijk, second.start_ijk)
    high = np.minimum(np.asarray(first.start_ijk) + first.mask.shape, np.asarray(second.start_ijk) + second.mask.shape)
    return low, high


def _window(region: Region, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    start = np.asarray(region.start_ijk)
    view: np.ndarray = region.mask[tuple(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True))]
    return view


def _intersection(first: Region, second: Region, name: str) -> Region:
    low, high = _box(first, second)
    if (high <= low).any():
        return Region.from_mask(name, np.zeros((0, 0, 0), bool), first.grid)
    mask = _window(first, low, high) & _window(second, low, high)
    return Region.from_mask(
        name, mask, first.grid, source=second.source, start_ijk=(int(low[0]), int(low[1]), int(low[2]))
    )


def _with_mass(instances: list[Instance], mass: Region, warnings: list[str]) -> list[Instance]:
    """Bodies labelled as one mass: each numbered vertebra takes its part of it."""
    result = []
    for instance in instances:
        if instance.body is None and instance.vertebra is not None:
            body = _intersection(instance.vertebra, mass, "body")
            if body.volume_mm3 >= 0.1 * instance.vertebra.volume_mm3:
                result.append(replace(instance, body=body))
                continue
        result.append(instance)
    if not instances:
        warnings.append("bodies are labelled as one mass without numbered vertebrae: they cannot be told apart")
    return result


def _others(segmentations: list[Segmentation], grid: Grid) -> dict[str, Region]:
    others: dict[str, Region] = {}
    for segmentation in segmentations:
        for part in segmentation.parts:
            if part.structure in HANDLED:
                continue
            name = "_".join(p for p in (part.structure, part.level, part.side) if p)
            region = region_on_grid(part.region, grid)
            if region.n_voxels and name not in others:
                others[name] = region.renamed(name)
    return others
