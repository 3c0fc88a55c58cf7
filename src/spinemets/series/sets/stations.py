"""Stacks of one kind that cover the body in parts (MR-WB-01): order, overlaps and gaps."""

from __future__ import annotations

from collections.abc import Sequence

from spinemets.model.series import Series
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.diffusion_sets import weighting
from spinemets.series.sets.likeness import (
    box,
    close,
    component,
    fat_water_part,
    limit,
    numbers,
    same_lattice,
    same_plane,
)


def stations(series: Sequence[Series]) -> list[SeriesSet]:
    """Sets of stations, head to feet.

    Stacks of one kind, plane and spacing that lie one below the other, abutting, overlapping or with a gap that is named.
    """
    groups: dict[tuple[object, ...], list[list[Series]]] = {}
    for item in series:
        if item.grid is None or item.kind == "unknown":
            continue
        alike = groups.setdefault(_key(item), [])
        home = next((g for g in alike if _one_protocol(item, g[0])), None)
        if home is None:
            alike.append([item])
        elif not any(same_lattice(item, s) for s in home):  # a repeat or time point of a station that is there
            home.append(item)
    return [_set(chain) for same in groups.values() for group in same for chain in _chains(group) if len(chain) > 1]


def _key(series: Series) -> tuple[object, ...]:
    """What stations of one set have exactly in common."""
    a, weight = series.acquisition, weighting(series)
    weights = None if weight is None else (round(weight.b_s_per_mm2), weight.direction_lps)
    frame = series.grid.frame_of_reference_uid if series.grid is not None else None
    return (series.kind, frame, a.kernel, component(a), fat_water_part(a), weights)


def _one_protocol(first: Series, second: Series) -> bool:
    """Same echo time, plane and spacing, each within its tolerance."""
    assert first.grid is not None and second.grid is not None  # only series with a grid come here
    if not close(first.acquisition.te_s, second.acquisition.te_s):
        return False
    return same_plane(first.grid, second.grid, limit("stations", "angle_deg"), limit("stations", "spacing_share"))


def _extent(series: Series) -> tuple[float, float]:
    """Lowest and highest z of a stack, mm, half a voxel beyond the outer centres."""
    assert series.grid is not None
    low, high = box(series.grid)
    return float(low[2]), float(high[2])


def _chains(group: Sequence[Series]) -> list[list[Series]]:
    """Stacks from head to feet; a new chain begins where a stack lies inside the one above, beside it or too far away."""
    ordered = sorted(group, key=lambda s: (-_extent(s)[1], -_extent(s)[0], s.number))
    chains: list[list[Series]] = []
    for item in ordered:
        home = next((chain for chain in chains if _follows(chain[-1], item)), None)
        if home is None:
            chains.append([item])
        else:
            home.append(item)
    return chains


def _follows(above: Series, below: Series) -> bool:
    (low_a, high_a), (low_b, high_b) = _extent(above), _extent(below)
    overlap = low_a * -1 + high_b  # positive: the lower stack reaches above the lower end of the upper one
    if overlap > limit("stations", "nested_share") * min(high_a - low_a, high_b - low_b):
        return False
    return overlap >= -limit("stations", "gap_max_mm") and _aside(above, below)


def _aside(first: Series, second: Series) -> bool:
    """Whether two stacks lie over each other when seen along the body."""
    assert first.grid is not None and second.grid is not None
    (low_a, high_a), (low_b, high_b) = box(first.grid), box(second.grid)
    common = (min(high_a[c], high_b[c]) - max(low_a[c], low_b[c]) for c in (0, 1))
    least = (min(high_a[c] - low_a[c], high_b[c] - low_b[c]) for c in (0, 1))
    return all(c >= limit("stations", "aside_share") * n for c, n in zip(common, least, strict=True))


def _set(chain: Sequence[Series]) -> SeriesSet:
    ends = [_extent(s) for s in chain]
    notes = [_seam(chain[n], chain[n + 1]) for n in range(len(chain) - 1)]
    frame = chain[0].grid.frame_of_reference_uid if chain[0].grid is not None else None
    if frame is None:
        notes.append("the files state no frame of reference: that the stations share one is assumed")
    covered = ends[0][1] - min(low for low, _ in ends)
    whole = _is_mr(chain) and len(chain) >= limit("stations", "whole_body_min")
    what = "whole-body stations" if whole else "stations"
    b = weighting(chain[0])
    kind = chain[0].kind + (f" b {b.b_s_per_mm2:g}" if b is not None else "")
    return SeriesSet(
        kind="stations",
        name=f"{len(chain)} {what} of {kind}, {covered:.0f} mm head to feet: {numbers(chain)}",
        members=tuple(s.uid for s in chain),
        varies=tuple(f"z {high:.0f} to {low:.0f} mm" for low, high in ends),
        notes=tuple(notes),
    )


def _is_mr(chain: Sequence[Series]) -> bool:
    return (chain[0].acquisition.modality or "").upper() == "MR"


def _seam(above: Series, below: Series) -> str:
    """Overlap or gap between two stations; a gap wider than the voxels is a part of the body nobody has seen."""
    assert above.grid is not None and below.grid is not None
    overlap = _extent(below)[1] - _extent(above)[0]
    place = f"seam of series {above.number} and {below.number}"
    if overlap >= 0:
        return f"{place}: overlap {overlap:.0f} mm"
    step = max(
        above.grid.spacing_mm[above.grid.axis_along((0, 0, 1))], below.grid.spacing_mm[below.grid.axis_along((0, 0, 1))]
    )
    seen = "" if -overlap <= step else ": this part of the body was not imaged"
    return f"{place}: gap {-overlap:.0f} mm{seen}" if seen else f"{place}: no overlap"
