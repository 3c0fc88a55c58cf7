"""Each kinetic model as rates and amplitudes, and what they mean (MR-DCE-02): `tofts.fit` without its door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.maps.blocks import pieces
from spinemets.maps.kinetic_curves import Input, Response, response_of
from spinemets.maps.separable import OneRate, Table, log_intervals, one_rate, rates_of, student, table_of, two_rates

Array = NDArray[np.float64]
Told = dict[str, tuple[Array, Array]]
Rows = NDArray[np.float32]
PARAMETERS = ("ktrans_per_min", "ve", "vp", "kep_per_min", "ps_per_min", "fp_ml_per_100ml_per_min")
# An interval that ends below these is none of a quantity that is there: the number is then given, 0 or near it.
NEGLIGIBLE = {
    "ktrans_per_min": 0.005, "ve": 0.0, "vp": 0.005, "kep_per_min": 0.0, "ps_per_min": 0.005, "fp_ml_per_100ml_per_min": 0.5,
}  # fmt: skip
PER_100_ML = 100.0
SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Concentrations of voxels (n, m) [mM], which to fit (n,), and what one step of a rounded signal is in each (n, m); None = not rounded."""

    rows: Rows
    wanted: NDArray[np.bool_]
    steps: Rows | None = None

    def of(self, which: NDArray[Any]) -> Samples:
        """Some of the voxels, all of them to be fitted."""
        if len(which) == len(self.rows):
            return replace(self, wanted=np.ones(len(which), bool))
        steps = None if self.steps is None else self.steps[which]
        return Samples(rows=self.rows[which], wanted=np.ones(len(which), bool), steps=steps)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Parameters by name with intervals, (n,) and (n, 2); residual sums of squares; delays."""

    parameters: Told
    rss: Array
    found: NDArray[np.bool_]
    n_parameters: int
    delay_s: Array
    delay_ci_s: Array

    def of(self, part: slice) -> Fitted:
        """Some of the voxels."""
        own = {name: getattr(self, name)[part] for name in ("rss", "found", "delay_s", "delay_ci_s")}
        return replace(self, parameters={k: (v[part], ci[part]) for k, (v, ci) in self.parameters.items()}, **own)


@dataclass(frozen=True, kw_only=True, eq=False)
class _At:
    """A model fitted at one delay; what its rates and amplitudes mean is worked out when asked."""

    told: Callable[[], Told]
    rss: Array
    found: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tissue:
    """What tissue can show of the input at one delay: responses of the table's rates (n, m), the input and its integral (m,)."""

    rates: tuple[float, float]
    responses: Array
    plasma: Array
    integral: Array

    @cached_property
    def alone(self) -> Table:
        """Table of the responses."""
        return table_of(self.responses, self.rates)

    @cached_property
    def with_plasma(self) -> Table:
        """Table of the responses beside the input."""
        return table_of(self.responses, self.rates, fixed=self.plasma)

    @cached_property
    def with_integral(self) -> Table:
        """Table of the responses beside the integral of the input."""
        return table_of(self.responses, self.rates, fixed=self.integral)

    @cached_property
    def in_pairs(self) -> Table:
        """Table of pairs of responses."""
        return table_of(self.responses, self.rates, two=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tissues:
    """Tissue at any delay; that without delay is kept."""

    rates: tuple[float, float]
    response: Response

    def at(self, seconds: float) -> Tissue:
        """Tissue that sees the input so much later."""
        return self.undelayed if seconds == 0.0 else self._made(seconds / SECONDS_PER_MINUTE)

    @cached_property
    def undelayed(self) -> Tissue:
        """Tissue that sees the input when it is measured."""
        return self._made(0.0)

    def _made(self, minutes: float) -> Tissue:
        curves = self.response.seen(minutes)
        plasma = self.response.source.seen(minutes)
        return Tissue(rates=self.rates, responses=curves[1:], plasma=plasma, integral=curves[0])


def tissues_of(source: Input, rules: Mapping[str, float]) -> Tissues:
    """Tissue that an input feeds; rules: the table `kinetics`."""
    rates = rules["lowest_rate_per_min"], rules["highest_rate_per_min"]
    return Tissues(rates=rates, response=response_of(source, np.append(0.0, rates_of(rates))))


def of_model(model: str, tissues: Tissues, samples: Samples, rules: Mapping[str, float], delays: str | Array) -> Fitted:
    """Fit a model: without delay ("none"), at the best one of each voxel ("fit"), or at those given, (n,) [s]."""
    (number, points), (solve, n_parameters) = samples.rows.shape, MODELS[model]
    t = student(points - n_parameters)

    def solved(seconds: float, seen: Samples) -> _At:
        return solve(tissues.at(seconds), seen, t)

    chosen = np.flatnonzero(samples.wanted)
    seen = samples.of(chosen)
    at, ci = np.zeros(len(chosen)), np.zeros((len(chosen), 2))
    if isinstance(delays, str) and (delays == "none" or not len(chosen)):
        own = solved(0.0, seen)
        told, rss, found = own.told(), own.rss, own.found
    else:
        if isinstance(delays, str):
            at, ci = _delays(solved, seen, rules, points - n_parameters - 1)
        else:
            at = delays[chosen]
        told, rss, found = _at_delays(solved, seen, at)
    whole = _Spread(chosen, number)
    return Fitted(
        parameters={name: (whole(value), whole(interval)) for name, (value, interval) in told.items()},
        rss=whole(rss),
        found=whole(found).astype(bool),
        n_parameters=n_parameters + (delays == "fit" if isinstance(delays, str) else 1),
        delay_s=whole(at),
        delay_ci_s=whole(ci),
    )


def widened(best: Fitted, others: Sequence[tuple[Fitted, Fitted]]) -> Fitted:
    """A fit whose intervals also hold what else is uncertain.

    Parameters
    ----------
    best
        The fit.
    others
        For each uncertain input the fits at the two ends of its 95 % interval: half their difference is added to the interval as an
        independent part.
    """
    told: Told = {}
    for name, (value, interval) in best.parameters.items():
        apart = np.zeros(len(value))
        for one, other in others:
            known = one.found & other.found
            half = 0.5 * (one.parameters[name][0] - other.parameters[name][0])
            apart += np.where(known, np.nan_to_num(half, nan=0.0, posinf=0.0, neginf=0.0), 0.0) ** 2
        below, above = np.sqrt((value - interval[:, 0]) ** 2 + apart), np.sqrt((interval[:, 1] - value) ** 2 + apart)
        told[name] = value, np.stack([value - below, value + above], axis=1)
    return replace(best, parameters=told)


@dataclass(frozen=True, eq=False)
class _Spread:
    """Puts what was found of some voxels among all of them."""

    chosen: NDArray[np.intp]
    number: int

    def __call__(self, values: NDArray[Any]) -> Array:
        if len(self.chosen) == self.number:
            return values
        found = np.zeros((self.number, *values.shape[1:]))
        found[self.chosen] = values
        return found


Solved = Callable[[float, Samples], _At]


def _at_delays(solved: Solved, seen: Samples, at: Array) -> tuple[Told, Array, NDArray[np.bool_]]:
    """Parameters of each voxel at its own delay."""
    told: Told = {}
    rss, found = np.zeros(len(at)), np.zeros(len(at), bool)
    for seconds in np.unique(at):
        here = np.flatnonzero(at == seconds)
        own = solved(float(seconds), seen.of(here))
        rss[here], found[here] = own.rss, own.found
        for name, (value, interval) in own.told().items():
            values, intervals = told.setdefault(name, (np.zeros(len(at)), np.zeros((len(at), 2))))
            values[here], intervals[here] = value, interval
    return told, rss, found


def _delays(solved: Solved, seen: Samples, rules: Mapping[str, float], freedom: int) -> tuple[Array, Array]:
    """Delay of least residual of each voxel and its 95 % interval [s]: coarse steps for all, then fine ones about the best."""
    step, fine, latest = rules["coarse_delay_s"], rules["fine_delay_s"], rules["latest_delay_s"]
    # Residuals alone are asked for: what rounding hides does not matter to them.
    seen = replace(seen, steps=None)
    about, least = np.zeros(len(seen.rows)), np.full(len(seen.rows), np.inf)
    for seconds in np.arange(0.0, latest + step / 2.0, step):
        cost = _cost(solved(float(seconds), seen))
        about, least = np.where(cost < least, seconds, about), np.minimum(cost, least)
    at = about.copy()
    costs: dict[float, tuple[NDArray[np.intp], Array]] = {}
    for seconds in np.arange(0.0, latest + fine / 2.0, fine):
        near = np.flatnonzero(np.abs(about - seconds) < step)
        if len(near):
            cost = _cost(solved(float(seconds), seen.of(near)))
            costs[float(seconds)] = near, cost
            at[near] = np.where(cost < least[near], seconds, at[near])
            least[near] = np.minimum(cost, least[near])
    return at, _that_fit(costs, least * (1.0 + student(freedom) ** 2 / max(freedom, 1)), at, fine / 2.0)


def _cost(fitted: _At) -> Array:
    return np.where(fitted.found, fitted.rss, np.inf)


def _that_fit(costs: Mapping[float, tuple[NDArray[np.intp], Array]], limit: Array, at: Array, half: float) -> Array:
    """Interval of the delays whose residual is within that of the best one (profile); half a step more on either side."""
    low, high = at.copy(), at.copy()
    for seconds, (near, cost) in costs.items():
        fits = near[cost <= limit[near]]
        low[fits], high[fits] = np.minimum(low[fits], seconds), np.maximum(high[fits], seconds)
    return np.stack([np.maximum(low - half, 0.0), high + half], axis=1)


def _one(table: Table, samples: Samples, t: float) -> OneRate:
    return one_rate(table, samples.rows, samples.wanted, t, samples.steps)


def _tofts(tissue: Tissue, samples: Samples, t: float) -> _At:
    fitted = _one(tissue.alone, samples, t)
    return _At(told=lambda: _exchange(fitted), rss=fitted.rss, found=fitted.found)


def _exchange(fitted: OneRate) -> Told:
    """Ktrans, ve and kep of an exponential response; of no transfer, neither volume nor rate is told.

    Where the table of rates ends so does the fit, not what the curve allows: the rate is then open there, and at the slow end the volume.
    """
    told = {
        "ktrans_per_min": fitted.of(lambda rate, amplitude, _: amplitude),
        "ve": fitted.of(lambda rate, amplitude, _: amplitude / rate),
        "kep_per_min": fitted.of(lambda rate, *_: rate),
    }
    slow, fast = fitted.open_ends.T
    for name, from_zero, to_any in (("ve", np.zeros_like(slow), slow), ("kep_per_min", slow, fast)):
        value, ci = told[name]
        ci = np.stack([np.where(from_zero, 0.0, ci[:, 0]), np.where(to_any, np.inf, ci[:, 1])], axis=1)
        told[name] = value, np.where(fitted.decided[:, None], ci, [0.0, np.inf])
    return told


def _extended_tofts(tissue: Tissue, samples: Samples, t: float) -> _At:
    """No plasma volume below 0: where it comes out so the rest is fitted without one."""
    free = _one(tissue.with_plasma, samples, t)
    negative = free.found & (free.other[:, 0] < 0.0)
    if not negative.any():
        return _At(told=lambda: _with_plasma(free), rss=free.rss, found=free.found)
    bound = _one(tissue.alone, replace(samples, wanted=negative), t)

    def told() -> Told:
        own = {**_exchange(bound), "vp": (np.zeros(len(negative)), _with_plasma(free)["vp"][1])}
        return _replaced(_with_plasma(free), negative, own)

    return _At(told=told, rss=np.where(negative, bound.rss, free.rss), found=free.found)


def _with_plasma(fitted: OneRate) -> Told:
    return {**_exchange(fitted), "vp": fitted.of(lambda rate, amplitude, other: other)}


def _replaced(told: Told, where: NDArray[np.bool_], own: Told) -> Told:
    """Parameters with those of some voxels replaced."""
    return {
        name: (np.where(where, own[name][0], value), np.where(where[:, None], own[name][1], interval))
        for name, (value, interval) in told.items()
    }


def _patlak(tissue: Tissue, samples: Samples, t: float) -> _At:
    """Linear in both parameters; a parameter that comes out below 0 is 0 and the other fitted alone."""
    rows, wanted = samples.rows, samples.wanted
    curves = np.stack([tissue.plasma, tissue.integral])
    gram = curves @ curves.T
    products, squares, found = np.zeros((len(rows), 2)), np.zeros(len(rows)), np.zeros(len(rows), bool)
    for part in pieces(len(rows)):
        values = np.where(wanted[part, None], rows[part], np.float32(0)).astype(np.float64)
        found[part] = wanted[part] & np.isfinite(values).all(axis=1)
        values[~found[part]] = 0.0
        products[part], squares[part] = values @ curves.T, np.einsum("vt,vt->v", values, values)
    both = products @ np.linalg.inv(gram)
    alone = np.maximum(products / np.diag(gram), 0.0)
    vp = np.where(both[:, 1] < 0.0, alone[:, 0], np.maximum(both[:, 0], 0.0))
    ps = np.where(both[:, 0] < 0.0, alone[:, 1], np.maximum(both[:, 1], 0.0))
    amplitudes = np.stack([vp, ps], axis=1)
    rss = np.maximum(squares - (amplitudes * (2.0 * products - amplitudes @ gram)).sum(axis=1), 0.0)
    half = t * np.sqrt(np.diag(np.linalg.inv(gram)) * (rss / max(rows.shape[1] - 2, 1))[:, None])
    told = {
        name: (amplitudes[:, k], np.stack([both[:, k] - half[:, k], both[:, k] + half[:, k]], axis=1))
        for k, name in enumerate(("vp", "ps_per_min"))
    }
    return _At(told=lambda: told, rss=rss, found=found)


def _uptake(tissue: Tissue, samples: Samples, t: float) -> _At:
    """Two-compartment uptake: an exponential of ``Fp - Ktrans``, and ``Ktrans``, never below 0, times the integral of the input."""
    free = _one(tissue.with_integral, samples, t)
    found = free.found & free.decided
    negative = found & (free.other[:, 0] < 0.0)
    if not negative.any():
        return _At(told=lambda: _uptake_parameters(free), rss=free.rss, found=found)
    bound = _one(tissue.alone, replace(samples, wanted=negative), t)

    def told() -> Told:
        all_of_them, own = _uptake_parameters(free), _uptake_parameters(bound)
        for name in ("ps_per_min", "ktrans_per_min"):
            own[name] = np.zeros(len(negative)), all_of_them[name][1]
        return _replaced(all_of_them, negative, own)

    return _At(told=told, rss=np.where(negative, bound.rss, free.rss), found=found)


def _uptake_parameters(fitted: OneRate) -> Told:
    def flow(rate: Array, amplitude: Array, other: Array) -> Array:
        return PER_100_ML * (amplitude + other)

    def volume(rate: Array, amplitude: Array, other: Array) -> Array:
        return np.asarray((amplitude + other) ** 2 / _above(amplitude * rate))

    def permeability(rate: Array, amplitude: Array, other: Array) -> Array:
        return np.asarray((amplitude + other) * other / _above(amplitude))

    return {
        "fp_ml_per_100ml_per_min": fitted.of(flow),
        "vp": fitted.of(volume),
        "ps_per_min": fitted.of(permeability),
        "ktrans_per_min": fitted.of(lambda rate, amplitude, other: other),
    }


def _above(values: Array) -> Array:
    return np.maximum(values, np.finfo(np.float64).tiny)


def _exchange_of_two(tissue: Tissue, samples: Samples, t: float) -> _At:
    """Two-compartment exchange; where one exponential does as well as two, the compartments are not told apart."""
    fitted = two_rates(tissue.in_pairs, samples.rows, samples.wanted)
    found = fitted.found & fitted.decided

    def told() -> Told:
        values, ci = log_intervals(_compartments, fitted, t)
        return {name: (values[name], ci[name]) for name in values}

    return _At(told=told, rss=fitted.rss, found=found)


def _compartments(logs: Array) -> dict[str, Array]:
    """Logarithms of amplitudes and rates (n, 4) to parameters: the sums and products of the two rates solved for flows and volumes."""
    fast_part, slow_part, fast, slow = np.exp(logs.T)
    flow = fast_part + slow_part
    # Reciprocals of the mean transit times of plasma in all (vp/Fp), of the interstitium (ve/PS), and of plasma itself.
    through = (fast_part * fast + slow_part * slow) / flow
    back = fast * slow / through
    out = fast + slow - back
    vp = flow / through
    ps = np.maximum(vp * out - flow, 0.0)
    return {
        "fp_ml_per_100ml_per_min": PER_100_ML * flow, "vp": vp, "ps_per_min": ps, "ve": ps / back,
        "ktrans_per_min": flow * ps / (flow + ps), "kep_per_min": flow * ps / (flow + ps) * back / _above(ps),
    }  # fmt: skip


Solver = Callable[[Tissue, Samples, float], _At]
MODELS: Mapping[str, tuple[Solver, int]] = {
    "tofts": (_tofts, 2), "extended_tofts": (_extended_tofts, 3), "patlak": (_patlak, 2), "2cxm": (_exchange_of_two, 4),
    "2cum": (_uptake, 3),
}  # fmt: skip
