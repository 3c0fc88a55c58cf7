"""Kinetic models fitted to the signal of a spoiled gradient echo: what `tofts.concentration` and `tofts.fit_signal` work with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.maps import kinetic_fits, rounding

Array = NDArray[np.float64]
# Quantile of a normal distribution for 95 %.
NORMAL = 1.959964


@dataclass(frozen=True, kw_only=True, eq=False)
class Signal:
    """What turns a signal into a concentration, and how sure it is.

    Attributes
    ----------
    tr_s, flip_angle_deg, r1
        As for `tofts.concentration`: the flip angle is the true one, (...) or one number.
    t10_s, t10_ci95_s
        T1 before the agent, (...) or one number, and its 95 % interval (..., 2); None = exact.
    baseline
        Number of first points before the agent.
    rounded_to
        Step to which signals are rounded, 0 = not; None = the signals tell.
    """

    tr_s: float
    flip_angle_deg: ArrayLike
    r1: float
    t10_s: ArrayLike
    t10_ci95_s: ArrayLike | None = None
    baseline: int = 1
    rounded_to: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """Signals of voxels (n, m), flip angles (n, 1), T1 before the agent (n, 1) and the ends of its interval (n, 2) or None, step of rounding."""

    signal: Array
    flip_angle_deg: Array
    t10_s: Array
    t10_ci95_s: Array | None
    known: Signal
    step: float

    def concentrations(self, t10_s: Array, start: Array) -> Array:
        """Concentrations (n, m) [mM] for a T1 and a baseline (n, 1)."""
        known = self.known
        return concentrations(self.signal, start, (t10_s, self.flip_angle_deg), (known.tr_s, known.r1))

    def slopes(self, start: Array) -> Array:
        """What concentrations (n, m) change by with their own signal; nan where there is none.

        ``dC/dS = dC/dB B/S``, ``B = S/S0 (1 - E10)/(1 - E10 cos a)``.
        """
        known = self.known
        cosine, decay = np.cos(np.radians(self.flip_angle_deg)), np.exp(-known.tr_s / self.t10_s)
        per_signal = (1.0 - decay) / (1.0 - decay * cosine) / start
        share = self.signal * per_signal
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = per_signal * (1.0 / (1.0 - share) - cosine / (1.0 - cosine * share)) / (known.tr_s * known.r1)
        return np.asarray(np.where(share < 1.0, slope, np.nan))


def concentrations(
    curves: Array, start: Array, of: tuple[ArrayLike, ArrayLike], sequence: tuple[float, float]
) -> Array:
    """Concentrations of curves (n, time) from their baseline, T1 and angle (n, 1); nan where there is none."""
    t10, angle = (np.asarray(x, np.float64) for x in of)
    tr_s, r1 = sequence
    cosine = np.cos(np.radians(angle))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        decay = np.exp(-tr_s / t10)
        share = curves / start * (1.0 - decay) / (1.0 - decay * cosine)
        rate = -np.log((1.0 - share) / (1.0 - share * cosine)) / tr_s
        good = np.isfinite(rate) & (share < 1.0) & (start > 0.0) & (t10 > 0.0)
        return np.asarray(np.where(good, (rate - 1.0 / t10) / r1, np.nan))


def fitted(
    curves: Curves, tissues: kinetic_fits.Tissues, model: str, rules: Mapping[str, float], delay: str
) -> kinetic_fits.Fitted:
    """Fit a model, with intervals that hold what T1, the baseline and rounding may be wrong by."""
    start = curves.signal[:, : curves.known.baseline].mean(axis=1, keepdims=True)
    slopes = curves.slopes(start)
    steps = np.ascontiguousarray(curves.step * slopes, np.float32) if curves.step > 0.0 else None

    def at(ways: Sequence[tuple[Array, Array]], delays: str | Array) -> list[kinetic_fits.Fitted]:
        rows = np.concatenate([np.asarray(curves.concentrations(*way), np.float32) for way in ways])
        wanted: NDArray[np.bool_] = np.asarray(np.isfinite(rows).all(axis=1))
        some = None if steps is None else np.tile(steps, (len(ways), 1))
        given = delays if isinstance(delays, str) else np.tile(delays, len(ways))
        samples = kinetic_fits.Samples(rows=rows, wanted=wanted, steps=some)
        found = kinetic_fits.of_model(model, tissues, samples, rules, given)
        number = len(curves.signal)
        return [found.of(slice(n * number, (n + 1) * number)) for n in range(len(ways))]

    (best,) = at([(curves.t10_s, start)], delay)
    sure = _baseline_half_width(curves, best, slopes)
    ways = [(curves.t10_s, start + sure), (curves.t10_s, start - sure)]
    if curves.t10_ci95_s is not None:
        ways += [(curves.t10_ci95_s[:, :1], start), (curves.t10_ci95_s[:, 1:], start)]
    # Side by side: the tables of each delay are made once for all of them.
    others = at(ways, best.delay_s) if delay == "fit" else [at([way], "none")[0] for way in ways]
    return kinetic_fits.widened(best, list(zip(others[::2], others[1::2], strict=True)))


def _baseline_half_width(curves: Curves, best: kinetic_fits.Fitted, slopes: Array) -> Array:
    """Half-width of the baseline's 95 % interval, (n, 1).

    Its few points scatter as all points do about the fit, and tell that worse than those: of four points alone the intervals of transfer
    held the truth in 90 of 100 curves. Rounding is an error of its own, common to all of them as far as noise does not decouple it.
    """
    points = curves.signal.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Noise is the same in all signals, and larger in concentrations where the slope is.
        variance = best.rss / max(points - best.n_parameters, 1) / np.square(slopes).mean(axis=1)
    variance = np.where(best.found & np.isfinite(variance), variance, 0.0)
    half = NORMAL**2 * variance / curves.known.baseline
    if curves.step > 0.0:
        shared = rounding.common_share(variance / curves.step**2 - rounding.UNIFORM)
        half = half + (rounding.HALF_WIDTH * curves.step) ** 2 * shared
    return np.sqrt(half)[:, None]
