"""Planar bone scan: what anterior and posterior views see of uptake at a depth, and their geometric mean.

A column of the body is layers of uptake; each photon is weakened by the tissue between it and the camera, mu 0.15 per
cm for 140.5 keV (narrow beam), 0.11 to 0.12 with the scatter that an open energy window lets in. Depths in cm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Views:
    """Expected counts of a column from both sides, and what removes the depth.

    Attributes
    ----------
    anterior, posterior
        Counts of the two views.
    geometric_mean
        ``sqrt(A P)``: does not depend on the depth of a thin source.
    corrected
        Geometric mean times ``exp(mu T/2)``: does not depend on the thickness of the body either.
    """

    anterior: NDArray[np.float64]
    posterior: NDArray[np.float64]
    geometric_mean: NDArray[np.float64]
    corrected: NDArray[np.float64]


def point_views(
    *, source_counts: ArrayLike, mu_per_cm: float, thickness_cm: ArrayLike, depth_from_posterior_cm: ArrayLike
) -> Views:
    """A source thin along the view: ``N exp(-mu z)`` from each side (E-80)."""
    counts, depth = np.asarray(source_counts, dtype=np.float64), np.asarray(depth_from_posterior_cm, dtype=np.float64)
    front = np.asarray(thickness_cm, dtype=np.float64) - depth
    return _views(counts * np.exp(-mu_per_cm * front), counts * np.exp(-mu_per_cm * depth), mu_per_cm, thickness_cm)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layers:
    """A column of the body, from the posterior surface; the last axis is the layers, columns lead and broadcast.

    Attributes
    ----------
    z0_cm, z1_cm
        Depths of the ends of each layer, z0 the nearer.
    uptake
        Counts per cm without attenuation, uniform in a layer.
    """

    z0_cm: ArrayLike
    z1_cm: ArrayLike
    uptake: ArrayLike


def layer_counts(layers: Layers, *, mu_per_cm: float) -> NDArray[np.float64]:
    """Counts of the posterior view: ``sum u integral_z0^z1 exp(-mu z) dz`` (E-81)."""
    near, far = np.asarray(layers.z0_cm, dtype=np.float64), np.asarray(layers.z1_cm, dtype=np.float64)
    seen = np.exp(-mu_per_cm * near) * _mean_decay(mu_per_cm * (far - near)) * (far - near)
    return np.asarray(np.sum(np.asarray(layers.uptake, dtype=np.float64) * seen, axis=-1))


def layer_views(layers: Layers, *, mu_per_cm: float, thickness_cm: float) -> Views:
    """Both views of a column; the corrected geometric mean is exact for a thin source only.

    Raises
    ------
    ValueError
        If a layer lies outside the body.
    """
    near, far = np.asarray(layers.z0_cm, dtype=np.float64), np.asarray(layers.z1_cm, dtype=np.float64)
    if near.min() < 0.0 or far.max() > thickness_cm:
        raise ValueError(f"layers from {near.min():g} to {far.max():g} cm lie outside a body of {thickness_cm:g} cm")
    turned = Layers(z0_cm=thickness_cm - far, z1_cm=thickness_cm - near, uptake=layers.uptake)
    front, back = (layer_counts(seen, mu_per_cm=mu_per_cm) for seen in (turned, layers))
    return _views(front, back, mu_per_cm, thickness_cm)


def ratio_to_normal(lesion: ArrayLike, normal: ArrayLike) -> NDArray[np.float64]:
    """Counts over a lesion by those over a normal column: always nearer to 1 than the uptake is (E-81)."""
    return np.asarray(np.asarray(lesion, dtype=np.float64) / np.asarray(normal, dtype=np.float64))


def collimator_fwhm_mm(depth_mm: ArrayLike) -> NDArray[np.float64]:
    """Blur of a source at a distance from the surface: ``4 + 0.04 z``. A choice of this project, of the usual size."""
    return np.asarray(4.0 + 0.04 * np.asarray(depth_mm, dtype=np.float64))


def _views(
    anterior: NDArray[np.float64], posterior: NDArray[np.float64], mu_per_cm: float, thickness_cm: ArrayLike
) -> Views:
    """Views with what follows from both."""
    mean = np.sqrt(anterior) * np.sqrt(posterior)
    whole = np.exp(mu_per_cm * np.asarray(thickness_cm, dtype=np.float64) / 2.0)
    return Views(anterior=anterior, posterior=posterior, geometric_mean=mean, corrected=mean * whole)


def _mean_decay(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(1 - exp(-x))/x``, the mean of exp(-u) for u from 0 to x; 1 at 0."""
    return np.divide(-np.expm1(-x), x, out=np.ones(x.shape), where=x != 0.0)
