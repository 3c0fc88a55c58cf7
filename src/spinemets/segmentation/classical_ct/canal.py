"""Where the spinal canal runs: a hole of soft tissue in a ring of bone, with a vertebral body in front of it.

All arrays are coarse (two working voxels a side) on an upright grid: axes (i, j, k) to the left, to the back and upwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.classical_ct.settings import Settings

Floats = NDArray[np.float32]
MOVES = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1))
# Denser than air around the patient and in the lungs.
BODY_HU = -300
BODY_LEAST_PX = 50
HALF = 20.0


def coarse(hu: NDArray[Any]) -> Floats:
    """Means of 2 x 2 x 2 voxels."""
    i, j, k = (n // 2 for n in hu.shape)
    whole = hu[: 2 * i, : 2 * j, : 2 * k].reshape(i, 2, j, 2, k, 2)
    means: Floats = whole.mean(axis=(1, 3, 5), dtype=np.float32)
    return means


def scores(hu: Floats, step_mm: float, settings: Settings) -> Floats:
    """How much each voxel looks like the middle of the canal, 0 to 1.

    Product of: squared share of in-plane directions that meet bone within `ring_mm`; attenuation in front, up to `front_hu`;
    attenuation of fat, CSF or cord; nearness to the middle of the body. Smoothed along the patient over two voxels, since
    a ring closes only at the pedicles.
    """
    from scipy.ndimage import gaussian_filter1d, uniform_filter

    box = [max(1, round(mm / step_mm)) for mm in settings.front_box_mm]
    front = uniform_filter(np.clip(hu, 0, 300), size=box, mode="nearest")
    front = shifted(front, 0, -round(settings.front_mm / step_mm), 0.0)
    low, sure_low, sure_high, high = settings.canal_hu
    soft = np.interp(hu, [low, sure_low, sure_high, high], [0.0, 1.0, 1.0, 0.0]).astype(np.float32)
    score = ring(hu > settings.bone_hu, round(settings.ring_mm / step_mm), settings.ring_directions) ** 2
    score *= np.clip(front / settings.front_hu, 0, 1) * uniform_filter(soft, size=(3, 3, 1))
    score *= _near_midline(hu, settings.midline_mm / step_mm)
    smooth: Floats = gaussian_filter1d(score, 2.0, axis=2)
    return smooth


def ring(bone: NDArray[np.bool_], reach_px: int, directions: int) -> Floats:
    """Share of directions in the axial plane in which bone lies within `reach_px` voxels."""
    share = np.zeros(bone.shape, np.float32)
    for angle in np.arange(directions) * (2 * np.pi / directions):
        hit = np.zeros(bone.shape, bool)
        for radius in range(1, reach_px + 1):
            hit |= shifted(bone, round(radius * float(np.cos(angle))), round(radius * float(np.sin(angle))), False)
        share += hit
    return share / np.float32(directions)


def shifted(array: NDArray[Any], di: int, dj: int, outside: Any) -> NDArray[Any]:
    """`array[i + di, j + dj]` at every (i, j)."""
    out = np.full_like(array, outside)
    ni, nj = array.shape[:2]
    if abs(di) < ni and abs(dj) < nj:
        here = (slice(max(0, -di), ni - max(0, di)), slice(max(0, -dj), nj - max(0, dj)))
        there = (slice(max(0, di), ni + min(0, di)), slice(max(0, dj), nj + min(0, dj)))
        out[here] = array[there]
    return out


def _near_midline(hu: Floats, half_px: float) -> Floats:
    """1 / (1 + (d / half)^2) with the distance d from the middle of the patient in its slice, axes (i, 1, k)."""
    from scipy.ndimage import gaussian_filter1d

    columns = np.arange(hu.shape[0], dtype=np.float32)
    tissue = (hu > BODY_HU).sum(axis=1)
    count = tissue.sum(axis=0)
    middle = (tissue * columns[:, None]).sum(axis=0) / np.maximum(count, 1)
    middle = np.where(count >= BODY_LEAST_PX, middle, (hu.shape[0] - 1) / 2)
    off = (columns[:, None] - gaussian_filter1d(middle, 10.0, mode="nearest")) / half_px
    near: Floats = (1.0 / (1.0 + off**2)).astype(np.float32)[:, None, :]
    return near


def trace(score: Floats, move_cost: float) -> tuple[NDArray[np.intp], Floats]:
    """Path from the lowest to the highest slice with the greatest sum of scores, less what sideways steps cost.

    Returns
    -------
    path
        (n_slices, 3) voxel indices, at most one voxel sideways per slice (dynamic programming).
    along
        (n_slices,) score on the path.
    """
    total = score[..., 0]
    came_from: list[NDArray[np.intp]] = []
    for k in range(1, score.shape[2]):
        reached = np.stack([shifted(total, i, j, -np.inf) - move_cost * np.hypot(i, j) for i, j in MOVES])
        came_from.append(reached.argmax(axis=0))
        total = reached.max(axis=0) + score[..., k]
    i, j = (int(n) for n in np.unravel_index(int(total.argmax()), total.shape))
    path = [(i, j, score.shape[2] - 1)]
    for k in range(score.shape[2] - 1, 0, -1):
        di, dj = MOVES[came_from[k - 1][i, j]]
        i, j = i + di, j + dj
        path.append((i, j, k - 1))
    indices = np.array(path[::-1], dtype=np.intp)
    return indices, score[tuple(indices.T)]
