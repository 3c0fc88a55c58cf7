"""Views of a gamma camera: what a body of uptake and attenuation sends through a parallel collimator, plane by plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.physics.ct import sigma_from_fwhm_mm
from spinemets.physics.planar_scintigraphy import collimator_fwhm_mm

_MM_PER_CM = 10.0


def leaving(uptake: NDArray[np.float32], mu_per_cm: NDArray[np.float32], step_cm: float) -> NDArray[np.float32]:
    """What each plane of a body sends out towards the camera at its first plane (E-81).

    ``u dz exp(-integral of mu before it) (1 - exp(-mu dz))/(mu dz)``: planes are slabs of uniform uptake and attenuation.

    Parameters
    ----------
    uptake, mu_per_cm
        (i, planes, k), the first plane next to the camera; uptake in counts per cm of depth.
    step_cm
        Thickness of a plane.

    Returns
    -------
    NDArray[np.float32]
        (i, planes, k); their sum over the planes is the view without blur.
    """
    path = np.asarray(mu_per_cm, np.float32) * np.float32(step_cm)
    before = np.cumsum(path, axis=1) - path
    inside = np.divide(-np.expm1(-path), path, out=np.ones_like(path), where=path > 0.0)
    return np.asarray(uptake * np.float32(step_cm) * np.exp(-before) * inside, np.float32)


def view(
    planes: NDArray[np.float32], spacing_mm: tuple[float, float, float], gap_planes: int = 0
) -> NDArray[np.float32]:
    """Expected counts (i, k) of a view: planes blurred by the collimator as wide as they are far, and added.

    Reflection at the border keeps the sum of all counts.

    Parameters
    ----------
    planes
        What leaves each plane (i, planes, k), the first plane next to the camera.
    spacing_mm
        Along i, planes and k.
    gap_planes
        Planes before the surface of the body, which the camera is brought close to.
    """
    from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

    seen = np.zeros((planes.shape[0], planes.shape[2]), np.float32)
    for number in np.flatnonzero(planes.any(axis=(0, 2))):
        depth_mm = max(0.0, (number + 0.5 - gap_planes) * spacing_mm[1])
        sigma_mm = sigma_from_fwhm_mm(float(collimator_fwhm_mm(depth_mm)))
        plane = planes[:, number]
        for axis, side_mm in ((0, spacing_mm[0]), (1, spacing_mm[2])):
            plane = gaussian_filter1d(plane, sigma_mm / side_mm, axis=axis, mode="reflect")
        seen += plane
    return seen


def views(
    uptake: NDArray[np.float32], mu_per_cm: NDArray[np.float32], spacing_mm: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Expected counts (i, k) from both ends of the planes, the first plane's side first; both in the order of i and k."""
    body = np.flatnonzero((mu_per_cm > 0.0).any(axis=(0, 2)))
    first, last = (int(body[0]), int(body[-1])) if body.size else (0, mu_per_cm.shape[1] - 1)
    step_cm = spacing_mm[1] / _MM_PER_CM
    front = view(leaving(uptake, mu_per_cm, step_cm), spacing_mm, first)
    turned = leaving(uptake[:, ::-1], mu_per_cm[:, ::-1], step_cm)
    return front, view(turned, spacing_mm, mu_per_cm.shape[1] - 1 - last)
