"""A candidate component as a `Lesion`: size with interval, place, shares, kind, numbers, caveats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.components import ML_PER_MM3, diameters, n_slices, volume_interval_ml
from spinemets.lesions.candidates import Candidate
from spinemets.lesions.ground import Ground
from spinemets.lesions.place import Place, Zones, place
from spinemets.lesions.rules import Rule
from spinemets.model.lesion import Lesion
from spinemets.model.reference import Reference

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Limits of f = blastic / (lytic + blastic) between lytic, mixed and blastic (CT-02)."""

    lytic_below: float
    blastic_above: float


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all candidates of one series share."""

    series_uid: str
    rule: Rule
    sides: tuple[str, str]
    kinds: Kinds
    zones: Zones
    tiny_mm: float


def kind_of(lytic_ml: float, blastic_ml: float, kinds: Kinds) -> str:
    """CT-02: lytic if f < 0.2, blastic if f > 0.8, else mixed; f = blastic / (lytic + blastic)."""
    f = blastic_ml / (lytic_ml + blastic_ml)
    return "lytic" if f < kinds.lytic_below else "blastic" if f > kinds.blastic_above else "mixed"


def describe(candidate: Candidate, number: int, ground: Ground, normal: Reference, setting: Setting) -> Lesion:
    """Put a lesion together.

    Notes
    -----
    `values`: CT `lytic_ml`, `blastic_ml`, `mean_hu`, `peak_hu` (unsmoothed), `difference_hu` (mean less normal marrow),
    `margin_mm`; MR `contrast` = (median - m0) / m0; all `endplate_share`, and as 1 or 0 `at_upper_endplate`,
    `at_lower_endplate` (an endplate change), `beside_upper_endplate`, `beside_lower_endplate` (one if paired across the disc).
    """
    rule, grid = setting.rule, ground.grid
    level = ground.vertebra.level
    frame = ground.vertebra.frame
    region = ground.region(f"lesion {level.id}-{number}", candidate.mask, source=rule.criterion)
    points = grid.to_lps_mm(region.indices)
    compartments = {
        name: float(np.count_nonzero(candidate.mask & m) / region.n_voxels) for name, m in ground.parts.items()
    }
    where = place(points, ground, setting.sides, setting.zones)
    if compartments["body"] < 0.5:
        where = Place(words=_arch_words(max(compartments, key=lambda name: compartments[name])))
    size = diameters(region.mask, grid, frame.superior if frame is not None else UP)
    voxel_ml = grid.voxel_volume_mm3 * ML_PER_MM3
    n = region.n_voxels
    lytic_ml, blastic_ml = (float(np.count_nonzero(m)) * voxel_ml for m in (candidate.low, candidate.high))
    kind = kind_of(lytic_ml, blastic_ml, setting.kinds) if rule.smoothed else rule.low_kind or rule.high_kind
    values = _values(candidate, ground, normal, rule, (lytic_ml, blastic_ml))
    values |= {
        "endplate_share": where.endplate_share,
        "at_upper_endplate": float(where.endplate == "upper"),
        "at_lower_endplate": float(where.endplate == "lower"),
        "beside_upper_endplate": float("upper" in where.beside),
        "beside_lower_endplate": float("lower" in where.beside),
    }
    return Lesion(
        id=f"{level.id}-{number}{rule.suffix}",
        level_id=level.id,
        series_uid=setting.series_uid,
        criterion=rule.criterion,
        region=region,
        volume_ml=n * voxel_ml,
        volume_ci95_ml=volume_interval_ml(region.mask, grid),
        diameters_mm={
            "longest": size.longest_mm,
            "orthogonal": size.orthogonal_mm,
            "craniocaudal": size.craniocaudal_mm,
        },
        share_of_body=_share_of_body(candidate, ground),
        compartments={name: share for name, share in compartments.items() if share > 0},
        kind=kind,
        values=values,
        centroid_lps_mm=region.centroid_lps_mm,
        caveats=_caveats(where, n_slices(region.mask, grid), normal),
        notes=_notes(where, kind, size.longest_mm, setting.tiny_mm),
    )


def _arch_words(part: str) -> str:
    """Place of a candidate that lies in pedicle or arch for the most part."""
    if part.startswith("pedicle"):
        return f"in the {part.removeprefix('pedicle_').replace('_', ' ')} pedicle"
    return "in the arch"


def _share_of_body(candidate: Candidate, ground: Ground) -> float | None:
    """Fraction of the body's voxels; None where the body is cut off (G-02)."""
    if not ground.vertebra.completeness.complete:
        return None
    body = ground.parts["body"]
    return float(np.count_nonzero(candidate.mask & body) / np.count_nonzero(body))


def _values(
    candidate: Candidate, ground: Ground, normal: Reference, rule: Rule, volumes: tuple[float, float]
) -> dict[str, float]:
    inside = candidate.mask[ground.inner]
    raw = ground.raw[inside].astype(np.float64)
    if not rule.smoothed:
        return {"contrast": float(np.median(raw) - normal.median) / normal.median}
    return {
        "lytic_ml": volumes[0],
        "blastic_ml": volumes[1],
        "mean_hu": float(raw.mean()),
        "peak_hu": float(raw.max()),
        "difference_hu": float(raw.mean()) - normal.median,
        **_margin(candidate.mask, ground),
    }


def _margin(mask: NDArray[np.bool_], ground: Ground) -> dict[str, float]:
    """Width of the edge: 0.8 * step / steepness, over the faces between the candidate and searched bone around it.

    `step` = median inside less median of the third and fourth voxel layer around, steepness = median difference across a face
    per mm: the 10 to 90 % width of a linear edge (a Gaussian edge of sd s reads 2.0 s). Left out where no bone surrounds the
    candidate.
    """
    judged = np.full(mask.shape, np.nan, np.float32)
    judged[ground.inner] = ground.judged
    slopes = [s for axis in range(3) for s in _across(mask, judged, axis, ground.grid.spacing_mm[axis])]
    outside = judged[_around(mask) & ground.inner]
    if len(slopes) < 10 or outside.size < 10:
        return {}
    step = abs(float(np.median(judged[mask])) - float(np.median(outside)))
    steepness = float(np.median(slopes))
    return {"margin_mm": 0.8 * step / steepness} if steepness > 0 else {}


def _across(mask: NDArray[np.bool_], judged: NDArray[np.float32], axis: int, step_mm: float) -> NDArray[np.float32]:
    """Steepness in units per mm of all faces along one axis with one voxel in the mask and one out of it."""
    a, b = [slice(None)] * 3, [slice(None)] * 3
    a[axis], b[axis] = slice(None, -1), slice(1, None)
    face = mask[tuple(a)] != mask[tuple(b)]
    slope = np.abs(judged[tuple(a)][face] - judged[tuple(b)][face]) / step_mm
    finite: NDArray[np.float32] = slope[np.isfinite(slope)]
    return finite


def _around(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_dilation

    near = binary_dilation(mask, iterations=2)
    around: NDArray[np.bool_] = binary_dilation(near, iterations=2) & ~near
    return around


def _caveats(where: Place, slices: int, normal: Reference) -> tuple[str, ...]:
    caveats = list(normal.caveats)
    if slices < 2:
        caveats.append("CV-PV")
    if where.endplate is not None:
        caveats.append("CV-DEGEN")
    return tuple(dict.fromkeys(caveats))


def _notes(where: Place, kind: str, longest_mm: float, tiny_mm: float) -> tuple[str, ...]:
    notes = []
    if where.words:
        notes.append(f"Lies {where.words}.")
    if where.endplate is not None:
        notes.append(_ENDPLATE_NOTES.get(kind, _ENDPLATE_NOTES["other"]).format(endplate=where.endplate))
    if longest_mm < tiny_mm:
        notes.append(f"Shorter than {tiny_mm:g} mm: listed, not counted.")
    return tuple(notes)


_ENDPLATE_NOTES = {
    "blastic": (
        "Dense focus at the {endplate} endplate: sclerosis of the endplate, the rim of a Schmorl node and a bone island look "
        "alike."
    ),
    "lytic": "Lucent focus at the {endplate} endplate: a Schmorl node or an erosion of the endplate looks alike.",
    "other": "Hugs the {endplate} endplate: degenerative (Modic-like) marrow change or a Schmorl node looks alike.",
}
