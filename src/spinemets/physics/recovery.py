"""Partial volume of PET and SPECT: how much of a sphere's contrast a blurred picture keeps.

The picture is the truth blurred by a Gaussian, the same in all directions; sphere and background are uniform. Noise,
edge-enhancing reconstruction and breathing are not in it. Lengths in mm.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.ct import sigma_from_fwhm_mm


def sphere_centre_recovery(*, radius_mm: ArrayLike, fwhm_mm: float) -> NDArray[np.float64]:
    """Share of a sphere's contrast left in its centre (E-79).

    ``erf(R/(sqrt2 s)) - sqrt(2/pi) (R/s) exp(-R^2/(2 s^2))``: the chance that a Gaussian step in space stays shorter than
    the radius, written as an incomplete gamma function because the difference of the two terms cancels in small spheres.
    """
    return _moment(0, np.asarray(radius_mm, dtype=np.float64) / sigma_from_fwhm_mm(fwhm_mm))


def sphere_mean_recovery(*, radius_mm: ArrayLike, fwhm_mm: float) -> NDArray[np.float64]:
    """Share of a sphere's contrast left in its mean, the region being the sphere itself (E-79).

    A Gaussian step of length r leaves ``1 - 3r/(4R) + r^3/(16 R^3)`` of the sphere inside it (overlap of two spheres,
    r < 2R); the mean of that over all steps, in closed form. A radius of 0 keeps nothing.
    """
    x = np.asarray(radius_mm, dtype=np.float64) / sigma_from_fwhm_mm(fwhm_mm)
    inside = np.where(x > 0.0, x, 1.0)
    overlap = _moment(0, 2.0 * inside)
    overlap = overlap - 3.0 * _moment(1, 2.0 * inside) / (4.0 * inside)
    overlap = overlap + _moment(3, 2.0 * inside) / (16.0 * inside**3)
    return np.where(x > 0.0, overlap, 0.0)


def apparent(*, lesion: ArrayLike, background: ArrayLike, recovery: ArrayLike) -> NDArray[np.float64]:
    """What a lesion shows: ``background + (lesion - background) RC``, in the unit of both (E-79)."""
    around = np.asarray(background, dtype=np.float64)
    contrast = np.asarray(lesion, dtype=np.float64) - around
    return np.asarray(around + contrast * np.asarray(recovery, dtype=np.float64))


def _moment(power: int, limit: NDArray[np.float64]) -> NDArray[np.float64]:
    """``integral_0^limit u^power p(u) du`` for the length u of a three-dimensional Gaussian step of unit sd (Maxwell)."""
    from scipy.special import gammainc  # lazy: heavy import

    order = (power + 3) / 2.0
    whole = 2.0 ** (power / 2.0) * math.gamma(order) / math.gamma(1.5)
    return np.asarray(whole * gammainc(order, limit**2 / 2.0))
