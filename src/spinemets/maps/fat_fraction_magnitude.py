"""Fat fractions of what knows less than complex echoes: magnitudes, two echoes, or images of water and fat (MR-DIX-01).

None of them is a proton density fat fraction in the full sense, and none is called so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.blocks import in_blocks, voxels
from spinemets.maps.fat_spectrum import modulation
from spinemets.maps.separable import student
from spinemets.model.errors import UsageError

Array = NDArray[np.float64]
Numbers = NDArray[np.float32]
FRACTIONS = np.linspace(0.0, 1.0, 21)
RATES_PER_S = np.geomspace(10.0, 400.0, 6)
STEPS = 16
HALF, EDGE = 0.5, 1e-9
QUARTERS = (0.0, 0.25, 0.5, 0.75)
# Fractions that are one and the same answer, reached from both sides; single precision leaves this share of the energy.
SAME, ROUNDING = 0.02, 1e-12
# What of the echoes is fitted: total, fraction and rate.
UNKNOWNS = 3
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True, eq=False)
class MagnitudeFit:
    """Fat fraction of magnitude echoes, each of the leading axes' shape; nan where not valid.

    Attributes
    ----------
    fat_fraction_magnitude
        Between 0 and 1. Whether water or fat prevails is told by the side peaks of fat alone.
    ci95
        (..., 2): 95 % interval of the fraction from what the fit leaves over. It reaches from one answer to the other where
        `prevailing_unsure`.
    r2star_per_s
        Decay rate.
    prevailing_unsure
        Whether what the fit leaves over does not rule out, at 95 %, the best fraction on the other side of one half.
    valid
        Whether the echoes could be fitted.
    """

    fat_fraction_magnitude: Numbers
    ci95: Numbers
    r2star_per_s: Numbers
    prevailing_unsure: NDArray[np.bool_]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalFatFraction:
    """Share of the signal that is fat's, of the images' shape; nan where not valid.

    `fat_fraction_signal` holds decay, T1 weighting and side peaks as they are: no cut-off of a proton density fat fraction is good for it.
    `at_most_half` tells that more than one half cannot be seen.
    """

    fat_fraction_signal: Numbers
    valid: NDArray[np.bool_]
    at_most_half: bool


def fit(
    echoes: ArrayLike,
    echo_times_s: ArrayLike,
    field_t: float,
    *,
    mask: ArrayLike | None = None,
    spectrum: str | None = None,
) -> MagnitudeFit:
    """Fit ``|W + F sum_p a_p exp(2 pi i f_p t)| exp(-R2* t)`` to magnitudes by least squares, from both sides of one half.

    Parameters
    ----------
    echoes
        Magnitudes (signs and phases are left out), shape (..., echo).
    echo_times_s
        [s], shape (echo,).
    field_t
        Field strength [T].
    mask
        Boolean, shape (...); None = all.
    spectrum
        Of fat; None = Hamilton 2011.

    Returns
    -------
    MagnitudeFit

    Raises
    ------
    UsageError
        If there are fewer than six distinct echo times, no such spectrum, or shapes do not agree.
    """
    values, times = np.asarray(echoes), np.asarray(echo_times_s, dtype=np.float64)
    _check(values, times)
    fat = modulation(times, field_t, spectrum)
    rows, where = voxels(values, mask)
    out = np.full((len(rows), 5), np.nan)

    def work(part: slice) -> None:
        seen = np.abs(rows[part]).astype(np.float64)
        good = np.isfinite(seen).all(axis=1) & (seen.sum(axis=1) > 0.0)
        chosen = np.flatnonzero(good if where is None else good & where[part])
        if len(chosen):
            out[part][chosen] = _block(seen[chosen], times, fat)

    in_blocks(work, len(rows), 8 * len(times), block_bytes=BLOCK_BYTES)
    lead = values.shape[:-1]
    return MagnitudeFit(
        fat_fraction_magnitude=out[:, 0].astype(np.float32).reshape(lead),
        ci95=out[:, 3:].astype(np.float32).reshape((*lead, 2)),
        r2star_per_s=out[:, 1].astype(np.float32).reshape(lead),
        prevailing_unsure=(out[:, 2] > 0.0).reshape(lead),
        valid=np.isfinite(out[:, 0]).reshape(lead),
    )


def _check(values: NDArray[Any], times: Array) -> None:
    if times.ndim != 1 or values.shape[-1:] != times.shape:
        raise UsageError(
            f"Echo times of shape {times.shape} do not go with echoes of shape {values.shape}.",
            "Give one time in seconds for each image of the last axis.",
        )
    if len(np.unique(times)) < int(table("fat_fraction")["fewest_magnitudes"]["value"]):
        raise UsageError(
            "There are fewer than six distinct echo times.",
            "Magnitudes of fewer cannot part fat from decay: give complex echoes.",
        )


def _block(seen: Array, times: Array, fat: NDArray[np.complex128]) -> Array:
    """Fraction, rate, 1 where the other side of one half is not ruled out, and the ends of the interval."""
    fractions, rates, costs = _minima(seen, times, fat)
    rows, best, least = np.arange(len(seen)), costs.argmin(axis=0), costs.min(axis=0)
    # What a fit may leave over beyond the least before it is ruled out: F of one and `freedom` degrees.
    freedom = len(times) - UNKNOWNS
    most = student(freedom) ** 2 * least / freedom + ROUNDING * (seen**2).sum(axis=1)
    beyond = costs - least
    held = beyond <= most
    found = fractions[best, rows]
    other_side = ((fractions >= HALF) != (found >= HALF)) & (np.abs(fractions - found) > SAME)
    spreads = np.stack([_spread(seen, at, times, fat) for at in zip(fractions, rates, strict=True)])
    half = np.sqrt(np.where(held, most - beyond, 0.0)) * np.sqrt(spreads)
    low = np.where(held, fractions - half, 1.0).min(axis=0)
    high = np.where(held, fractions + half, 0.0).max(axis=0)
    unsure = (held & other_side).any(axis=0)
    return np.column_stack([found, rates[best, rows], unsure, np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)])


def _minima(seen: Array, times: Array, fat: NDArray[np.complex128]) -> tuple[Array, Array, Array]:
    """Fractions, rates and costs, each (start, n), of the fits from every quarter of the fractions.

    Two starts on either side of one half: the residual has a minimum of its own near it.
    """
    fractions, rates = (grid.reshape(-1) for grid in np.meshgrid(FRACTIONS, RATES_PER_S, indexing="ij"))
    shapes, _ = _shapes(fractions, rates, times, fat)
    along = seen @ (shapes / np.linalg.norm(shapes, axis=1, keepdims=True)).T
    tried = []
    for start in QUARTERS:
        near = (fractions >= start - EDGE) & (fractions <= start + QUARTERS[1] + EDGE)
        best = np.where(near, along, -np.inf).argmax(axis=1)
        tried.append(_refined(seen, (fractions[best], rates[best]), times, fat))
    found, rate, cost = (np.stack(part) for part in zip(*tried, strict=True))
    return found, rate, cost


def _spread(seen: Array, at: tuple[Array, Array], times: Array, fat: NDArray[np.complex128]) -> Array:
    """Variance of the fraction for a noise of 1, rate and total fitted too."""
    normal, _ = _normal(seen, at, times, fat)
    return np.asarray(np.linalg.inv(normal)[:, 0, 0])


def _shapes(fractions: Array, rates: Array, times: Array, fat: NDArray[np.complex128]) -> tuple[Array, Array]:
    """Echoes of a fraction and a rate for a total of 1, (n, echo), and their derivative by the fraction."""
    mixed = 1.0 - fractions[:, None] + fractions[:, None] * fat
    size = np.abs(mixed)
    decay = np.exp(-rates[:, None] * times)
    change = (mixed.conj() * (fat - 1.0)).real / np.maximum(size, 1e-12)
    return size * decay, change * decay


def _refined(
    seen: Array, start: tuple[Array, Array], times: Array, fat: NDArray[np.complex128]
) -> tuple[Array, Array, Array]:
    """Gauss and Newton's steps for fraction and rate, the total solved for; a step that does not help is halved."""
    fraction, rate = start
    cost = _cost(seen, fraction, rate, times, fat)
    share = np.ones(len(seen))
    for _ in range(STEPS):
        normal, against = _normal(seen, (fraction, rate), times, fat)
        step = np.linalg.solve(normal, against[..., None])[..., 0]
        then = np.clip(fraction + share * step[:, 0], 0.0, 1.0), np.clip(rate + share * step[:, 1], 0.0, 2000.0)
        other = _cost(seen, *then, times, fat)
        better = other <= cost
        fraction, rate = (np.where(better, new, old) for new, old in zip(then, (fraction, rate), strict=True))
        cost, share = np.where(better, other, cost), np.where(better, 1.0, share / 2.0)
    return fraction, rate, cost


def _normal(seen: Array, at: tuple[Array, Array], times: Array, fat: NDArray[np.complex128]) -> tuple[Array, Array]:
    """Normal matrix (n, 2, 2) of fraction and rate, the total solved for, and what of the residual lies along them (n, 2)."""
    shape, by_fraction = _shapes(*at, times, fat)
    norm = (shape**2).sum(axis=1, keepdims=True)
    total = (seen * shape).sum(axis=1, keepdims=True) / norm
    columns = np.stack([total * by_fraction, -total * times * shape], axis=-1)
    columns = columns - shape[:, :, None] * ((columns * shape[:, :, None]).sum(axis=1) / norm)[:, None, :]
    normal = np.einsum("vea,veb->vab", columns, columns)
    normal[:, [0, 1], [0, 1]] *= 1.0 + 1e-6
    normal[:, [0, 1], [0, 1]] += 1e-300
    return normal, np.einsum("vea,ve->va", columns, seen - total * shape)


def _cost(seen: Array, fraction: Array, rate: Array, times: Array, fat: NDArray[np.complex128]) -> Array:
    shape, _ = _shapes(fraction, rate, times, fat)
    along = (seen * shape).sum(axis=1) ** 2 / (shape**2).sum(axis=1)
    return np.asarray(np.maximum((seen**2).sum(axis=1) - along, 0.0))


def two_point(in_phase: ArrayLike, opposed_phase: ArrayLike) -> SignalFatFraction:
    """``(IP - OP)/(2 IP)`` of magnitudes: right up to one half, mirrored above it (E-28).

    Parameters
    ----------
    in_phase, opposed_phase
        Magnitudes of one shape.

    Raises
    ------
    UsageError
        If shapes differ.
    """
    ip, op = _pair(in_phase, opposed_phase, ("in-phase", "opposed-phase"))
    valid = np.isfinite(ip) & np.isfinite(op) & (ip > 0.0)
    found = np.where(valid, (ip - op) / np.where(valid, 2.0 * ip, 1.0), np.nan)
    return SignalFatFraction(fat_fraction_signal=found.astype(np.float32), valid=valid, at_most_half=True)


def of_images(water: ArrayLike, fat: ArrayLike) -> SignalFatFraction:
    """``F/(W + F)`` of the scanner's own images of water and fat.

    Parameters
    ----------
    water, fat
        Magnitudes of one shape.

    Raises
    ------
    UsageError
        If shapes differ.
    """
    w, f = _pair(water, fat, ("water", "fat"))
    valid = np.isfinite(w) & np.isfinite(f) & (w + f > 0.0)
    found = np.where(valid, f / np.where(valid, w + f, 1.0), np.nan)
    return SignalFatFraction(fat_fraction_signal=found.astype(np.float32), valid=valid, at_most_half=False)


def _pair(one: ArrayLike, other: ArrayLike, names: tuple[str, str]) -> tuple[Array, Array]:
    a, b = (np.abs(np.asarray(image)).astype(np.float64) for image in (one, other))
    if a.shape != b.shape:
        raise UsageError(
            f"The {names[0]} image has shape {a.shape}, the {names[1]} one {b.shape}.", "Give images of one grid."
        )
    return a, b
