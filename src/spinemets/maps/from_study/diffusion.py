"""ADC and IVIM of a study's diffusion sets (MR-DWI-02, MR-DWI-03)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps import adc, ivim, noise
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import Stack, attempt, counted, named, stacked
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.diffusion_sets import weighting

Numbers = NDArray[np.float32]
ADC_METHOD = "least squares of ln S = ln S0 - b ADC over all volumes alike"
IVIM_METHOD = "least squares of S = S0 [(1 - f) exp(-b D) + f exp(-b D*)], all four parameters at once"
FEWEST_DIRECTIONS = 3


def adc_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """ADC of each set of b-values; the scanner's own maps are named, never fitted again."""
    found = [attempt("adc", group.name, partial(_adc, study, group, how)) for group in _sets(study)]
    own = [one for one in study.series if one.kind == "adc"]
    return found + [
        NotMapped(
            kind="adc",
            source=one.label,
            reason="an ADC map of the scanner: not fitted again",
            remedy="Use it as it is.",
        )
        for one in own
    ]


def ivim_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """Perfusion and diffusion of each set with enough b-values."""
    return [attempt("ivim", group.name, partial(_ivim, study, group, how)) for group in _sets(study)]


def _sets(study: Study) -> list[SeriesSet]:
    return [group for group in study.sets if group.kind == "b_values"]


def _used(study: Study, group: SeriesSet) -> tuple[list[Series], NDArray[np.float64], list[str]]:
    """Volumes to fit, their b-values, and what was left out: averages over directions stand for their directions."""
    members = [study.by_uid(uid) for uid in group.members]
    weights = [weighting(one) for one in members]
    pairs = [(one, d) for one, d in zip(members, weights, strict=True) if d is not None]
    notes = list(group.notes)
    zero = float(table("diffusion")["zero_below_s_per_mm2"]["value"])
    weighted = [d for _, d in pairs if d.b_s_per_mm2 > zero]
    averaged, directed = any(d.averaged for d in weighted), [d for d in weighted if d.direction_lps is not None]
    if averaged and directed:
        notes.append(f"{len(directed)} volumes of single directions were left out: their averages are there")
        pairs = [(one, d) for one, d in pairs if d.direction_lps is None]
    elif directed and len({d.direction_lps for d in directed}) < FEWEST_DIRECTIONS:
        notes.append("fewer than three directions: the coefficient is along them, not a mean over directions")
    elif directed:
        notes.append("the mean over directions is that of ln S (geometric mean of the signals)")
    b = np.array([d.b_s_per_mm2 for _, d in pairs])
    order = np.argsort(b, kind="stable")
    return [pairs[n][0] for n in order], np.where(b[order] < zero, 0.0, b[order]), notes


def _floor(stack: Stack, b: NDArray[np.float64]) -> tuple[float | None, str]:
    """Noise of a channel, and a sentence on where it is from or why there is none."""
    last = noise.of_background(stack.values[..., -1])
    if last.sigma is None:
        lowest = np.flatnonzero(b == b[0])
        if len(lowest) > 1:
            twice = noise.of_two_images(stack.values[..., lowest[0]], stack.values[..., lowest[1]])
            if twice.sigma is not None:
                return twice.sigma, f"noise {twice.sigma:.4g} from two volumes of b {b[0]:g}"
        return None, f"no noise floor was applied: {last.reason}"
    return last.sigma, f"noise {last.sigma:.4g} from the background of b {b[-1]:g} ({last.n_voxels} voxels)"


def _source(members: Sequence[Series], group: SeriesSet) -> str:
    return f"{members[0].label} ({group.name})"


def _adc(study: Study, group: SeriesSet, how: How) -> MapResult:
    members, b, notes = _used(study, group)
    if adc.distinct(b) < 2:
        raise CannotMap("There are fewer than two distinct b-values.", "An ADC needs images of two b-values at least.")
    stack = stacked(members, motion=how.motion, stored=True)
    sigma, said = _floor(stack, b)
    fitted = adc.fit(stack.values, b, mask=stack.measured, noise_sigma=sigma)
    return MapResult(
        kind="adc",
        source=_source(members, group),
        series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members),
        grid=stack.grid,
        maps=(
            named("Apparent diffusion coefficient", "adc_mm2_per_s", "mm2/s", fitted.adc_mm2_per_s),
            named("Signal at b = 0 of the fitted line", "s0", "1", fitted.s0),
            named("Share of the variance of ln S explained", "r_squared", "1", fitted.r_squared),
        ),
        method=ADC_METHOD,
        inputs={"b_values_s_per_mm2": b.tolist(), "volumes": [one.label for one in members], "noise_sigma": sigma},
        rejected=_rejected(stack, fitted, sigma),
        notes=(*notes, said, *stack.notes),
    )


def _rejected(stack: Stack, fitted: adc.AdcFit, sigma: float | None) -> dict[str, int]:
    """Voxels without a line by reason; with a floor, what has all its signals and no line lies below it."""
    measured, nothing = int(np.count_nonzero(stack.measured)), fitted.n_without_signal
    below = measured - int(np.count_nonzero(fitted.valid)) - nothing
    found = {"no measurement in the file": stack.measured.size - measured, "a signal of 0 or none": nothing}
    if sigma is not None:
        found["a signal below 3 sigma of the noise"] = below
    return {reason: number for reason, number in found.items() if number}


def _ivim(study: Study, group: SeriesSet, how: How) -> MapResult:
    members, b, notes = _used(study, group)
    rules = table("diffusion")
    low, high = rules["ivim_low_b_s_per_mm2"]["value"]
    if adc.distinct(b) < int(rules["ivim_fewest_b_values"]["value"]) or not ((b >= low) & (b <= high)).any():
        raise CannotMap(
            "There are fewer than four distinct b-values, or none from 1 to 150 s/mm2: perfusion and diffusion cannot be parted.",
            "Map the ADC instead.",
        )
    stack = stacked(members, motion=how.motion)
    sigma, said = _floor(stack, b)
    with np.errstate(invalid="ignore"):
        mask = stack.measured & (
            stack.values.min(axis=-1) > (0.0 if sigma is None else float(rules["floor_sd"]["value"]) * sigma)
        )
    fitted = ivim.fit(stack.values, b, mask=mask)
    names = {
        "f": ("Perfusion fraction", "1"),
        "d_mm2_per_s": ("Diffusion coefficient", "mm2/s"),
        "dstar_mm2_per_s": ("Pseudo-diffusion coefficient", "mm2/s"),
        "s0": ("Signal at b = 0", "1"),
    }
    maps = [named(title, name, unit, getattr(fitted, name)) for name, (title, unit) in names.items()]
    maps += [
        named(f"{names[name][0]}, 95 % interval", f"{name}_ci95", names[name][1], fitted.ci95[name]) for name in names
    ]
    told = fitted.valid & np.isfinite(fitted.f)
    return MapResult(
        kind="ivim", source=_source(members, group), series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members), grid=stack.grid, maps=tuple(maps), method=IVIM_METHOD,
        inputs={"b_values_s_per_mm2": b.tolist(), "volumes": [one.label for one in members], "noise_sigma": sigma},
        rejected=counted(below_the_noise_or_no_measurement=~mask, not_told_by_the_signals_an_interval_alone=mask & ~told),
        notes=(*notes, said, *stack.notes),
    )  # fmt: skip
