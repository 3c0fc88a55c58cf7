"""Robust planes and low-order surfaces through points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Huber's tuning constant: 95 % efficiency for Gaussian residuals (Huber 1964).
HUBER_K = 1.345
ROUNDS = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """Plane z = offset + slope_x x + slope_y y.

    Attributes
    ----------
    offset, slope_x, slope_y
        Coefficients, in the unit of z and unit of z per unit of x, y.
    spread
        1.4826 MAD of the residuals about the plane.
    n
        Number of points.
    """

    offset: float
    slope_x: float
    slope_y: float
    spread: float
    n: int

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal (x, y, z) with positive z."""
        normal = np.array([-self.slope_x, -self.slope_y, 1.0])
        unit: NDArray[np.float64] = normal / np.linalg.norm(normal)
        return unit


def huber_fit(
    design: NDArray[np.float64], values: NDArray[np.float64], noise: float = 0.0
) -> tuple[NDArray[np.float64], float]:
    """Linear least squares with Huber weights, by iterated reweighting.

    Parameters
    ----------
    design
        (n, m) columns of the model.
    values
        (n,) observations.
    noise
        Known standard deviation of the observations: residuals of that size are no outliers (the steps of a coarse mask
        must not be split into a majority and outliers).

    Returns
    -------
    coefficients, spread
        (m,) coefficients and 1.4826 MAD of the final residuals.
    """
    weights = np.ones(len(values))
    coefficients: NDArray[np.float64] = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        root = np.sqrt(weights)[:, None]
        updated = np.asarray(np.linalg.lstsq(design * root, values * root[:, 0], rcond=None)[0], dtype=np.float64)
        moved = float(np.abs(design @ (updated - coefficients)).max())
        coefficients = updated
        residuals = np.abs(values - design @ coefficients)
        scale = max(1.4826 * float(np.median(residuals)), noise, 1e-9)
        weights = np.minimum(1.0, HUBER_K * scale / np.maximum(residuals, 1e-12))
        if moved < 1e-4:
            break
    residuals = values - design @ coefficients
    return coefficients, 1.4826 * float(np.median(np.abs(residuals - np.median(residuals))))


def huber_plane(x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64], noise: float = 0.0) -> Plane:
    """Huber plane z(x, y) through points of known noise, robust to a notch, a rim or a spur.

    Raises
    ------
    ValueError
        With fewer than three points: no plane exists.
    """
    if len(z) < 3:
        raise ValueError(f"a plane needs three points, got {len(z)}")
    centre_x, centre_y = float(x.mean()), float(y.mean())
    design = np.stack([np.ones_like(x), x - centre_x, y - centre_y], axis=1)
    (offset, slope_x, slope_y), spread = huber_fit(design, z, noise)
    return Plane(
        offset=float(offset - slope_x * centre_x - slope_y * centre_y),
        slope_x=float(slope_x),
        slope_y=float(slope_y),
        spread=spread,
        n=len(z),
    )


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vector of length one in the same direction."""
    scaled: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return scaled


def orthogonal_to(vector: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector of the part of `vector` that is orthogonal to the unit vector `axis`."""
    return unit(vector - (vector @ axis) * axis)


def angle_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Angle between two unit vectors in degrees, 0 to 180."""
    return float(np.degrees(np.arccos(np.clip(first @ second, -1.0, 1.0))))
