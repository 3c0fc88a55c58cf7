"""What attenuation leaves of annihilation photons where it is not corrected: dark in the middle, bright at the skin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ANGLES = 36


def mean_transmission(
    mu_per_cm: NDArray[np.float32], pixel_cm: tuple[float, float], n_angles: int = ANGLES
) -> NDArray[np.float32]:
    """Share of a point source that is left in a picture without correction: the mean over all lines through each voxel.

    Both photons of a pair have to leave the body, so that a line takes ``exp(-integral mu dl)`` of it wherever on it the
    source lies. The inverse is the first-order correction of attenuation of Chang LT, IEEE Trans Nucl Sci 1978; 25:638,
    for lines of response.

    Parameters
    ----------
    mu_per_cm
        Attenuation (i, j, k); lines lie in the planes of i and j. Nothing attenuates outside.
    pixel_cm
        Sides along i and j.
    n_angles
        Directions over half a turn.

    Returns
    -------
    NDArray[np.float32]
        (i, j, k).
    """
    n_i, n_j, n_k = mu_per_cm.shape
    x, y = ((np.arange(n) - (n - 1) / 2) * side for n, side in zip((n_i, n_j), pixel_cm, strict=True))
    step = min(pixel_cm)
    reach = int(np.ceil(np.hypot(n_i * pixel_cm[0], n_j * pixel_cm[1]) / 2 / step)) + 1
    # Lines are bins of their distance from the middle; samples of a voxel are shared between the two nearest.
    total = np.zeros((n_i * n_j, n_k), np.float32)
    flat = mu_per_cm.reshape(n_i * n_j, n_k)
    area = pixel_cm[0] * pixel_cm[1]
    for angle in np.arange(n_angles) * np.pi / n_angles:
        across = (x[:, None] * np.cos(angle) + y[None, :] * np.sin(angle)).ravel() / step + reach
        spread = _shares(across, 2 * reach + 1)
        lines = (spread.T @ flat) * np.float32(area / step)
        total += spread @ np.exp(-lines)
    return np.asarray(total / n_angles, np.float32).reshape(n_i, n_j, n_k)


def _shares(place: NDArray[np.float64], n: int) -> Any:
    """Sparse (points, bins): linear shares of each point in the two bins around it."""
    from scipy.sparse import csr_array  # lazy: heavy import

    low = np.floor(place).astype(np.int64)
    part = (place - low).astype(np.float32)
    points = np.arange(len(place))
    return csr_array(
        (
            np.concatenate([1 - part, part]),
            (np.concatenate([points, points]), np.concatenate([low, low + 1])),
        ),
        shape=(len(place), n),
    )
