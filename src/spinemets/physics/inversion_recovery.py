"""Inversion recovery: STIR, T1-FLAIR, and the inversion time that nulls a tissue. Times in ms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def longitudinal(
    *, t1_ms: ArrayLike, ti_ms: float, tr_ms: float, train_ms: float = 0.0, efficiency: float = 1.0
) -> NDArray[np.float64]:
    """Signed longitudinal magnetisation when the excitation pulse comes, relative to its equilibrium.

    ``1 - (1 + e (1 - exp(-(TR - TI - train)/T1))) exp(-TI/T1)``; `efficiency` e = 1 for a perfect inversion, `train_ms`
    = length of the echo train, at whose end nothing is left along the field. Checked by Bloch iteration (E-08 to E-15).
    """
    t1 = np.asarray(t1_ms, dtype=np.float64)
    before = 1.0 - np.exp(-(tr_ms - ti_ms - train_ms) / t1)
    magnetisation: NDArray[np.float64] = 1.0 - (1.0 + efficiency * before) * np.exp(-ti_ms / t1)
    return magnetisation


def inversion_recovery(
    *, t1_ms: ArrayLike, t2_ms: ArrayLike, te_ms: float, ti_ms: float, tr_ms: float, train_ms: float = 0.0
) -> NDArray[np.float64]:
    """Signed signal for a proton density of 1 and a perfect inversion: ``longitudinal x exp(-TE/T2)``."""
    t2 = np.asarray(t2_ms, dtype=np.float64)
    signal: NDArray[np.float64] = longitudinal(t1_ms=t1_ms, ti_ms=ti_ms, tr_ms=tr_ms, train_ms=train_ms) * np.exp(
        -te_ms / t2
    )
    return signal


def null_ti_ms(*, t1_ms: float, tr_ms: float | None, train_ms: float = 0.0, efficiency: float = 1.0) -> float:
    """Inversion time at which tissue of that T1 gives no signal.

    ``T1 ln[(1 + e) / (1 + e exp(-(TR - train)/T1))]``; TR None = infinite, then T1 ln 2 for e = 1.
    """
    left = 0.0 if tr_ms is None else float(np.exp(-(tr_ms - train_ms) / t1_ms))
    return float(t1_ms * np.log((1.0 + efficiency) / (1.0 + efficiency * left)))
