"""Spoiled gradient echo: steady state, flip angle of most signal, decay with T2*.

Times in ms, angles in degrees, signals relative to a proton density of 1. Everything broadcasts. T1 from several flip
angles is in `variable_flip_angle`, contrast agent in `spgr_concentration`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]


def steady_state(*, t1_ms: ArrayLike, tr_ms: ArrayLike, flip_deg: ArrayLike) -> Signal:
    """``sin a (1 - E1)/(1 - E1 cos a)``, E1 = exp(-TR/T1): what a pulse turns into signal, before it decays.

    Valid where spoiling leaves nothing across the field between repeats. Source: textbook steady state, checked against
    iterated pulses (E-16).
    """
    angle = np.deg2rad(np.asarray(flip_deg, dtype=np.float64))
    recovered = -np.expm1(-np.asarray(tr_ms, dtype=np.float64) / np.asarray(t1_ms, dtype=np.float64))
    # 1 - E1 cos a without the difference of nearly equal numbers at small angles and long T1
    lost = recovered + (1.0 - recovered) * 2.0 * np.sin(angle / 2.0) ** 2
    return np.asarray(np.sin(angle) * recovered / lost)


def spoiled_echo(
    *, pd: ArrayLike, t1_ms: ArrayLike, t2star_ms: ArrayLike, tr_ms: float, te_ms: ArrayLike, flip_deg: ArrayLike
) -> Signal:
    """Spoiled gradient echo: ``PD sin a (1 - E1)/(1 - E1 cos a) exp(-TE/T2*)`` (E-16)."""
    decayed = np.exp(-np.asarray(te_ms, dtype=np.float64) / np.asarray(t2star_ms, dtype=np.float64))
    return np.asarray(np.asarray(pd) * steady_state(t1_ms=t1_ms, tr_ms=tr_ms, flip_deg=flip_deg) * decayed)


def ernst_deg(*, t1_ms: ArrayLike, tr_ms: ArrayLike) -> Signal:
    """Flip angle of most signal, ``arccos(exp(-TR/T1))`` (E-16)."""
    e1 = np.exp(-np.asarray(tr_ms, dtype=np.float64) / np.asarray(t1_ms, dtype=np.float64))
    return np.asarray(np.rad2deg(np.arccos(e1)))


def r2_prime_per_ms(*, t2_ms: ArrayLike, t2star_ms: ArrayLike) -> Signal:
    """Dephasing by the field inside a voxel, ``R2' = 1/T2* - 1/T2`` [1/ms]: common to water and fat of a tissue."""
    return np.asarray(1.0 / np.asarray(t2star_ms, dtype=np.float64) - 1.0 / np.asarray(t2_ms, dtype=np.float64))


def t2star_ms(*, t2_ms: ArrayLike, r2_prime_per_ms: ArrayLike) -> Signal:
    """``1/(1/T2 + R2')``: T2* of a pool with its own T2 in a tissue's field."""
    return np.asarray(1.0 / (1.0 / np.asarray(t2_ms, dtype=np.float64) + np.asarray(r2_prime_per_ms)))
