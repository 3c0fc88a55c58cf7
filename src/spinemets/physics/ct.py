"""CT numbers of mixtures, their dependence on tube voltage, contrast agent in the sac, noise and blur.

One effective energy per tube voltage: a simplification good to about 5 % of the bone value (scanners differ in filter
and calibration). What a whole spectrum does is in `beam_hardening`, the texture of noise in `ct_noise`, metal in `metal`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.beam_hardening import Spectrum

# Hydroxyapatite in ICRU-44 cortical bone: calcium mass fraction 0.225 x density 1.92 g/ml / 0.3989 calcium in apatite.
CORTICAL_MINERAL_MG_PER_ML = 1082.9
# FWHM of a Gaussian in standard deviations.
FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


def hu_from_mu(mu_per_cm: ArrayLike, mu_water_per_cm: float) -> NDArray[np.float64]:
    """Definition of the scale: ``1000 (mu - mu_water)/mu_water``."""
    hu: NDArray[np.float64] = 1000.0 * (np.asarray(mu_per_cm, dtype=np.float64) / mu_water_per_cm - 1.0)
    return hu


@dataclass(frozen=True, kw_only=True)
class Material:
    """Mass attenuation of a material at several energies, increasing, with no absorption edge between them.

    Attributes
    ----------
    energy_kev, mass_attenuation_cm2_per_g
        The table.
    density_g_per_ml
        Density as it lies in the body; for an agent in solution, its concentration (1 mg/ml = 0.001).
    """

    energy_kev: tuple[float, ...]
    mass_attenuation_cm2_per_g: tuple[float, ...]
    density_g_per_ml: float

    def mu_per_cm(self, energy_kev: ArrayLike) -> NDArray[np.float64]:
        """Attenuation at other energies: a cubic spline in the logarithms of both.

        Raises
        ------
        ValueError
            If an energy lies outside the table.
        """
        from scipy.interpolate import CubicSpline  # lazy: only building spectra needs it

        energy = _inside(energy_kev, self.energy_kev, "energy", "keV")
        spline = CubicSpline(np.log(self.energy_kev), np.log(self.mass_attenuation_cm2_per_g))
        mu: NDArray[np.float64] = self.density_g_per_ml * np.exp(spline(np.log(energy)))
        return mu


def mixture_hu(hu_of_parts: Mapping[str, float], volume_fraction: Mapping[str, float]) -> float:
    """HU of a voxel of several parts: attenuation adds by volume, hence HU too at one spectrum (E-57)."""
    return sum(hu_of_parts[name] * share for name, share in volume_fraction.items())


def trabecular_hu(
    *, mineral_mg_per_ml: ArrayLike, fat_fraction: ArrayLike, hu_bone: ArrayLike, hu_fat: ArrayLike, hu_soft: ArrayLike
) -> NDArray[np.float64]:
    """HU of spongy bone from its mineral and the fat fraction of its marrow.

    ``fb = mineral/1082.9``; ``HU = fb HU_bone + (1 - fb)(ff HU_fat + (1 - ff) HU_soft)`` (E-58 to E-60).
    """
    bone = np.asarray(mineral_mg_per_ml, dtype=np.float64) / CORTICAL_MINERAL_MG_PER_ML
    marrow = marrow_hu(fat_fraction, hu_fat, hu_soft)
    hu: NDArray[np.float64] = bone * np.asarray(hu_bone, dtype=np.float64) + (1.0 - bone) * marrow
    return hu


def marrow_hu(fat_fraction: ArrayLike, hu_fat: ArrayLike, hu_soft: ArrayLike) -> NDArray[np.float64]:
    """HU of marrow without bone."""
    fat = np.asarray(fat_fraction, dtype=np.float64)
    of_fat, of_soft = np.asarray(hu_fat, dtype=np.float64), np.asarray(hu_soft, dtype=np.float64)
    hu: NDArray[np.float64] = fat * of_fat + (1.0 - fat) * of_soft
    return hu


def mineral_for_hu(*, hu: float, fat_fraction: float, hu_bone: float, hu_fat: float, hu_soft: float) -> float:
    """Mineral in mg/ml at which spongy bone reads `hu`: the inverse of `trabecular_hu`."""
    marrow = float(marrow_hu(fat_fraction, hu_fat, hu_soft))
    return CORTICAL_MINERAL_MG_PER_ML * (hu - marrow) / (hu_bone - marrow)


@dataclass(frozen=True, kw_only=True)
class TubeVoltages:
    """What a table says per tube voltage, voltages increasing; straight lines between them.

    Attributes
    ----------
    kvp, effective_energy_kev
        Voltage, and the single energy at which bone over water is that of its spectrum.
    hu_bone, hu_fat, hu_soft
        Parts of spongy bone.
    """

    kvp: tuple[float, ...]
    effective_energy_kev: tuple[float, ...]
    hu_bone: tuple[float, ...]
    hu_fat: tuple[float, ...]
    hu_soft: tuple[float, ...]

    def energy_kev(self, kvp: ArrayLike) -> NDArray[np.float64]:
        """Effective energy of a voltage.

        Raises
        ------
        ValueError
            If a voltage lies outside the table.
        """
        return np.asarray(np.interp(_inside(kvp, self.kvp, "tube voltage", "kVp"), self.kvp, self.effective_energy_kev))

    def parts(self, kvp: float) -> dict[str, float]:
        """Arguments hu_bone, hu_fat and hu_soft of `trabecular_hu` and `mineral_for_hu`.

        Raises
        ------
        ValueError
            If the voltage lies outside the table.
        """
        at = _inside(kvp, self.kvp, "tube voltage", "kVp")
        columns = {"hu_bone": self.hu_bone, "hu_fat": self.hu_fat, "hu_soft": self.hu_soft}
        return {name: float(np.interp(at, self.kvp, column)) for name, column in columns.items()}


def trabecular_hu_by_kvp(
    *, mineral_mg_per_ml: float, fat_fraction: float, voltages: TubeVoltages
) -> NDArray[np.float64]:
    """HU of one spongy bone at each voltage of the table: mineral is what depends on it (E-60)."""
    return trabecular_hu(
        mineral_mg_per_ml=mineral_mg_per_ml,
        fat_fraction=fat_fraction,
        hu_bone=voltages.hu_bone,
        hu_fat=voltages.hu_fat,
        hu_soft=voltages.hu_soft,
    )


@dataclass(frozen=True, kw_only=True)
class CarriedOver:
    """A reading as it would be at another voltage, and the range it may lie in."""

    hu: float
    low_hu: float
    high_hu: float


def carried_over_hu(
    *,
    hu: float,
    fat_fraction: float,
    voltages: TubeVoltages,
    from_kvp: float,
    to_kvp: float = 120.0,
    relative_uncertainty: float,
) -> CarriedOver:
    """Spongy bone read at one voltage, as it would read at another.

    The reading gives mineral at the one voltage, the mineral a reading at the other. Filters and calibration differ
    between scanners, so the result is uncertain by a share of itself; a reading at the voltage asked for stays as it is.
    """
    if from_kvp == to_kvp:
        return CarriedOver(hu=hu, low_hu=hu, high_hu=hu)
    mineral = mineral_for_hu(hu=hu, fat_fraction=fat_fraction, **voltages.parts(from_kvp))
    there = float(trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat_fraction, **voltages.parts(to_kvp)))
    margin = relative_uncertainty * abs(there)
    return CarriedOver(hu=there, low_hu=there - margin, high_hu=there + margin)


def iodine_hu(*, hu_without: float, iodine_mg_per_ml: ArrayLike, hu_per_mg_per_ml: ArrayLike) -> NDArray[np.float64]:
    """HU of fluid with iodine: linear in its concentration (E-61)."""
    slope = np.asarray(hu_per_mg_per_ml, dtype=np.float64)
    return np.asarray(hu_without + np.asarray(iodine_mg_per_ml, dtype=np.float64) * slope)


def myelogram_hu(*, hu_fluid: ArrayLike, hu_cord: float, cord_fraction: ArrayLike) -> NDArray[np.float64]:
    """HU of a voxel of the sac after contrast: cord and roots, without iodine, take `cord_fraction` of it (E-61).

    The fluid is that of `iodine_hu`, 5 to 12 mg/ml after dilution in the sac.
    """
    cord = np.asarray(cord_fraction, dtype=np.float64)
    return np.asarray((1.0 - cord) * np.asarray(hu_fluid, dtype=np.float64) + cord * hu_cord)


def iodine_past_block_mg_per_ml(*, iodine_mg_per_ml: ArrayLike, block: float) -> NDArray[np.float64]:
    """Concentration on the far side of a block: ``(1 - p)`` of it; p = 1 is a complete block, without any (E-61)."""
    return np.asarray((1.0 - block) * np.asarray(iodine_mg_per_ml, dtype=np.float64))


def layered_iodine_mg_per_ml(*, mean_mg_per_ml: float, height: ArrayLike, layering: float) -> NDArray[np.float64]:
    """Concentration where the agent settles: falls from ``1 + layering`` of its mean below to ``1 - layering`` on top.

    Parameters
    ----------
    height
        0 at the most dependent point of the sac, 1 at its top.
    layering
        0 mixed, 1 with none left on top. A choice of this project: a straight line keeps the mean and stays >= 0.
    """
    above_middle = 2.0 * np.asarray(height, dtype=np.float64) - 1.0
    return np.asarray(mean_mg_per_ml * (1.0 - layering * above_middle))


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
    *, slice_mm: float, edge_offset_mm: ArrayLike, hu_above: float, hu_below: float, ramp_mm: float = 0.0
) -> NDArray[np.float64]:
    """HU of a slice cut by a horizontal interface `edge_offset_mm` above its centre (E-65).

    Parameters
    ----------
    ramp_mm
        0 for a box; else the width of each flank of a trapezoid, centred at half the slice from its centre (E-88). At
        most `slice_mm`, which is a triangle.
    """
    edge = np.asarray(edge_offset_mm, dtype=np.float64)
    if ramp_mm == 0.0:
        below = np.clip(0.5 + edge / slice_mm, 0.0, 1.0)
    else:
        outer, inner = (slice_mm + ramp_mm) / 2.0, (slice_mm - ramp_mm) / 2.0
        # A trapezoid is a box of the slice's width blurred by one of the ramp's: integrated twice, four parabolas.
        corners = _parabola(edge + outer) - _parabola(edge + inner) - _parabola(edge - inner) + _parabola(edge - outer)
        below = corners / (slice_mm * ramp_mm)
    hu: NDArray[np.float64] = below * hu_below + (1.0 - below) * hu_above
    return hu


def polychromatic_line_integral(
    *, weight: ArrayLike, mu_water_per_cm: ArrayLike, mu_bone_per_cm: ArrayLike, water_cm: float, bone_cm: float = 0.0
) -> float:
    """Measured ``-ln sum_E w exp(-mu_w L_w - mu_b L_b)`` of a ray: it grows slower than the path, beam hardening (E-66).

    One ray through water and bone in plain numbers; many rays, other materials and the correction: `beam_hardening`.
    """
    spectrum = Spectrum(weight=weight, mu_per_cm={"water": mu_water_per_cm, "bone": mu_bone_per_cm})
    return float(spectrum.line_integral({"water": water_cm, "bone": bone_cm}))


def transmission(*, mu_per_cm: ArrayLike, path_cm: ArrayLike) -> NDArray[np.float64]:
    """Share of photons behind the materials of a ray (Beer-Lambert); the last axis is the materials (E-67)."""
    along = np.asarray(mu_per_cm, dtype=np.float64) * np.asarray(path_cm, dtype=np.float64)
    return np.asarray(np.exp(-np.sum(along, axis=-1)))


def _parabola(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``x^2/2`` where x > 0, else 0."""
    rising: NDArray[np.float64] = np.maximum(x, 0.0) ** 2 / 2.0
    return rising


def _inside(value: ArrayLike, table: tuple[float, ...], what: str, unit: str) -> NDArray[np.float64]:
    """The value as an array, if it lies within the table."""
    asked = np.asarray(value, dtype=np.float64)
    if np.any(asked < table[0]) or np.any(asked > table[-1]):
        raise ValueError(f"{what} {asked} {unit} lies outside the table: {table[0]:g} to {table[-1]:g} {unit}")
    return asked
