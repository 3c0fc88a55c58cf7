"""Coarse common lattices of two series, and how well their contents agree at a shift."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from spinemets.model.volume import Volume

Array = NDArray[np.float64]
# Offsets averaged per block along each axis: quarter and three-quarter points of the block.
OFFSETS = (0.25, 0.75)
# A correlation needs no more points than this.
MOST_POINTS = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Coarse:
    """A volume on a coarse lattice.

    Attributes
    ----------
    values
        (i, j, k) means over a few voxels of each block.
    affine_lps_mm
        Block index to LPS mm.
    """

    values: Array
    affine_lps_mm: Array

    def points_lps_mm(self) -> Array:
        """(n, 3) centres of all blocks."""
        index = np.stack(np.meshgrid(*(np.arange(n) for n in self.values.shape), indexing="ij"), axis=-1).reshape(-1, 3)
        points: Array = index @ self.affine_lps_mm[:3, :3].T + self.affine_lps_mm[:3, 3]
        return points

    def sample(self, points_lps_mm: Array) -> Array:
        """Linear interpolation at LPS points; nan outside."""
        from scipy.ndimage import map_coordinates

        inverse = np.linalg.inv(self.affine_lps_mm)
        index = points_lps_mm @ inverse[:3, :3].T + inverse[:3, 3]
        values: Array = map_coordinates(self.values, index.T, order=1, mode="constant", cval=np.nan)
        return values


def coarse(volume: Volume, lattice_mm: float, low: float = -np.inf, high: float = np.inf) -> Coarse:
    """Average a volume to blocks of about `lattice_mm`, values clipped to [low, high].

    Each block is the mean of eight of its voxels, which halves the noise at an eighth of the cost of all voxels.
    """
    array = volume.array if volume.array.ndim == 3 else volume.array[..., 0]
    factors = [max(1, int(np.ceil(lattice_mm / d - 0.25))) for d in volume.grid.spacing_mm]
    blocks = [n // f for n, f in zip(array.shape, factors, strict=True)]
    picks = [sorted({int(f * o) for o in OFFSETS}) for f in factors]
    total = np.zeros(blocks, np.float64)
    combinations = list(product(*picks))
    for first in combinations:
        part = array[tuple(slice(o, o + f * n, f) for o, f, n in zip(first, factors, blocks, strict=True))]
        total += np.clip(np.nan_to_num(part.astype(np.float64)), low, high)
    affine = np.array(volume.grid.affine_lps_mm)
    middle = np.array([np.mean(p) for p in picks])
    affine[:3, 3] = volume.grid.to_lps_mm(middle)
    affine[:3, :3] = affine[:3, :3] * np.array(factors)
    return Coarse(values=total / len(combinations), affine_lps_mm=affine)


def correlation(small: Coarse, large: Coarse, shift_mm: Array, floor: float) -> tuple[float, int]:
    """Pearson correlation of `small` moved by `shift_mm` with `large`, and the number of common points.

    Points at or below `floor` in both are left out: two pictures of air always agree.
    """
    stride = max(1, small.values.size // MOST_POINTS)
    while gcd(stride, small.values.shape[-1]) > 1:  # a common factor would pick the same planes over and over
        stride += 1
    mine = small.values.ravel()[::stride]
    theirs = large.sample(small.points_lps_mm()[::stride] + shift_mm)
    common = np.isfinite(theirs)
    common &= (mine > floor) | (np.nan_to_num(theirs, nan=-np.inf) > floor)
    n = int(common.sum())
    if n < 3:
        return 0.0, n
    return pearson(mine[common], theirs[common]), n


def pearson(first: Array, second: Array) -> float:
    """Correlation coefficient, 0 where one side is constant."""
    a, b = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def best_shift(small: Coarse, large: Coarse, step_mm: float, overlap_share: float) -> Array:
    """Translation [LPS mm] of `small` with the highest normalised correlation on `large`, to about `step_mm`.

    Normalised correlation over the common part at every translation of the lattice, by Fourier transforms; translations at
    which less than `overlap_share` of `small` lies on `large` are not considered. Source: Padfield, IEEE Trans Image Process
    2012;21:2706, masked correlation.
    """
    steps = _steps(large, step_mm)
    a, a_mask, a_origin = _on_axes(large, steps)
    b, b_mask, b_origin = _on_axes(small, steps)
    score = _masked_correlation(a, a_mask, b, b_mask, overlap_share)
    index = np.array(np.unravel_index(int(np.argmax(score)), score.shape))
    offset = index - (np.array(b.shape) - 1)
    shift: Array = a_origin + offset * steps - b_origin
    return shift


def refine(small: Coarse, large: Coarse, shift_mm: Array, floor: float) -> tuple[Array, float, int]:
    """Improve a shift by steps of 4 mm down to 0.5 mm along each axis: (shift, correlation, common points)."""
    best = np.array(shift_mm, float)
    r, n = correlation(small, large, best, floor)
    for step in (4.0, 2.0, 1.0, 0.5):
        improved = True
        while improved:
            improved = False
            for axis, sign in product(range(3), (-1.0, 1.0)):
                trial = best.copy()
                trial[axis] += sign * step
                r_trial, n_trial = correlation(small, large, trial, floor)
                if r_trial > r + 1e-6 and n_trial >= 0.5 * n:
                    best, r, n, improved = trial, r_trial, n_trial, True
    return best, r, n


def _steps(large: Coarse, step_mm: float) -> Array:
    """Lattice step that keeps the padded transform below about two million points."""
    extent = np.ptp(_corners(large), axis=0)
    step = step_mm
    while np.prod(2 * extent / step) > 2e6:
        step *= 1.25
    return np.full(3, step)


def _corners(item: Coarse) -> Array:
    last = np.array(item.values.shape) - 1
    index = np.array(list(product((0, 1), repeat=3))) * last
    corners: Array = index @ item.affine_lps_mm[:3, :3].T + item.affine_lps_mm[:3, 3]
    return corners


def _on_axes(item: Coarse, steps: Array) -> tuple[Array, Array, Array]:
    """Values and mask on a lattice along the LPS axes, and the position of its first point."""
    corners = _corners(item)
    origin = corners.min(axis=0)
    counts = np.floor(np.ptp(corners, axis=0) / steps).astype(int) + 1
    axes = [origin[a] + steps[a] * np.arange(counts[a]) for a in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    values = item.sample(points + 1e-6 * steps).reshape(counts)
    mask = np.isfinite(values)
    return np.where(mask, values, 0.0), mask.astype(np.float64), origin


def _masked_correlation(a: Array, a_mask: Array, b: Array, b_mask: Array, overlap_share: float) -> Array:
    from scipy.fft import irfftn, next_fast_len, rfftn

    full = [n + m - 1 for n, m in zip(a.shape, b.shape, strict=True)]
    shape = [next_fast_len(n, real=True) for n in full]

    def forward(x: Array) -> NDArray[np.complex128]:
        spectrum: NDArray[np.complex128] = rfftn(x, shape)
        return spectrum

    def back(x: NDArray[np.complex128]) -> Array:
        values: Array = irfftn(x, shape)[tuple(slice(0, n) for n in full)]
        return values

    centre = a[a_mask > 0].mean()
    a, b = np.where(a_mask > 0, a - centre, 0.0), np.where(b_mask > 0, b - centre, 0.0)
    flip = (slice(None, None, -1),) * 3
    fa, fm, faa = forward(a), forward(a_mask), forward(a * a)
    fb, fn, fbb = forward(b[flip]), forward(b_mask[flip]), forward((b * b)[flip])
    n = np.round(back(fm * fn))
    count = np.maximum(n, 1)
    sum_a, sum_b = back(fa * fn), back(fm * fb)
    top = back(fa * fb) - sum_a * sum_b / count
    var_a = np.maximum(back(faa * fn) - sum_a**2 / count, 0)
    var_b = np.maximum(back(fm * fbb) - sum_b**2 / count, 0)
    bottom = np.sqrt(var_a * var_b)
    enough = (n >= overlap_share * b_mask.sum()) & (bottom > 1e-9 * max(float(bottom.max()), 1e-12))
    result: Array = np.where(enough, top / np.where(enough, bottom, 1.0), -1.0)
    return result
