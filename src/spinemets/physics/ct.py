"""CT numbers of mixtures, their dependence on tube voltage, noise and blur.

One effective energy per tube voltage: a simplification good to about 5 % of the bone value (scanners differ in filter
and calibration).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Hydroxyapatite in ICRU-44 cortical bone: calcium mass fraction 0.225 x density 1.92 g/ml / 0.3989 calcium in apatite.
CORTICAL_MINERAL_MG_PER_ML = 1082.9
# FWHM of a Gaussian in standard deviations.
FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


def hu_from_mu(mu_per_cm: ArrayLike, mu_water_per_cm: float) -> NDArray[np.float64]:
    """Definition of the scale: ``1000 (mu - mu_water)/mu_water``."""
    hu: NDArray[np.float64] = 1000.0 * (np.asarray(mu_per_cm, dtype=np.float64) / mu_water_per_cm - 1.0)
    return hu


def mixture_hu(hu_of_parts: Mapping[str, float], volume_fraction: Mapping[str, float]) -> float:
    """HU of a voxel of several parts: attenuation adds by volume, hence HU too at one spectrum (E-57)."""
    return sum(hu_of_parts[name] * share for name, share in volume_fraction.items())


def trabecular_hu(
    *, mineral_mg_per_ml: ArrayLike, fat_fraction: ArrayLike, hu_bone: float, hu_fat: float, hu_soft: float
) -> NDArray[np.float64]:
    """HU of spongy bone from its mineral and the fat fraction of its marrow.

    ``fb = mineral/1082.9``; ``HU = fb HU_bone + (1 - fb)(ff HU_fat + (1 - ff) HU_soft)`` (E-58 to E-60).
    """
    bone = np.asarray(mineral_mg_per_ml, dtype=np.float64) / CORTICAL_MINERAL_MG_PER_ML
    marrow = marrow_hu(fat_fraction, hu_fat, hu_soft)
    hu: NDArray[np.float64] = bone * hu_bone + (1.0 - bone) * marrow
    return hu


def marrow_hu(fat_fraction: ArrayLike, hu_fat: float, hu_soft: float) -> NDArray[np.float64]:
    """HU of marrow without bone."""
    fat = np.asarray(fat_fraction, dtype=np.float64)
    hu: NDArray[np.float64] = fat * hu_fat + (1.0 - fat) * hu_soft
    return hu


def mineral_for_hu(*, hu: float, fat_fraction: float, hu_bone: float, hu_fat: float, hu_soft: float) -> float:
    """Mineral in mg/ml at which spongy bone reads `hu`: the inverse of `trabecular_hu`."""
    marrow = float(marrow_hu(fat_fraction, hu_fat, hu_soft))
    return CORTICAL_MINERAL_MG_PER_ML * (hu - marrow) / (hu_bone - marrow)


def iodine_hu(*, hu_without: float, iodine_mg_per_ml: float, hu_per_mg_per_ml: float) -> float:
    """HU of fluid with iodine: linear in its concentration (E-61)."""
    return hu_without + iodine_mg_per_ml * hu_per_mg_per_ml


def noise_hu(
    *, reference_hu: float, mas_ratio: float = 1.0, slice_ratio: float = 1.0, pixel_ratio: float = 1.0
) -> float:
    """Noise sd from a reference scan: variance goes with 1/(mAs x slice x pixel^3); ratios are new over reference (E-62).

    Source: Brooks and Di Chiro 1976.
    """
    return reference_hu / math.sqrt(mas_ratio * slice_ratio * pixel_ratio**3)


def sigma_from_fwhm_mm(fwhm_mm: float) -> float:
    """Standard deviation of a Gaussian blur of that full width at half maximum (E-63)."""
    return fwhm_mm / FWHM_PER_SIGMA


def mtf_frequency_per_cm(fwhm_mm: float, level: float) -> float:
    """Spatial frequency at which the MTF ``exp(-2 pi^2 sigma^2 f^2)`` of a Gaussian blur falls to `level`."""
    return 10.0 * math.sqrt(-math.log(level) / 2.0) / (math.pi * sigma_from_fwhm_mm(fwhm_mm))


def shell_peak_hu(*, thickness_mm: ArrayLike, hu_shell: float, hu_background: float, fwhm_mm: float) -> list[float]:
    """Peak of a blurred thin shell on an equal background: ``bg + (HU - bg) erf(t/(2 sqrt2 sigma))`` (E-64)."""
    sigma = sigma_from_fwhm_mm(fwhm_mm)
    return [
        hu_background + (hu_shell - hu_background) * math.erf(t / (2.0 * math.sqrt(2.0) * sigma))
        for t in np.atleast_1d(np.asarray(thickness_mm, dtype=np.float64))
    ]


def slice_partial_volume_hu(
    *, slice_mm: float, edge_offset_mm: ArrayLike, hu_above: float, hu_below: float
) -> NDArray[np.float64]:
    """HU of a box slice cut by a horizontal interface `edge_offset_mm` above its centre (E-65)."""
    below = np.clip(0.5 + np.asarray(edge_offset_mm, dtype=np.float64) / slice_mm, 0.0, 1.0)
    hu: NDArray[np.float64] = below * hu_below + (1.0 - below) * hu_above
    return hu


def polychromatic_line_integral(
    *, weight: ArrayLike, mu_water_per_cm: ArrayLike, mu_bone_per_cm: ArrayLike, water_cm: float, bone_cm: float = 0.0
) -> float:
    """Measured ``-ln sum_E w exp(-mu_w L_w - mu_b L_b)`` of a ray: it grows slower than the path, beam hardening (E-66)."""
    exponent = -np.asarray(mu_water_per_cm) * water_cm - np.asarray(mu_bone_per_cm) * bone_cm
    return float(-np.log(np.sum(np.asarray(weight) * np.exp(exponent))))


def transmission(*, mu_per_cm: ArrayLike, path_cm: ArrayLike) -> float:
    """Share of photons behind the materials of a ray (Beer-Lambert); sd(-ln N) is 1/sqrt(N) (E-67)."""
    return float(np.exp(-np.sum(np.asarray(mu_per_cm) * np.asarray(path_cm))))
