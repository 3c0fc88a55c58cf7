"""MR-DWI-02: apparent diffusion coefficient of the leading focus of a vertebra."""

from __future__ import annotations

from spinemets.lesions.quantity import Least, look
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    adc: Volume,
    marrow: Region,
    focus: Focus,
    b_values_s_per_mm2: list[float],
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
    repeatability: float,
) -> Measured | Refused:
    """Median coefficient [mm2/s] of the focus (judged), its mean, and the median of the marrow around it.

    Interval: voxel noise of the median (signs.md 0.9) and repeatability of the patient in quadrature. A sclerotic focus (dense on
    CT) holds little water and is not judged. Valid behind gate MR-DWI-03. Source: signs.md MR-DWI-02; Messiou2011.
    """
    least = Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share)
    seen = look(adc, marrow, focus, least, repeatability=repeatability, sclerosis=False)
    if isinstance(seen, Refused):
        return seen
    values = {"adc" if seen.judged else "unjudged_adc": seen.of.median}
    values["mean"] = seen.of.mean
    if seen.around is not None:
        values["marrow_adc"] = seen.around.median
    return Measured(
        values=values,
        n_voxels=seen.of.n_voxels,
        category=seen.what,
        caveats=seen.of.caveats,
        notes=(*seen.notes, f"b-values of the fit: {', '.join(f'{b:g}' for b in b_values_s_per_mm2)} s/mm2."),
        outline=seen.of.region,
    )
