"""Curves that are linear in their amplitudes and depend on one or two rates: fitted by variable projection.

``y(t) = a g(t; k) + b w(t)`` or ``y(t) = a g(t; k1) + b g(t; k2)``: for given rates the best amplitudes are a small linear problem, so
that only the rates are searched (Golub and Pereyra, SIAM J Numer Anal 1973; 10:413). All voxels share the curves ``g``: they are
tabulated once over the logarithm of the rate, and together span few dimensions (12 to 16 to single precision, whatever the number
of samples), in which each voxel is projected once and fitted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.maps.blocks import in_blocks, pieces

Array = NDArray[np.float64]
Parameter = Callable[[Array, Array, Array], Array]
Meaning = Callable[[Array], dict[str, Array]]
# Nodes of the table: its splines are then exact to 1e-9 of a curve's length, a rate to 1e-6.
NODES = 1025
# One node in so many is looked at first.
COARSE = 32
# One in so many tells which dimensions the curves span.
SPANNED = 8
# Dimensions whose share is below are left out: 1e-2 of single precision.
LEAST_SHARE = 1e-8
# Share of two curves' squared lengths that has to part them.
LEAST_APART = 1e-12
BLOCK_BYTES = 1 << 18
# Step of numeric derivatives by a logarithm; what an interval that is not bounded is bounded by.
LOG_STEP = 1e-4
MOST_LOG = 80.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Curves over rates, ready for the loops.

    Attributes
    ----------
    rates
        (2,): lowest and highest.
    onto
        (m, r): orthonormal; the first column along the fixed curve where there is one.
    coarse
        (r, k): curves of some rates, of unit length where one rate is fitted.
    cubes
        (nodes - 1, 4, columns): coefficients of the splines between nodes.
    length
        Of the fixed curve; 0 = there is none.
    pairs
        (k, k, 3): inverse Gram matrices of pairs of `coarse`; empty where one rate is fitted.
    """

    rates: tuple[float, float]
    onto: Array
    coarse: Array
    cubes: Array
    length: float
    pairs: Array

    def rate(self, place: Array) -> Array:
        """Rate at a place of the table."""
        low, high = np.log(self.rates)
        return np.asarray(np.exp(low + (high - low) * place / (NODES - 1)))

    @property
    def step(self) -> float:
        """Logarithm of the ratio of neighbouring rates."""
        return float(np.log(self.rates[1] / self.rates[0]) / (NODES - 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class OneRate:
    """One rate, its amplitude and that of the fixed curve, each (n, 3): best, and at the two ends of the rate's interval.

    Attributes
    ----------
    rate, amplitude, other
        The interval is that of 95 %, from the profile of the residual.
    noise, noise_other
        (n,): half-width of the amplitudes' intervals while the rate stays.
    other_per_amplitude
        (n,): what the fixed curve's amplitude changes by with the other one.
    rss
        (n,): residual sum of squares.
    found
        (n,): whether there is a fit.
    decided
        (n,): whether an amplitude above 0 fits; else no rate does better than another.
    open_ends
        (n, 2): whether the rate's interval goes on beyond the slowest and the fastest rate of the table.
    """

    rate: Array
    amplitude: Array
    other: Array
    noise: Array
    noise_other: Array
    other_per_amplitude: Array
    rss: Array
    found: NDArray[np.bool_]
    decided: NDArray[np.bool_]
    open_ends: NDArray[np.bool_]

    def of(self, parameter: Parameter) -> tuple[Array, Array]:
        """A parameter made of rate, amplitude and other, (n,), and its interval (n, 2): along the rates, and at the best one."""
        # Where nothing is told, quotients may run over: those voxels are left out by whoever asks.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return self._of(parameter)

    def _of(self, parameter: Parameter) -> tuple[Array, Array]:
        rate, amplitude, other = self.rate[:, 0], self.amplitude[:, 0], self.other[:, 0]
        value = parameter(rate, amplitude, other)
        one, two = (parameter(self.rate[:, k], self.amplitude[:, k], self.other[:, k]) for k in (1, 2))
        moved = parameter(rate, amplitude + self.noise, other + self.other_per_amplitude * self.noise) - value
        own = moved * moved + (parameter(rate, amplitude, other + self.noise_other) - value) ** 2
        interval = np.empty((len(value), 2))
        below, above = value - np.minimum(np.minimum(one, two), value), np.maximum(np.maximum(one, two), value) - value
        interval[:, 0] = value - np.sqrt(below * below + own)
        interval[:, 1] = value + np.sqrt(above * above + own)
        return value, interval


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoRates:
    """Two rates and their amplitudes, (n,) each, and the covariance of the logarithms of all four (n, 4, 4).

    Order of the covariance: amplitudes, then rates; fast before slow. `decided` is False where one curve does as well.
    """

    fast: Array
    slow: Array
    amplitude_fast: Array
    amplitude_slow: Array
    covariance: Array
    rss: Array
    found: NDArray[np.bool_]
    decided: NDArray[np.bool_]

    def of(self, part: slice) -> TwoRates:
        """Some of the voxels."""
        return TwoRates(**{field.name: getattr(self, field.name)[part] for field in fields(self)})


def rates_of(rates: tuple[float, float]) -> Array:
    """Rates of the table's nodes between the lowest and the highest, (`NODES`,)."""
    return np.geomspace(*rates, NODES)


def table_of(curves: Array, rates: tuple[float, float], *, fixed: Array | None = None, two: bool = False) -> Table:
    """Tabulate curves.

    Parameters
    ----------
    curves
        (`NODES`, m): curves of the rates of `rates_of`.
    rates
        Lowest and highest rate.
    fixed
        (m,): a curve that is always there, None = none.
    two
        Whether pairs of rates are fitted.
    """
    from scipy.interpolate import CubicSpline  # lazy: heavy import

    length = 0.0 if fixed is None else float(np.linalg.norm(fixed))
    along, rest = np.zeros(NODES), curves
    columns: list[Array] = []
    if fixed is not None and length > 0.0:
        columns.append(fixed / length)
        along = curves @ columns[0]
        rest = curves - along[:, None] * columns[0]
    lengths = np.maximum(np.linalg.norm(rest, axis=1), np.finfo(float).tiny)
    # Curves between nodes that are looked at lie in the same dimensions.
    _, shares, directions = np.linalg.svd((rest / lengths[:, None])[::SPANNED], full_matrices=False)
    kept = directions[shares > LEAST_SHARE * shares[0]]
    onto = np.ascontiguousarray(np.stack([*columns, *kept], axis=1))
    values = curves @ onto
    if not two:
        values = values / lengths[:, None]
        values[:, : len(columns)] = 0.0
        values = np.column_stack([values, 1.0 / lengths, along / lengths])
    spline = CubicSpline(np.arange(NODES), values)
    cubes = np.ascontiguousarray(spline.c[::-1].transpose(1, 0, 2))
    coarse = np.ascontiguousarray(values[::COARSE, : onto.shape[1]].T)
    pairs = _pairs(coarse) if two else np.empty((0, 0, 3))
    return Table(rates=rates, onto=onto, coarse=coarse, cubes=cubes, length=length, pairs=pairs)


def _pairs(coarse: Array) -> Array:
    """Inverse Gram matrix of each pair of curves, its three entries."""
    gram = coarse.T @ coarse
    own = np.diag(gram)
    under = own[:, None] * own - gram**2
    # Curves that are one to rounding are no pair: amplitudes of 0 leave them out.
    apart = under > LEAST_APART * own[:, None] * own
    entries = np.stack([np.broadcast_to(own, gram.shape), -gram, np.broadcast_to(own[:, None], gram.shape)], axis=-1)
    return np.ascontiguousarray(np.where(apart, 1.0, 0.0)[..., None] * entries / np.where(apart, under, 1.0)[..., None])


def one_rate(
    table: Table,
    rows: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    t: float,
    steps: NDArray[np.float32] | None = None,
) -> OneRate:
    """Fit one rate.

    Parameters
    ----------
    table
        Of the curves.
    rows
        float32 (n, m): samples of voxels.
    wanted
        (n,): which to fit.
    t
        Quantile of Student's distribution for the interval.
    steps
        float32 (n, m): what one step of rounding is in each sample; None = not rounded. Intervals are then no narrower than what
        rounding hides.
    """
    from spinemets.maps import separable_loops as loops  # lazy: compiled

    out = np.zeros((len(rows), len(loops.ONE)))
    numbers = (float(table.length > 0.0), max(table.length, np.finfo(float).tiny), t)
    marks = wanted.astype(np.uint8)
    hidden = rows[:0] if steps is None else steps

    def work(part: slice) -> None:
        tables = (table.coarse, table.cubes)
        loops.one_rate(out[part], (rows[part], hidden[part]), marks[part], table.onto, tables, numbers)

    in_blocks(work, len(rows), 4 * rows.shape[1], block_bytes=BLOCK_BYTES)
    at_rate, rss, status = table.rate(out[:, :3]), out[:, 11], out[:, 12]
    return OneRate(
        rate=at_rate,
        amplitude=out[:, 3:6],
        other=out[:, 6:9],
        noise=out[:, 14] * out[:, 9],
        noise_other=out[:, 15] / numbers[1] if table.length > 0.0 else np.zeros(len(rows)),
        other_per_amplitude=-out[:, 10],
        rss=rss,
        found=status > 0.0,
        decided=status == 1.0,
        open_ends=np.stack([out[:, 1] <= loops.NEAR, out[:, 2] >= NODES - 1 - loops.NEAR], axis=1),
    )


def two_rates(table: Table, rows: NDArray[np.float32], wanted: NDArray[np.bool_]) -> TwoRates:
    """Fit two rates; parameters as for `one_rate`."""
    from spinemets.maps import separable_pair_loops as loops  # lazy: compiled

    out, normal = np.zeros((len(rows), len(loops.TWO))), np.zeros((len(rows), 10))
    marks = wanted.astype(np.uint8)

    def work(part: slice) -> None:
        tables = (table.coarse, table.pairs, table.cubes)
        loops.two_rates((out[part], normal[part]), rows[part], marks[part], table.onto, tables)

    in_blocks(work, len(rows), 4 * rows.shape[1], block_bytes=BLOCK_BYTES)
    one, two, first, second, rss, status = out.T
    # The faster rate first.
    swap = one < two
    one, two = np.where(swap, two, one), np.where(swap, one, two)
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    return TwoRates(
        fast=table.rate(one), slow=table.rate(two), amplitude_fast=first, amplitude_slow=second,
        covariance=_covariance(normal, (first, second, swap), rss / max(rows.shape[1] - 4, 1), table.step),
        rss=rss, found=status > 0.0, decided=status == 1.0,
    )  # fmt: skip


def _covariance(normal: Array, of: tuple[Array, Array, NDArray[np.bool_]], variance: Array, step: float) -> Array:
    """Covariance of the logarithms of amplitudes and rates; infinite where the normal matrix has no inverse."""
    first, second, swap = of
    full = np.zeros((len(normal), 4, 4))
    full[:, *np.triu_indices(4)] = normal
    full += np.triu(full, 1).transpose(0, 2, 1)
    order = np.where(swap[:, None], [1, 0, 3, 2], [0, 1, 2, 3])
    rows = np.arange(len(normal))[:, None, None]
    full = full[rows, order[:, :, None], order[:, None, :]]
    scale = np.stack([first, second, np.full_like(first, 1 / step), np.full_like(first, 1 / step)], axis=1)
    full = full * scale[:, :, None] * scale[:, None, :]
    own = np.sqrt(np.einsum("vii->vi", full))
    sound = (own > 0.0).all(axis=1)
    own[~sound] = 1.0
    full = full / own[:, :, None] / own[:, None, :]
    sound &= np.linalg.eigvalsh(np.where(sound[:, None, None], full, np.eye(4)))[:, 0] > 1e-13
    full[~sound] = np.eye(4)
    inverse: Any = np.linalg.inv(full) / own[:, :, None] / own[:, None, :]
    return np.where(sound[:, None, None], inverse * variance[:, None, None], np.inf)


def log_intervals(meaning: Meaning, fitted: TwoRates, t: float) -> tuple[dict[str, Array], dict[str, Array]]:
    """Parameters made of two amplitudes and two rates, (n,) by name, and their 95 % intervals (n, 2).

    Linear in the logarithms, so that no interval of a positive quantity ends below 0.

    Parameters
    ----------
    meaning
        Gives the parameters of logarithms (n, 4) of amplitudes and rates, fast before slow.
    fitted
        Of `two_rates`.
    t
        Quantile of Student's distribution.
    """
    found = [_log_intervals(meaning, fitted.of(part), t) for part in pieces(len(fitted.fast))]
    names = found[0][0]
    return tuple({name: np.concatenate([one[k][name] for one in found]) for name in names} for k in (0, 1))  # type: ignore[return-value]


def _log_intervals(meaning: Meaning, fitted: TwoRates, t: float) -> tuple[dict[str, Array], dict[str, Array]]:
    """The same of some voxels."""
    parts = (fitted.amplitude_fast, fitted.amplitude_slow, fitted.fast, fitted.slow)
    logs = np.log(np.where(fitted.decided[:, None], np.stack(parts, axis=1), 1.0))
    values = meaning(logs)
    slopes: dict[str, list[Array]] = {name: [] for name in values}
    for moved in LOG_STEP * np.eye(4):
        above, below = meaning(logs + moved), meaning(logs - moved)
        for name, slope in slopes.items():
            slope.append(_log_ratio(above[name], below[name]) / (2.0 * LOG_STEP))
    known = np.isfinite(fitted.covariance[:, 0, 0]) & fitted.decided
    covariance = np.where(known[:, None, None], fitted.covariance, 0.0)
    ci = {}
    for name, slope in slopes.items():
        jacobian = np.stack(slope, axis=1)
        variance = np.maximum(np.einsum("vi,vij,vj->v", jacobian, covariance, jacobian), 0.0)
        spread = np.exp(np.where(known, np.minimum(t * np.sqrt(variance), MOST_LOG), MOST_LOG))
        ci[name] = np.stack([values[name] / spread, values[name] * spread], axis=1)
    return values, ci


def _log_ratio(one: Array, other: Array) -> Array:
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(one, tiny) / np.maximum(other, tiny)))


def student(freedom: int) -> float:
    """Quantile of Student's distribution for a two-sided interval of 95 %."""
    from scipy.stats import t  # lazy: heavy import

    return float(t.ppf(0.975, max(freedom, 1)))
