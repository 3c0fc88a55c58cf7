"""Noise of magnitude images: from their background, or from two images of the same (MR-DWI-03).

One channel's magnitude is Rician: where there is no signal it is Rayleigh, with a mean of 1.2533 and an sd of 0.6551 of that of a channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinemets.knowledge.lookup import table
from spinemets.maps.in_order import InOrder, in_order, quantile

# A robust sd of a normal distribution from its median absolute deviation.
MAD_TO_SD = 1.4826
# In sigma, where the growth is looked at.
REACH = 0.6
# Where the scan for it begins and ends, as shares of the voxels, and its steps.
LOWEST_QUANTILE, HIGHEST_QUANTILE, SCANNED = 0.002, 0.7, 80
# Voxels that are enough.
MOST_VOXELS = 200_000
# Voxels that a growth is told from.
LEAST_COUNT = 150
# Steps of whole numbers below which a growth is that of the rounding.
LEAST_OF_WHOLE = 1.5


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Noise of one channel [unit of the signal], or why it is not known.

    Attributes
    ----------
    sigma
        None where the image does not tell it.
    method
        "background", "two images", or empty.
    n_voxels
        That it comes from.
    reason
        Why there is none.
    """

    sigma: float | None
    method: str = ""
    n_voxels: int = 0
    reason: str = ""


def of_background(image: ArrayLike) -> Noise:
    """Noise from where there is no signal.

    Parameters
    ----------
    image
        Magnitudes, any shape, a tenth of it or so without signal.

    Returns
    -------
    Noise
        From how the number of voxels grows with the signal near 0: of a Rayleigh distribution ``n(<= 2a)/n(<= a)`` is
        ``1 + s + s^2 + s^3`` with ``s = exp(-a^2/(2 sigma^2))``, at a near 0.6 sigma, where tissue hardly adds any. Refused where the
        background was blanked (more than a fifth exact zeros), where too little lies outside the patient, or where the growth is not that of
        one channel's noise at another a.
    """
    rules: Any = {name: row["value"] for name, row in table("noise").items() if isinstance(row, dict)}
    values = np.asarray(image)
    # Not `reshape`: that would copy the whole of an image whose first axis runs fastest.
    values = values.flat[:: max(1, values.size // MOST_VOXELS)]
    values = values[np.isfinite(values)]
    if len(values) < int(rules["fewest_voxels"]):
        return Noise(sigma=None, reason="the image is too small to have a background")
    zeros = int(np.count_nonzero(values <= 0.0))
    if zeros > float(rules["most_zero_share"]) * len(values):
        return Noise(
            sigma=None,
            reason=f"{100 * zeros / len(values):.0f} % of the image is exactly 0: the background was blanked",
        )
    order = in_order(values)
    sigma = _settled(order, LEAST_OF_WHOLE if np.all(np.rint(values) == values) else 0.0)
    if sigma is None:
        return Noise(sigma=None, reason="no part of the image is free of signal")
    inside = order.up_to(sigma)
    if inside < int(rules["fewest_voxels"]):
        return Noise(sigma=None, reason="too little of the image lies outside the patient")
    if quantile(order, 0.95) < float(rules["signal_over_background"]) * sigma:
        return Noise(sigma=None, reason="nothing in the image stands above its background")
    other = _from_growth(order, float(rules["other_reach"]) * sigma)
    if other is None or abs(other / sigma - 1.0) > float(rules["reaches_agree_within"]):
        return Noise(sigma=None, reason="the background does not vary as noise of one channel does")
    return Noise(sigma=sigma, method="background", n_voxels=inside)


def _settled(values: InOrder, least: float) -> float | None:
    """Noise whose growth at 0.6 of itself gives itself again; of several, the lowest."""
    low, high = (max(quantile(values, q), least, np.finfo(float).tiny) for q in (LOWEST_QUANTILE, HIGHEST_QUANTILE))
    before: tuple[float, float] | None = None
    for a in np.geomspace(low, max(high, 1.01 * low), SCANNED):
        sigma = _from_growth(values, float(a))
        if sigma is None:
            continue
        # Below: too near 0 for the noise there is.
        excess = REACH * sigma / a
        if before is not None and before[1] >= 1.0 > excess:
            return sigma
        before = float(a), excess
    return None


def _from_growth(values: InOrder, a: float) -> float | None:
    """Noise from the number of voxels up to a and up to 2a; None where they grow faster than noise does."""
    one, two = float(values.up_to(a)), float(values.up_to(2.0 * a))
    if one < LEAST_COUNT or not 1.0 < two / one < 4.0:
        return None
    low, high = 0.0, 1.0
    for _ in range(60):
        s = 0.5 * (low + high)
        low, high = (s, high) if 1.0 + s + s * s + s**3 < two / one else (low, s)
    return float(a / np.sqrt(-2.0 * np.log(max(low, 1e-300))))


def of_two_images(first: ArrayLike, second: ArrayLike, mask: ArrayLike | None = None) -> Noise:
    """Noise from the difference of two images of the same, ``sd/sqrt 2`` where there is signal (robust against motion of a few voxels).

    Parameters
    ----------
    first, second
        Magnitudes of one shape.
    mask
        Where there is signal; None = above the median of the first.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    inside = one > np.median(one) if mask is None else np.asarray(mask, dtype=bool)
    difference = (one - other)[inside]
    difference = difference[np.isfinite(difference)]
    if len(difference) < int(table("noise")["fewest_voxels"]["value"]):
        return Noise(sigma=None, reason="too few voxels with signal in both images")
    spread = MAD_TO_SD * float(np.median(np.abs(difference - np.median(difference))))
    if spread == 0.0:
        return Noise(sigma=None, reason="both images are the same")
    return Noise(sigma=spread / float(np.sqrt(2.0)), method="two images", n_voxels=len(difference))
