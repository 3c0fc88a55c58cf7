"""Radiographs by ray sums: attenuation along rays, contrast of a lesion, scatter, magnification and unsharpness.

One effective energy (about 50 keV for 75 to 85 kVp behind a patient). Paths in cm, attenuation per cm; the geometry in
mm. Scatter is a constant under the whole picture, the only scatter modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.counting import relative_sd

Picture = NDArray[np.float64]


def log_attenuation(*, mu_per_cm: ArrayLike, path_cm: ArrayLike) -> Picture:
    """``L = sum mu d`` of rays through several materials; the last axis is the materials (E-68)."""
    along = np.asarray(mu_per_cm, dtype=np.float64) * np.asarray(path_cm, dtype=np.float64)
    return np.asarray(np.sum(along, axis=-1))


@dataclass(frozen=True, kw_only=True, eq=False)
class LesionContrast:
    """What a lesion changes in a radiograph.

    Attributes
    ----------
    intensity_ratio
        Intensity behind the lesion over that behind normal tissue; above 1 for a lytic lesion, which is darker bone.
    contrast_percent
        Change of the intensity, in per cent of the normal one.
    noise_percent
        Quantum noise of one pixel, in per cent of its intensity.
    """

    intensity_ratio: Picture
    contrast_percent: Picture
    noise_percent: Picture


def lesion_contrast(
    *, log_normal: ArrayLike, log_lesion: ArrayLike, photons_in: float, scatter_to_primary: float = 0.0
) -> LesionContrast:
    """Contrast of two rays by their log attenuation (E-68).

    Scatter of `scatter_to_primary` times the normal primary lies under both: it divides the contrast by
    ``1 + scatter_to_primary`` and adds its own photons to the noise.
    """
    normal, lesion = np.asarray(log_normal, dtype=np.float64), np.asarray(log_lesion, dtype=np.float64)
    change = np.expm1(normal - lesion) / (1.0 + scatter_to_primary)
    photons = photons_in * np.exp(-normal) * (1.0 + scatter_to_primary)
    return LesionContrast(
        intensity_ratio=1.0 + change, contrast_percent=100.0 * change, noise_percent=100.0 * relative_sd(photons)
    )


def expected_photons(log_attenuation: ArrayLike, *, photons_in: float, scatter_to_primary: float = 0.0) -> Picture:
    """Expected photons per pixel: primary of each ray, and a uniform scatter of `scatter_to_primary` times its mean."""
    primary = photons_in * np.exp(-np.asarray(log_attenuation, dtype=np.float64))
    return np.asarray(primary + scatter_to_primary * primary.mean())


def scatter_fraction(scatter_to_primary: float) -> float:
    """Share of the detected photons that is scatter: ``SPR/(1 + SPR)``."""
    return scatter_to_primary / (1.0 + scatter_to_primary)


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Distances of a radiograph.

    Attributes
    ----------
    sid_mm, sod_mm
        Focal spot to detector, and to the object.
    focal_spot_mm
        Width of the focal spot.

    Raises
    ------
    ValueError
        If the object does not lie between focal spot and detector.
    """

    sid_mm: float
    sod_mm: float
    focal_spot_mm: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.sod_mm <= self.sid_mm:
            raise ValueError(f"the object at {self.sod_mm:g} mm does not lie before the detector at {self.sid_mm:g} mm")

    @property
    def magnification(self) -> float:
        """``SID/SOD`` (E-69)."""
        return self.sid_mm / self.sod_mm

    @property
    def penumbra_mm(self) -> float:
        """Width of the blur of an edge on the detector: ``f (M - 1)`` (E-69)."""
        return self.focal_spot_mm * (self.magnification - 1.0)

    def image_mm(self, object_mm: ArrayLike) -> Picture:
        """Size on the detector (E-69)."""
        return np.asarray(np.asarray(object_mm, dtype=np.float64) * self.magnification)


def parallel_ray_sum(mu_per_cm: ArrayLike, *, step_mm: float, axis: int) -> Picture:
    """Log attenuation along one axis of a volume, rays parallel: no magnification."""
    return np.asarray(np.sum(np.asarray(mu_per_cm, dtype=np.float64), axis=axis) * step_mm / 10.0)


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Pixels of a detector, its middle on the central ray."""

    shape: tuple[int, int]
    pixel_mm: tuple[float, float]

    def positions_mm(self) -> tuple[Picture, Picture]:
        """Distances of the pixel centres from the central ray, as a column and a row."""
        u, v = (
            np.asarray((np.arange(n) - (n - 1) / 2.0) * width, dtype=np.float64)
            for n, width in zip(self.shape, self.pixel_mm, strict=True)
        )
        return u[:, None], v[None, :]


def divergent_ray_sum(
    mu_per_cm: NDArray[np.float64],
    *,
    voxel_mm: tuple[float, float, float],
    projection: Projection,
    detector: Detector,
) -> Picture:
    """Log attenuation along rays from a point, through a volume whose middle lies on the central ray at the SOD.

    Slab by slab: a slab at distance z sees the detector's pixel (u, v) at (u, v) z/SID, and each ray takes
    ``sqrt(1 + (u^2 + v^2)/SID^2)`` times the slab's thickness. Between voxel centres linear, nothing outside.

    Parameters
    ----------
    mu_per_cm
        Axis 0 from the focal spot to the detector; axes 1 and 2 along those of the detector.
    """
    from scipy.ndimage import map_coordinates  # lazy: heavy import

    u, v = detector.positions_mm()
    oblique = np.sqrt(1.0 + (u**2 + v**2) / projection.sid_mm**2)
    middle = [(n - 1) / 2.0 for n in mu_per_cm.shape]
    total = np.zeros(detector.shape)
    for k, slab in enumerate(mu_per_cm):
        shrink = (projection.sod_mm + (k - middle[0]) * voxel_mm[0]) / projection.sid_mm
        at = np.broadcast_arrays(u * shrink / voxel_mm[1] + middle[1], v * shrink / voxel_mm[2] + middle[2])
        total += map_coordinates(slab, at, order=1, mode="grid-constant", cval=0.0)
    return np.asarray(total * oblique * voxel_mm[0] / 10.0)
