"""The beam of a CT: its spectrum by voltage, its correction for water, and what rays measure behind a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.tube_voltage import tube_voltages
from spinemets.physics.beam_hardening import (
    Spectrum,
    WaterCorrection,
    behind_water,
    fit_water_correction,
    residual_error_cm,
)
from spinemets.physics.ct import Material

Numbers = NDArray[np.float64]
# Names in the table `attenuation` of what `PathContrast` tells apart, in its order.
WATER, BONE = "water", "cortical_bone"
MATERIALS = (WATER, BONE, "titanium", "cobalt_chromium")


@dataclass(frozen=True, kw_only=True, eq=False)
class Beam:
    """A beam and how its rays are read.

    Attributes
    ----------
    counted
        Centimetres of water that one of each material counts for in a CT number.
    """

    spectrum: Spectrum
    correction: WaterCorrection
    counted: Mapping[str, float]

    def water_cm(self, line_integral: ArrayLike) -> Numbers:
        """Length of water that would measure this; past the longest that was calibrated, on a straight line."""
        measured = np.asarray(line_integral, np.float64)
        longest = float(self.spectrum.line_integral({WATER: self.correction.longest_cm}))
        mu = float(self.spectrum.effective_mu_per_cm(WATER, self.correction.longest_cm))
        inside = self.correction.water_cm(np.minimum(measured, longest))
        return np.asarray(inside + np.maximum(measured - longest, 0.0) / mu)

    def attenuation(self, water_cm: ArrayLike, bone_cm: ArrayLike) -> Numbers:
        """Line integral behind water and bone."""
        return self.spectrum.line_integral({WATER: water_cm, BONE: bone_cm})

    def bone_error_cm(self, water_cm: ArrayLike, bone_cm: ArrayLike) -> Numbers:
        """What hardening in bone adds to the length of water that rays seem to have met."""
        path = {WATER: water_cm, BONE: bone_cm}
        return residual_error_cm(self.spectrum, self.correction, path, counted=self.counted)


@cache
def beam(kvp: float) -> Beam:
    """Beam of a tube voltage.

    Raises
    ------
    ValueError
        If the voltage lies outside the table `attenuation`.
    """
    row, rows = table("phantom_ct")["beam"], table("attenuation")
    energies = float(tube_voltages().energy_kev(kvp)) * np.asarray(row["energy_shares"])
    mu = {}
    for name in MATERIALS:
        material = rows["materials"][name]
        mu[name] = Material(
            energy_kev=tuple(rows["energy_kev"]),
            mass_attenuation_cm2_per_g=tuple(material["mass_attenuation_cm2_per_g"]),
            density_g_per_ml=material["density_g_per_ml"],
        ).mu_per_cm(energies)
    spectrum = Spectrum(weight=row["weights"], mu_per_cm=mu)
    correction = fit_water_correction(spectrum, longest_cm=row["longest_water_cm"])
    behind_cm = table("phantom_ct")["reference"]["water_cylinder_cm"]
    return Beam(
        spectrum=spectrum,
        correction=correction,
        counted=behind_water(spectrum, correction, water_cm=behind_cm),
    )
