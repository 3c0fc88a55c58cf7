"""T1 from spoiled gradient echoes at several flip angles, and the signals they give.

Steady state with ideal spoiling; T2* is the same at every angle and goes into M0. Times in ms, angles in degrees; voxels
lead, flip angles are the last axis. Flip angles are nominal: the true ones are `b1_scale` times as large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]

FEW_ANGLES = "fewer than two distinct flip angles"
NO_SIGNAL = "a signal is not above 0"
NO_ANGLE = "a true flip angle is not between 0 and 90 degrees"
NO_RECOVERY = "slope not between 0 and 1: no T1 gives these signals"
BELOW_ERNST = "all angles below that of the largest signal: T1 hangs on small differences"


def spoiled_signal(
    *, t1_ms: ArrayLike, m0: ArrayLike, tr_ms: float, flip_deg: ArrayLike, b1_scale: ArrayLike = 1.0
) -> Vector:
    """``S = M0 sin a (1 - E1)/(1 - E1 cos a)`` at the true angles ``a``, ``E1 = exp(-TR/T1)``."""
    angle = _true_angles(flip_deg, b1_scale)
    recovered = -np.expm1(-tr_ms / np.asarray(t1_ms, dtype=np.float64)[..., None])
    # 1 - E1 cos a without the difference of nearly equal numbers at small angles and long T1
    lost = recovered + (1.0 - recovered) * 2.0 * np.sin(angle / 2.0) ** 2
    return np.asarray(np.asarray(m0, dtype=np.float64)[..., None] * np.sin(angle) * recovered / lost)


@dataclass(frozen=True, kw_only=True, eq=False)
class T1Estimate:
    """T1 and M0 of each voxel.

    Attributes
    ----------
    t1_ms, m0
        nan where not valid.
    valid
        Whether angles and signals give one.
    reason
        `FEW_ANGLES`, `NO_ANGLE`, `NO_SIGNAL` or `NO_RECOVERY` where they do not; `BELOW_ERNST` beside a value that is
        exact without noise and far off with it; else empty.
    """

    t1_ms: Vector
    m0: Vector
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


def fit_t1(*, signal: ArrayLike, flip_deg: ArrayLike, tr_ms: float, b1_scale: ArrayLike = 1.0) -> T1Estimate:
    """Straight line ``S/sin a = E1 S/tan a + M0 (1 - E1)`` by least squares, all angles alike (E-41).

    ``T1 = -TR/ln(slope)``; valid for slopes between 0 and 1. A true angle of b1 times the nominal one, taken for nominal,
    gives about b1^2 times T1 (E-42): an error of 5 % in the angle is one of 10 % in T1. Fat and water in one voxel have no
    common T1: give it fat-suppressed or water signals. Source: Fram 1987.

    Parameters
    ----------
    b1_scale
        True over nominal flip angle, a number or one of each voxel.
    """
    seen = np.asarray(signal, dtype=np.float64)
    nominal = np.asarray(flip_deg, dtype=np.float64)
    if nominal.ndim != 1 or seen.shape[-1:] != nominal.shape:
        raise ValueError(f"one flip angle for each of the last axis of the signals: {nominal.shape}, {seen.shape}")
    angle, seen = np.broadcast_arrays(_true_angles(nominal, b1_scale), seen)
    turned = np.asarray(((angle > 0.0) & (angle <= np.pi / 2.0)).all(axis=-1))
    shown = np.asarray((np.isfinite(seen) & (seen > 0.0)).all(axis=-1))
    alike = np.full(shown.shape, np.unique(nominal).size < 2)
    told = turned & shown & ~alike
    # Voxels that are refused anyway compute with angles and signals that divide nothing by 0.
    safe = np.where(told[..., None], angle, np.linspace(0.1, 0.2, nominal.size))
    slope, start = _line(np.where(told[..., None], seen, 1.0), safe)
    valid = told & (slope > 0.0) & (slope < 1.0)
    e1 = np.where(valid, slope, 0.5)
    cases = [alike, ~turned, ~shown, ~valid, np.cos(safe.max(axis=-1)) > e1]
    texts = [np.asarray(text) for text in (FEW_ANGLES, NO_ANGLE, NO_SIGNAL, NO_RECOVERY, BELOW_ERNST)]
    return T1Estimate(
        t1_ms=np.where(valid, -tr_ms / np.log(e1), np.nan),
        m0=np.where(valid, start / (1.0 - e1), np.nan),
        valid=valid,
        reason=np.select(cases, texts, default=""),
    )


def _true_angles(flip_deg: ArrayLike, b1_scale: ArrayLike) -> Vector:
    """Angles in radians, the last axis."""
    scale = np.asarray(b1_scale, dtype=np.float64)[..., None]
    return np.asarray(np.deg2rad(np.asarray(flip_deg, dtype=np.float64)) * scale)


def _line(seen: Vector, angle: Vector) -> tuple[Vector, Vector]:
    """Slope and intercept of ``S/sin a`` over ``S/tan a``."""
    x, y = seen / np.tan(angle), seen / np.sin(angle)
    x_mean, y_mean = x.mean(axis=-1), y.mean(axis=-1)
    off = x - x_mean[..., None]
    slope = (off * y).sum(axis=-1) / np.maximum((off**2).sum(axis=-1), np.finfo(float).tiny)
    return slope, y_mean - slope * x_mean
