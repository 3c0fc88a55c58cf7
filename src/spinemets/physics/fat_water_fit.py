"""Fat fraction, T2* and field of each voxel from complex echoes: the inverse of `fat_water.multi_echo`.

Water and fat are linear in the signal; what is left are two numbers, decay and field, found on a lattice and refined by
Gauss and Newton (variable projection). Every voxel stands alone: no smooth field map helps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.fat_water import HZ_PER_PER_MS, MAIN_PEAK_PPM, FatSpectrum, phasor
from spinemets.physics.noise import GAMMA_BAR_MHZ_PER_T

Values = NDArray[np.float64]
Complex = NDArray[np.complex128]

FEWEST_ECHOES = 4
FEW_ECHOES = "fewer than four distinct echo times"
NO_SIGNAL = "no signal, or not a number"
SWAP = "water and fat can be exchanged: a second field fits nearly as well"
# Cost of the second-best field over that of the best from which the voxel is not ambiguous.
SWAP_RATIO = 1.5
# Decay rates of the lattice [1/ms] cover T2* of 3 to 100 ms; its fields are this far apart [Hz].
RATES_PER_MS = (0.01, 0.03, 0.06, 0.1, 0.17, 0.3)
FIELD_STEP_HZ = 10.0
RATE_LIMITS_PER_MS = (0.0, 2.0)
ITERATIONS = 30
# Relative cost that rounding leaves: below it two fields cannot be told apart by cost.
ROUNDING = 1e-20


@dataclass(frozen=True, kw_only=True, eq=False)
class FatWaterFit:
    """Estimates of each voxel; nan where not valid.

    Attributes
    ----------
    pdff
        ``|F|/(|W| + |F|)``.
    t2star_ms
        Common to both pools; infinite where nothing decays.
    field_map_hz
        Frequency of water against the receiver.
    rho
        ``|W| + |F|``.
    valid
        Whether there is an estimate.
    reason
        Why not, or `SWAP` beside an estimate that could be the exchanged one; else empty.
    """

    pdff: Values
    t2star_ms: Values
    field_map_hz: Values
    rho: Values
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


class _Model(NamedTuple):
    """Echo times [ms] and the phasor of fat at each."""

    time: Values
    fat: Complex

    def basis(self, field_hz: Values, rate_per_ms: Values) -> Complex:
        """(rows, echoes, 2): water and fat of unit size."""
        turned = np.exp((2j * np.pi * field_hz / HZ_PER_PER_MS - rate_per_ms)[:, None] * self.time)
        return np.stack([turned, turned * self.fat], axis=-1)


def fit_fat_water(*, signal: ArrayLike, te_ms: ArrayLike, field_t: float, spectrum: FatSpectrum) -> FatWaterFit:
    """Fit of complex echoes (E-25 to E-27).

    Parameters
    ----------
    signal
        (voxels..., echoes), complex, four echoes or more.
    te_ms
        Echo times. The field is looked for in the period that their spacing leaves, as near to 0 as it goes.
    field_t
        Field strength.

    Raises
    ------
    ValueError
        If echoes and times differ in number.
    """
    echoes, time = np.asarray(signal, dtype=np.complex128), np.asarray(te_ms, dtype=np.float64)
    if time.ndim != 1 or echoes.shape[-1:] != time.shape:
        raise ValueError(f"one echo time for each of the last axis of the signal: {time.shape}, {echoes.shape}")
    shape, rows = echoes.shape[:-1], echoes.reshape(-1, time.size)
    if np.unique(time).size < FEWEST_ECHOES:
        return _refused(shape, FEW_ECHOES)
    shown = np.isfinite(rows).all(axis=1) & (np.abs(rows).max(axis=1) > 0.0)
    model = _Model(time, phasor(spectrum=spectrum, field_t=field_t, te_ms=time))
    found = np.full((len(rows), 4), np.nan)
    text = np.where(shown, "", NO_SIGNAL).astype(f"<U{max(len(NO_SIGNAL), len(SWAP))}")
    if shown.any():
        found[shown], swapped = _fitted(model, rows[shown], abs(MAIN_PEAK_PPM) * GAMMA_BAR_MHZ_PER_T * field_t)
        text[np.flatnonzero(shown)[swapped]] = SWAP
    pdff, t2star, field_hz, rho = (found[:, n].reshape(shape) for n in range(4))
    return FatWaterFit(
        pdff=pdff, t2star_ms=t2star, field_map_hz=field_hz, rho=rho, valid=shown.reshape(shape),
        reason=text.reshape(shape),
    )  # fmt: skip


def _fitted(model: _Model, rows: Complex, apart_hz: float) -> tuple[Values, NDArray[np.bool_]]:
    """(rows, 4): fat fraction, T2*, field, sum; and whether the exchanged solution fits nearly as well."""
    scaled = rows / np.abs(rows).max(axis=1, keepdims=True)
    best, second = _starts(model, scaled, apart_hz)
    tried = [_refined(model, scaled, start) for start in (best, second)]
    first = tried[0].cost <= tried[1].cost
    chosen = [np.where(first, a, b) for a, b in zip(*tried, strict=True)]
    field_hz, rate, cost = chosen
    other = np.where(first, tried[1].cost, tried[0].cost)
    elsewhere = np.abs(tried[0].field_hz - tried[1].field_hz) > apart_hz / 2.0
    floor = ROUNDING * (np.abs(scaled) ** 2).sum(axis=1)
    swapped = elsewhere & (other + floor < SWAP_RATIO * (cost + floor))
    amounts = np.abs(_amounts(model.basis(field_hz, rate), rows))
    total = amounts.sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.stack([amounts[:, 1] / total, 1.0 / rate, field_hz, total], axis=1), swapped


def _starts(model: _Model, rows: Complex, apart_hz: float) -> tuple[tuple[Values, Values], ...]:
    """(field, rate) of the best lattice point, and of the best one among fields well away from it."""
    half_hz = HZ_PER_PER_MS / (2.0 * np.diff(np.unique(model.time)).min())
    fields = np.arange(-half_hz, half_hz, FIELD_STEP_HZ)
    lattice = np.array([(f, r) for f in fields for r in RATES_PER_MS])
    whole = np.linalg.qr(model.basis(lattice[:, 0], lattice[:, 1]))[0]
    explained = np.zeros((len(rows), len(lattice)))
    for pool in range(whole.shape[2]):
        explained += np.abs(rows @ whole[:, :, pool].conj().T) ** 2
    best = explained.argmax(axis=1)
    # Fields repeat with the period of the echoes: away means away around it.
    off = np.abs(lattice[:, 0][None, :] - lattice[best, 0][:, None])
    away = np.minimum(off, 2.0 * half_hz - off) > apart_hz / 2.0
    second = np.where(away, explained, -1.0).argmax(axis=1)
    return tuple((lattice[at, 0], lattice[at, 1]) for at in (best, second))


class _Refined(NamedTuple):
    """Field, rate and cost of each row."""

    field_hz: Values
    rate: Values
    cost: Values


def _refined(model: _Model, rows: Complex, start: tuple[Values, Values]) -> _Refined:
    """Steps of Gauss and Newton in field and rate, with water and fat always the best ones; a step that costs is halved."""
    at = _Refined(*start, _cost(model, rows, *start))
    damping = np.ones(len(rows))
    for _ in range(ITERATIONS):
        step = _step(model, rows, at) * damping[:, None]
        field_hz = at.field_hz + step[:, 0]
        rate = np.clip(at.rate + step[:, 1], *RATE_LIMITS_PER_MS)
        cost = _cost(model, rows, field_hz, rate)
        better = cost < at.cost
        at = _Refined(*(np.where(better, new, old) for new, old in zip((field_hz, rate, cost), at, strict=True)))
        damping = np.where(better, np.minimum(1.0, 2.0 * damping), damping / 2.0)
    return at


def _step(model: _Model, rows: Complex, at: _Refined) -> Values:
    """(rows, 2): change of field [Hz] and rate [1/ms] that the linearised signal asks for."""
    basis = model.basis(at.field_hz, at.rate)
    predicted = np.einsum("nek,nk->ne", basis, _amounts(basis, rows))
    slopes = [2j * np.pi * model.time / HZ_PER_PER_MS * predicted, -model.time * predicted]
    # Complex amounts of both pools are four real unknowns beside the two: all in real numbers.
    columns = np.stack([basis[..., 0], 1j * basis[..., 0], basis[..., 1], 1j * basis[..., 1], *slopes], axis=-1)
    matrix = np.concatenate([columns.real, columns.imag], axis=1)
    left = rows - predicted
    residual = np.concatenate([left.real, left.imag], axis=1)
    solved = np.linalg.pinv(matrix, rcond=1e-12) @ residual[..., None]
    return np.asarray(solved[:, 4:, 0])


def _amounts(basis: Complex, rows: Complex) -> Complex:
    """Complex water and fat (rows, 2) that fit best."""
    return np.asarray((np.linalg.pinv(basis) @ rows[..., None])[..., 0])


def _cost(model: _Model, rows: Complex, field_hz: Values, rate: Values) -> Values:
    """Sum of squares that is left."""
    basis = model.basis(field_hz, rate)
    left = rows - np.einsum("nek,nk->ne", basis, _amounts(basis, rows))
    return np.asarray((np.abs(left) ** 2).sum(axis=1))


def _refused(shape: tuple[int, ...], reason: str) -> FatWaterFit:
    """No estimate anywhere."""
    none = np.full(shape, np.nan)
    return FatWaterFit(
        pdff=none, t2star_ms=none, field_map_hz=none, rho=none, valid=np.zeros(shape, bool),
        reason=np.full(shape, reason),
    )  # fmt: skip
