"""Mutual information of two pictures at sampled points, with its gradient over a rigid motion.

Source: Mattes et al., IEEE Trans Med Imaging 2003;22:120 (cubic B-spline window for the moving values, analytic gradient).
Values are equalised first, so that air or a bright organ does not take most of the bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.series.motion.coarse import Coarse

Array = NDArray[np.float64]
# Bins of either picture; the moving one has two more at each end for the width of the window.
BINS = 24
PAD = 2
# Share of the points that must lie in the moving picture; below it the value is that of no agreement.
LEAST_INSIDE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Points at which two pictures are compared.

    Attributes
    ----------
    points_lps_mm
        (n, 3) positions in the fixed picture.
    fixed_bin
        Bin of the fixed value at each.
    moving
        The moving picture, equalised to 0 .. BINS - 1.
    centre_lps_mm, radius_mm
        Motion turns about the centre; a rotation of 1 / radius counts as much as a translation of 1 mm.
    """

    points_lps_mm: Array
    fixed_bin: NDArray[np.intp]
    moving: Coarse
    centre_lps_mm: Array
    radius_mm: float

    def part(self, keep: NDArray[np.bool_]) -> Sample:
        """Some of the points."""
        return Sample(
            points_lps_mm=self.points_lps_mm[keep], fixed_bin=self.fixed_bin[keep], moving=self.moving,
            centre_lps_mm=self.centre_lps_mm, radius_mm=self.radius_mm,
        )  # fmt: skip


def equalised(values: Array, among: Array) -> Array:
    """Values mapped to 0 .. BINS - 1 so that `among` fills the bins equally; nan stays nan."""
    edges = np.quantile(among, np.linspace(0, 1, 4 * BINS + 1))
    # equal quantiles (a constant background) share one level
    levels, first = np.unique(edges, return_index=True)
    mapped: Array = np.interp(values, levels, first / (4 * BINS) * (BINS - 1))
    return np.where(np.isfinite(values), mapped, np.nan)


def rotation(angles_rad: Array) -> tuple[Array, list[Array]]:
    """Rotation about x, then y, then z, and its derivatives with respect to the three angles."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles_rad), np.sin(angles_rad)
    rx, dx = _plane(1, 2, cx, sx)
    ry, dy = _plane(2, 0, cy, sy)
    rz, dz = _plane(0, 1, cz, sz)
    return rz @ ry @ rx, [rz @ ry @ dx, rz @ dy @ rx, dz @ ry @ rx]


def _plane(a: int, b: int, c: float, s: float) -> tuple[Array, Array]:
    turn, slope = np.eye(3), np.zeros((3, 3))
    turn[a, a], turn[b, b], turn[a, b], turn[b, a] = c, c, -s, s
    slope[a, a], slope[b, b], slope[a, b], slope[b, a] = -s, -s, -c, c
    return turn, slope


def moved(points_lps_mm: Array, motion: Array, sample: Sample) -> Array:
    """Points after a motion (three translations in mm, three rotations in units of 1 / radius)."""
    turn, _ = rotation(motion[3:] / sample.radius_mm)
    result: Array = (points_lps_mm - sample.centre_lps_mm) @ turn.T + sample.centre_lps_mm + motion[:3]
    return result


def agreement(motion: Array, sample: Sample) -> tuple[float, Array]:
    """Mutual information [nat] of the pictures after a motion of the points, and its gradient."""
    turn, slopes = rotation(motion[3:] / sample.radius_mm)
    arms = sample.points_lps_mm - sample.centre_lps_mm
    where = arms @ turn.T + sample.centre_lps_mm + motion[:3]
    values, gradient, inside = trilinear(sample.moving, where)
    n = int(inside.sum())
    if n < LEAST_INSIDE * inside.size or n < 100:
        return 0.0, np.zeros(6)
    weight, slope, low = _window(values)
    bins = sample.fixed_bin[inside]
    width = BINS + 2 * PAD
    index = bins[:, None] * width + low[:, None] + np.arange(4)
    joint = np.bincount(index.ravel(), weight.ravel(), BINS * width).reshape(BINS, width) / n
    of_fixed, of_moving = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    tiny = 1e-12
    logs = np.log((joint + tiny) / (of_moving + tiny))
    value = float(np.sum(joint * (logs - np.log(of_fixed + tiny))))
    pull = (slope * logs.ravel()[index]).sum(axis=1)[:, None] * gradient / n
    result = np.empty(6)
    result[:3] = pull.sum(axis=0)
    moment = pull.T @ arms[inside]
    result[3:] = [float(np.sum(moment * s)) / sample.radius_mm for s in slopes]
    return value, result


def _window(values: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """Cubic B-spline weights of the four bins around each value, their slopes, and the first of these bins."""
    place = values + PAD
    cell = np.floor(place)
    t = place - cell
    low = cell.astype(np.intp) - 1
    u = 1 - t
    tt, uu = t * t, u * u  # products: numpy's powers are slow
    weight = np.stack((uu * u, 3 * tt * (t - 2) + 4, 3 * uu * (u - 2) + 4, tt * t), axis=1) / 6
    slope = np.stack((-uu, t * (3 * t - 4), u * (4 - 3 * u), tt), axis=1) / 2
    return weight, slope, low


def trilinear(picture: Coarse, points_lps_mm: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Values and gradients [per mm, LPS] of a picture at points, and which points lie inside it.

    Returns
    -------
    values : (m,), gradient : (m, 3), inside : (n,) bool
        m = number of points inside.
    """
    inverse = np.linalg.inv(picture.affine_lps_mm)
    index = points_lps_mm @ inverse[:3, :3].T + inverse[:3, 3]
    last = np.array(picture.values.shape) - 1
    inside = np.all((index >= 0) & (index <= last), axis=1)
    index = index[inside]
    cell = np.minimum(index.astype(np.intp), np.maximum(last - 1, 0))
    f = index - cell
    step = np.array(picture.values.strides) // picture.values.itemsize
    flat, start = picture.values.ravel(), cell @ step
    c = [[[flat[start + a * step[0] + b * step[1] + d * step[2]] for d in (0, 1)] for b in (0, 1)] for a in (0, 1)]
    x, y, z = f.T
    edge = [[c[a][b][0] + (c[a][b][1] - c[a][b][0]) * z for b in (0, 1)] for a in (0, 1)]
    side = [edge[a][0] + (edge[a][1] - edge[a][0]) * y for a in (0, 1)]
    along_x = side[1] - side[0]
    along_y = (edge[0][1] - edge[0][0]) * (1 - x) + (edge[1][1] - edge[1][0]) * x
    rise = [[c[a][b][1] - c[a][b][0] for b in (0, 1)] for a in (0, 1)]
    low, high = (rise[a][0] * (1 - y) + rise[a][1] * y for a in (0, 1))
    along_z = low * (1 - x) + high * x
    gradient = np.stack((along_x, along_y, along_z), axis=1) @ inverse[:3, :3]
    return side[0] + along_x * x, gradient, inside
