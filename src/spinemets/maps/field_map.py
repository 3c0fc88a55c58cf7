"""Which of two fields each voxel has, and how often it has wrapped: neighbours decide (a field is smooth)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# How far the fields of neighbours lie apart where nothing is wrong, and the most that a voxel's own residual may weigh.
SMOOTH_HZ, MOST_WEIGHT = 40.0, 20.0
SWEEPS = 3


def chosen(
    fields_hz: Array, costs: Array, energy: Array, shape: tuple[int, ...], *, period_hz: float, freedom: int
) -> tuple[NDArray[np.int64], Array]:
    """Choose one candidate of each voxel.

    Parameters
    ----------
    fields_hz, costs
        (n, 2): fields and residual sums of squares, least cost first; infinite cost = no candidate.
    energy
        (n,): sums of squares of the echoes: a voxel that its best candidate does not explain is no place to start from.
    shape
        Of the image, up to three axes; n voxels in C order.
    period_hz
        Fields this far apart fit alike, 0 = they do not.
    freedom
        Number of residuals less that of unknowns.

    Returns
    -------
    tuple
        (n,): number of the candidate; field [Hz], unwrapped over neighbours (nan where there is no candidate).

    Notes
    -----
    Voxels join a growing region in the order of how clearly their own residuals decide; each takes the candidate and the number of
    periods that agree best with its neighbours that are in, weighed against what its residual says. A few sweeps over all voxels
    then mend what the first ones could not know.
    """
    from spinemets.maps import field_map_loops  # lazy: compiled

    with np.errstate(divide="ignore", invalid="ignore"):
        # -2 ln likelihood ratio of each candidate against the best one.
        against = freedom * np.log(costs / costs[:, :1])
    against = np.where(np.isfinite(costs), np.nan_to_num(against, posinf=MOST_WEIGHT), np.inf)
    against = np.where(np.isfinite(costs), np.minimum(against, MOST_WEIGHT), np.inf)
    grid = (1,) * (3 - len(shape)) + tuple(int(n) for n in shape)
    numbers: Any = (period_hz, SMOOTH_HZ)
    out = np.full(len(costs), -1, np.int64), np.full(len(costs), np.nan)
    fields = np.ascontiguousarray(np.where(np.isfinite(fields_hz), fields_hz, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.clip(1.0 - costs[:, 0] / energy, 0.0, 1.0)
    certain = np.where(
        np.isfinite(against[:, 0]), -np.minimum(against[:, 1], MOST_WEIGHT) * np.nan_to_num(explained) ** 2, np.inf
    )
    field_map_loops.grow(out, fields, np.ascontiguousarray(against), (certain, *grid), numbers)
    for _ in range(SWEEPS):
        field_map_loops.sweep(out, fields, np.ascontiguousarray(against), grid, numbers)
    return np.maximum(out[0], 0), out[1]


def agrees(field_hz: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether each voxel's field lies near the mean of its neighbours', (n,); False where it has none."""
    from scipy import ndimage  # lazy: heavy import

    image = field_hz.reshape(shape)
    known = np.isfinite(image)
    filled = np.where(known, image, 0.0)
    around = 3 ** len(shape)
    number = np.rint(ndimage.uniform_filter(known.astype(np.float64), 3, mode="constant") * around) - known
    total = ndimage.uniform_filter(filled, 3, mode="constant") * around - filled
    mean = total / np.maximum(number, 1.0)
    return np.asarray(known & (number > 0) & (np.abs(image - mean) <= SMOOTH_HZ)).reshape(-1)
