"""Spin echo and fast spin echo signals.

Times in ms, signals relative to a proton density of 1 (pure water). Arrays broadcast; voxels lead, echoes are last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]


def spin_echo(*, pd: ArrayLike, t1_ms: ArrayLike, t2_ms: ArrayLike, tr_ms: float, te_ms: float) -> Signal:
    """Steady-state spin echo with ideal 90 and 180 degree pulses.

    ``S = PD (1 - 2 exp(-(TR - TE/2)/T1) + exp(-TR/T1)) exp(-TE/T2)``

    Valid for TR > 2 TE and TR much longer than T2. Source: textbook steady state, checked against Bloch iteration (E-01).
    """
    t1 = np.asarray(t1_ms, dtype=np.float64)
    recovered = 1.0 - 2.0 * np.exp(-(tr_ms - te_ms / 2.0) / t1) + np.exp(-tr_ms / t1)
    return np.asarray(pd) * recovered * decay(te_ms, t2_ms)


def spin_echo_simple(*, pd: ArrayLike, t1_ms: ArrayLike, t2_ms: ArrayLike, tr_ms: float, te_ms: float) -> Signal:
    """Spin echo where the refocusing pulse costs no recovery: ``PD (1 - exp(-TR/T1)) exp(-TE/T2)``, TE << TR."""
    t1 = np.asarray(t1_ms, dtype=np.float64)
    return np.asarray(pd) * (1.0 - np.exp(-tr_ms / t1)) * decay(te_ms, t2_ms)


def fast_spin_echo(
    *, pd: ArrayLike, t1_ms: ArrayLike, t2_ms: ArrayLike, tr_ms: float, te_ms: float, train_ms: float
) -> Signal:
    """Fast spin echo with an ideal 180 degree train that leaves no longitudinal magnetisation.

    ``S = PD (1 - exp(-(TR - train)/T1)) exp(-TE/T2)``; `te_ms` is the effective echo time, `train_ms` = echo train
    length x echo spacing (E-05).
    """
    t1 = np.asarray(t1_ms, dtype=np.float64)
    return np.asarray(pd) * (1.0 - np.exp(-(tr_ms - train_ms) / t1)) * decay(te_ms, t2_ms)


def two_pool(
    *, pd: ArrayLike, fat_fraction: ArrayLike, water: ArrayLike, fat: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Water and fat part of a voxel: ``PD (1 - ff) water`` and ``PD ff fat`` (pool signals for a proton density of 1)."""
    density, share = np.asarray(pd, dtype=np.float64), np.asarray(fat_fraction, dtype=np.float64)
    return density * (1.0 - share) * np.asarray(water), density * share * np.asarray(fat)


def decay(te_ms: float, t2_ms: ArrayLike) -> Signal:
    """``exp(-TE/T2)``."""
    faded: Signal = np.exp(-te_ms / np.asarray(t2_ms, dtype=np.float64))
    return faded


def echo_train(
    *,
    t1_ms: float,
    t2_ms: float,
    esp_ms: float,
    n_echoes: int,
    refocusing_deg: float = 180.0,
    excitation_deg: float = 90.0,
) -> Signal:
    """Amplitudes of a CPMG echo train at any refocusing angle, by extended phase graphs.

    States F+, F-, Z of order k; each half spacing relaxes (E1, E2, recovery 1 - E1 on Z0) and shifts by one order; the
    refocusing pulse mixes with cos2(a/2), sin2(a/2), sin a. Source: Hennig 1988; checked against 512 isochromats (E-06).

    Returns
    -------
    ndarray
        (n_echoes,) amplitudes for a proton density of 1.
    """
    angle = np.deg2rad(refocusing_deg)
    mix = _refocusing_matrix(angle)
    e1, e2 = np.exp(-esp_ms / 2.0 / t1_ms), np.exp(-esp_ms / 2.0 / t2_ms)
    plus, minus, z = (np.zeros(2 * n_echoes + 2) for _ in range(3))
    plus[0] = minus[0] = np.sin(np.deg2rad(excitation_deg))
    z[0] = np.cos(np.deg2rad(excitation_deg))
    echoes = np.empty(n_echoes)
    for n in range(n_echoes):
        plus, minus, z = _half_spacing(plus, minus, z, e1, e2)
        plus, minus, z = mix @ np.stack([plus, minus, z])
        plus, minus, z = _half_spacing(plus, minus, z, e1, e2)
        echoes[n] = plus[0]
    return echoes


def _refocusing_matrix(angle: float) -> NDArray[np.float64]:
    """Mixing of (F+, F-, Z) by a pulse about the axis of the excited magnetisation (CPMG), real states."""
    cos2, sin2 = np.cos(angle / 2.0) ** 2, np.sin(angle / 2.0) ** 2
    sine = np.sin(angle)
    return np.array([[cos2, sin2, sine], [sin2, cos2, -sine], [-sine / 2.0, sine / 2.0, np.cos(angle)]])


def _half_spacing(plus: Signal, minus: Signal, z: Signal, e1: float, e2: float) -> tuple[Signal, Signal, Signal]:
    """Relax for half an echo spacing, then dephase by one order."""
    plus, minus, z = plus * e2, minus * e2, z * e1
    z[0] += 1.0 - e1
    shifted_plus = np.concatenate([[minus[1]], plus[:-1]])
    shifted_minus = np.concatenate([minus[1:], [0.0]])
    return shifted_plus, shifted_minus, z
