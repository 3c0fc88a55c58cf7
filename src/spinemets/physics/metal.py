"""Metal on CT: how few photons come through, the noise of their logarithm, and where the scale ends.

Behind a few centimetres of titanium a detector counts single photons: the line integral turns into noise that runs
through the picture as streaks. Paths in cm, attenuation per cm at one energy; the hardening of the beam, which adds dark
bands, is in `beam_hardening`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.counting import relative_sd
from spinemets.physics.ct import transmission

# Largest value of 12 stored bits with the usual intercept of -1024, and of a scale extended tenfold.
LIMIT_12_BIT_HU = 3071.0
LIMIT_EXTENDED_HU = 30710.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Behind:
    """What is left behind a ray.

    Attributes
    ----------
    transmission
        Share of the photons.
    photons
        Expected number that is detected.
    sd_of_log
        Standard deviation of the line integral ``-ln(N/N0)``: ``1/sqrt(N)``. Valid above about 20 photons; below, the
        logarithm is skewed and only says that nothing can be measured.
    """

    transmission: NDArray[np.float64]
    photons: NDArray[np.float64]
    sd_of_log: NDArray[np.float64]


def behind(*, mu_per_cm: ArrayLike, path_cm: ArrayLike, photons_in: float) -> Behind:
    """Photons behind the materials of rays, Beer-Lambert (E-67).

    Parameters
    ----------
    mu_per_cm, path_cm
        The last axis is the materials; rays lead and broadcast.
    photons_in
        Photons that a detector element counts without a patient.
    """
    share = transmission(mu_per_cm=mu_per_cm, path_cm=path_cm)
    photons = photons_in * share
    return Behind(transmission=share, photons=photons, sd_of_log=relative_sd(photons))


def measured_line_integral(
    generator: np.random.Generator, *, line_integral: ArrayLike, photons_in: float, least_photons: float = 1.0
) -> NDArray[np.float64]:
    """Line integrals as they are counted: ``-ln(N/N0)`` of Poisson numbers.

    Where fewer than `least_photons` are counted that many are taken, since the logarithm of nothing is not a number:
    behind much metal the line integral saturates at ``ln(N0/least)``, which is what makes metal read too low.
    """
    expected = photons_in * np.exp(-np.asarray(line_integral, dtype=np.float64))
    counted = np.maximum(generator.poisson(expected), least_photons)
    return np.asarray(np.log(photons_in / counted))


def clipped_hu(hu: ArrayLike, *, extended: bool = False) -> NDArray[np.float64]:
    """HU that the stored scale can hold: at most 3071, or 30710 on an extended scale."""
    limit = LIMIT_EXTENDED_HU if extended else LIMIT_12_BIT_HU
    return np.minimum(np.asarray(hu, dtype=np.float64), limit)
