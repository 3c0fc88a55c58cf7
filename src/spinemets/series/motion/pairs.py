"""Which series are held against which when motion is measured (G-10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.series.sets.diffusion_sets import is_weighted
from spinemets.series.sets.likeness import component, is_candidate, overlap_share, stem

FAMILIES = ("CT", "MR")
# Sets whose members share one excitation or one scan: they cannot have moved against each other.
TOGETHER = {
    "echoes": "echoes of one excitation move together",
    "in_opposed": "in and opposed phase of one excitation move together",
    "phase_magnitude": "parts of one image move together",
    "kernels": "one scan reconstructed twice",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """A series and what it is held against; `reason` where it will not be measured."""

    reference: Series
    moving: Series
    reason: str = ""


def pairs_of(study: Study, most_per_set: int) -> list[Pair]:
    """Pairs to measure: one for each series with a grid but the reference of its space.

    Within one frame of reference (series that state none are taken as one) MR series are held against the MR series with
    the most voxels, CT against CT, and the two references against each other; weighted volumes against the lowest
    b-value of their set, volumes in time against the first. A series that does not overlap the reference takes the
    next largest that it overlaps.
    """
    with_grid = [s for s in study.series if s.grid is not None]
    frames = list(dict.fromkeys(_frame(s) for s in with_grid))
    found: list[Pair] = []
    for frame in frames:
        members = [s for s in with_grid if _frame(s) == frame]
        if len(members) > 1:
            found += _in_space(study, members, most_per_set)
    return found


def _frame(series: Series) -> str | None:
    return series.grid.frame_of_reference_uid if series.grid is not None else None


def _in_space(study: Study, members: Sequence[Series], most_per_set: int) -> Iterator[Pair]:
    leaders: dict[str, Series] = {}
    in_set = _by_set(study, members, most_per_set)
    for family in FAMILIES:
        ranked = sorted((s for s in members if modality_of(s) == family and _may_lead(s)), key=rank)
        if ranked:
            leaders[family] = ranked[0]
        for series in members:
            if modality_of(series) != family or (ranked and series.uid == ranked[0].uid):
                continue
            if series.uid in in_set and in_set[series.uid].reference.uid != series.uid:
                yield in_set[series.uid]
            elif ranked:
                yield Pair(reference=_overlapping(series, ranked), moving=series)
    if len(leaders) == len(FAMILIES):
        yield Pair(reference=leaders["CT"], moving=leaders["MR"])
    first = next(iter(leaders.values()), members[0])
    for series in members:
        if modality_of(series) not in FAMILIES and series.uid != first.uid:
            modality = series.acquisition.modality or "of unknown modality"
            yield Pair(reference=first, moving=series, reason=f"series {series.number} is {modality}")


def modality_of(series: Series) -> str:
    """`CT` or `MR`, also of a file without a header; else the modality."""
    modality = (series.acquisition.modality or "").upper()
    if not modality and series.kind.startswith("ct"):
        return "CT"
    # a kind the user states for a file without a header
    return modality or ("MR" if series.acquisition.stated_kind else "")


def _may_lead(series: Series) -> bool:
    ready = series.measurable and is_candidate(series) and component(series.acquisition) == "MAGNITUDE"
    return ready and series.grid is not None and min(series.grid.shape_ijk) >= 3


def rank(series: Series) -> tuple[bool, int, int]:
    """Echo planar and diffusion images are distorted: they lead only where nothing else is there."""
    assert series.grid is not None  # only series with a grid are ranked
    distorted = is_weighted(series) or "EP" in series.acquisition.scanning_sequence
    return (distorted, -int(np.prod(series.grid.shape_ijk)), series.number)


def _overlapping(series: Series, ranked: Sequence[Series]) -> Series:
    """Highest-ranked series that overlaps; the first where none does."""
    assert series.grid is not None
    others = [s for s in ranked if s.uid != series.uid]
    before = [s for s in others if rank(s) < rank(series)] or others
    return next((s for s in before if s.grid is not None and overlap_share(s.grid, series.grid) > 0), before[0])


def _by_set(study: Study, members: Sequence[Series], most: int) -> dict[str, Pair]:
    """Pairs that sets decide, by uid of the moving series; the first of a set is its own reference."""
    known = {s.uid: s for s in members}
    found: dict[str, Pair] = {}
    for item in study.sets:
        inside = [known[uid] for uid in item.members if uid in known]
        if len(inside) < 2:
            continue
        if item.kind in TOGETHER:
            if item.kind != "kernels" and len({stem(s) for s in inside}) > 1 and item.kind != "phase_magnitude":
                continue  # separate series are separate excitations: they are measured
            for series in inside[1:]:
                found.setdefault(series.uid, Pair(reference=inside[0], moving=series, reason=TOGETHER[item.kind]))
        elif item.kind in ("b_values", "dynamic"):
            measured = {inside[int(n)].uid for n in np.linspace(1, len(inside) - 1, min(most, len(inside) - 1)).round()}
            for series in inside[1:]:
                more = f"one of {len(inside)} volumes, of which {len(measured)} are measured"
                reason = "" if series.uid in measured else more
                found.setdefault(series.uid, Pair(reference=inside[0], moving=series, reason=reason))
    return found
