"""MR-DWI-03: whether the diffusion coefficient of a map may be judged."""

from __future__ import annotations

from spinemets.maps.adc import distinct
from spinemets.model.measurement import Estimate, Measured
from spinemets.model.volume import Volume


def measure(
    *,
    adc: Volume,
    b_values_s_per_mm2: list[float],
    noise_sigma: float | None,
    fat_suppressed: bool | None,
    place_known: bool,
    least_b_values: int,
    least_highest_b: float,
    least_span: float,
) -> Measured:
    """Verdict of the use `adc`: the b-values [s/mm2] of the fit, fat suppression, noise and place.

    `NA-SEQUENCE` where the b-values are too few, too low or too near each other; `NA-FATSAT` where the header says that fat was
    not suppressed; `limited` where fat suppression, noise or motion is not known. Source: signs.md MR-DWI-03.
    """
    lowest, highest = min(b_values_s_per_mm2), max(b_values_s_per_mm2)
    limits = []
    if noise_sigma is None:
        limits.append("the noise could not be measured, so that low signals were not left out")
    if fat_suppressed is None:
        limits.append("fat suppression is not stated")
    if not place_known:
        limits.append("motion against the outlined series could not be measured")
    enough = distinct(b_values_s_per_mm2) >= least_b_values
    if not enough or highest < least_highest_b or highest - lowest < least_span:
        verdict = "NA-SEQUENCE"
        said = f"the b-values do not reach {least_highest_b:g} s/mm2 over a span of {least_span:g}"
    elif fat_suppressed is False:
        verdict, said = "NA-FATSAT", "fat was not suppressed, and fat that is left lowers the coefficient"
    else:
        verdict = "limited" if limits else "ok"
        said = "; ".join(limits) or "fit for judging"
    return Measured(
        values={"lowest_b": Estimate(value=lowest), "highest_b": Estimate(value=highest)},
        n_voxels=int(adc.array.size),
        category=said,
        verdicts={"adc": verdict},
        notes=(said,),
    )
