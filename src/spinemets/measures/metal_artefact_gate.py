"""CT-09: metal and beam hardening at one vertebra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume

Array = NDArray[np.float64]
ML_PER_MM3 = 1e-3
# Slices of the whole stack on which the unaffected noise is learnt, and slices of the vertebra itself.
REFERENCE_SLICES, OWN_SLICES = 30, 10
# Pixels are picked about this far apart: noise needs no more of them.
PIXEL_MM = 1.5
LEAST_SLICES = 5
# Smoothed attenuation from which a neighbourhood holds bone or metal, whose edge is no streak.
BONE_HU = 180.0


@dataclass(frozen=True, kw_only=True)
class _Muscle:
    """Fine structure (robust SD) and median of muscle-like voxels, and how many they are."""

    sd_hu: float
    median_hu: float
    n: int


@dataclass(frozen=True, kw_only=True)
class _Look:
    """How muscle is looked for."""

    ring_mm: float
    background_mm: float
    muscle_hu: list[float]
    least: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Box:
    """Part of the image around the vertebra: array, where it begins, and the vertebra in it."""

    values: Array
    vertebra: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]


def measure(
    *,
    ct: Volume,
    vertebra: Region,
    metal_hu: float,
    saturated_hu: float,
    metal_ml: float,
    reach_mm: float,
    share_max: float,
    ring_mm: float,
    background_mm: float,
    muscle_hu: list[float],
    ring_voxels_min: int,
    streak_max: float,
    bias_max_hu: float,
) -> Measured | Refused:
    """Verdicts for the uses `soft_tissue`, `bone`, `lesion`, `cortex` and `density` at one vertebra.

    Metal [mL] = voxels above `metal_hu` (or on a plateau at the highest value from `saturated_hu`) within `ring_mm` of the vertebra. Streak index = robust SD of the fine structure
    (image minus its Gaussian mean, sigma `background_mm`) of muscle-like voxels beside the vertebra, over the median of the
    same in the slices of the whole stack outside this vertebra, in the same window. Bias [HU] = muscle median of those slices
    minus that beside the vertebra: positive for a dark band. Bone within `reach_mm` of metal is not read. Valid for CT; the
    slices farther away stand for unaffected levels. Source: signs.md CT-09 (engineering limits); review 2.3.
    """
    if not vertebra.n_voxels:
        return Refused(code="NA-SEGMENTATION", missing="the vertebra has no voxels in this series")
    box = _box(ct, vertebra, ring_mm)
    mask = _metal(box, metal_hu, saturated_hu, metal_ml)
    volume_ml = float(mask.sum()) * float(np.prod(box.spacing_mm)) * ML_PER_MM3
    metal = volume_ml > metal_ml
    near = _near_share(mask, box, reach_mm) if metal else 0.0
    values = {"metal_ml": Estimate(value=volume_ml), "share_near_metal": Estimate(value=near)}
    look = _Look(ring_mm=ring_mm, background_mm=background_mm, muscle_hu=muscle_hu, least=ring_voxels_min)
    here, elsewhere = _levels(ct, vertebra, look)
    bone, notes = _bone(metal, near, share_max)
    if here is None or elsewhere is None or elsewhere.sd_hu <= 0:
        soft = "NA-REFERENCE" if metal else "limited"
        notes.append("streaks could not be measured: too little muscle beside the vertebra or in the other slices")
    else:
        streak, bias = here.sd_hu / elsewhere.sd_hu, elsewhere.median_hu - here.median_hu
        values |= {"streak_index": Estimate(value=streak), "dark_band_hu": Estimate(value=bias)}
        soft = "NA-ARTEFACT" if streak > streak_max or abs(bias) > bias_max_hu else "ok"
        if soft != "ok":
            notes.append(f"streak index {streak:.1f}, muscle {bias:.0f} HU darker than at other slices")
    verdicts = {"soft_tissue": soft, "bone": bone, "cortex": bone, "lesion": bone, "density": _density(soft, near)}
    return Measured(
        values=values,
        n_voxels=0 if here is None else here.n,
        category=_words(verdicts, metal),
        verdicts=verdicts,
        notes=tuple(notes),
        caveats=("CV-NEARMETAL",) if metal else (),
    )


def _words(verdicts: dict[str, str], metal: bool) -> str:
    """What the verdicts mean for a reader."""
    shut = {"bone": "bone", "soft_tissue": "soft tissue", "density": "density"}
    no = [word for use, word in shut.items() if verdicts[use] not in ("ok", "limited")]
    with_limits = [word for use, word in shut.items() if verdicts[use] == "limited"]
    parts = ["metal near" if metal else "no metal near"]
    parts += [f"{' and '.join(no)} not read"] if no else []
    parts += [f"{' and '.join(with_limits)} read with limits"] if with_limits else []
    return ", ".join(parts)


def _bone(metal: bool, near: float, share_max: float) -> tuple[str, list[str]]:
    if not metal:
        return "ok", []
    if near == 0:
        return "ok", ["metal lies near the vertebra without touching it"]
    verdict = "NA-ARTEFACT" if near > share_max else "limited"
    return verdict, [f"{100 * near:.0f} % of the vertebra lies beside metal"]


def _density(soft: str, near: float) -> str:
    """Density is read with neither metal beside the bone nor streaks; unknown streaks limit it."""
    if near > 0 or soft == "NA-ARTEFACT":
        return "NA-ARTEFACT"
    return "ok" if soft == "ok" else "limited"


def _box(ct: Volume, vertebra: Region, margin_mm: float) -> _Box:
    start, stop = [], []
    for a in range(3):
        margin = int(np.ceil(margin_mm / ct.grid.spacing_mm[a]))
        start.append(max(0, vertebra.start_ijk[a] - margin))
        stop.append(min(ct.array.shape[a], vertebra.start_ijk[a] + vertebra.mask.shape[a] + margin))
    where = tuple(slice(s, e) for s, e in zip(start, stop, strict=True))
    mask = np.zeros([e - s for s, e in zip(start, stop, strict=True)], bool)
    inner = tuple(
        slice(v - s, v - s + n) for v, s, n in zip(vertebra.start_ijk, start, vertebra.mask.shape, strict=True)
    )
    mask[inner] = vertebra.mask
    values = np.nan_to_num(ct.array[where].astype(np.float64), nan=-1000.0)
    return _Box(values=values, vertebra=mask, spacing_mm=ct.grid.spacing_mm)


def _metal(box: _Box, metal_hu: float, saturated_hu: float, metal_ml: float) -> NDArray[np.bool_]:
    """Voxels above the limit, or at a ceiling: a plateau at the highest value, which bone never forms."""
    metal: NDArray[np.bool_] = box.values > metal_hu
    top = float(box.values.max())
    plateau: NDArray[np.bool_] = box.values >= top
    volume_ml = float(plateau.sum()) * float(np.prod(box.spacing_mm)) * ML_PER_MM3
    if saturated_hu <= top <= metal_hu and volume_ml > metal_ml:
        return plateau
    return metal


def _near_share(metal: NDArray[np.bool_], box: _Box, reach_mm: float) -> float:
    """Share of the vertebra that is metal or within `reach_mm` of it."""
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~metal, sampling=box.spacing_mm)
    return float(np.mean(distance[box.vertebra] <= reach_mm))


def _levels(ct: Volume, vertebra: Region, look: _Look) -> tuple[_Muscle | None, _Muscle | None]:
    """Muscle beside the vertebra, and in the other slices of the stack; None where there is too little."""
    axis = ct.grid.axis_along((0.0, 0.0, 1.0))
    window, planes = _window(ct, vertebra, axis, look.ring_mm)
    spacing = tuple(d * _stride(ct, a) for a, d in enumerate(ct.grid.spacing_mm) if a != axis)
    first = vertebra.start_ijk[axis]
    last = first + vertebra.mask.shape[axis]
    inside: list[_Muscle] = []
    outside: list[_Muscle] = []
    for k in planes:
        here = tuple(int(k) if a == axis else window[a] for a in range(3))
        found = _plane(ct.array[here], spacing, look)
        if found is not None:
            (inside if first <= k < last else outside).append(found)
    return _middle(inside, 1), _middle(outside, LEAST_SLICES)


def _stride(ct: Volume, axis: int) -> int:
    return max(1, int(PIXEL_MM / ct.grid.spacing_mm[axis]))


def _middle(found: list[_Muscle], least: int) -> _Muscle | None:
    if len(found) < least:
        return None
    sd, middle = (float(np.median([getattr(m, name) for m in found])) for name in ("sd_hu", "median_hu"))
    return _Muscle(sd_hu=sd, median_hu=middle, n=sum(m.n for m in found))


def _window(ct: Volume, vertebra: Region, axis: int, ring_mm: float) -> tuple[tuple[slice, ...], NDArray[np.intp]]:
    """In-plane window around the vertebra over the whole stack, and the slices to look at (its own and others)."""
    window = []
    for a in range(3):
        if a == axis:
            window.append(slice(None))
            continue
        margin = int(np.ceil(ring_mm / ct.grid.spacing_mm[a]))
        low = max(0, vertebra.start_ijk[a] - margin)
        window.append(slice(low, vertebra.start_ijk[a] + vertebra.mask.shape[a] + margin, _stride(ct, a)))
    n = ct.array.shape[axis]
    own = np.arange(vertebra.start_ijk[axis], vertebra.start_ijk[axis] + vertebra.mask.shape[axis])
    others = np.unique(np.linspace(0, n - 1, min(n, REFERENCE_SLICES)).astype(int))
    return tuple(window), np.union1d(own[:: max(1, len(own) // OWN_SLICES)], others)


def _plane(plane: NDArray[Any], spacing_mm: tuple[float, ...], look: _Look) -> _Muscle | None:
    """Muscle of one slice: voxels whose surroundings have the mean of muscle, whatever streaks do to themselves."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    image = np.clip(np.nan_to_num(plane.astype(np.float64), nan=-1000.0), -1000.0, 1000.0)
    sigma = [look.background_mm / d for d in spacing_mm]
    mean = gaussian_filter(image, sigma)
    around = [2 * int(np.ceil(look.background_mm / d)) + 1 for d in spacing_mm]
    muscle = (mean >= look.muscle_hu[0]) & (mean <= look.muscle_hu[1])
    muscle &= maximum_filter(mean, around) < BONE_HU
    n = int(muscle.sum())
    if n < look.least:
        return None
    # Mean over muscle alone: the tail of bone and fat would count as fine structure otherwise.
    weight = gaussian_filter(muscle.astype(np.float64), sigma)[muscle]
    own = gaussian_filter(np.where(muscle, image, 0.0), sigma)[muscle] / weight
    rest = image[muscle] - own
    sd = float(1.4826 * np.median(np.abs(rest - np.median(rest))))
    return _Muscle(sd_hu=sd, median_hu=float(np.median(image[muscle])), n=n)
