"""Streaks of metal on CT: hardening and the few photons behind it, picture by picture.

Rays through metal are followed on a fine raster of the metal alone; what else they meet comes from the coarse
cross-sections. The error of their line integrals, back-projected, is added to the picture. Where there is no metal on a
picture nothing is done. Cement counts as bone and streaks with the coarse cross-sections only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import slabs
from spinemets.phantom.imaging.ct_beam import BONE, MATERIALS, WATER
from spinemets.phantom.imaging.ct_sections import HU_PER_SHARE, MM_PER_CM, Gantry, Sections, lattice, resampled
from spinemets.phantom.imaging.signals import METALS
from spinemets.phantom.pathology.hardware import Implant
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import coverage
from spinemets.physics import metal

# What is dense beyond this is metal, whatever is added to it.
METAL_HU = 2500.0
# Rays that meet less metal do not count as meeting any.
LEAST_MM = 0.02
Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """Shares (metal, u, v) of a picture that metals fill, and the raster's centre in the gantry's plane."""

    shares: Array
    centre_mm: tuple[float, float]


def rods_of(anatomy: Anatomy) -> tuple[Implant, ...]:
    """Implants that streak."""
    return tuple(rod for rod in anatomy.metal if rod.material in METALS)


def raster(rods: Sequence[Implant], gantry: Gantry, slabs_of: tuple[Numbers, Numbers]) -> Raster | None:
    """Metal of a picture as the mean of its sub-slabs; None where there is none.

    Parameters
    ----------
    slabs_of
        Places of the sub-slabs along the gantry's normal, and what each counts.
    """
    heights, weights = slabs_of
    pixel = table("phantom_ct")["fine"]["pixel_mm"]
    met = []
    for rod in rods:
        places = gantry.to(np.array(list(product(*zip(*rod.box, strict=True)))))
        if places[:, 2].min() <= heights.max() and places[:, 2].max() >= heights.min():
            met.append((rod, places[:, :2]))
    if not met:
        return None
    low = np.min([places.min(axis=0) for _, places in met], axis=0)
    high = np.max([places.max(axis=0) for _, places in met], axis=0)
    n_u, n_v = (np.ceil((high - low) / pixel).astype(int) + 1).tolist()
    shares = np.zeros((len(METALS), n_u, n_v), np.float32)
    for height, weight in zip(heights, weights, strict=True):
        affine = np.eye(4)
        affine[:3, :3] = gantry.axes * np.array([pixel, pixel, 1.0])
        affine[:3, 3] = gantry.centre_lps_mm + gantry.axes @ np.array([*low, height])
        block = Block(affine=slabs.slices_first(affine), start=(0, 0, 0), shape=(1, n_u, n_v), reach_mm=pixel)
        shares += np.float32(weight) * _covered([rod for rod, _ in met], block)
    if not shares.any():
        return None
    return Raster(shares=shares, centre_mm=(float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2))


def _covered(rods: Sequence[Implant], block: Block) -> Array:
    """Shares (metal, u, v) in one plane: where rods meet, they fill it once."""
    shares = np.zeros((len(METALS), *block.shape[1:]), np.float32)
    for rod in rods:
        found = block.within(rod.box)
        if found is not None:
            (_, i, j), part = found
            there = shares[METALS.index(rod.material), i, j]
            np.maximum(there, coverage(rod.distance(part), part.reach_mm)[0], out=there)
    return shares


def error_mm(
    found: Raster, scan: Sections, place: tuple[float, float], photons_in: float | None, generator: np.random.Generator
) -> Array:
    """What metal adds to the lengths of water (angle, bin) that rays seem to have met: hardening and counting.

    Parameters
    ----------
    place
        Height of the picture along the gantry's normal, and half the width over which rays are wanted.
    photons_in
        Photons of a bin without a patient; None = as many as one likes, nothing is lost behind metal.
    """
    from spinemets.phantom.imaging import rays  # lazy: compiled

    rows, its = table("phantom_ct"), scan.beam
    fine, (height, half_width) = rows["fine"], place
    angles = rays.angles(fine["angles"])
    bins = 2 * math.ceil(half_width / fine["bin_mm"]) + 1
    lengths = np.zeros((len(METALS), len(angles), bins), np.float32)
    for of, shares in zip(lengths, found.shares, strict=True):
        if shares.any():
            rays.project(of, shares, angles, (fine["pixel_mm"], fine["bin_mm"], *found.centre_mm))
    met = np.nonzero(lengths.max(axis=0) > LEAST_MM)
    path_cm = dict(zip(MATERIALS[2:], (of[met] / MM_PER_CM for of in lengths), strict=True))
    at_mm = (met[1] - (bins - 1) / 2) * fine["bin_mm"]
    path_cm[WATER], path_cm[BONE] = scan.lengths_cm(height, angles[met[0]], at_mm)
    without = its.water_cm(its.attenuation(path_cm[WATER], path_cm[BONE]))
    counted = its.spectrum.line_integral(path_cm)
    if photons_in is not None:
        least = rows["detector"]["least_photons"]
        counted = metal.measured_line_integral(
            generator, line_integral=counted, photons_in=photons_in, least_photons=least
        )
    true = sum(its.counted[name] * path_cm[name] for name in MATERIALS[2:])
    error = np.zeros((len(angles), bins), np.float32)
    error[met] = (its.water_cm(counted) - without - true) * MM_PER_CM
    return error


def add_streaks(image: Array, grid: Grid, k: int, scan: Sections, error: Array) -> None:
    """Add the back-projected error to a picture (i, j), where it is not metal."""
    from spinemets.phantom.imaging import rays  # lazy: compiled

    fine = table("phantom_ct")["fine"]
    first, number = lattice(scan.gantry, grid, fine["image_mm"])
    middle = first + (np.array(number) - 1) / 2 * fine["image_mm"]
    streaks = np.zeros(number, np.float32)
    sides = (fine["image_mm"], fine["bin_mm"], float(middle[0]), float(middle[1]))
    rays.back_project(streaks, rays.filtered(error, fine["bin_mm"]), rays.angles(fine["angles"]), sides)
    step = np.array([fine["image_mm"], fine["image_mm"], 1.0])
    added = resampled(streaks[None], (scan.gantry, np.array([*first, 0.0]), step), grid, k)
    image += np.where(image < METAL_HU, added * np.float32(HU_PER_SHARE), np.float32(0.0))
