"""Arterial input functions in plasma: two of populations, and one measured in a vessel (MR-DCE-02).

Tissue sees plasma: what is published for whole blood is divided by ``1 - hematocrit``, here and nowhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError

Curve = NDArray[np.float64]
SECONDS_PER_MINUTE = 60.0


def parker(times_s: ArrayLike, hematocrit: float | None = None, *, delay_s: float = 0.0) -> Curve:
    """Population mean of cancer patients after 0.1 mmol/kg, in plasma.

    ``Cb(t) = sum_n A_n/(s_n sqrt(2 pi)) exp(-(t - T_n)^2/(2 s_n^2)) + alpha exp(-beta t)/(1 + exp(-s (t - tau)))``

    Parameters
    ----------
    times_s
        Times after the injection [s], any shape.
    hematocrit
        Share of cells in blood; None takes the published one (0.42).
    delay_s
        Time until the agent arrives [s]; before it the curve is 0.

    Returns
    -------
    NDArray[np.float64]
        Concentration in plasma [mM].

    Notes
    -----
    Parker GJM, Magn Reson Med 2006; 56:993. At the moment of arrival blood already holds 0.08 mM: part of the published
    curve.
    """
    row = table("arterial_input")["parker"]
    since = _minutes(times_s, delay_s)
    t = np.maximum(since, 0.0)
    switched_on = 1.0 + np.exp(-row["slope_per_min"] * (t - row["tau_min"]))
    blood = row["alpha_mM"] * np.exp(-row["beta_per_min"] * t) / switched_on
    for area, centre, width in zip(row["areas_mM_min"], row["centres_min"], row["widths_min"], strict=True):
        blood = blood + area / (width * np.sqrt(2.0 * np.pi)) * np.exp(-(((t - centre) / width) ** 2) / 2.0)
    return _plasma(np.where(since < 0.0, 0.0, blood), row, hematocrit)


def georgiou(times_s: ArrayLike, hematocrit: float | None = None, *, delay_s: float = 0.0) -> Curve:
    """Population mean of healthy livers' arteries, in plasma.

    ``Cb(t) = [sum_i A_i exp(-m_i t)] sum_(k <= t/tau) g(t - k tau; (k + 1) alpha + k)``, with the gamma variate
    ``g(x; q) = x^q exp(-x/beta)/(beta^(q + 1) Gamma(q + 1))``.

    Parameters
    ----------
    times_s, hematocrit, delay_s
        As for `parker`; the published share of cells is 0.35.

    Returns
    -------
    NDArray[np.float64]
        Concentration in plasma [mM].

    Notes
    -----
    Georgiou L, Magn Reson Med 2019; 81:1282. The constants are printed rounded: near the peak the curve differs by up to 3 % from the
    authors' table, after the first minute by 0.6 % at most.
    """
    from scipy.special import gammaln  # lazy: heavy import

    row = table("arterial_input")["georgiou"]
    since = _minutes(times_s, delay_s)
    t = np.asarray(np.maximum(since, 0.0))
    passages = np.zeros(t.shape)
    for k in range(int(np.max(t, initial=0.0) / row["tau_min"]) + 1):
        x, q = t - k * row["tau_min"], (k + 1) * row["alpha"] + k
        begun = x > 0.0
        # Logarithms: the gamma function of late passages is beyond double precision.
        log = q * np.log(x[begun]) - x[begun] / row["beta_min"] - (q + 1.0) * np.log(row["beta_min"]) - gammaln(q + 1.0)
        passages[begun] += np.exp(log)
    decays = sum(
        height * np.exp(-rate * t) for height, rate in zip(row["amplitudes_mM"], row["decays_per_min"], strict=True)
    )
    return _plasma(decays * passages, row, hematocrit)


def measured(concentration_mM: ArrayLike, vessel: ArrayLike, *, hematocrit: float) -> Curve:
    """Mean over the voxels of a vessel, in plasma.

    Parameters
    ----------
    concentration_mM
        Concentration in blood [mM], shape (..., time).
    vessel
        Boolean, shape (...): voxels wholly inside an artery.
    hematocrit
        Share of cells in blood.

    Returns
    -------
    NDArray[np.float64]
        Concentration in plasma [mM], shape (time,).

    Raises
    ------
    UsageError
        If the mask is empty, or shapes do not agree.
    """
    blood, inside = np.asarray(concentration_mM), np.asarray(vessel, dtype=bool)
    if blood.shape[:-1] != inside.shape:
        raise UsageError(
            f"The mask of the vessel has shape {inside.shape}, the concentrations {blood.shape}.",
            "Give one mask voxel for each curve.",
        )
    curves = blood[inside].astype(np.float64)
    curves = curves[np.isfinite(curves).all(axis=-1)]
    if not len(curves):
        raise UsageError(
            "No voxel of the vessel has a concentration at all times.", "Draw the vessel where it is bright."
        )
    return np.asarray(curves.mean(axis=0) / (1.0 - _share(hematocrit)))


def _minutes(times_s: ArrayLike, delay_s: float) -> Curve:
    """Minutes since the agent arrived."""
    return np.asarray((np.asarray(times_s, dtype=np.float64) - delay_s) / SECONDS_PER_MINUTE)


def _plasma(blood_mM: Curve, row: Any, hematocrit: float | None) -> Curve:
    return np.asarray(blood_mM / (1.0 - _share(row["hematocrit"] if hematocrit is None else hematocrit)))


def _share(hematocrit: float) -> float:
    if not 0.0 <= hematocrit < 1.0:
        raise UsageError(f"A hematocrit of {hematocrit} is no share of blood.", "Give a number such as 0.42.")
    return float(hematocrit)
