"""CT of the synthetic patient: painting in slabs, then the scanner's blur, noise and rounding."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import slabs
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Array, Block
from spinemets.physics import ct, noise

HU_RANGE = (-1024, 3071)


def render_ct(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, generator: np.random.Generator) -> Volume:
    """CT in HU, int16."""
    n_i, n_j, n_k = grid.shape_ijk
    thick = max(1, slabs.SLAB_SAMPLES // (n_i * n_j))
    seeds = generator.integers(2**63, size=n_k)
    stored = np.empty(grid.shape_ijk, np.int16)

    def slab(first: int) -> None:
        end = min(first + thick, n_k)
        image = _blurred(_ct_slab(anatomy, grid, (first, end)), acquisition)
        if not acquisition.noise_free:
            _add_ct_noise(image, acquisition, seeds, first)
        stored[:, :, first:end] = np.moveaxis(np.clip(np.rint(image), *HU_RANGE), 0, -1)

    slabs.in_threads(slab, range(0, n_k, thick))
    return Volume(array=stored, grid=grid, quantity="attenuation", unit="[hnsf'U]")


def _ct_slab(anatomy: Anatomy, grid: Grid, span: tuple[int, int]) -> Array:
    """HU (k, i, j) of slices [span), before blur and noise."""
    block = Block(
        affine=slabs.slices_first(grid.affine_lps_mm),
        start=(span[0], 0, 0),
        shape=(span[1] - span[0], *grid.shape_ijk[:2]),
        reach_mm=float(np.mean(grid.spacing_mm)),
    )
    return np.asarray(paint(anatomy, block, CtContrast())[0])


def _blurred(image: Array, a: Acquisition) -> Array:
    """Slices (k, i, j) with the point spread in plane."""
    from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

    sigma = ct.sigma_from_fwhm_mm(a.blur_mm) / a.pixel_mm
    for axis in (1, 2):
        image = gaussian_filter1d(image, sigma, axis=axis, mode="nearest", radius=2)
    return image


def _add_ct_noise(image: Array, a: Acquisition, seeds: NDArray[np.int64], first: int) -> None:
    """Coloured noise of slices (k, i, j) from `first` on, correlated with the slice below by interpolation along z."""

    def own(k: int) -> Array:
        """A slice's own part, the same each time: the slab above needs that of the last slice below it again."""
        generator = np.random.default_rng(seeds[k])
        return noise.back_projection_noise(generator, image[0].shape, (a.pixel_mm,) * 2, a.f0_per_mm)

    before = own(first - 1) if first else np.zeros(image[0].shape, np.float32)
    for k in range(len(image)):
        here = own(first + k)
        # 0.4 of the neighbour, unit variance kept.
        image[k] += np.float32(a.noise / math.hypot(1.0, 0.4)) * (here + np.float32(0.4) * before)
        before = here
