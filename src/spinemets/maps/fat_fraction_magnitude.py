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
    from spinemets.maps import fat_fraction_magnitude_loops as loops  # lazy: compiled

    values, times = np.asarray(echoes), np.asarray(echo_times_s, dtype=np.float64)
    _check(values, times)
    fat = modulation(times, field_t, spectrum)
    rows, where = voxels(values, mask)
    known, lattice, quantile = (fat, times), _lattice(times, fat), student(len(times) - UNKNOWNS)
    out = np.empty((len(rows), loops.RESULT))

    def work(part: slice) -> None:
        seen = np.ascontiguousarray(np.abs(rows[part]), np.float64)
        good = np.isfinite(seen).all(axis=1) & (seen.sum(axis=1) > 0.0)
        wanted = (good if where is None else good & where[part]).astype(np.uint8)
        loops.fit(out[part], seen, wanted, known, lattice, quantile)

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


def _lattice(times: Array, fat: NDArray[np.complex128]) -> tuple[Array, Array, Array]:
    """Fractions and rates to start from, (m,), and their echoes for a norm of 1, (m, echo)."""
    fractions, rates = (grid.reshape(-1) for grid in np.meshgrid(FRACTIONS, RATES_PER_S, indexing="ij"))
    mixed = 1.0 - fractions[:, None] + fractions[:, None] * fat
    shapes = np.abs(mixed) * np.exp(-rates[:, None] * times)
    return fractions, rates, shapes / np.linalg.norm(shapes, axis=1, keepdims=True)


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
