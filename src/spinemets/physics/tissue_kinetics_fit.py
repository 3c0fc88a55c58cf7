"""Kinetic parameters from a tissue curve and its plasma curve: the inverse of `tissue_kinetics`, one curve at a time.

Slow and sure, to show what a curve can tell: a search over rates, with the amplitudes solved for each, finds the start;
nonlinear least squares ends it. Times in min, concentrations in mmol/l, rates per min. Noise-free curves give Ktrans and
ve back to 1e-5. What the curve cannot tell comes back as not valid, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.tissue_kinetics import ExchangeParameters, convolve_exponential, ktrans_per_min

Vector = NDArray[np.float64]
Model = Callable[[Vector], Vector]  # (sets, parameters) -> (sets, time)

# Where a parameter stops being identifiable: section 6 of the forward models' specification. The least transfer is our
# choice: in ten minutes of 1 mmol/l of plasma it brings 1e-4 mmol/l into the tissue, below any noise.
LEAST_TURNOVER = 0.15
LEAST_TRANSFER_PER_MIN = 1e-5
VP_STEP_S = 5.0
FP_STEP_S = 2.0

_RATES_PER_MIN = np.geomspace(0.01, 100.0, 41)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A fitted parameter.

    Attributes
    ----------
    value, low, high
        Best value and 95 % interval from the residuals; nan where not valid.
    valid
        Whether the curve identifies the parameter.
    reason
        Why it does not, or what widened the interval; else empty.
    """

    value: float
    low: float
    high: float
    valid: bool = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ToftsFit:
    """Parameters of the Tofts model, and the standard deviation of what they leave over."""

    ktrans_per_min: Estimate
    ve: Estimate
    residual_sd_mmol_per_l: float


@dataclass(frozen=True, kw_only=True)
class ExtendedToftsFit:
    """Parameters of the extended Tofts model, and the standard deviation of what they leave over."""

    ktrans_per_min: Estimate
    ve: Estimate
    vp: Estimate
    residual_sd_mmol_per_l: float


@dataclass(frozen=True, kw_only=True)
class ExchangeFit:
    """Parameters of the two-compartment exchange model, and the standard deviation of what they leave over."""

    fp_per_min: Estimate
    ps_per_min: Estimate
    vp: Estimate
    ve: Estimate
    residual_sd_mmol_per_l: float


def fit_tofts(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue_mmol_per_l: ArrayLike) -> ToftsFit:
    """Ktrans and ve of `tissue_kinetics.tofts`; all arrays (time,).

    ve is not valid for ``kep T < 0.15`` (too little has come back), where no transfer can be told from none, or above 1.
    """
    seen = _Curves.of(time_min, plasma_mmol_per_l, tissue_mmol_per_l)

    def model(sets: Vector) -> Vector:
        return sets[:, :1] * seen.spread(sets[:, 1])

    basis = seen.spread(_RATES_PER_MIN)[:, None, :]
    best, (ktrans,) = _search(basis, seen.tissue)
    fit = _refine(model, np.array([ktrans, _RATES_PER_MIN[best]]), seen.tissue)
    transfer = fit.estimate(0)
    return ToftsFit(ktrans_per_min=transfer, ve=_space(fit, transfer, seen), residual_sd_mmol_per_l=fit.residual_sd)


def fit_extended_tofts(
    *, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue_mmol_per_l: ArrayLike
) -> ExtendedToftsFit:
    """Ktrans, ve and vp of `tissue_kinetics.extended_tofts`; all arrays (time,).

    ve as in `fit_tofts`. With more than 5 s between samples the plasma curve itself is uncertain by half a step, which
    the residuals do not show: the interval of vp then reaches as far as the fits to an input that much earlier or later.
    """
    seen = _Curves.of(time_min, plasma_mmol_per_l, tissue_mmol_per_l)
    fit = _fit_extended(seen)
    transfer = fit.estimate(0)
    return ExtendedToftsFit(
        ktrans_per_min=transfer,
        ve=_space(fit, transfer, seen),
        vp=_plasma_volume(fit, _fit_extended, seen),
        residual_sd_mmol_per_l=fit.residual_sd,
    )


def fit_exchange(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue_mmol_per_l: ArrayLike) -> ExchangeFit:
    """Fp, PS, vp and ve of `tissue_kinetics.two_compartment_exchange`; all arrays (time,).

    Fp is not valid with more than 2 s between samples; vp and ve as in `fit_extended_tofts`, kep = Ktrans/ve.
    """
    seen = _Curves.of(time_min, plasma_mmol_per_l, tissue_mmol_per_l)
    fit = _fit_exchange(seen)
    flow, permeability, space = fit.estimate(0), fit.estimate(1), fit.estimate(3)
    if seen.step_s > FP_STEP_S:
        flow = _refused(f"flow needs samples every {FP_STEP_S:g} s or less, got {seen.step_s:.3g} s")
    ktrans = float(ktrans_per_min(fp_per_min=fit.values[0], ps_per_min=fit.values[1]))
    turnover = ktrans * seen.total_min / max(space.value, np.finfo(float).tiny)
    return ExchangeFit(
        fp_per_min=flow,
        ps_per_min=permeability,
        vp=_plasma_volume(fit, _fit_exchange, seen),
        ve=_checked_space(space, permeability, turnover),
        residual_sd_mmol_per_l=fit.residual_sd,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Curves:
    """Plasma and tissue on the same times."""

    time: Vector
    plasma: Vector
    tissue: Vector

    @classmethod
    def of(cls, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue_mmol_per_l: ArrayLike) -> _Curves:
        time, plasma, tissue = (
            np.asarray(values, dtype=np.float64) for values in (time_min, plasma_mmol_per_l, tissue_mmol_per_l)
        )
        if not time.shape == plasma.shape == tissue.shape or time.ndim != 1 or time.size < 6:
            raise ValueError(f"one curve of at least 6 samples: {time.shape}, {plasma.shape}, {tissue.shape}")
        return cls(time=time, plasma=plasma, tissue=tissue)

    def spread(self, rates: Vector) -> Vector:
        return convolve_exponential(time_min=self.time, plasma_mmol_per_l=self.plasma, rate_per_min=rates)

    def shifted(self, by_min: float) -> _Curves:
        plasma = np.interp(self.time - by_min, self.time, self.plasma)
        return _Curves(time=self.time, plasma=plasma, tissue=self.tissue)

    @property
    def total_min(self) -> float:
        return float(self.time[-1] - self.time[0])

    @property
    def step_s(self) -> float:
        """Longest step beside the peak of the plasma: later samples may be rarer without harm to the first pass."""
        peak = int(np.clip(self.plasma.argmax(), 1, self.time.size - 2))
        return round(float(np.diff(self.time)[peak - 1 : peak + 1].max() * 60.0), 6)


class _Solution(NamedTuple):
    values: Vector
    covariance: Vector
    residual_sd: float

    def estimate(self, index: int) -> Estimate:
        value = float(self.values[index])
        half = 1.96 * float(np.sqrt(self.covariance[index, index]))
        return Estimate(value=value, low=max(value - half, 0.0), high=value + half)


def _fit_extended(seen: _Curves) -> _Solution:
    """K, kep and vp."""

    def model(sets: Vector) -> Vector:
        return sets[:, :1] * seen.spread(sets[:, 1]) + sets[:, 2:] * seen.plasma

    spread = seen.spread(_RATES_PER_MIN)
    basis = np.stack([spread, np.broadcast_to(seen.plasma, spread.shape)], axis=1)
    best, (ktrans, vp) = _search(basis, seen.tissue)
    return _refine(model, np.array([ktrans, _RATES_PER_MIN[best], vp]), seen.tissue)


def _fit_exchange(seen: _Curves) -> _Solution:
    """Fp, PS, vp and ve."""

    def model(sets: Vector) -> Vector:
        fp, ps, vp, ve = sets.T
        response = ExchangeParameters(fp_per_min=fp, ps_per_min=ps, vp=vp, ve=ve).response()
        return response.curve(time_min=seen.time, plasma_mmol_per_l=seen.plasma)

    spread = seen.spread(_RATES_PER_MIN)
    slow, fast = np.triu_indices(len(_RATES_PER_MIN), k=1)
    best, shares = _search(np.stack([spread[fast], spread[slow]], axis=1), seen.tissue)
    rates = (float(_RATES_PER_MIN[fast[best]]), float(_RATES_PER_MIN[slow[best]]))
    return _refine(model, _exchange_of(shares, rates), seen.tissue)


def _exchange_of(shares: Vector, rates: tuple[float, float]) -> Vector:
    """Fp, PS, vp and ve whose impulse response is ``sum shares exp(-rates t)``, both shares above 0.

    From K+ + K- = 1/Tp + 1/Te and K+ K- = 1/(Te Tb); 1/Tb lies between the rates, as their weighted mean.
    """
    fp = shares.sum()
    per_tb = shares @ np.array(rates) / fp
    per_te = rates[0] * rates[1] / per_tb
    vp = fp / per_tb
    ps = (sum(rates) - per_te - per_tb) * vp
    return np.array([fp, ps, vp, ps / per_te])


def _search(basis: Vector, tissue: Vector) -> tuple[int, Vector]:
    """Which candidate fits best, and its amplitudes, kept above 0.

    `basis` (candidates, amplitudes, time); amplitudes by linear least squares.
    """
    gram = basis @ basis.swapaxes(1, 2)
    amplitudes = (np.linalg.pinv(gram, hermitian=True) @ (basis @ tissue)[..., None])[..., 0]
    amplitudes = np.maximum(amplitudes, 1e-6)
    left = ((np.einsum("cat,ca->ct", basis, amplitudes) - tissue) ** 2).sum(axis=1)
    best = int(left.argmin())
    return best, amplitudes[best]


def _refine(model: Model, start: Vector, tissue: Vector) -> _Solution:
    """Nonlinear least squares with all parameters >= 0, and the covariance from the curvature at the end."""
    from scipy.optimize import least_squares  # lazy: only checks and tests need it

    scale = np.maximum(start, 1e-3)

    def residual(values: Vector) -> Vector:
        left: Vector = model(values[None])[0] - tissue
        return left

    def slopes(values: Vector) -> Vector:
        steps = 1e-7 * scale
        curves = model(np.vstack([values, values + np.diag(steps)]))
        jacobian: Vector = ((curves[1:] - curves[0]) / steps[:, None]).T
        return jacobian

    tight = 1e-14
    found = least_squares(
        residual, start, jac=slopes, bounds=(0.0, np.inf), x_scale=scale, xtol=tight, ftol=tight, gtol=tight
    )
    variance = float(2.0 * found.cost / (tissue.size - start.size))
    covariance = variance * np.linalg.pinv(found.jac.T @ found.jac, hermitian=True)
    return _Solution(values=found.x, covariance=covariance, residual_sd=float(np.sqrt(variance)))


def _space(fit: _Solution, transfer: Estimate, seen: _Curves) -> Estimate:
    """The ratio K/kep, with an interval that is symmetric in its logarithm."""
    ktrans, kep = (max(float(value), np.finfo(float).tiny) for value in fit.values[:2])
    relative = np.array([1.0 / ktrans, -1.0 / kep])
    spread = max(float(relative @ fit.covariance[:2, :2] @ relative), 0.0)
    with np.errstate(over="ignore"):
        factor = float(np.exp(1.96 * np.sqrt(spread)))
    ve = ktrans / kep
    return _checked_space(Estimate(value=ve, low=ve / factor, high=ve * factor), transfer, kep * seen.total_min)


def _checked_space(space: Estimate, entry: Estimate, turnover: float) -> Estimate:
    """The estimate of ve, or why there is none."""
    if entry.low <= LEAST_TRANSFER_PER_MIN:
        return _refused("no transfer that can be told from none: ve leaves no trace")
    if turnover < LEAST_TURNOVER:
        return _refused(f"kep x duration {turnover:.2g} < {LEAST_TURNOVER:g}: too little has come back to tell ve")
    if space.value > 1.0:
        return _refused(f"ve {space.value:.3g} is more than the whole tissue")
    return space


def _plasma_volume(fit: _Solution, again: Callable[[_Curves], _Solution], seen: _Curves) -> Estimate:
    """vp, the third parameter; with rare samples its interval reaches as far as an input half a step off would move it."""
    vp = fit.estimate(2)
    if seen.step_s <= VP_STEP_S:
        return vp
    half_min = seen.step_s / 120.0
    reach = max(abs(float(again(seen.shifted(by)).values[2]) - vp.value) for by in (-half_min, half_min))
    return Estimate(
        value=vp.value,
        low=max(vp.low - reach, 0.0),
        high=vp.high + reach,
        reason=f"samples every {seen.step_s:.3g} s, more than {VP_STEP_S:g} s: wide interval",
    )


def _refused(reason: str) -> Estimate:
    return Estimate(value=np.nan, low=np.nan, high=np.nan, valid=False, reason=reason)
