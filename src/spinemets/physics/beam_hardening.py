"""Beam hardening: what a spectrum measures along a ray, its correction for water, and what that leaves of bone and metal.

Soft photons are stopped first, so a line integral grows slower than the path. A polynomial that is exact for water takes
the cup out of soft tissue; rays through bone or metal stay too low, and dark bands lie between two dense parts. Paths
in cm, attenuation per cm, arrays of rays of any shape. No scatter, no detector response beyond the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rays = NDArray[np.float64]

# Paths on which the water correction is fitted.
_FIT_POINTS = 400


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """Detected spectrum without a patient, in bins of energy, and what materials do in each.

    Attributes
    ----------
    weight
        Share of each bin in what the detector measures; they sum to 1.
    mu_per_cm
        Material -> attenuation in each bin.

    Raises
    ------
    ValueError
        If the weights do not sum to 1, or a material has another number of bins.
    """

    weight: ArrayLike
    mu_per_cm: Mapping[str, ArrayLike]

    def __post_init__(self) -> None:
        total = float(np.sum(self.weights))
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the weights of a spectrum sum to 1, not to {total:g}")
        for name, mu in self.mu_per_cm.items():
            if np.shape(mu) != self.weights.shape:
                raise ValueError(f"{name} has {np.shape(mu)} values for {self.weights.shape} bins of energy")

    @cached_property
    def weights(self) -> Rays:
        """Weights as an array."""
        return np.asarray(self.weight, dtype=np.float64)

    def line_integral(self, path_cm: Mapping[str, ArrayLike]) -> Rays:
        """Measured ``-ln sum_E w_E exp(-sum_m mu_m,E L_m)`` (E-66).

        Parameters
        ----------
        path_cm
            Material -> length within it; arrays of rays broadcast.
        """
        exponent = np.zeros(self.weights.shape)
        for name, path in path_cm.items():
            length = np.asarray(path, dtype=np.float64)[..., None]
            exponent = exponent + length * np.asarray(self.mu_per_cm[name], dtype=np.float64)
        # The hardest bin in front: a ray through metal would otherwise underflow to no photon at all.
        least = exponent.min(axis=-1, keepdims=True)
        through = np.sum(self.weights * np.exp(least - exponent), axis=-1)
        return np.asarray(least[..., 0] - np.log(through))

    def thin_mu_per_cm(self, material: str) -> float:
        """Attenuation of a path so short that nothing hardens: the mean over the bins (E-66)."""
        return float(np.sum(self.weights * np.asarray(self.mu_per_cm[material], dtype=np.float64)))

    def effective_mu_per_cm(self, material: str, path_cm: ArrayLike) -> Rays:
        """Line integral per length of a path through one material; the thin limit where the path is 0 (E-66)."""
        length = np.asarray(path_cm, dtype=np.float64)
        whole = self.line_integral({material: length})
        mean: Rays = np.full(length.shape, self.thin_mu_per_cm(material))
        np.divide(whole, length, out=mean, where=length > 0.0)
        return mean


@dataclass(frozen=True, kw_only=True)
class WaterCorrection:
    """Polynomial from a measured line integral to the length of water that measures it.

    Attributes
    ----------
    coefficients
        Of the powers 1, 2, ... of the line integral; no constant, since nothing measures nothing. The first is the
        length per line integral of a thin ray.
    longest_cm
        Water it was fitted to.
    largest_error_cm
        Largest error within that length.
    """

    coefficients: tuple[float, ...]
    longest_cm: float
    largest_error_cm: float

    def water_cm(self, line_integral: ArrayLike) -> Rays:
        """Length of water that would measure this; valid up to `longest_cm`."""
        measured = np.asarray(line_integral, dtype=np.float64)
        length = np.zeros(measured.shape)
        for coefficient in reversed(self.coefficients):
            length = (length + coefficient) * measured
        return length


def fit_water_correction(
    spectrum: Spectrum, *, longest_cm: float, degree: int = 4, material: str = "water"
) -> WaterCorrection:
    """Least-squares polynomial over lengths from 0 to the longest, exact in the slope of thin rays.

    Degree 4 leaves less than 0.01 cm of 40 cm of water for the beams of CT.
    """
    length = np.linspace(0.0, longest_cm, _FIT_POINTS)
    measured = spectrum.line_integral({material: length})
    slope = 1.0 / spectrum.thin_mu_per_cm(material)
    scale = float(measured[-1])
    powers = np.stack([(measured / scale) ** n for n in range(2, degree + 1)], axis=-1)
    fitted, *_ = np.linalg.lstsq(powers, length - slope * measured, rcond=None)
    higher = (float(c) / scale**n for n, c in enumerate(fitted, start=2))
    found = WaterCorrection(coefficients=(slope, *higher), longest_cm=longest_cm, largest_error_cm=0.0)
    error = float(np.abs(found.water_cm(measured) - length).max())
    return WaterCorrection(coefficients=found.coefficients, longest_cm=longest_cm, largest_error_cm=error)


def residual_error_cm(
    spectrum: Spectrum,
    correction: WaterCorrection,
    path_cm: Mapping[str, ArrayLike],
    *,
    material: str = "water",
    counted: Mapping[str, float] | None = None,
) -> Rays:
    """What the water correction leaves along rays: corrected length less the length without hardening, cm of water.

    Without hardening each centimetre of a material counts for ``mu/mu_water`` of the thin beam, so the error is 0 for
    water and negative for what is denser. Times ``mu_water`` it is the error sinogram whose back-projection gives the
    dark bands between bones and the streaks of metal.

    Parameters
    ----------
    counted
        Centimetres of water that a centimetre of each material counts for, where that is not the thin beam's
        (`behind_water`).
    """
    water = spectrum.thin_mu_per_cm(material)
    counts = {name: spectrum.thin_mu_per_cm(name) / water for name in path_cm} if counted is None else counted
    linear = sum(
        (counts[name] * np.asarray(path, dtype=np.float64) for name, path in path_cm.items()), start=np.zeros(())
    )
    return np.asarray(correction.water_cm(spectrum.line_integral(path_cm)) - linear)


def behind_water(
    spectrum: Spectrum, correction: WaterCorrection, *, water_cm: float, material: str = "water"
) -> dict[str, float]:
    """Centimetres of water that a thin piece of each material counts for behind so much water.

    The CT numbers of a scanner are those of such pieces in a body, not in air: bone behind 20 cm of water reads less
    than in the thin beam.
    """
    thin_cm = 1e-4
    bare = correction.water_cm(spectrum.line_integral({material: water_cm}))
    return {
        name: float(correction.water_cm(spectrum.line_integral(path)) - bare) / thin_cm
        for name in spectrum.mu_per_cm
        for path in [{material: water_cm + thin_cm} if name == material else {material: water_cm, name: thin_cm}]
    }
