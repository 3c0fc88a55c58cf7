"""CT-02: volume and kind of lytic and blastic foci of one vertebra."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spinemets.geometry.components import ML_PER_MM3
from spinemets.lesions.contrast import explained
from spinemets.lesions.describe import Kinds, kind_of
from spinemets.lesions.rules import CtNumbers, ct_limits
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.spine import Completeness
from spinemets.model.volume import Volume


def measure(
    *,
    ct: Volume,
    marrow: Region,
    normal: Reference,
    lesions: tuple[Lesion, ...],
    completeness: Completeness,
    lytic_sd: float,
    lytic_least_hu: float,
    blastic_sd: float,
    blastic_least_hu: float,
    blastic_floor_hu: float,
    soft_floor_hu: float,
    lytic_below: float,
    blastic_above: float,
    low_contrast_hu: float,
    fat_hu: float,
    fat_note_ml: float,
    cement_hu: float,
    cement_ml: float,
) -> Measured | Refused:
    """Sum the candidates of one vertebra; `volume_ml` is judged.

    Volume [mL] = sum over the foci; its interval moves each surface by half a voxel. Foci that hug an endplate, and lytic
    foci in osteoporotic marrow (m0 < 60 HU), are left out of the lower end: it holds only what such change does not explain.
    f_blastic = V_blastic / (V_lytic + V_blastic). Valid where the level was searched (G-07 reference, G-05 marrow).
    Source: signs.md CT-02 (engineering limits); kinds from the review, section 2.3.
    """
    if not lesions and not completeness.complete:
        return Refused(
            code="NA-COVERAGE",
            missing="the vertebra is cut off by the edge of the image and its part in view shows no focus",
            remedy="Needs a series that covers the whole vertebra.",
        )
    limits = ct_limits(
        normal.median,
        normal.spread,
        CtNumbers(lytic_sd, lytic_least_hu, blastic_sd, blastic_least_hu, blastic_floor_hu, soft_floor_hu),
    )
    weak = normal.median < low_contrast_hu
    values = {
        "volume_ml": _volume(lesions, weak, (cement_hu, cement_ml)),
        "lytic_at_most_hu": Estimate(value=limits.low),
        "blastic_at_least_hu": Estimate(value=limits.high),
        **_by_kind(lesions),
        **(_share(lesions) if lesions or completeness.complete else {}),
    }
    notes = _lines(lesions, (cement_hu, cement_ml))
    if weak:
        notes.append(f"Reference marrow measures {normal.median:.0f} HU here: lytic foci stand out poorly.")
    notes += _fat(ct, marrow, normal, (soft_floor_hu, fat_hu), fat_note_ml)
    caveats = (*(c for x in lesions for c in x.caveats), *(("CV-OSTEOPOROSIS",) if weak else ()), *normal.caveats)
    return Measured(
        values=values,
        n_voxels=sum(x.region.n_voxels for x in lesions) or marrow.n_voxels,
        category=_category(values, Kinds(lytic_below=lytic_below, blastic_above=blastic_above)),
        caveats=tuple(dict.fromkeys(caveats)),
        notes=tuple(notes),
        outline=lesions[0].region if lesions else marrow,
    )


def _category(values: Mapping[str, Estimate], kinds: Kinds) -> str | None:
    """Kind of all foci together, None without one."""
    return kind_of(values["lytic_ml"].value, values["blastic_ml"].value, kinds) if "lytic_ml" in values else None


def _by_kind(lesions: tuple[Lesion, ...]) -> dict[str, Estimate]:
    """Lytic and blastic volume, their share, and the margin of the largest focus; nothing without a focus."""
    if not lesions:
        return {}
    lytic, blastic = (sum(x.values[name] for x in lesions) for name in ("lytic_ml", "blastic_ml"))
    values = {"lytic_ml": lytic, "blastic_ml": blastic, "f_blastic": blastic / (lytic + blastic)}
    if "margin_mm" in lesions[0].values:
        values["margin_mm"] = lesions[0].values["margin_mm"]
    return {name: Estimate(value=value) for name, value in values.items()}


def _volume(lesions: tuple[Lesion, ...], weak: bool, cement: tuple[float, float]) -> Estimate:
    """Sum of the volumes; foci with another likely cause count in the upper end only."""
    sure = [x for x in lesions if not explained(x) and not _cement(x, *cement) and not (weak and x.kind == "lytic")]
    low = sum(x.volume_ci95_ml[0] for x in sure)
    high = sum(x.volume_ci95_ml[1] for x in lesions)
    return Estimate(value=sum(x.volume_ml for x in lesions), ci95=(low, high))


def _cement(lesion: Lesion, least_hu: float, least_ml: float) -> bool:
    """Whether a focus is as dense as bone cement (MIM-14)."""
    return lesion.values["mean_hu"] >= least_hu and lesion.volume_ml >= least_ml


def _share(lesions: tuple[Lesion, ...]) -> dict[str, Estimate]:
    """Fraction of the body, with the interval of the volumes; left out where the body is cut off."""
    if not lesions:
        return {"share_of_body": Estimate(value=0.0)}
    shares = [x.share_of_body for x in lesions]
    known = [s for s in shares if s is not None]
    if len(known) < len(shares):
        return {}
    share = sum(known)
    volume = sum(x.volume_ml for x in lesions)
    low, high = (sum(x.volume_ci95_ml[end] for x in lesions) / volume for end in (0, 1))
    return {"share_of_body": Estimate(value=share, ci95=(share * low, min(1.0, share * high)))}


def _lines(lesions: tuple[Lesion, ...], cement: tuple[float, float]) -> list[str]:
    """Sentences on the foci, and on those that may be cement."""
    dense = [f"{x.id} is as dense as bone cement." for x in lesions if _cement(x, *cement)]
    return [_line(x) for x in lesions] + dense


def _line(lesion: Lesion) -> str:
    """One sentence for each focus, and what belongs to it."""
    size = lesion.diameters_mm["longest"]
    numbers = f"mean {lesion.values['mean_hu']:.0f} HU, peak {lesion.values['peak_hu']:.0f} HU"
    return " ".join(
        (f"{lesion.id}: {lesion.kind}, {lesion.volume_ml:.2g} mL, {size:.0f} mm, {numbers}.", *lesion.notes)
    )


def _fat(
    ct: Volume, marrow: Region, normal: Reference, fat_range_hu: tuple[float, float], least_ml: float
) -> list[str]:
    """A line on fat inside the marrow, where normal marrow itself is not fatty."""
    low, high = fat_range_hu
    inside = marrow.values(ct)
    volume_ml = float(np.count_nonzero((inside > low) & (inside < high))) * ct.grid.voxel_volume_mm3 * ML_PER_MM3
    if volume_ml < least_ml or normal.median - 2 * normal.spread < high:
        return []
    return [f"{volume_ml:.1f} mL of the marrow measures as fat (focal fat or hemangioma) and is not counted as lytic."]
