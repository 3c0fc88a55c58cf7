"""Enhancement and kinetic parameters of a study's dynamic series (MR-DCE-01, MR-DCE-02, MR-CE-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps import aif, enhancement, noise, tofts
from spinemets.maps.from_study.contrast_pair import of_pair
from spinemets.maps.from_study.flip_angle import NOT_SCALED, SCALED, scale_on
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.relaxation import of_flip_angles
from spinemets.maps.from_study.stack import Stack, above_noise, close_to, counted, each_set, motion_of, named, stacked
from spinemets.maps.kinetic_signals import Signal
from spinemets.model.parametric_map import MapResult, NotMapped, ParametricMap
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.companions import moment
from spinemets.series.sets.likeness import instant, moments_s, same_lattice

Array = NDArray[np.float64]
# Volumes of a dynamic series that are held against the first.
WATCHED = 2
CURVES = "peak, slopes and type of the curve of percent enhancement over the mean before the agent"
TITLES = {
    "ktrans_per_min": ("Volume transfer constant Ktrans", "/min"), "ve": ("Interstitial volume fraction", "1"),
    "vp": ("Plasma volume fraction", "1"), "kep_per_min": ("Rate constant kep", "/min"),
    "ps_per_min": ("Permeability surface product", "/min"), "fp_ml_per_100ml_per_min": ("Plasma flow", "mL/(100.mL.min)"),
}  # fmt: skip


def enhancement_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """Curves of each dynamic series, and percent enhancement of each pair before and after contrast."""
    return each_set(study, "enhancement", {"dynamic": _curves, "contrast_pair": of_pair}, how)


def dce_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """Kinetic parameters of each dynamic series."""
    return each_set(study, "dce", {"dynamic": _kinetics}, how)


def _read(study: Study, group: SeriesSet, how: How) -> tuple[list[Series], Array, Stack]:
    members = [study.by_uid(uid) for uid in group.members]
    times = moments_s(members)
    if times is None:
        raise CannotMap("The times of the volumes are not stated.", "Nothing over time can be told without them.")
    order = np.argsort(times, kind="stable")
    ordered = [members[n] for n in order]
    watched = _motion_notes(ordered) if how.motion else ()
    stack = stacked(ordered, motion=False)
    stack = replace(stack, notes=(*stack.notes, *watched))
    return ordered, np.array(times, dtype=np.float64)[order], stack


def _motion_notes(ordered: Sequence[Series]) -> tuple[str, ...]:
    """What a few volumes against the first say of motion: of dozens, a second each, not all are measured, and none is moved.

    Raises
    ------
    CannotMap
        If the patient moved too far.
    """
    last = len(ordered) - 1
    some = sorted({round(last * (n + 1) / WATCHED) for n in range(WATCHED)} - {0})
    found = [motion_of(ordered[0], ordered[n]) for n in some]
    notes = [
        f"{one.sentence}: it was left where it is, curves near borders mix tissues"
        for one in found
        if one.verdict == "moved"
    ]
    unknown = [one.sentence for one in found if one.verdict == "not measured"]
    if unknown:
        notes.append(f"motion is not known of {len(unknown)} of {len(found)} volumes looked at: {unknown[0]}")
    return (*notes, f"motion was looked at in {len(found)} of {last} later volumes, against the first")


def baseline_of(members: list[Series], times_s: Array, stack: Stack, how: How) -> tuple[int, str]:
    """Number of volumes before the agent, and where it is from.

    Raises
    ------
    CannotMap
        If no volume lies before the agent.
    """
    if how.baseline is not None:
        number, said = how.baseline, "stated by the user"
    else:
        given, start = moment(members[0].acquisition.contrast_at), instant(members[0])
        if given is not None and start is not None:
            number, said = int(np.count_nonzero(times_s < (given - start).total_seconds())), "from the header"
        else:
            number, said = _before_rise(stack), "from the rise of the strongest voxels"
    if not 0 < number < len(times_s):
        raise CannotMap(
            f"{number} of {len(times_s)} volumes lie before the agent ({said}).", "State their number with --baseline."
        )
    return number, said


def _before_rise(stack: Stack) -> int:
    """Volumes before the mean curve of the voxels that rise most does."""
    rules = table("kinetics")
    values = stack.values
    rise = np.where(stack.measured, values.max(axis=-1) - values[..., 0], 0.0)
    least = np.percentile(rise, 100.0 * (1.0 - float(rules["strongest_share"]["value"])))
    curve = values[rise >= least].mean(axis=0)
    above = curve - curve[0] > float(rules["arrival_rise"]["value"]) * (curve.max() - curve[0])
    return int(above.argmax())


def _curves(study: Study, group: SeriesSet, how: How) -> MapResult:
    members, times, stack = _read(study, group, how)
    baseline, said = baseline_of(members, times, stack, how)
    mask, floor = above_noise(stack.values[..., 0], stack, stack.values[..., :baseline].mean(axis=-1))
    fitted = enhancement.fit(stack.values, times, baseline, mask=mask)
    noisy, about_types = _too_noisy_for_types(stack.values[..., 0], fitted)
    maps = (
        named("Peak enhancement", "peak_percent", "%", fitted.peak_percent),
        named("Type of curve (1 to 5: A to E; 0: not told)", "curve_type", "1", np.where(noisy, 0, fitted.curve_type)),
        named("Steepest rise", "slope_percent_per_s", "%/s", fitted.slope_percent_per_s),
        named("Arrival", "arrival_s", "s", fitted.arrival_s),
        named("Time to peak", "time_to_peak_s", "s", fitted.time_to_peak_s),
        named("Wash-out", "wash_out_percent_per_min", "%/min", fitted.wash_out_percent_per_min),
    )
    return _result("enhancement", group, (members, stack), (maps, CURVES), {
        "times_s": times.tolist(), "baseline_volumes": baseline, "baseline": said,
    }, (counted(no_signal_before_the_agent=~mask, not_a_number=mask & ~fitted.valid), [floor, about_types]))  # fmt: skip


def _too_noisy_for_types(first: NDArray[Any], fitted: enhancement.Enhancement) -> tuple[NDArray[np.bool_], str]:
    """Voxels whose type of curve noise would decide, and a sentence."""
    sigma = noise.of_background(first).sigma
    if sigma is None:
        return np.zeros(first.shape, bool), "noise is not known and may decide the types of single voxels"
    with np.errstate(invalid="ignore"):
        peak = fitted.baseline * (1.0 + fitted.peak_percent / 100.0)
        noisy = fitted.valid & (sigma > float(table("kinetics")["type_noise_share"]["value"]) * peak)
    number = int(np.count_nonzero(noisy & (fitted.curve_type > 0)))
    return noisy, f"in {number} voxels noise would decide the type of curve: it is not told there"


def _kinetics(study: Study, group: SeriesSet, how: How) -> MapResult:
    members, times, stack = _read(study, group, how)
    a = members[0].acquisition
    if not a.tr_s or not a.flip_deg:
        raise CannotMap("TR or flip angle is not stated.", "State them in a facts file, or map the enhancement.")
    baseline, said = baseline_of(members, times, stack, how)
    mask, floor = above_noise(stack.values[..., 0], stack, stack.values[..., :baseline].mean(axis=-1))
    t10, t10_ci, about_t10 = _t10(study, members[0], how)
    r1, about_r1 = _by_field("relaxivities_per_mM_per_s", a.field_t, how.relaxivity)
    model, notes = _model(how, times)
    b1 = scale_on(how, stack.grid)
    angle = a.flip_deg if b1 is None else a.flip_deg * b1
    plasma, about_aif = _input(how, (times, baseline), stack, (a.tr_s, angle, r1, a.field_t))
    near = close_to(how, stack.grid)
    mask &= near
    if b1 is not None:
        mask &= b1 > 0.0
    values = np.where(mask[..., None], stack.values, np.float32(np.nan))
    known = Signal(tr_s=a.tr_s, flip_angle_deg=angle, r1=r1, t10_s=t10, t10_ci95_s=t10_ci, baseline=baseline)
    fitted = tofts.fit_signal(values, plasma, times, known, model, how.delay)
    maps = _kinetic_maps(fitted)
    inputs = {
        "model": model, "delay": how.delay, "arterial_input": about_aif, "t10": about_t10, "tr_s": a.tr_s, "flip_angle_deg": a.flip_deg,
        "r1_per_mM_per_s": r1, "relaxivity": about_r1, "times_s": times.tolist(), "baseline_volumes": baseline, "baseline": said,
        "aif_plasma_mM": [round(float(x), 5) for x in plasma],
    }  # fmt: skip
    first = getattr(fitted, maps[0].name)
    rejected = counted(
        not_near_the_spine=~near, no_signal_before_the_agent=near & ~mask, no_T1_or_a_signal_above_saturation=mask & ~fitted.valid,
        not_told_by_the_curve_an_interval_alone=fitted.valid & ~np.isfinite(first),
    )  # fmt: skip
    notes += [
        floor,
        NOT_SCALED if b1 is None else SCALED,
        "no absolute cut-off is portable: compare with normal vertebrae of the same study",
    ]
    return _result(
        "dce",
        group,
        (members, stack),
        (maps, f"{model}, least squares, all points alike; input straight between quarter steps of a monotone cubic"),
        inputs,
        (rejected, notes),
    )


def _kinetic_maps(fitted: tofts.PerfusionFit) -> tuple[ParametricMap, ...]:
    maps: list[ParametricMap] = []
    for name, (title, unit) in TITLES.items():
        values = getattr(fitted, name)
        if values is not None:
            maps.append(named(title, name, unit, values))
            maps.append(named(f"{title}, 95 % interval", f"{name}_ci95", unit, fitted.ci95[name]))
    maps.append(named("Delay of the input", "delay_s", "s", fitted.delay_s))
    return tuple(maps)


def _model(how: How, times: Array) -> tuple[str, list[str]]:
    """Model that the sampling allows.

    Raises
    ------
    CannotMap
        If one was asked for that it does not.
    """
    rules = table("kinetics")
    step = float(np.median(np.diff(times)))
    for_vp, for_flow = (float(rules[name]["value"]) for name in ("longest_step_for_vp_s", "longest_step_for_flow_s"))
    if how.model in ("2cxm", "2cum") and step > for_flow:
        raise CannotMap(
            f"Volumes every {step:.3g} s do not tell plasma flow, which needs {for_flow:g} s.",
            "Use --model extended_tofts or tofts.",
        )
    if how.model in ("extended_tofts", "patlak") and step > for_vp:
        raise CannotMap(
            f"Volumes every {step:.3g} s do not tell plasma volume, which needs {for_vp:g} s.", "Use --model tofts."
        )
    if how.model is not None:
        return how.model, []
    if step > for_vp:
        return "tofts", [f"volumes every {step:.3g} s do not tell plasma volume: the Tofts model without it"]
    return "extended_tofts", []


def _t10(study: Study, first: Series, how: How) -> tuple[NDArray[np.float32] | float, NDArray[np.float32] | None, str]:
    """T1 before the agent, its interval, and where it is from: a map of the same lattice, else what the user states.

    Raises
    ------
    CannotMap
        If neither is there.
    """
    for group in study.sets:
        if group.kind != "flip_angles" or any(study.by_uid(uid).acquisition.contrast_agent for uid in group.members):
            continue
        members = [study.by_uid(uid) for uid in group.members]
        if all(same_lattice(first, one) for one in members):
            made = of_flip_angles(study, group, how)
            interval = made.maps[1].array
            # Two angles leave nothing over that would tell how sure T1 is.
            told = len(members) > 2
            said = "" if told else ", its own uncertainty not known: two angles"
            return made.maps[0].array, interval if told else None, f"map of {made.source}{said}"
    if how.t10_s is None:
        raise CannotMap(
            "No flip-angle series on the same lattice tells T1 before the agent.",
            "State it with --t10, or map the enhancement, which needs none.",
        )
    return how.t10_s, None, "one value, stated by the user"


def _by_field(name: str, field_t: float | None, stated: float | None) -> tuple[float, str]:
    """A number of the table by field strength.

    Raises
    ------
    CannotMap
        If the field is not stated, or the table has none near it.
    """
    if stated is not None:
        return stated, "stated by the user"
    rules = table("kinetics")
    for words, row in rules[name].items():
        known = float(words.removesuffix(" T"))
        if field_t is not None and abs(field_t / known - 1.0) <= float(rules["field_within"]["value"]):
            return float(row["value"]), f"table kinetics, {words}"
    raise CannotMap(
        "The field strength is not stated, or none that a relaxivity is known for.",
        "State the relaxivity with --r1, in 1/(mM s).",
    )


def _input(
    how: How, of: tuple[Array, int], stack: Stack, sequence: tuple[float, ArrayLike, float, float | None]
) -> tuple[Array, str]:
    """Concentration in arterial plasma at the times of the volumes.

    Raises
    ------
    CannotMap
        If it cannot be had.
    """
    times, baseline = of
    if how.aif in ("parker", "georgiou"):
        arrival = float(times[baseline - 1])
        curve = (aif.parker if how.aif == "parker" else aif.georgiou)(times, how.hematocrit, delay_s=arrival)
        return curve, f"population mean ({how.aif}) from {arrival:.4g} s on"
    if how.vessel is None:
        raise CannotMap(
            f"There is no arterial input called {how.aif}.",
            "Give parker, georgiou, or the voxels of a vessel with --vessel.",
        )
    if how.vessel.grid != stack.grid:
        raise CannotMap(
            "The vessel's mask lies on another grid than the dynamic series.", "Draw it on the dynamic images."
        )
    tr_s, angle, r1, field_t = sequence
    flip_deg = np.broadcast_to(np.asarray(angle), stack.grid.shape_ijk)[how.vessel.mask]
    blood_t1, said = _by_field("blood_t1_s", field_t, None)
    blood = tofts.concentration(stack.values[how.vessel.mask], blood_t1, tr_s, flip_deg, r1, baseline=baseline)
    hematocrit = float(table("kinetics")["hematocrit"]["value"]) if how.hematocrit is None else how.hematocrit
    curve = aif.measured(blood, np.ones(len(blood), bool), hematocrit=hematocrit)
    return curve, f"mean of {len(blood)} vessel voxels, T1 of blood {blood_t1:g} s ({said}), hematocrit {hematocrit:g}"


def _result(
    kind: str, group: SeriesSet, of: tuple[list[Series], Stack], made: tuple[tuple[ParametricMap, ...], str],
    inputs: dict[str, Any], said: tuple[dict[str, int], list[str]],
) -> MapResult:  # fmt: skip
    members, stack = of
    rejected, notes = said
    return MapResult(
        kind=kind, source=f"{members[0].label} ({group.name})", series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members), grid=stack.grid, maps=made[0], method=made[1], inputs=inputs, rejected=rejected,
        notes=(*group.notes, *notes, *stack.notes),
    )  # fmt: skip
