"""Intravoxel incoherent motion: perfusion and diffusion from one set of b-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.adc import distinct
from spinemets.maps.blocks import in_pieces, voxels
from spinemets.maps.separable import (
    OneRate,
    Table,
    TwoRates,
    log_intervals,
    one_rate,
    rates_of,
    student,
    table_of,
    two_rates,
)
from spinemets.model.errors import UsageError

Array = NDArray[np.float64]
Numbers = NDArray[np.float32]
# A voxel's covariances take ten times the memory of its samples: small pieces.
PIECE = 1 << 14
NAMES = ("f", "d_mm2_per_s", "dstar_mm2_per_s", "s0")


@dataclass(frozen=True, kw_only=True, eq=False)
class IvimFit:
    """Parameters of each voxel, each of the leading axes' shape.

    A parameter is nan where the signals do not tell it: where its interval spans more than a factor of 9 (table `diffusion`), or
    one exponential does as well as two (f near 0 and near 1 look alike). Its interval stays.

    Attributes
    ----------
    f
        Share of the signal at b = 0 that is blood in capillaries.
    d_mm2_per_s, dstar_mm2_per_s
        Diffusion in tissue, and pseudo-diffusion; the latter is the larger one.
    s0
        Signal at b = 0.
    ci95
        By name of the parameter, (..., 2): 95 % interval.
    valid
        Whether two exponentials are told apart.
    """

    f: Numbers
    d_mm2_per_s: Numbers
    dstar_mm2_per_s: Numbers
    s0: Numbers
    ci95: Mapping[str, Numbers]
    valid: NDArray[np.bool_]


def fit(signal: ArrayLike, b_values: ArrayLike, *, mask: ArrayLike | None = None) -> IvimFit:
    """Fit ``S = S0 [(1 - f) exp(-b D) + f exp(-b D*)]`` by least squares, all signals alike.

    Parameters
    ----------
    signal
        Magnitudes, shape (..., b).
    b_values
        [s/mm2], shape (b,), any order.
    mask
        Boolean, shape (...): voxels to fit; None = all.

    Returns
    -------
    IvimFit

    Raises
    ------
    UsageError
        If there are fewer than four distinct b-values, or none from 1 to 150 s/mm2, or shapes do not agree.

    Notes
    -----
    Le Bihan D, Radiology 1988; 168:497. The exact least squares of all four parameters, not a fit in segments: that one has a bias
    (E-33: D 0.4728 for 0.47, f 0.118 for 0.12).
    """
    values, b = np.asarray(signal), np.asarray(b_values, dtype=np.float64)
    rules: Any = {name: row["value"] for name, row in table("diffusion").items() if name.startswith("ivim_")}
    _check(values, b, rules)
    rows, where = voxels(values, mask)
    rates = (float(rules["ivim_rates_mm2_per_s"][0]), float(rules["ivim_rates_mm2_per_s"][1]))
    curves = np.exp(-rates_of(rates)[:, None] * b)
    tables = table_of(curves, rates, two=True), table_of(curves, rates)

    def piece(part: slice) -> IvimFit:
        samples = np.ascontiguousarray(rows[part], np.float32)
        return _piece(samples, np.ones(len(samples), bool) if where is None else where[part], tables, rules)

    return in_pieces(piece, len(rows), values.shape[:-1], size=PIECE)


def _piece(samples: Numbers, wanted: NDArray[np.bool_], tables: tuple[Table, Table], rules: Any) -> IvimFit:
    """The fit of some voxels, (n,) each."""
    n_b = samples.shape[1]
    fitted = two_rates(tables[0], samples, wanted)
    told, ci = log_intervals(_meaning, fitted, student(n_b - 4))
    single = one_rate(tables[1], samples, wanted, student(n_b - 2))
    # A slow part faster than free water is no tissue: it is the fast part seen twice.
    slow = fitted.slow <= float(rules["ivim_most_d_mm2_per_s"])
    fitted = replace(fitted, decided=fitted.decided & slow & _better(fitted, single, n_b))
    told, ci = _undecided(told, ci, fitted, single, tables[0].rates)
    return _kept(told, ci, fitted, float(rules["ivim_widest_ratio"]), tables[0].rates)


def _better(two: TwoRates, one: OneRate, n: int) -> NDArray[np.bool_]:
    """Whether two exponentials leave less than one by more than noise does once in twenty times (F test)."""
    from scipy.stats import f  # lazy: heavy import

    if n <= 4:
        return two.decided
    least = float(f.ppf(0.95, 2, n - 4))
    return np.asarray(one.rss - two.rss > least * 2.0 * two.rss / (n - 4))


def _check(values: NDArray[Any], b: Array, rules: Any) -> None:
    if b.ndim != 1 or values.shape[-1:] != b.shape or not (np.isfinite(b) & (b >= 0.0)).all():
        raise UsageError(
            f"b-values of shape {b.shape} do not go with signals of shape {values.shape}, or are no b-values.",
            "Give one b-value of 0 or more for each image of the last axis.",
        )
    low, high = rules["ivim_low_b_s_per_mm2"]
    if distinct(b) < int(rules["ivim_fewest_b_values"]) or not ((b >= low) & (b <= high)).any():
        raise UsageError(
            "There are fewer than four distinct b-values, or none from 1 to 150 s/mm2: perfusion and diffusion cannot be parted.",
            "Fit an ADC instead.",
        )


def _meaning(logs: Array) -> dict[str, Array]:
    """Logarithms of amplitudes and rates (n, 4), fast before slow, to parameters."""
    blood, tissue, dstar, d = np.exp(logs.T)
    return {"f": blood / (blood + tissue), "d_mm2_per_s": d, "dstar_mm2_per_s": dstar, "s0": blood + tissue}


def _undecided(
    told: dict[str, Array], ci: dict[str, Array], fitted: TwoRates, single: OneRate, rates: tuple[float, float]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Where one exponential does as well, only S0 is told; share and rates may be anything."""
    alike = fitted.found & ~fitted.decided
    s0, s0_ci = single.of(lambda rate, amplitude, _: amplitude)
    whole = {"f": (0.0, 1.0), "d_mm2_per_s": rates, "dstar_mm2_per_s": rates, "s0": (0.0, np.inf)}
    told = {name: np.where(alike, s0 if name == "s0" else np.nan, value) for name, value in told.items()}
    return told, {
        name: np.where(alike[:, None], s0_ci if name == "s0" else whole[name], interval)
        for name, interval in ci.items()
    }


def _kept(
    told: dict[str, Array], ci: dict[str, Array], fitted: TwoRates, widest: float, rates: tuple[float, float]
) -> IvimFit:
    """Parameters where their intervals tell them."""
    ci["f"] = np.minimum(ci["f"], 1.0)
    for name in ("d_mm2_per_s", "dstar_mm2_per_s"):
        ci[name] = np.clip(ci[name], *rates)
    kept, intervals = {}, {}
    for name in NAMES:
        narrow = ci[name][:, 1] <= widest * ci[name][:, 0]
        kept[name] = np.where(fitted.found & narrow, told[name], np.nan).astype(np.float32)
        seen = np.where(fitted.found[:, None], np.minimum(ci[name], np.finfo(np.float32).max), np.nan)
        intervals[name] = seen.astype(np.float32)
    return IvimFit(**kept, ci95=intervals, valid=fitted.found & fitted.decided)
