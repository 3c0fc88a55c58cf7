"""PET and SPECT of the synthetic patient: uptake painted finely, blurred by the scanner, noise of counting, units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.activity import (
    ActivityContrast,
    AttenuationContrast,
    reference_suv,
    value_per_suv,
)
from spinemets.phantom.imaging.emission_protocol import Emission
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import Contrast
from spinemets.phantom.imaging.slabs import SLAB_SAMPLES, in_threads
from spinemets.phantom.shape.block import Array, Block
from spinemets.physics import ct, transmission

# Samples of the painting: so many in the width of the point spread, and none shorter than that.
SAMPLES_PER_FWHM, SHORTEST_MM = 4.0, 1.0
# Variance of a sample that is the mean over its side, over the square of the side.
BOX_VARIANCE = 1.0 / 12.0
# Of 16 bits.
MOST_COUNTS = 65535


def render_volume(anatomy: Anatomy, a: Acquisition, grid: Grid, generator: np.random.Generator, case: Case) -> Volume:
    """PET in Bq/ml, float32, or SPECT as uint16 counts in which a normal vertebra holds `stored`.

    The stated resolution is that of the picture: what the size of voxel and sample adds is taken off the blur.
    """
    e = _emission(a)
    contrasts: list[Contrast] = [ActivityContrast(e.tracer, case.avidity)]
    if not e.attenuation_corrected:
        contrasts.append(AttenuationContrast())
    channels = seen(anatomy, grid, contrasts, (a.stated_blur_mm, samples(grid, a.stated_blur_mm)))
    image = channels[0]
    if not a.noise_free:
        _add_noise(image, a, grid, generator)
    if not e.attenuation_corrected:
        pixel_cm = (grid.spacing_mm[0] / 10.0, grid.spacing_mm[1] / 10.0)
        image *= transmission.mean_transmission(e.mu_per_cm * channels[1], pixel_cm)
    values = image * np.float32(value_per_suv(a, case.patient.weight_kg))
    if a.modality == "PT":
        return Volume(array=values, grid=grid, quantity="activity", unit="Bq/mL")
    counts = np.clip(np.rint(values), 0, MOST_COUNTS).astype(np.uint16)
    return Volume(array=counts, grid=grid, quantity="counts", unit="{counts}")


def _emission(a: Acquisition) -> Emission:
    if a.emission is None:
        raise ValueError(f"{a.sequence} is no series of emitted photons")
    return a.emission


def seen(anatomy: Anatomy, grid: Grid, contrasts: Sequence[Contrast], how: tuple[float, tuple[int, int, int]]) -> Array:
    """Channels (channel, i, j, k) of a grid: painted finely, blurred, averaged over the voxels.

    Parameters
    ----------
    how
        FWHM in mm of what comes out, and the samples painted along i, j and k in each voxel.
    """
    fwhm_mm, parts = how
    affine = divided(grid, parts)
    blurs = _blurs(grid, parts, fwhm_mm)
    n_i, n_j, n_k = (n * part for n, part in zip(grid.shape_ijk, parts, strict=True))
    channels = np.empty((sum(c.n_channels for c in contrasts), n_k, *grid.shape_ijk[:2]), np.float32)
    thick = max(1, SLAB_SAMPLES // (n_i * n_j))
    reach = float(np.mean(np.linalg.norm(affine[:3, :3], axis=0)))

    def slab(first: int) -> None:
        end = min(first + thick, n_k)
        block = Block(
            affine=affine[:, [2, 0, 1, 3]], start=(first, 0, 0), shape=(end - first, n_i, n_j), reach_mm=reach
        )
        images = np.asarray(paint(anatomy, block, *contrasts))
        for axis in (0, 1):
            images = _blurred(images, axis + 2, blurs[axis], parts[axis])
        channels[:, first:end] = images

    in_threads(slab, range(0, n_k, thick))
    return np.ascontiguousarray(np.moveaxis(_blurred(channels, 1, blurs[2], parts[2]), 1, -1))


def samples(grid: Grid, fwhm_mm: float) -> tuple[int, int, int]:
    """Samples along i, j and k in each voxel."""
    step = max(fwhm_mm / SAMPLES_PER_FWHM, SHORTEST_MM)
    i, j, k = (max(1, math.ceil(side / step - 1e-6)) for side in grid.spacing_mm)
    return i, j, k


def divided(grid: Grid, parts: tuple[int, int, int]) -> NDArray[np.float64]:
    """Affine of the samples that voxels are divided into."""
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += affine[:3, :3] @ (0.5 / np.array(parts) - 0.5)
    affine[:3, :3] /= parts
    return affine


def _blurs(grid: Grid, parts: tuple[int, int, int], fwhm_mm: float) -> list[float]:
    """Sigma along each axis, in samples: what is left of the resolution beside the size of voxel and sample."""
    sampled = float(np.mean([side / part for side, part in zip(grid.spacing_mm, parts, strict=True)]))
    whole = ct.sigma_from_fwhm_mm(fwhm_mm) ** 2
    return [
        math.sqrt(max(0.0, whole - BOX_VARIANCE * (side**2 + sampled**2))) / (side / part)
        for side, part in zip(grid.spacing_mm, parts, strict=True)
    ]


def _blurred(images: Array, axis: int, sigma: float, part: int) -> Array:
    """Samples blurred along an axis, then averaged over so many."""
    from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

    if sigma > 0.0:
        images = gaussian_filter1d(images, sigma, axis=axis, mode="nearest", truncate=5.0)
    shape = (*images.shape[:axis], images.shape[axis] // part, part, *images.shape[axis + 1 :])
    return np.asarray(images.reshape(shape).mean(axis=axis + 1, dtype=np.float32))


def _add_noise(image: Array, a: Acquisition, grid: Grid, generator: np.random.Generator) -> None:
    """Noise of counting, its variance as the uptake, correlated as the point spread; what is negative becomes 0.

    `noise` is the coefficient of variation in the reference tissue: ``sd = CV sqrt(reference x SUV)``.
    """
    from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

    field: NDArray[np.float32] = generator.standard_normal(image.shape, dtype=np.float32)
    for axis, side in enumerate(grid.spacing_mm):
        sigma = ct.sigma_from_fwhm_mm(a.stated_blur_mm) / side
        # Wrapped round: the same variance everywhere. The kernel's power, found from one sample, brings it back to 1.
        impulse = np.zeros(129)
        impulse[64] = 1.0
        power = float((gaussian_filter1d(impulse, sigma, mode="constant") ** 2).sum())
        field = gaussian_filter1d(field, sigma, axis=axis, mode="wrap") / np.float32(math.sqrt(power))
    reference = reference_suv(_emission(a).tracer)
    image += np.float32(a.noise) * np.sqrt(np.float32(reference) * np.maximum(image, 0.0)) * field
    np.maximum(image, 0.0, out=image)
