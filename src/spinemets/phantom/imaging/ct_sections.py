"""Coarse cross-sections of the whole body, beyond the picture: how noisy each place is, and what hardening adds to it.

Every place of the body weighs on the rays through the picture. Cross-sections lie in the planes of the gantry a few
millimetres apart; between them everything is interpolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import slabs
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.ct_beam import Beam, beam
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import PathContrast
from spinemets.phantom.shape.block import Array, Block

MM_PER_CM = 10.0
HU_PER_SHARE = 1000.0
# Cross-sections painted together.
AT_ONCE = 8
# Pictures steeper than this are reformatted: the gantry stood upright.
# A step of pixels across a direction that is smaller is none.
STRAIGHT = 1e-9
Numbers = NDArray[np.float64]
STEEPEST_COS = math.cos(math.radians(45.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Gantry:
    """Planes in which rays ran, and the point about which they turned.

    Attributes
    ----------
    axes
        3 x 3, columns = the two directions in a plane and its normal.
    centre_lps_mm
        Of rotation.
    levels_mm
        Places of the cross-sections along the normal, from the centre.
    of_pictures
        Whether these are the planes of the pictures.
    """

    axes: Numbers
    centre_lps_mm: Numbers
    levels_mm: Numbers
    of_pictures: bool

    @classmethod
    def of(cls, anatomy: Anatomy, grid: Grid) -> Gantry:
        """The gantry of a grid: in its planes if they are about axial, else upright."""
        normal = np.cross(grid.axes[:, 0], grid.axes[:, 1])
        axial = abs(normal[2]) >= STEEPEST_COS
        axes = np.stack([grid.axes[:, 0], grid.axes[:, 1], normal], axis=1) if axial else np.eye(3)
        corners = grid.corners_lps_mm
        heights = np.linspace(corners[:, 2].min(), corners[:, 2].max(), 9)
        x, y = (float(np.mean(curve.at(heights))) for curve in (anatomy.column.x, anatomy.column.y))
        centre = np.array([x, y, float(heights.mean())])
        along = (corners - centre) @ axes[:, 2]
        low, high = float(along.min()), float(along.max())
        n = math.ceil((high - low) / table("phantom_ct")["coarse"]["level_mm"]) + 1
        levels = np.linspace(low, max(high, low + 1e-3), max(n, 2))
        return cls(axes=axes, centre_lps_mm=centre, levels_mm=levels, of_pictures=bool(axial))

    def to(self, lps_mm: Numbers) -> Numbers:
        """Points (..., 3) in the two directions of a plane and across it."""
        return np.asarray((lps_mm - self.centre_lps_mm) @ self.axes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sections:
    """What is known of the whole scan.

    Attributes
    ----------
    first_mm, step_mm
        Gantry coordinates of the first sample of the maps (level, u, v) below, and from one to the next.
    factor
        Noise over that in the middle of the reference cylinder of water.
    hardening_hu
        What hardening in bone adds.
    water_cm, bone_cm
        Lengths (level, angle, bin) along the rays.
    """

    gantry: Gantry
    first_mm: Numbers
    step_mm: Numbers
    factor: Array
    hardening_hu: Array
    water_cm: Array
    bone_cm: Array

    beam: Beam

    def at(self, values: Array, grid: Grid, k: int) -> Array:
        """A map at the pixels (i, j) of picture k."""
        return resampled(values, (self.gantry, self.first_mm, self.step_mm), grid, k)

    def lengths_cm(self, height_mm: float, angles: Numbers, at_mm: Numbers) -> tuple[Array, Array]:
        """Water and bone along rays at a height of the gantry's normal."""
        from scipy.ndimage import map_coordinates  # lazy: heavy import

        n_angles, bins = self.water_cm.shape[1:]
        places = [
            np.full(len(at_mm), (height_mm - self.first_mm[2]) / self.step_mm[2]),
            angles * n_angles / math.pi - 0.5,
            at_mm / table("phantom_ct")["coarse"]["bin_mm"] + (bins - 1) / 2,
        ]
        water, bone = (
            map_coordinates(of, places, order=1, mode="nearest", output=np.float32)
            for of in (self.water_cm, self.bone_cm)
        )
        return water, bone


def resampled(values: Array, where: tuple[Gantry, Numbers, Numbers], grid: Grid, k: int) -> Array:
    """Values (level, u, v) at the pixels (i, j) of picture k, on straight lines between samples.

    Parameters
    ----------
    where
        The gantry, and in its coordinates (u, v, along the normal) the first sample and the steps.
    """
    gantry, first, step = where
    places = gantry.to(grid.to_lps_mm(np.array([[0, 0, k], [1, 0, k], [0, 1, k]], np.float64)))
    start = (places[0] - first) / step
    i, j = ((places[n] - places[0]) / step for n in (1, 2))
    n_i, n_j = grid.shape_ijk[:2]
    if max(abs(i[1]), abs(i[2]), abs(j[0]), abs(j[2])) > STRAIGHT:
        return _anywhere(values, np.stack([start, i, j]), (n_i, n_j))
    level = _between(values, start[2:], axis=0)[0]
    rows = _between(level, start[0] + i[0] * np.arange(n_i), axis=0)
    return _between(rows, start[1] + j[1] * np.arange(n_j), axis=1)


def _between(values: Array, at: Numbers, axis: int) -> Array:
    """Values at places along an axis, on straight lines; beyond the ends as there."""
    last = values.shape[axis] - 1
    inside = np.clip(at, 0.0, last)
    low = np.minimum(inside.astype(np.int64), max(last - 1, 0))
    share = (inside - low).astype(np.float32).reshape((-1,) + (1,) * (values.ndim - 1 - axis))
    below, above = values.take(low, axis=axis), values.take(np.minimum(low + 1, last), axis=axis)
    return np.asarray(below + share * (above - below))


def _anywhere(values: Array, index: Numbers, shape: tuple[int, int]) -> Array:
    """Values (level, u, v) where the pixels of a picture lie askew."""
    from scipy.ndimage import map_coordinates  # lazy: heavy import

    i, j = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    u, v, w = (index[0, n] + index[1, n] * i + index[2, n] * j for n in range(3))
    return np.asarray(map_coordinates(values, [w, u, v], order=1, mode="nearest", output=np.float32))


def sections(anatomy: Anatomy, acquisition: Acquisition, grid: Grid) -> Sections:
    """Cross-sections of a scan over a grid."""
    from spinemets.phantom.imaging import rays  # lazy: compiled

    rows, gantry, its = table("phantom_ct"), Gantry.of(anatomy, grid), beam(acquisition.kvp)
    coarse = rows["coarse"]
    angles = rays.angles(coarse["angles"])
    bins = 2 * math.ceil(coarse["half_width_mm"] * math.sqrt(2.0) / coarse["bin_mm"]) + 1
    n = len(gantry.levels_mm)
    lengths = np.zeros((2, n, len(angles), bins), np.float32)
    first, number = lattice(gantry, grid, coarse["pixel_mm"])
    maps = np.zeros((2, n, *number), np.float32)
    middle = first + (np.array(number) - 1) / 2 * coarse["pixel_mm"]
    sides = (coarse["pixel_mm"], coarse["bin_mm"], float(middle[0]), float(middle[1]))

    def some(first_level: int) -> None:
        span = range(first_level, min(first_level + AT_ONCE, n))
        painted = _cross_sections(anatomy, gantry, span, acquisition.kvp)
        for k in span:
            for channel in (0, 1):
                _followed(lengths[channel, k], painted[channel, k - first_level], angles)
            lengths[:, k] /= MM_PER_CM
            for of, values in enumerate(_weights(its, lengths[:, k], coarse["bin_mm"])):
                rays.back_project(maps[of, k], values, angles, sides)

    slabs.in_threads(some, range(0, n, AT_ONCE))
    step = np.array([coarse["pixel_mm"], coarse["pixel_mm"], gantry.levels_mm[1] - gantry.levels_mm[0]])
    return Sections(
        gantry=gantry,
        first_mm=np.array([*first, gantry.levels_mm[0]]),
        step_mm=step,
        factor=np.sqrt(maps[0]),
        hardening_hu=maps[1],
        water_cm=lengths[0],
        bone_cm=lengths[1],
        beam=its,
    )


def lattice(gantry: Gantry, grid: Grid, pixel_mm: float) -> tuple[Numbers, tuple[int, int]]:
    """First place in the plane and number of samples of maps that cover a grid."""
    places = gantry.to(grid.corners_lps_mm)[:, :2]
    low, high = places.min(axis=0) - pixel_mm, places.max(axis=0) + pixel_mm
    number = np.ceil((high - low) / pixel_mm).astype(int) + 1
    return low, (int(number[0]), int(number[1]))


def _cross_sections(anatomy: Anatomy, gantry: Gantry, span: range, kvp: float) -> Array:
    """Water and bone (2, level, u, v) of some cross-sections of the whole body."""
    coarse = table("phantom_ct")["coarse"]
    pixel, n = coarse["pixel_mm"], 2 * math.ceil(coarse["half_width_mm"] / coarse["pixel_mm"]) + 1
    corner = np.array([-(n - 1) / 2 * pixel, -(n - 1) / 2 * pixel, gantry.levels_mm[0]])
    affine = np.eye(4)
    affine[:3, :3] = gantry.axes * np.array([pixel, pixel, gantry.levels_mm[1] - gantry.levels_mm[0]])
    affine[:3, 3] = gantry.centre_lps_mm + gantry.axes @ corner
    block = Block(affine=slabs.slices_first(affine), start=(span.start, 0, 0), shape=(len(span), n, n), reach_mm=pixel)
    return np.asarray(paint(anatomy, block, PathContrast(kvp))[:2])


def _followed(lengths: Array, raster: Array, angles: Numbers) -> None:
    """Lengths (angle, bin) in mm through what a raster about the centre holds."""
    from spinemets.phantom.imaging import rays  # lazy: compiled

    coarse = table("phantom_ct")["coarse"]
    held = raster > 0.0
    if not held.any():
        return
    (a, a_end), (b, b_end) = (
        (max(int(found[0]) - 1, 0), min(int(found[-1]) + 2, n))
        for found, n in zip(
            (np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))), raster.shape, strict=True
        )
    )
    part = np.ascontiguousarray(raster[a:a_end, b:b_end])
    centre = (np.array([a + a_end, b + b_end]) - np.array(raster.shape)) / 2 * coarse["pixel_mm"]
    rays.project(lengths, part, angles, (coarse["pixel_mm"], coarse["bin_mm"], float(centre[0]), float(centre[1])))


def _weights(its: Beam, lengths_cm: Array, bin_mm: float) -> tuple[Array, Array]:
    """What back-projects to the square of the noise factor, and to what hardening adds in HU."""
    from spinemets.phantom.imaging import rays  # lazy: compiled

    rows = table("phantom_ct")
    water, bone = lengths_cm
    # Variance of a logarithm of counts goes with what is lost on the way; that of a place is the mean over its rays.
    reference = float(its.attenuation(rows["reference"]["water_cylinder_cm"], 0.0))
    variance = np.exp(its.attenuation(water, bone) - reference)
    error = its.bone_error_cm(water, bone) * (1.0 - rows["beam"]["bone_corrected_share"])
    added = rays.filtered(np.asarray(error * MM_PER_CM, np.float32), bin_mm) * np.float32(HU_PER_SHARE)
    return np.asarray(variance, np.float32), np.ascontiguousarray(added, np.float32)
