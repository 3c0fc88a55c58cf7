"""When two series are alike: on one lattice, at one place, by the same protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

import numpy as np

from spinemets.knowledge import catalogue
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.series.companions import moment
from spinemets.series.physics_facts import words_of

# Fields of the protocol, how a difference is said, and the factor to the unit of that sentence.
PROTOCOL = {
    "tr_s": ("TR", "ms", 1e3), "te_s": ("TE", "ms", 1e3), "ti_s": ("TI", "ms", 1e3), "flip_deg": ("flip angle", "degrees", 1.0),
}  # fmt: skip


@cache
def settings() -> dict[str, Any]:
    """The table `study_sets`."""
    return cast(dict[str, Any], catalogue.table("study_sets"))


def limit(group: str, name: str) -> float:
    """One number of the table."""
    return float(settings()[group][name]["value"])


def stem(series: Series) -> str:
    """SeriesInstanceUID without the number of the volume."""
    return series.uid.partition("#")[0]


def component(acquisition: Acquisition) -> str:
    """MAGNITUDE, PHASE, REAL or IMAGINARY; MAGNITUDE where the header does not say."""
    if acquisition.complex_component:
        return acquisition.complex_component.upper()
    known = settings()["components"]
    return next((known[w] for w in acquisition.image_type if w.strip().upper() in known), "MAGNITUDE")


def fat_water_part(acquisition: Acquisition) -> str | None:
    """`in phase`, `opposed phase`, `water` or `fat`, as ImageType says; None where it does not."""
    words = words_of(acquisition.image_type)
    return next((part for part, names in settings()["fat_water"].items() if words & set(names)), None)


def is_candidate(series: Series) -> bool:
    """Whether a series may be a member of a set: an acquisition of its own, or its phase image."""
    if series.kind not in settings()["never"]:
        return True
    return component(series.acquisition) != "MAGNITUDE" or fat_water_part(series.acquisition) is not None


def same_frame(first: Series, second: Series) -> bool:
    """One stated frame of reference, or none stated in either."""
    if first.grid is None or second.grid is None:
        return stem(first) == stem(second)
    return first.grid.frame_of_reference_uid == second.grid.frame_of_reference_uid


def same_lattice(first: Series, second: Series) -> bool:
    """Same voxels in the same places; two volumes of one DICOM series without a grid count as such."""
    if not same_frame(first, second):
        return False
    a, b = first.grid, second.grid
    if a is None or b is None:
        return a is b
    if a.shape_ijk != b.shape_ijk:
        return False
    most = limit("likeness", "lattice_voxel") * min(a.spacing_mm)
    # the first voxel alone settles most comparisons, of which a large study has many
    if abs(float(a.affine_lps_mm[2, 3] - b.affine_lps_mm[2, 3])) > most:
        return False
    return bool(np.linalg.norm(a.corners_lps_mm - b.corners_lps_mm, axis=1).max() <= most)


def same_place(first: Series, second: Series) -> bool:
    """Same plane and spacing, and mostly the same field: the stack planned again."""
    a, b = first.grid, second.grid
    if a is None or b is None or not same_frame(first, second) or _far_apart(a, b):
        return False
    return same_plane(a, b, limit("likeness", "place_angle_deg"), limit("likeness", "place_spacing_share")) and (
        overlap_share(a, b) >= limit("likeness", "place_overlap_share")
    )


def _far_apart(a: Grid, b: Grid) -> bool:
    """Whether two grids cannot overlap as far as their first voxels and diagonals tell; cheap, for large studies."""
    reach = sum(math.hypot(*(n * mm for n, mm in zip(g.shape_ijk, g.spacing_mm, strict=True))) for g in (a, b))
    return math.dist(a.affine_lps_mm[:3, 3], b.affine_lps_mm[:3, 3]) > reach


def same_plane(a: Grid, b: Grid, angle_deg: float, spacing_share: float) -> bool:
    """Whether the slices of two grids point the same way (within an angle, either sense) with the same spacing."""
    if abs(float(a.axes[:, 2] @ b.axes[:, 2])) < np.cos(np.radians(angle_deg)):
        return False
    # the in-plane spacing may be transposed where rows and columns change places: compared without order
    mine = np.array([*sorted(a.spacing_mm[:2]), a.spacing_mm[2]])
    theirs = np.array([*sorted(b.spacing_mm[:2]), b.spacing_mm[2]])
    return bool(np.all(np.abs(mine - theirs) <= spacing_share * np.maximum(mine, theirs)))


def box(grid: Grid) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Lower and upper LPS corner of what a grid covers, half a voxel beyond the outer centres."""
    half = np.abs(grid.affine_lps_mm[:3, :3]).sum(axis=1) / 2
    return grid.corners_lps_mm.min(axis=0) - half, grid.corners_lps_mm.max(axis=0) + half


def overlap_share(a: Grid, b: Grid) -> float:
    """Common part of two boxes as a share of the smaller."""
    (low_a, high_a), (low_b, high_b) = box(a), box(b)
    common = np.clip(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0, None)
    return float(np.prod(common) / min(np.prod(high_a - low_a), np.prod(high_b - low_b)))


def differences(first: Acquisition, second: Acquisition, fields: Sequence[str], share: float) -> list[str]:
    """Sentences of what differs in the protocol: "TR 600 ms against 450 ms". Not stated in one of them counts."""
    found = []
    for name in fields:
        words, unit, factor = PROTOCOL[name]
        mine, theirs = getattr(first, name), getattr(second, name)
        if close(mine, theirs, share, 0.0 if name != "flip_deg" else limit("likeness", "angle_deg")):
            continue
        said = [f"{v * factor:.4g} {unit}" if v is not None else "not stated" for v in (mine, theirs)]
        found.append(f"{words} {said[0]} against {said[1]}")
    return found


def close(first: float | None, second: float | None, share: float | None = None, floor: float | None = None) -> bool:
    """Equal up to a share of the larger or a floor; not stated equals only not stated."""
    if first is None or second is None:
        return first is second
    share = limit("likeness", "time_share") if share is None else share
    floor = limit("likeness", "time_floor_s") if floor is None else max(floor, limit("likeness", "time_floor_s"))
    return abs(first - second) <= max(share * max(abs(first), abs(second)), floor)


def same_protocol(first: Series, second: Series, but: str = "") -> bool:
    """Same modality, sequence, component, kernel, contrast and times, except the field named in `but`."""
    a, b = first.acquisition, second.acquisition
    fields = ("modality", "scanning_sequence", "kernel", "contrast_agent", "kvp", "fat_suppressed")
    if any(getattr(a, name) != getattr(b, name) for name in fields):
        return False
    if component(a) != component(b) or fat_water_part(a) != fat_water_part(b):
        return False
    names = [name for name in PROTOCOL if name != but]
    return not differences(a, b, names, limit("likeness", "time_share"))


def moments_s(members: Sequence[Series]) -> list[float] | None:
    """Time of each volume after the earliest; None where one is not stated or all are the same."""
    if len({stem(s) for s in members}) == 1 and all(s.acquisition.time_s is not None for s in members):
        times = [float(s.acquisition.time_s or 0.0) for s in members]
    else:
        stamps = [instant(s) for s in members]
        if any(t is None for t in stamps):
            return None
        times = [(t - min(stamps)).total_seconds() for t in stamps]  # type: ignore[operator,type-var]
    if len(set(times)) == 1:
        return None
    return [t - min(times) for t in times]


def instant(series: Series) -> datetime | None:
    """When the series was acquired; None where the header gives no time of day."""
    return moment(series.acquisition.acquired)


def numbers(series: Sequence[Series]) -> str:
    """`series 3`, `series 3 and 5`, `series 1 to 12` by running number."""
    found = sorted({s.number for s in series})
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"series {found[0]} to {found[-1]}"
    texts = [str(n) for n in found]
    return f"series {texts[0]}" if len(texts) == 1 else f"series {', '.join(texts[:-1])} and {texts[-1]}"
