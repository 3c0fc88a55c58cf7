"""Slow, obviously right second implementations of every fit: one voxel at a time, general optimisers, no tables.

They know nothing of `spinemets.maps`: formulas stand here again, as in the textbook. Units are those of the fits they check.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq, least_squares, minimize_scalar

Array = np.ndarray
# Tight enough that what is left over is rounding.
TIGHT = {"xtol": 1e-14, "ftol": 1e-14, "gtol": 1e-14, "max_nfev": 4000}
HAMILTON_PPM = np.array([-3.80, -3.40, -2.60, -1.95, -0.50, 0.60])
HAMILTON_SHARES = np.array([0.088, 0.700, 0.120, 0.006, 0.039, 0.047])
PROTON_HZ_PER_T = 42.577478518e6


def best_of(residual: Callable[[Array], Array], starts: Sequence[Sequence[float]]) -> tuple[Array, float]:
    """Parameters of least squares from the best of several starts, and the residual sum of squares."""
    found = []
    for stated in starts:
        start = np.asarray(stated, dtype=float)
        scale = np.where(start == 0.0, 1.0, np.abs(start))
        try:
            solution = least_squares(residual, start, x_scale=scale, **TIGHT)
        except ValueError:
            # This start led to numbers that are none.
            continue
        found.append((2.0 * solution.cost, solution.x))
    cost, parameters = min(found, key=lambda pair: pair[0])
    return parameters, float(cost)


def adc(signal: Array, b: Array) -> tuple[float, float, float]:
    """ADC, S0 and share explained: a polynomial of first degree through ln S."""
    logs = np.log(np.asarray(signal, dtype=float))
    slope, start = np.polyfit(b, logs, 1)
    left = logs - (start + slope * b)
    spread = logs - logs.mean()
    explained = 1.0 - float(left @ left) / float(spread @ spread) if spread.any() else 1.0
    return -float(slope), float(np.exp(start)), explained


def ivim(signal: Array, b: Array) -> tuple[dict[str, float], float]:
    """f, D, D*, S0 by all four at once, from starts over the range of each; residual sum of squares."""
    signal = np.asarray(signal, dtype=float)

    def residual(p: Array) -> Array:
        s0, f, d, dstar = p[0], p[1], np.exp(p[2]), np.exp(p[3])
        return s0 * ((1.0 - f) * np.exp(-b * d) + f * np.exp(-b * dstar)) - signal

    starts = [
        [signal.max(), f, np.log(d), np.log(dstar)]
        for f, d, dstar in itertools.product((0.05, 0.3), (5e-4, 1.5e-3), (0.01, 0.05))
    ]
    p, cost = best_of(residual, starts)
    values = {"s0": p[0], "f": p[1], "d_mm2_per_s": np.exp(p[2]), "dstar_mm2_per_s": np.exp(p[3])}
    if values["d_mm2_per_s"] > values["dstar_mm2_per_s"]:
        values["d_mm2_per_s"], values["dstar_mm2_per_s"] = values["dstar_mm2_per_s"], values["d_mm2_per_s"]
        values["f"] = 1.0 - values["f"]
    return {name: float(value) for name, value in values.items()}, cost


def spoiled(t1_s: float, m0: float, flips_deg: Array, tr_s: float) -> Array:
    """Steady state of a spoiled gradient echo."""
    a, e1 = np.radians(flips_deg), np.exp(-tr_s / t1_s)
    return m0 * np.sin(a) * (1.0 - e1) / (1.0 - e1 * np.cos(a))


def t1_flips(signal: Array, flips_deg: Array, tr_s: float) -> tuple[float, float]:
    """T1 and M0 by least squares of the signals."""
    signal = np.asarray(signal, dtype=float)

    def residual(p: Array) -> Array:
        return spoiled(np.exp(p[0]), p[1], flips_deg, tr_s) - signal

    starts = [[np.log(t1), 20.0 * signal.max()] for t1 in (0.2, 0.6, 1.5, 3.0)]
    p, _ = best_of(residual, starts)
    return float(np.exp(p[0])), float(p[1])


def t1_line(signal: Array, flips_deg: Array, tr_s: float) -> tuple[float, float]:
    """T1 and M0 by the straight line of S/sin a over S/tan a."""
    a, signal = np.radians(flips_deg), np.asarray(signal, dtype=float)
    slope, start = np.polyfit(signal / np.tan(a), signal / np.sin(a), 1)
    return float(-tr_s / np.log(slope)), float(start / (1.0 - slope))


def t1_inversions(signal: Array, times_s: Array) -> float:
    """T1 of |a + b exp(-TI/T1)|: every number of signs turned, each with a dense grid and a closer search."""
    order = np.argsort(times_s)
    times, magnitude = np.asarray(times_s, float)[order], np.abs(np.asarray(signal, float)[order])
    best = (np.inf, np.nan)
    for turned in range(len(times)):
        signed = magnitude * np.where(np.arange(len(times)) < turned, -1.0, 1.0)

        def cost(log_t1: float, y: Array = signed) -> float:
            shape = np.stack([np.ones(len(times)), np.exp(-times / np.exp(log_t1))], axis=1)
            left = y - shape @ np.linalg.lstsq(shape, y, rcond=None)[0]
            return float(left @ left)

        grid = np.linspace(np.log(0.01), np.log(10.0), 600)
        n = int(np.argmin([cost(x) for x in grid]))
        low, high = grid[max(n - 1, 0)], grid[min(n + 1, len(grid) - 1)]
        closer = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
        best = min(best, (float(closer.fun), float(np.exp(closer.x))))
    return best[1]


def concentration(ratio: float, t10_s: float, tr_s: float, flip_deg: float, r1: float) -> float:
    """Concentration that gives a ratio of signals, by a root of the forward model [mM]; nan where none does."""
    before = spoiled(t10_s, 1.0, np.array([flip_deg]), tr_s)[0]

    def off(c: float) -> float:
        return float(spoiled(1.0 / (1.0 / t10_s + r1 * c), 1.0, np.array([flip_deg]), tr_s)[0] / before - ratio)

    low, high = -0.9 / (t10_s * r1), 1e4
    return float(brentq(off, low, high, xtol=1e-13)) if off(low) * off(high) < 0.0 else np.nan


class Tissue:
    """Curves of the kinetic models by the differential equations of their compartments (no convolution, no closed form)."""

    def __init__(self, times_s: Array, plasma_mmol_per_l: Array) -> None:
        self.minutes = np.asarray(times_s, dtype=float) / 60.0
        self._input = PchipInterpolator(self.minutes, plasma_mmol_per_l)

    def plasma(self, t: float | Array) -> Array:
        """Input at any time."""
        return np.asarray(self._input(t))

    def _solved(self, change: Callable[[float, Array], Sequence[float]], states: int) -> Array:
        found = solve_ivp(
            change,
            (self.minutes[0], self.minutes[-1]),
            np.zeros(states),
            t_eval=self.minutes,
            rtol=1e-8,
            atol=1e-10,
            max_step=float(np.diff(self.minutes).min()) / 2.0,
        )
        return np.asarray(found.y)

    def tofts(self, ktrans: float, ve: float) -> Array:
        """``dC/dt = Ktrans cp - (Ktrans/ve) C``."""
        return self._solved(lambda t, c: [ktrans * float(self.plasma(t)) - ktrans / ve * c[0]], 1)[0]

    def extended_tofts(self, ktrans: float, ve: float, vp: float) -> Array:
        """Tofts and the plasma itself."""
        return self.tofts(ktrans, ve) + vp * self.plasma(self.minutes)

    def patlak(self, ps: float, vp: float) -> Array:
        """Uptake without return."""
        return self._solved(lambda t, c: [ps * float(self.plasma(t))], 1)[0] + vp * self.plasma(self.minutes)

    def exchange(self, fp: float, ps: float, vp: float, ve: float) -> Array:
        """Plasma and interstitium, well mixed each."""

        def change(t: float, c: Array) -> Sequence[float]:
            into = (fp * (float(self.plasma(t)) - c[0]) + ps * (c[1] - c[0])) / vp
            return [into, ps * (c[0] - c[1]) / ve]

        held = self._solved(change, 2)
        return vp * held[0] + ve * held[1]

    def uptake(self, fp: float, ps: float, vp: float) -> Array:
        """Plasma that flows through, and what leaves it for good."""

        def change(t: float, c: Array) -> Sequence[float]:
            return [(fp * float(self.plasma(t)) - (fp + ps) * c[0]) / vp, ps * c[0]]

        held = self._solved(change, 2)
        return vp * held[0] + held[1]


def kinetics(model: str, tissue: Tissue, curve: Array) -> dict[str, float]:
    """Parameters of a model by least squares of its differential equations, logarithms searched."""
    forms: dict[str, tuple[Callable[..., Array], tuple[str, ...], list[list[float]]]] = {
        "tofts": (tissue.tofts, ("ktrans_per_min", "ve"), [[0.1, 0.2], [0.3, 0.1]]),
        "extended_tofts": (tissue.extended_tofts, ("ktrans_per_min", "ve", "vp"), [[0.1, 0.2, 0.05]]),
        "patlak": (tissue.patlak, ("ps_per_min", "vp"), [[0.05, 0.05]]),
        "2cxm": (tissue.exchange, ("fp", "ps_per_min", "vp", "ve"), [[0.3, 0.1, 0.05, 0.2]]),
        "2cum": (tissue.uptake, ("fp", "ps_per_min", "vp"), [[0.3, 0.05, 0.05]]),
    }
    form, names, starts = forms[model]

    def residual(p: Array) -> Array:
        return form(*np.exp(p)) - curve

    found = [
        least_squares(residual, np.log(start), xtol=1e-9, ftol=1e-12, max_nfev=80, diff_step=1e-3) for start in starts
    ]
    best = min(found, key=lambda one: one.cost)
    values = dict(zip(names, np.exp(best.x), strict=True))
    if "fp" in values:
        values["fp_ml_per_100ml_per_min"] = 100.0 * values.pop("fp")
    return {name: float(value) for name, value in values.items()}


def fat(te_s: Array, field_t: float) -> Array:
    """Modulation of fat, one peak after the other (Hamilton 2011)."""
    total = np.zeros(len(te_s), complex)
    for ppm, share in zip(HAMILTON_PPM, HAMILTON_SHARES, strict=True):
        total += share * np.exp(2j * np.pi * ppm * 1e-6 * PROTON_HZ_PER_T * field_t * te_s)
    return total / HAMILTON_SHARES.sum()


def fat_fraction(echoes: Array, te_s: Array, field_t: float) -> tuple[dict[str, float], float]:
    """Fat fraction, decay and field by least squares of all five unknowns, from starts all over the field."""
    shape = fat(te_s, field_t)
    size = float(np.abs(echoes).max())

    def model(p: Array) -> Array:
        return (p[0] + p[1] * shape) * np.exp(1j * p[2] + (2j * np.pi * p[3] - p[4]) * te_s)

    def residual(p: Array) -> Array:
        left = model(p) - echoes
        return np.concatenate([left.real, left.imag])

    period = 1.0 / float(np.diff(te_s).min())
    best: tuple[float, Array] = (np.inf, np.zeros(5))
    for field in np.linspace(-period / 2, period / 2, 13)[:-1]:
        for share in (0.2, 0.8):
            phase = float(np.angle(echoes[0] * np.exp(-2j * np.pi * field * te_s[0])))
            start = np.array([size * (1 - share), size * share, phase, field, 60.0])
            scale = np.array([size, size, 1.0, 50.0, 50.0])
            found = least_squares(residual, start, x_scale=scale, xtol=1e-13, ftol=1e-13, max_nfev=300)
            water, lipid = found.x[:2]
            total = water + lipid
            if min(water / total, lipid / total) > -0.2 and 2 * found.cost < best[0]:
                best = (2 * float(found.cost), found.x)
    cost, p = best
    values = {"pdff": p[1] / (p[0] + p[1]), "r2star_per_s": p[4], "field_map_hz": p[3]}
    return {name: float(value) for name, value in values.items()}, cost


def fat_fraction_magnitude(echoes: Array, te_s: Array, field_t: float) -> tuple[float, float]:
    """Fat fraction of magnitudes and the residual sum of squares: a dense grid, then a closer search from its best points."""
    shape, seen = fat(te_s, field_t), np.abs(echoes)

    def residual(p: Array) -> Array:
        mixed = np.abs((1 - p[1]) + p[1] * shape) * np.exp(-p[2] * te_s)
        return p[0] * mixed - seen

    best = (np.inf, np.nan)
    for fraction in np.linspace(0.02, 0.98, 25):
        found = least_squares(
            residual,
            [seen.max(), fraction, 60.0],
            x_scale=[seen.max(), 0.1, 50.0],
            bounds=([0, 0, 0], [np.inf, 1, 2000]),
            xtol=1e-13,
            ftol=1e-13,
        )
        best = min(best, (2 * float(found.cost), float(found.x[1])))
    return best[1], best[0]


def curve_type(percent: Array, times_s: Array) -> str:
    """Type of an enhancement curve, rule by rule as they are written down."""
    peak, last = float(percent.max()), float(percent[-1])
    if peak < 20.0:
        return "A"
    arrival = next(t for t, p in zip(times_s, percent, strict=True) if p > 0.1 * peak)
    if arrival + 60.0 > times_s[-1]:
        return ""
    early = float(np.interp(arrival + 60.0, times_s, percent))
    if early <= 0.5 * last:
        return "B"
    if 100.0 + last < 0.95 * (100.0 + peak):
        return "D"
    if 100.0 + last > 1.10 * (100.0 + early):
        return "E"
    return "C"
