"""Contrast agent in tissue: what an arterial input becomes in Tofts, Patlak and two-compartment models.

Times in min, concentrations in mmol/l (mM) of tissue or plasma, rates per min (ml of plasma per ml of tissue per min for
flow and permeability), volumes as fractions of tissue. Every curve is the plasma curve convolved with the tissue's
impulse response. The plasma curve is taken as straight between its samples and integrated exactly, so a time step costs
only what the straight line between two samples misses; before the first sample it is 0. Parameters are >= 0 and
broadcast: voxels lead, time is last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.arterial_input import BiExponentialInput

Curve = NDArray[np.float64]

# Below this rate x step the closed weights cancel (error eps/x); five terms of the series are then good to 1e-13.
_SERIES_BELOW = 0.01


def tofts(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, ktrans_per_min: ArrayLike, ve: ArrayLike) -> Curve:
    """Leakage into an interstitium, no visible plasma: ``R(t) = K exp(-K t/ve)``.

    K = 0 gives 0; ve = 0 gives 0 (nothing to fill); ve infinite never washes out. Valid where the plasma volume is
    negligible. Source: Tofts PS, J Magn Reson Imaging 1999; 10:223 (E-45, E-51).

    Returns
    -------
    ndarray
        (..., time) tissue concentration in mmol/l.
    """
    ktrans = np.asarray(ktrans_per_min, dtype=np.float64)
    kep = kep_per_min(ktrans_per_min=ktrans, ve=ve)
    spread = convolve_exponential(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l, rate_per_min=kep)
    return _over_time(ktrans) * spread


def extended_tofts(
    *,
    time_min: ArrayLike,
    plasma_mmol_per_l: ArrayLike,
    ktrans_per_min: ArrayLike,
    ve: ArrayLike,
    vp: ArrayLike,
) -> Curve:
    """Tofts and visible plasma: ``R(t) = vp delta(t) + K exp(-K t/ve)``.

    The limit of the exchange model for infinite flow; valid in highly perfused tissue. Source: Tofts 1999 (E-46, E-50).
    """
    leaked = tofts(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l, ktrans_per_min=ktrans_per_min, ve=ve)
    return leaked + _over_time(vp) * np.asarray(plasma_mmol_per_l, dtype=np.float64)


def patlak(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, ktrans_per_min: ArrayLike, vp: ArrayLike) -> Curve:
    """Visible plasma and leakage without return: ``Ct = vp Cp + K AUC(Cp)``.

    Valid while ``K t/ve << 1``. Source: Patlak CS, J Cereb Blood Flow Metab 1983; 3:1 (E-47).
    """
    area = plasma_area_mmol_min_per_l(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l)
    visible = _over_time(vp) * np.asarray(plasma_mmol_per_l, dtype=np.float64)
    return visible + _over_time(ktrans_per_min) * area


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoExponentials:
    """Impulse response ``Fp [(1 - E) exp(-K+ t) + E exp(-K- t)]`` of a two-compartment tissue."""

    fp_per_min: NDArray[np.float64]
    k_plus_per_min: NDArray[np.float64]
    k_minus_per_min: NDArray[np.float64]
    slow_share: NDArray[np.float64]

    def curve(self, *, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike) -> Curve:
        """Tissue concentration in mmol/l, (..., time)."""
        plasma = np.asarray(plasma_mmol_per_l, dtype=np.float64)
        # One run of the recursion for both rates: it is the number of time steps that costs.
        shape = np.broadcast_shapes(self.k_plus_per_min.shape, plasma.shape[:-1])
        rates = np.stack([np.broadcast_to(k, shape) for k in (self.k_plus_per_min, self.k_minus_per_min)])
        fast, slow = convolve_exponential(time_min=time_min, plasma_mmol_per_l=plasma, rate_per_min=rates)
        share = _over_time(self.slow_share)
        kept: Curve = (1.0 - share) * fast + share * slow
        return _over_time(self.fp_per_min) * kept


@dataclass(frozen=True, kw_only=True, eq=False)
class ExchangeParameters:
    """Flow, permeability and the two volumes of the two-compartment exchange model; numbers or arrays that broadcast."""

    fp_per_min: ArrayLike
    ps_per_min: ArrayLike
    vp: ArrayLike
    ve: ArrayLike

    def response(self) -> TwoExponentials:
        """Rates and shares of the impulse response.

        With Tp = vp/(Fp + PS), Te = ve/PS, Tb = vp/Fp: ``K+- = 1/2 [(1/Tp + 1/Te) +- sqrt((1/Tp + 1/Te)^2 -
        4/(Te Tb))]``, ``E = (K+ - 1/Tb)/(K+ - K-)``. Everything is multiplied by vp here, which keeps vp = 0 finite, and
        the root is written as a sum of what cannot be negative, which keeps large flows exact.
        """
        given = (self.fp_per_min, self.ps_per_min, self.vp, self.ve)
        fp, ps, vp, ve = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in given))
        ps = np.where(ve > 0.0, ps, 0.0)  # no interstitium, nothing to exchange with
        per_te = _ratio(ps, ve, 0.0)
        gap = fp - ps - vp * per_te
        root = np.hypot(gap, 2.0 * np.sqrt(fp) * np.sqrt(ps))  # vp (K+ - K-)
        larger = np.abs(gap) + root
        above_flow = np.where(gap > 0.0, 2.0 * fp * _ratio(ps, larger, 0.0), larger / 2.0)  # vp (K+ - 1/Tb)
        k_plus_vp = fp + above_flow
        return TwoExponentials(
            fp_per_min=fp,
            k_plus_per_min=_ratio(k_plus_vp, vp, np.inf),
            k_minus_per_min=_ratio(fp, k_plus_vp, 0.0) * per_te,
            slow_share=_ratio(above_flow, root, 0.0),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class UptakeParameters:
    """Flow, permeability and plasma volume of the two-compartment uptake model; numbers or arrays that broadcast."""

    fp_per_min: ArrayLike
    ps_per_min: ArrayLike
    vp: ArrayLike

    def response(self) -> TwoExponentials:
        """Rates and shares: ``K+ = 1/Tp = (Fp + PS)/vp``, ``K- = 0``, ``E = PS/(Fp + PS)``."""
        given = (self.fp_per_min, self.ps_per_min, self.vp)
        fp, ps, vp = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in given))
        return TwoExponentials(
            fp_per_min=fp,
            k_plus_per_min=_ratio(fp + ps, vp, np.inf),
            k_minus_per_min=np.zeros(fp.shape),
            slow_share=_ratio(ps, fp + ps, 0.0),
        )


def two_compartment_exchange(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue: ExchangeParameters) -> Curve:
    """2CXM: plasma fed by a flow exchanges with the interstitium, ``R(t) = Fp [(1 - E) exp(-K+ t) + E exp(-K- t)]``.

    Source: Sourbron SP, Buckley DL, Magn Reson Med 2011; 66:735 (E-48).
    """
    return tissue.response().curve(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l)


def two_compartment_uptake(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, tissue: UptakeParameters) -> Curve:
    """2CUM: as 2CXM with no return from the interstitium (ve infinite).

    ``R(t) = Fp exp(-t/Tp) + Fp PS/(Fp + PS) (1 - exp(-t/Tp))``. Valid while the interstitium is nearly empty. Source:
    Sourbron 2011 (E-49).
    """
    return tissue.response().curve(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l)


def tofts_biexponential(
    *, time_min: ArrayLike, plasma: BiExponentialInput, ktrans_per_min: ArrayLike, ve: ArrayLike
) -> Curve:
    """Tofts for a bi-exponential input, in closed form, at any times.

    ``Ct = K D sum_i a_i (exp(-m_i t) - exp(-kep t))/(kep - m_i)``, whose limit for kep = m_i is ``K D a_i t exp(-m_i t)``.
    Source: Tofts PS, Kermode AG, Magn Reson Med 1991; 17:357 (E-52).
    """
    time = np.maximum(np.asarray(time_min, dtype=np.float64), 0.0)
    ktrans = np.asarray(ktrans_per_min, dtype=np.float64)
    # ve = 0 makes kep infinite, and infinite times the time 0 is undefined; this much is as good.
    kep = np.minimum(_over_time(kep_per_min(ktrans_per_min=ktrans, ve=ve)), 1e100)
    total = np.zeros(np.broadcast_shapes(kep.shape, time.shape))
    for height, rate in plasma.terms:
        # Symmetric in both rates; with the slower one in front nothing overflows and nothing cancels.
        slower, apart = np.minimum(kep, rate), np.abs(kep - rate) * time
        total += height * time * np.exp(-slower * time) * _mean_decay(apart)
    return _over_time(ktrans) * total


def kep_per_min(*, ktrans_per_min: ArrayLike, ve: ArrayLike) -> NDArray[np.float64]:
    """Rate of return ``K/ve``: 0 where nothing enters, infinite where there is no room to stay."""
    ktrans, space = np.asarray(ktrans_per_min, dtype=np.float64), np.asarray(ve, dtype=np.float64)
    return np.where(ktrans == 0.0, 0.0, _ratio(ktrans, space, np.inf))


def ktrans_per_min(*, fp_per_min: ArrayLike, ps_per_min: ArrayLike) -> NDArray[np.float64]:
    """Transfer constant of a tissue with flow and permeability: ``Fp PS/(Fp + PS)``; 0 where both are 0."""
    fp, ps = np.asarray(fp_per_min, dtype=np.float64), np.asarray(ps_per_min, dtype=np.float64)
    return _ratio(fp * ps, fp + ps, 0.0)


def plasma_area_mmol_min_per_l(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike) -> Curve:
    """Area under the plasma curve up to each time, ``AUC(Cp)``."""
    return convolve_exponential(time_min=time_min, plasma_mmol_per_l=plasma_mmol_per_l, rate_per_min=0.0)


def convolve_exponential(*, time_min: ArrayLike, plasma_mmol_per_l: ArrayLike, rate_per_min: ArrayLike) -> Curve:
    """``integral_0^t Cp(s) exp(-k (t - s)) ds`` for a plasma curve that is straight between its samples; exact.

    From one sample to the next, with d the step, x = k d and c0, c1 the plasma at its ends: ``I1 = exp(-x) I0 +
    d [c0 w(x) + c1 (m(x) - w(x))]`` where ``m(x) = (1 - exp(-x))/x``, ``w(x) = (m(x) - exp(-x))/x``.

    Parameters
    ----------
    time_min
        (time,) increasing, any steps.
    plasma_mmol_per_l
        (..., time).
    rate_per_min
        (...,) k >= 0; 0 integrates, infinite gives 0.

    Returns
    -------
    ndarray
        (..., time) in mmol min/l, 0 at the first sample.
    """
    time, plasma = np.asarray(time_min, dtype=np.float64), np.asarray(plasma_mmol_per_l, dtype=np.float64)
    if time.ndim != 1 or plasma.shape[-1:] != time.shape or not np.all(np.diff(time) > 0.0):
        raise ValueError(
            f"times must increase and match the last axis of the plasma curve: {time.shape}, {plasma.shape}"
        )
    rate = np.asarray(rate_per_min, dtype=np.float64)
    steps, which = np.unique(np.diff(time), return_inverse=True)
    steps = steps.reshape(-1, *(1,) * rate.ndim)
    kept, early, late = _step_weights(steps * rate)
    early, late = steps * early, steps * late
    frames = np.moveaxis(plasma, -1, 0)
    held = np.zeros((time.size, *np.broadcast_shapes(rate.shape, plasma.shape[:-1])))
    for n, step in enumerate(which, start=1):
        held[n] = kept[step] * held[n - 1] + early[step] * frames[n - 1] + late[step] * frames[n]
    return np.ascontiguousarray(np.moveaxis(held, 0, -1))


def _over_time(value: ArrayLike) -> NDArray[np.float64]:
    """A parameter per voxel with a last axis for time to broadcast over."""
    return np.expand_dims(np.asarray(value, dtype=np.float64), -1)


def _step_weights(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What a step of k d = x keeps, and its weights for the plasma at its start and at its end."""
    kept, mean = np.exp(-x), _mean_decay(x)
    small = x < _SERIES_BELOW
    s = np.where(small, x, 0.0)
    series = 1 / 2 + s * (-1 / 3 + s * (1 / 8 + s * (-1 / 30 + s / 144)))
    early = np.where(small, series, (mean - kept) / np.where(small, 1.0, x))
    return kept, early, mean - early


def _mean_decay(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(1 - exp(-x))/x``, the mean of exp(-u) for u from 0 to x; 1 at 0."""
    return _ratio(-np.expm1(-x), x, 1.0)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64], undefined: float) -> NDArray[np.float64]:
    """``part/whole``, and the stated limit where the whole is 0."""
    result = np.full(np.broadcast_shapes(part.shape, whole.shape), undefined)
    with np.errstate(over="ignore"):  # infinite is right for a whole that is next to nothing
        np.divide(part, whole, out=result, where=whole != 0.0)
    return result
