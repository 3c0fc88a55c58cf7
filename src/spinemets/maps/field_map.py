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
        against = costs / costs[:, :1]
        # In place: of a whole image each copy counts.
        np.log(against, out=against)
        against *= freedom
    np.nan_to_num(against, copy=False, posinf=MOST_WEIGHT)
    np.minimum(against, MOST_WEIGHT, out=against)
    against[~np.isfinite(costs)] = np.inf
    grid = (1,) * (3 - len(shape)) + tuple(int(n) for n in shape)
    numbers: Any = (period_hz, SMOOTH_HZ)
    certain = _certain(against, costs, energy)
    fields = np.where(np.isfinite(fields_hz), fields_hz, 0.0)
    out = np.full(len(costs), -1, np.int64), np.full(len(costs), np.nan)
    field_map_loops.grow(out, fields, against, (certain, *grid), numbers)
    for _ in range(SWEEPS):
        field_map_loops.sweep(out, fields, against, grid, numbers)
    return np.maximum(out[0], 0, out=out[0]), out[1]


def _certain(against: Array, costs: Array, energy: Array) -> Array:
    """How certain each voxel is by itself, (n,), the least number first: by what the other candidate costs, and what the first explains."""
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.clip(1.0 - costs[:, 0] / energy, 0.0, 1.0)
    np.nan_to_num(explained, copy=False)
    certain = -np.minimum(against[:, 1], MOST_WEIGHT) * explained**2
    certain[~np.isfinite(against[:, 0])] = np.inf
    return np.asarray(certain)


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
