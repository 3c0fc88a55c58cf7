"""Which of two fields each voxel has, and how often it has wrapped: neighbours decide (a field is smooth)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.float32]
# How far the fields of neighbours lie apart where nothing is wrong, and the most that a voxel's own residual may weigh.
SMOOTH_HZ, MOST_WEIGHT = 40.0, 20.0
SWEEPS = 3


def weighed(costs: Array, energy: Array, freedom: int) -> tuple[Numbers, Numbers]:
    """What a voxel's own echoes say of its candidates.

    Parameters
    ----------
    costs
        (n, 2): residual sums of squares, least first; infinite = no candidate.
    energy
        (n,): sums of squares of the echoes: a voxel that its best candidate does not explain is no place to start from.
    freedom
        Number of residuals less that of unknowns.

    Returns
    -------
    tuple
        float32 (n, 2): -2 ln of the likelihood ratio of each candidate against the best, at most 20; infinite = no candidate. float32 (n,):
        how certain the voxel is by itself, the least number first: by what the other candidate costs, and what the first explains.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        against = freedom * np.log(costs / costs[:, :1])
        explained = np.clip(1.0 - costs[:, 0] / energy, 0.0, 1.0)
    against = np.minimum(np.nan_to_num(against, copy=False, posinf=MOST_WEIGHT), MOST_WEIGHT)
    against[~np.isfinite(costs)] = np.inf
    certain = -np.minimum(against[:, 1], MOST_WEIGHT) * np.nan_to_num(explained) ** 2
    certain[~np.isfinite(against[:, 0])] = np.inf
    return against.astype(np.float32), certain.astype(np.float32)


def chosen(
    fields_hz: Numbers, against: Numbers, certain: Numbers, shape: tuple[int, ...], *, period_hz: float
) -> tuple[NDArray[np.int8], Numbers]:
    """Choose one candidate of each voxel.

    Parameters
    ----------
    fields_hz
        float32 (n, 2): fields of the candidates, any number where there is none.
    against, certain
        As `weighed` gives them.
    shape
        Of the image, up to three axes; n voxels in C order.
    period_hz
        Fields this far apart fit alike, 0 = they do not.

    Returns
    -------
    tuple
        int8 (n,): number of the candidate; float32 (n,): field [Hz], unwrapped over neighbours (nan where there is no candidate).

    Notes
    -----
    Voxels join a growing region in the order of how clearly their own residuals decide; each takes the candidate and the number of
    periods that agree best with its neighbours that are in, weighed against what its residual says. A few sweeps over all voxels
    then mend what the first ones could not know.
    """
    from spinemets.maps import field_map_loops  # lazy: compiled

    grid = (1,) * (3 - len(shape)) + tuple(int(n) for n in shape)
    numbers: Any = (period_hz, SMOOTH_HZ)
    out = np.full(len(against), -1, np.int8), np.full(len(against), np.nan, np.float32)
    field_map_loops.grow(out, fields_hz, against, (certain, *grid), numbers)
    for _ in range(SWEEPS):
        field_map_loops.sweep(out, fields_hz, against, grid, numbers)
    return np.maximum(out[0], 0, out=out[0]), out[1]


def agrees(field_hz: Numbers, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether each voxel's field lies near the mean of its neighbours', (n,); False where it has none."""
    from scipy import ndimage  # lazy: heavy import

    image = field_hz.reshape(shape)
    known = np.isfinite(image)
    filled = np.where(known, image, np.float32(0.0))
    around = 3 ** len(shape)
    # In place, in single precision: of a whole image each copy counts.
    number = ndimage.uniform_filter(known.astype(np.float32), 3, mode="constant")
    number *= around
    np.rint(number, out=number)
    number -= known
    mean = ndimage.uniform_filter(filled, 3, mode="constant")
    mean *= around
    mean -= filled
    mean /= np.maximum(number, 1.0)
    mean -= filled
    return np.asarray(known & (number > 0) & (np.abs(mean, out=mean) <= SMOOTH_HZ)).reshape(-1)
