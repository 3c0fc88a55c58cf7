"""Candidate components of one vertebra in one series: which abnormal voxels stand (CT-02, MR-T1-03, MR-STIR-01; G-11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.components import ML_PER_MM3, Size, label, large_enough, volume_interval_ml
from spinemets.lesions.ground import ARCH, MARROW, PEDICLE, Ground
from spinemets.lesions.rules import Limits, Rule
from spinemets.model.grid import Grid

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Numbers of G-11 that decide whether a component stands."""

    merge_gap_mm: float
    least_ml: float
    least_voxels: int
    least_slices: int
    thick_slice_mm: float
    seed_share: float
    seed_ml: float
    strict_share: float
    strict_ml: float
    fat_hu: float
    fat_share: float
    gas_margin_mm: float

    def size(self, grid: Grid) -> Size:
        """Least size on a grid: one slice is enough where slices are thick."""
        thick = max(grid.spacing_mm) > self.thick_slice_mm
        return Size(volume_ml=self.least_ml, voxels=self.least_voxels, slices=1 if thick else self.least_slices)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One component: box masks of all its voxels, of those below and of those above the limits."""

    mask: Mask
    low: Mask
    high: Mask


def limits_by_part(
    rule: Rule, marrow: tuple[float, float], parts: Mapping[int, tuple[float, float]]
) -> dict[int, Limits]:
    """Limits for body, pedicles and arch.

    A pedicle or arch voxel must be abnormal against the body marrow *and* against the same part of the normal neighbours:
    their thin cortex and dense spongy bone would else be lesions. A part without such a reference, or on MR without signal
    in it, is not searched.
    """
    body = rule.limits(*marrow)
    out = {MARROW: body}
    for part, centre in parts.items():
        if centre[0] <= 0 and not rule.smoothed:
            continue  # a contrast against no signal does not exist
        out[part] = body.stricter(rule.limits(*centre))
    return out


def search(ground: Ground, limits: Mapping[int, Limits], rule: Rule, keep: Keep) -> tuple[Candidate, ...]:
    """Components that are large enough and lie well inside the bone, largest first.

    Lytic and STIR-bright components must lie in the marrow (G-05) for the larger part: the canal of the basivertebral vein
    is lucent and bright too. A lucent component that is mostly fat is not lytic.
    """
    low, high = _abnormal(ground, limits)
    if not (low.any() or high.any()):
        return ()
    low_box, high_box = ground.in_box(low), ground.in_box(high)
    low_box &= ~_beside_gas(ground, limits[MARROW].floor, keep.gas_margin_mm)
    labels = label(low_box | high_box, ground.grid.spacing_mm, keep.merge_gap_mm)
    counts = np.bincount(labels.ravel())
    judged = np.zeros(ground.inner.shape, np.float32)
    judged[ground.inner] = ground.judged
    found: list[Candidate] = []
    for n in range(1, len(counts)):
        if counts[n] < keep.least_voxels:
            break  # numbered by falling size
        mask = labels == n
        candidate = _without_fat(Candidate(mask=mask, low=mask & low_box, high=mask & high_box), judged, rule, keep)
        if candidate is not None and _stands(candidate, ground, rule, keep):
            found.append(candidate)
    return tuple(sorted(found, key=lambda c: -int(np.count_nonzero(c.mask))))


def _abnormal(ground: Ground, limits: Mapping[int, Limits]) -> tuple[Mask, Mask]:
    low, high = np.zeros(ground.judged.shape, bool), np.zeros(ground.judged.shape, bool)
    for part in (MARROW, PEDICLE, ARCH):
        if part in limits:
            here = ground.compartment == part
            low |= here & (ground.judged <= limits[part].low) & (ground.judged > limits[part].floor)
            high |= here & (ground.judged >= limits[part].high)
    return low, high


def _beside_gas(ground: Ground, floor: float, margin_mm: float) -> Mask:
    """Voxels within a margin of gas: the rim of a gas cleft passes through the values of soft tissue."""
    gas = ground.judged <= floor
    if not gas.any():
        return np.zeros(ground.inner.shape, bool)
    import edt

    box = ground.in_box(gas)
    away = edt.edt(np.ascontiguousarray(~box), anisotropy=ground.grid.spacing_mm, parallel=1)
    beside: Mask = np.asarray(away) <= margin_mm
    return beside


def _without_fat(candidate: Candidate, judged: NDArray[np.float32], rule: Rule, keep: Keep) -> Candidate | None:
    """Take the lucent part away if it is mostly fat (CT only); None if nothing is left."""
    if rule.low_kind != "lytic" or not candidate.low.any():
        return candidate
    if float(np.mean(judged[candidate.low] < keep.fat_hu)) < keep.fat_share:
        return candidate
    if not candidate.high.any():
        return None
    return Candidate(mask=candidate.high, low=np.zeros_like(candidate.low), high=candidate.high)


def _stands(candidate: Candidate, ground: Ground, rule: Rule, keep: Keep) -> bool:
    """Large enough, told from nothing, and seeded in the marrow.

    A component whose volume interval reaches zero has no voxel that is free of its surroundings: noise makes such groups.
    """
    if not large_enough(candidate.mask, ground.grid, keep.size(ground.grid)):
        return False
    if volume_interval_ml(candidate.mask, ground.grid)[0] <= 0:
        return False
    n, low = int(np.count_nonzero(candidate.mask)), int(np.count_nonzero(candidate.low))
    vein_like = (low > n / 2) if rule.low_kind == "lytic" else rule.high_kind == "stir_bright"
    share, volume = (keep.strict_share, keep.strict_ml) if vein_like else (keep.seed_share, keep.seed_ml)
    seeded = int(np.count_nonzero(candidate.mask & ground.seeds))
    return seeded >= share * n or seeded * ground.grid.voxel_volume_mm3 * ML_PER_MM3 >= volume
