"""Repeats, pairs before and after contrast, and one CT scan with several kernels."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spinemets.model.series import Series
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.diffusion_sets import is_weighted
from spinemets.series.sets.likeness import (
    box,
    component,
    differences,
    fat_water_part,
    instant,
    limit,
    moments_s,
    numbers,
    same_frame,
    same_place,
    same_protocol,
    settings,
)

CONTRAST_FIELDS = ("tr_s", "te_s", "flip_deg")


def repeats(series: Sequence[Series], taken: Collection[str]) -> list[SeriesSet]:
    """Series of one kind, place and protocol that no other set explains (`taken`: uids of volumes in time, b-values)."""
    groups: list[list[Series]] = []
    for item in series:
        if item.uid in taken or not _states_protocol(item):
            continue
        home = next((g for g in groups if _is_repeat(item, g[0])), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    return [_repeat(group) for group in groups if len(group) > 1]


def _states_protocol(series: Series) -> bool:
    """Whether the header says enough for two series to be called repeats of one another."""
    a = series.acquisition
    return not is_weighted(series) and ((a.tr_s is not None and a.te_s is not None) or a.kernel is not None)


def _is_repeat(first: Series, second: Series) -> bool:
    return first.kind == second.kind and same_place(first, second) and same_protocol(first, second)


def _repeat(group: Sequence[Series]) -> SeriesSet:
    times = moments_s(group)
    if times is None:
        ordered = sorted(group, key=lambda s: s.number)
        texts, notes = [f"number {n}" for n in range(1, len(group) + 1)], ["which is the later is not stated"]
        if all(instant(s) is not None for s in group):
            notes = ["the same time of acquisition: one acquisition reconstructed or sent more than once"]
    else:
        pairs = sorted(zip(times, group, strict=True), key=lambda p: (p[0], p[1].number))
        ordered = [s for _, s in pairs]
        texts = ["first", *(f"{t:.4g} s later" for t, _ in pairs[1:])]
        notes = [f"series {ordered[-1].number} is the latest"]
    if len({s.grid.shape_ijk for s in group if s.grid is not None}) > 1:
        notes.append("numbers of voxels differ")
    kind = "unrecognised, the same" if group[0].kind == "unknown" else group[0].kind
    name = f"{kind} {len(group)} times: {numbers(group)}"
    members = tuple(s.uid for s in ordered)
    return SeriesSet(kind="repeats", name=name, members=members, varies=tuple(texts), notes=tuple(notes))


def contrast_pairs(series: Sequence[Series]) -> tuple[list[SeriesSet], list[str]]:
    """Each T1-weighted series after contrast with its partner before, or a line that says what the nearest differs in."""
    kinds = settings()["contrast_pair"]["kinds"]
    found, alone = [], []
    for after in series:
        wanted = kinds.get(after.kind)
        if wanted is None or not after.acquisition.contrast_agent or after.grid is None:
            continue
        before = [s for s in series if s.kind == wanted and not s.acquisition.contrast_agent and s.grid is not None]
        before = [s for s in before if fat_water_part(s.acquisition) == fat_water_part(after.acquisition)]
        before = [s for s in before if component(s.acquisition) == component(after.acquisition)]
        ranked = sorted(
            ((_against(s, after), s) for s in before), key=lambda p: (len(p[0]), abs(p[1].number - after.number))
        )
        if ranked and not ranked[0][0]:
            found.append(_pair(ranked[0][1], after))
            continue
        start = f"{after.label} ({after.kind}) has no partner before contrast"
        if ranked:
            reasons, nearest = ranked[0]
            alone.append(
                f"{start}: the nearest, series {nearest.number} ({nearest.kind}), differs in {'; '.join(reasons)}"
            )
        else:
            alone.append(f"{start}: no series is {wanted} without contrast")
    return found, alone


def _against(before: Series, after: Series) -> list[str]:
    """What keeps two series from being a pair."""
    found = [] if same_place(before, after) else ["plane, spacing or field of view"]
    if not same_frame(before, after):
        found = ["frame of reference"]
    found += differences(before.acquisition, after.acquisition, CONTRAST_FIELDS, limit("contrast_pair", "time_share"))
    if before.acquisition.scanning_sequence != after.acquisition.scanning_sequence:
        found.append("sequence")
    return found


def _pair(before: Series, after: Series) -> SeriesSet:
    notes = []
    times = moments_s((before, after))
    if before.acquisition.contrast_agent is None:
        notes.append(f"series {before.number} does not state whether contrast was given: taken as before contrast")
    if times is not None and times[0] > times[1]:
        notes.append(f"series {before.number}, without contrast, was acquired after series {after.number}")
    changed = differences(before.acquisition, after.acquisition, CONTRAST_FIELDS, limit("likeness", "time_share"))
    notes += [f"not quite the same protocol: {text}" for text in changed]
    return SeriesSet(
        kind="contrast_pair", name=f"{before.kind} before and after contrast: series {before.number} and {after.number}",
        members=(before.uid, after.uid), varies=("before contrast", "after contrast"), notes=tuple(notes),
    )  # fmt: skip


def kernels(series: Sequence[Series]) -> list[SeriesSet]:
    """One CT scan reconstructed with several kernels."""
    groups: list[list[Series]] = []
    for item in series:
        if (item.acquisition.modality or "").upper() != "CT" or item.acquisition.kernel is None or item.grid is None:
            continue
        home = next((g for g in groups if _one_scan(item, g[0])), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    return [_kernels(g) for g in groups if len({s.acquisition.kernel for s in g}) > 1]


def _one_scan(first: Series, second: Series) -> bool:
    """Same frame, tube voltage, contrast and start, and a common range along the body."""
    a, b = first.acquisition, second.acquisition
    if not same_frame(first, second) or (a.kvp, a.contrast_agent) != (b.kvp, b.contrast_agent):
        return False
    start, other = instant(first), instant(second)
    apart_s = abs((start - other).total_seconds()) if start is not None and other is not None else 0.0
    if apart_s > limit("kernels", "same_start_s"):
        return False
    assert first.grid is not None and second.grid is not None  # only series with a grid come here
    (low_a, high_a), (low_b, high_b) = box(first.grid), box(second.grid)
    common = min(high_a[2], high_b[2]) - max(low_a[2], low_b[2])
    return bool(common >= limit("kernels", "overlap_share") * min(high_a[2] - low_a[2], high_b[2] - low_b[2]))


def _kernels(group: Sequence[Series]) -> SeriesSet:
    ordered = sorted(group, key=lambda s: s.number)
    texts = [f"kernel {s.acquisition.kernel} ({s.kind})" for s in ordered]
    names = list(dict.fromkeys(str(s.acquisition.kernel) for s in ordered))
    notes = []
    steps = [s.grid.spacing_mm[2] for s in ordered if s.grid is not None]
    if max(steps) - min(steps) > limit("likeness", "place_spacing_share") * max(steps):
        notes.append(f"distance of slices {' and '.join(f'{mm:.3g}' for mm in dict.fromkeys(steps))} mm")
    if len(names) < len(ordered):
        notes.append("one of the kernels more than once")
    return SeriesSet(
        kind="kernels", name=f"one CT scan with {len(names)} kernels: {', '.join(names)}",
        members=tuple(s.uid for s in ordered), varies=tuple(texts), notes=tuple(notes),
    )  # fmt: skip
