"""Opposed-phase drop of a study's in-phase and opposed-phase images (MR-CSI-01)."""

from __future__ import annotations

from functools import partial

import numpy as np

from spinemets.maps import noise, opposed_phase
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import attempt, counted, named, stacked
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet

METHOD = "ratio |S_op|/|S_ip| after the noise's power was taken off, drop = 100 (1 - ratio)"
IN, OPPOSED = "in phase", "opposed phase"


def opposed_phase_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """Ratio and drop of each set that holds both phases."""
    found: list[MapResult | NotMapped] = []
    for group in study.sets:
        if group.kind not in ("in_opposed", "echoes"):
            continue
        for pair in pairs(study, group):
            source = f"{group.name}: {pair[0].label} and {pair[1].label}"
            found.append(attempt("opposed-phase", source, partial(_mapped, source, pair, how)))
    return found


def phase_of(words: str) -> str | None:
    """In which phase a member of a set is, as the set's own words say."""
    parts = {part.strip() for part in words.split(",")}
    return next((phase for phase in (IN, OPPOSED) if phase in parts), None)


def pairs(study: Study, group: SeriesSet) -> list[tuple[Series, Series]]:
    """Opposed-phase and in-phase image of one acquisition each: the first opposed echo with the first in-phase one."""
    seen: dict[tuple[object, ...], dict[str, Series]] = {}
    for uid, words in zip(group.members, group.varies, strict=True):
        one, phase = study.by_uid(uid), phase_of(words)
        if phase is not None:
            a = one.acquisition
            # Fields and times of repeats differ: they are acquisitions of their own.
            key = (a.field_t, a.flip_deg, one.uid.partition("#")[0] if group.kind == "echoes" else None)
            seen.setdefault(key, {}).setdefault(phase, one)
    return [(both[OPPOSED], both[IN]) for both in seen.values() if len(both) == 2]


def _mapped(source: str, pair: tuple[Series, Series], how: How) -> MapResult:
    opposed, in_phase = pair
    times = [one.acquisition.te_s for one in pair]
    notes = []
    if times[0] is None or times[1] is None:
        notes.append("an echo time is not stated: whether decay adds a drop that is not fat's is not known")
    elif times[0] > times[1]:
        raise CannotMap(
            "The opposed echo is later than the in-phase one: decay adds a drop that is not fat's.",
            "Acquire the opposed echo first.",
        )
    if any(one.acquisition.contrast_agent for one in pair):
        raise CannotMap("Contrast agent was given: the drop is not that of fat alone.", "Use images before contrast.")
    stack = stacked([in_phase, opposed], motion=how.motion)
    floor = noise.of_background(stack.values[..., 1])
    notes.append(
        f"noise {floor.sigma:.4g} from the opposed image's background"
        if floor.sigma is not None
        else f"no noise was taken off: {floor.reason}"
    )
    fitted = opposed_phase.ratio(
        stack.values[..., 0], stack.values[..., 1], mask=stack.measured, noise_sigma=floor.sigma or 0.0
    )
    return MapResult(
        kind="opposed-phase", source=source, series_uids=tuple(one.uid for one in pair), number=min(one.number for one in pair),
        grid=stack.grid,
        maps=(
            named("Signal drop in opposed phase", "drop_percent", "%", fitted.drop_percent),
            named("Opposed-phase over in-phase signal", "ratio", "1", fitted.ratio),
        ),
        method=METHOD,
        inputs={
            "echo_time_opposed_s": times[0], "echo_time_in_phase_s": times[1], "field_t": in_phase.acquisition.field_t,
            "noise_sigma": floor.sigma,
        },
        rejected=counted(no_measurement_in_the_file=~stack.measured, in_phase_signal_below_3_sigma=stack.measured & ~np.asarray(fitted.valid)),
        notes=(*notes, *stack.notes),
    )  # fmt: skip
