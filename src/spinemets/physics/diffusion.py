"""Diffusion: signals of one pool and of two (IVIM), and what can be said of the pools from signals.

b-values in s/mm2, diffusion coefficients in mm2/s; voxels lead, b-values are the last axis. The noise is taken as
Gaussian: magnitudes below three times their noise read too low a diffusion coefficient (`rician`). What the b-values or
the signals do not tell comes back as not valid, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]

# Section 4 of the forward models' specification: what counts as one b-value, what IVIM needs, and where its parameters lie.
SAME_SHELL_WITHIN = 0.05
ZERO_BELOW_S_PER_MM2 = 1.0
PERFUSION_B_S_PER_MM2 = (1.0, 150.0)
LEAST_IVIM_SHELLS = 4
F_RANGE = (0.0, 0.5)
D_RANGE_MM2_PER_S = (0.05e-3, 3e-3)
DSTAR_RANGE_MM2_PER_S = (3e-3, 150e-3)
LEAST_DSTAR_OVER_D = 3.0

FEW_B = "fewer than two distinct b-values"
FEW_HIGH_B = "fewer than two distinct b-values at or above the threshold"
FEW_IVIM_B = "fewer than four distinct b-values: no IVIM"
NO_PERFUSION_B = "no b-value from 1 to 150 s/mm2: no IVIM"
NO_B0 = "no b = 0: the perfusion fraction has no reference"
NO_SIGNAL = "a signal is not above 0"
F_AT_EDGE = "f at the upper edge of its range: not two pools of this kind"
F_NOT_SEEN = "f cannot be told from 0: D* leaves no trace"
D_AT_EDGE = "D at an edge of its range"
DSTAR_AT_EDGE = "D* at an edge of its range"
NOT_SEPARATED = "D* not above 3 D: the pools are not separated"
NO_INTERVAL = "as many b-values as parameters: no interval"


def mono_exponential(*, s0: ArrayLike, adc_mm2_per_s: ArrayLike, b_s_per_mm2: ArrayLike) -> Vector:
    """Signal of one pool, ``S0 exp(-b ADC)``: free diffusion, or the mean over directions of nearly free diffusion."""
    return np.asarray(_last(s0) * np.exp(-np.asarray(b_s_per_mm2, dtype=np.float64) * _last(adc_mm2_per_s)))


def ivim(
    *, s0: ArrayLike, f: ArrayLike, d_mm2_per_s: ArrayLike, dstar_mm2_per_s: ArrayLike, b_s_per_mm2: ArrayLike
) -> Vector:
    """Signal of tissue and of blood that moves through capillaries (E-31).

    ``S0 [(1-f) exp(-b D) + f exp(-b D*)]``: the second exponent is D*, not D + D*. `f` is the share of the signal at
    b = 0, which T2 weights. Source: Le Bihan 1988.
    """
    b = np.asarray(b_s_per_mm2, dtype=np.float64)
    share = _last(f)
    tissue = (1.0 - share) * np.exp(-b * _last(d_mm2_per_s))
    blood = share * np.exp(-b * _last(dstar_mm2_per_s))
    return np.asarray(_last(s0) * (tissue + blood))


@dataclass(frozen=True, kw_only=True, eq=False)
class AdcEstimate:
    """Apparent diffusion coefficient of each voxel; noise may make it negative, so that means stay unbiased.

    Attributes
    ----------
    adc_mm2_per_s, s0
        nan where not valid.
    valid
        Whether b-values and signals give one.
    reason
        `FEW_B` or `NO_SIGNAL` where they do not, else empty.
    """

    adc_mm2_per_s: Vector
    s0: Vector
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


def adc_two_point(*, b_s_per_mm2: ArrayLike, signal: ArrayLike) -> AdcEstimate:
    """``ADC = ln(S1/S2)/(b2 - b1)`` of two signals, in any order (E-30); refuses one and the same b-value (E-35).

    Raises
    ------
    ValueError
        If there are not two signals a voxel.
    """
    b, seen = _measured(b_s_per_mm2, signal)
    if b.size != 2:
        raise ValueError(f"two b-values, got {b.size}; `adc_log_linear` takes more")
    return adc_log_linear(b_s_per_mm2=b, signal=seen)


def adc_log_linear(*, b_s_per_mm2: ArrayLike, signal: ArrayLike, weighted: bool = False) -> AdcEstimate:
    """Straight line through ``ln S`` over b, by least squares (E-32).

    Parameters
    ----------
    weighted
        Weigh each point with S^2, the inverse of the variance of its logarithm to first order; otherwise all alike.
    """
    b, seen = _measured(b_s_per_mm2, signal)
    reason = _reasons(seen, FEW_B if _shells(b) < 2 else "")
    line = _line(b, _filled(seen), weighted=weighted)
    adc, s0 = (np.where(reason == "", found, np.nan) for found in (line.decay_mm2_per_s, np.exp(line.log_start)))
    return AdcEstimate(adc_mm2_per_s=adc, s0=s0, valid=reason == "", reason=reason)


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentedIvim:
    """Perfusion fraction and tissue diffusion from high b-values alone.

    Attributes
    ----------
    d_mm2_per_s, f
        nan where not valid; noise may make f negative.
    valid
        Whether b-values and signals give them.
    reason
        Why they do not, else empty.
    """

    d_mm2_per_s: Vector
    f: Vector
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


def ivim_segmented(*, b_s_per_mm2: ArrayLike, signal: ArrayLike, b_threshold_s_per_mm2: float = 200.0) -> SegmentedIvim:
    """D from the signals at or above a threshold, unweighted; ``f = 1 - intercept/S(0)`` (E-33).

    Valid where blood has faded at the threshold: what is left of it makes D too large and f too small (0.4728e-3 and
    0.118 for 0.47e-3 and 0.12 in E-33). S(0) is the mean of the signals with b = 0.
    """
    b, seen = _measured(b_s_per_mm2, signal)
    high, zero = b >= b_threshold_s_per_mm2, b < ZERO_BELOW_S_PER_MM2
    refusal = _ivim_refusal(b, high) or ("" if zero.any() else NO_B0)
    reason = _reasons(seen, refusal)
    d = f = np.full(reason.shape, np.nan)
    if not refusal:
        clean = _filled(seen)
        line = _line(b[high], clean[..., high], weighted=False)
        f = np.where(reason == "", 1.0 - np.exp(line.log_start) / clean[..., zero].mean(axis=-1), np.nan)
        d = np.where(reason == "", line.decay_mm2_per_s, np.nan)
    return SegmentedIvim(d_mm2_per_s=d, f=f, valid=reason == "", reason=reason)


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameter:
    """A fitted parameter of each voxel.

    Attributes
    ----------
    value, low, high
        Best value and 95 % interval from what the fit leaves over; nan where not valid.
    valid
        Whether the signals identify it.
    reason
        Why they do not, or why there is no interval; else empty.
    """

    value: Vector
    low: Vector
    high: Vector
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True, eq=False)
class IvimFit:
    """All four parameters of `ivim`, and the standard deviation of what they leave over (nan with four signals)."""

    s0: Parameter
    f: Parameter
    d_mm2_per_s: Parameter
    dstar_mm2_per_s: Parameter
    residual_sd: Vector


def fit_ivim(*, b_s_per_mm2: ArrayLike, signal: ArrayLike, b_threshold_s_per_mm2: float = 200.0) -> IvimFit:
    """Nonlinear least squares of `ivim` in the ranges above, started from the signals at or above a threshold.

    Valid for tissue whose pools differ (D* > 3 D) and noise that is nearly Gaussian. Noise-free signals give all four back
    to 1e-4. No perfusion says nothing of D*; f or D at the edge of its range says that the model does not hold.
    """
    b, seen = _measured(b_s_per_mm2, signal)
    high = b >= b_threshold_s_per_mm2
    refusal = _ivim_refusal(b, high)
    reason = _reasons(seen, refusal)
    if refusal:
        none = _parameter(np.full((3, *reason.shape), np.nan), reason)
        return IvimFit(s0=none, f=none, d_mm2_per_s=none, dstar_mm2_per_s=none, residual_sd=none.value)
    rows = _filled(seen).reshape(-1, b.size)
    size = rows.max(axis=1)
    rows = rows / size[:, None]
    solution = _refine(_start(b, rows, high), b, rows)
    numbers = solution.intervals()
    numbers[:, 0] *= size
    s0, f, d, dstar = (
        _parameter(numbers[:, n].reshape(3, *reason.shape), np.where(reason == "", text.reshape(reason.shape), reason))
        for n, text in enumerate(_verdicts(solution))
    )
    left = np.where(reason == "", (solution.residual_sd * size).reshape(reason.shape), np.nan)
    return IvimFit(s0=s0, f=f, d_mm2_per_s=d, dstar_mm2_per_s=dstar, residual_sd=left)


def _last(voxels: ArrayLike) -> Vector:
    """Values of voxels with a last axis of 1, against which b-values broadcast."""
    return np.asarray(voxels, dtype=np.float64)[..., None]


def _measured(b_s_per_mm2: ArrayLike, signal: ArrayLike) -> tuple[Vector, Vector]:
    """b-values and signals, checked for shape."""
    b, seen = np.asarray(b_s_per_mm2, dtype=np.float64), np.asarray(signal, dtype=np.float64)
    if not b.size or seen.shape[-1:] != b.shape or not (np.isfinite(b) & (b >= 0.0)).all():
        raise ValueError(f"b-values of 0 or more, one for each of the last axis of the signals: {b}, {seen.shape}")
    return b, seen


def _usable(seen: Vector) -> NDArray[np.bool_]:
    """Voxels with a number above 0 everywhere: the others have no logarithm."""
    return np.asarray((np.isfinite(seen) & (seen > 0.0)).all(axis=-1))


def _reasons(seen: Vector, refusal: str) -> NDArray[np.str_]:
    """Why a voxel has no result: what speaks against all of them, or its own signals; else empty."""
    usable = _usable(seen)
    return np.full(usable.shape, refusal) if refusal else np.where(usable, "", NO_SIGNAL)


def _filled(seen: Vector) -> Vector:
    """Signals, with ones in the voxels whose results are refused anyway."""
    return np.where(_usable(seen)[..., None], seen, 1.0)


def _shells(b: Vector) -> int:
    """Number of b-values that differ by more than scanners do around one nominal value."""
    count, first = 0, -np.inf
    for value in np.sort(np.where(b < ZERO_BELOW_S_PER_MM2, 0.0, b)):
        if value - first > SAME_SHELL_WITHIN * value:
            count, first = count + 1, value
    return count


def _ivim_refusal(b: Vector, high: NDArray[np.bool_]) -> str:
    """Why these b-values cannot show two pools, empty if they can."""
    low, up = PERFUSION_B_S_PER_MM2
    if _shells(b) < LEAST_IVIM_SHELLS:
        return FEW_IVIM_B
    if not ((b >= low) & (b <= up)).any():
        return NO_PERFUSION_B
    return FEW_HIGH_B if _shells(b[high]) < 2 else ""


class _Line(NamedTuple):
    decay_mm2_per_s: Vector
    log_start: Vector


def _line(b: Vector, seen: Vector, *, weighted: bool) -> _Line:
    """Least squares of ``ln S = ln S0 - b D``; the last axis is summed over."""
    log = np.log(seen)
    weight = (seen / seen.max(axis=-1, keepdims=True)) ** 2 if weighted else np.ones_like(seen)
    total = weight.sum(axis=-1)
    b_mean, log_mean = (weight * b).sum(axis=-1) / total, (weight * log).sum(axis=-1) / total
    off = b - b_mean[..., None]
    spread = np.maximum((weight * off**2).sum(axis=-1), np.finfo(float).tiny)  # 0 only where the result is refused
    decay = -(weight * off * log).sum(axis=-1) / spread
    return _Line(decay, log_mean + decay * b_mean)


# The fit works on S0 (largest signal = 1), f, ln D and ln D*: steps of like size in all four, and D above 0.
_LOW = np.array([0.0, F_RANGE[0], np.log(D_RANGE_MM2_PER_S[0]), np.log(DSTAR_RANGE_MM2_PER_S[0])])
_HIGH = np.array([np.inf, F_RANGE[1], np.log(D_RANGE_MM2_PER_S[1]), np.log(DSTAR_RANGE_MM2_PER_S[1])])
_STARTS_MM2_PER_S = np.geomspace(*DSTAR_RANGE_MM2_PER_S, 24)
_MOST_STEPS = 300


class _Solution(NamedTuple):
    """End of the fit: values and half of their 95 % intervals (voxels, parameters); nan where nothing is left over."""

    values: Vector
    reach: Vector
    residual_sd: Vector

    def intervals(self) -> Vector:
        """Value, low and high (3, parameters, voxels), in the units of the parameters."""
        all_three = np.stack([self.values, self.values - self.reach, self.values + self.reach]).swapaxes(1, 2)
        with np.errstate(over="ignore"):
            all_three[:, 2:] = np.exp(all_three[:, 2:])
        all_three[:, :2] = np.maximum(all_three[:, :2], 0.0)
        return all_three


def _start(b: Vector, rows: Vector, high: NDArray[np.bool_]) -> Vector:
    """D of the high b-values, and that D* of a row of candidates which leaves least with it."""
    decay = _line(b[high], rows[:, high], weighted=True).decay_mm2_per_s
    d = np.clip(decay, *D_RANGE_MM2_PER_S)
    tissue = np.exp(-b * d[:, None])
    best, least = np.empty((len(rows), 4)), np.full(len(rows), np.inf)
    for dstar in _STARTS_MM2_PER_S:
        blood = np.broadcast_to(np.exp(-b * dstar), rows.shape)
        basis = np.stack([tissue, blood], axis=-1)
        gram = basis.swapaxes(1, 2) @ basis + 1e-9 * np.eye(2)
        amounts = np.linalg.solve(gram, (rows[:, None] @ basis)[:, 0, :, None])[..., 0]
        s0 = np.maximum(amounts.sum(axis=1), 0.1)
        # Inside the range: at f = 0 the signal does not depend on D*, and the search would stand still.
        f = np.clip(amounts[:, 1] / s0, 0.01, 0.45)
        trial = np.stack([s0, f, np.log(d), np.full(len(rows), np.log(dstar))], axis=1)
        cost = _cost(trial, b, rows)
        best[cost < least] = trial[cost < least]
        least = np.minimum(cost, least)
    return best


def _refine(start: Vector, b: Vector, rows: Vector) -> _Solution:
    """Damped Gauss-Newton (Levenberg-Marquardt) of all voxels at once; steps end at the edges of the ranges."""
    values, damping = start, np.full(len(rows), 1e-2)
    cost = _cost(values, b, rows)
    for _ in range(_MOST_STEPS):
        slopes = _slopes(values, b)
        downhill = (slopes.swapaxes(1, 2) @ (rows - _signal(values, b))[..., None])[..., 0]
        held = ((values <= _LOW) & (downhill < 0.0)) | ((values >= _HIGH) & (downhill > 0.0))
        slopes = np.where(held[:, None, :], 0.0, slopes)
        normal = slopes.swapaxes(1, 2) @ slopes
        diagonal = np.maximum(np.einsum("vkk->vk", normal), 1e-12)
        normal = normal + np.eye(4) * (damping[:, None] * diagonal + 1e-15)[:, None, :]
        step = np.linalg.solve(normal, np.where(held, 0.0, downhill)[..., None])[..., 0]
        trial = np.clip(values + step, _LOW, _HIGH)
        trial_cost = _cost(trial, b, rows)
        better = trial_cost < cost
        moved = np.abs(trial - values).max(axis=1, initial=0.0)
        settled = np.where(better, (moved < 1e-11) & (damping < 1e-3), damping > 1e6)
        values, cost = np.where(better[:, None], trial, values), np.where(better, trial_cost, cost)
        damping = np.clip(damping * np.where(better, 0.2, 5.0), 1e-12, 1e12)
        if settled.all():
            break
    return _judged(values, cost, _slopes(values, b))


def _judged(values: Vector, cost: Vector, slopes: Vector) -> _Solution:
    """Intervals from the curvature at the end and from what is left over, by Student's t: few signals are left over."""
    from scipy.special import stdtrit  # lazy: heavy import

    freedom = slopes.shape[1] - 4
    residual_sd = np.sqrt(cost / freedom) if freedom else np.full(cost.shape, np.nan)
    length = np.maximum(np.sqrt((slopes**2).sum(axis=1)), 1e-9)
    scaled = slopes / length[:, None]
    # The small term turns a direction that the signals do not see into a huge deviation instead of a division by zero.
    covariance = np.linalg.inv(scaled.swapaxes(1, 2) @ scaled + 1e-13 * np.eye(4))
    sd = residual_sd[:, None] * np.sqrt(np.einsum("vkk->vk", covariance)) / length
    return _Solution(values, stdtrit(max(freedom, 1), 0.975) * sd, residual_sd)


def _verdicts(solution: _Solution) -> tuple[NDArray[np.str_], ...]:
    """Why S0, f, D and D* are not told, empty where they are."""
    _, f, d, dstar = solution.values.T
    blind = np.isnan(solution.residual_sd)
    hidden = f <= np.where(blind, 0.0, solution.reach[:, 1])
    together = dstar <= d + np.log(LEAST_DSTAR_OVER_D)
    model = [
        (f >= _HIGH[1], F_AT_EDGE),
        ((d <= _LOW[2]) | (d >= _HIGH[2]), D_AT_EDGE),
        (together & ~hidden, NOT_SEPARATED),
    ]
    trace = [(hidden, F_NOT_SEEN), ((dstar <= _LOW[3]) | (dstar >= _HIGH[3]), DSTAR_AT_EDGE)]
    else_ = np.where(blind, NO_INTERVAL, "")
    pools, blood = (
        np.select([case for case, _ in rows], [text for _, text in rows], else_) for rows in (model, model + trace)
    )
    return else_, pools, pools, blood


def _parameter(numbers: Vector, text: NDArray[np.str_]) -> Parameter:
    """Value, low and high (3, voxels) with their verdict."""
    valid = (text == "") | (text == NO_INTERVAL)
    value, low, high = np.where(valid, numbers, np.nan)
    return Parameter(value=value, low=low, high=high, valid=np.asarray(valid), reason=text)


def _cost(values: Vector, b: Vector, rows: Vector) -> Vector:
    """Sum of squares left over."""
    return np.asarray(((rows - _signal(values, b)) ** 2).sum(axis=1))


def _signal(values: Vector, b: Vector) -> Vector:
    s0, f, d, dstar = values.T
    return ivim(s0=s0, f=f, d_mm2_per_s=np.exp(d), dstar_mm2_per_s=np.exp(dstar), b_s_per_mm2=b)


def _slopes(values: Vector, b: Vector) -> Vector:
    """Derivatives (voxels, b-values, parameters)."""
    s0, f, d, dstar = values.T[..., None]
    bd, bdstar = b * np.exp(d), b * np.exp(dstar)
    tissue, blood = np.exp(-bd), np.exp(-bdstar)
    pools = (1.0 - f) * tissue + f * blood, s0 * (blood - tissue)
    return np.stack([*pools, -s0 * (1.0 - f) * bd * tissue, -s0 * f * bdstar * blood], axis=-1)
