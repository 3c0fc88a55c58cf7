"""Series of the synthetic patient: painting in sub-slabs, then the scanner's blur, noise and rounding."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast, MrContrast
from spinemets.phantom.shape.block import Array, Block
from spinemets.physics import ct, noise

# Slices painted at once: bounds the memory.
CHUNK = 24
# A sub-slab never is thicker than this.
SUB_SLAB_MM = 1.0
HU_RANGE = (-1024, 3071)
# Stored value of normal marrow; anything well inside 12 bits.
MARROW_STORED = {"t1": 700.0, "stir": 160.0}
# The saturation band in front of the spine: distance before the body centres, width of its edge, what it leaves.
BAND_MM, BAND_EDGE_MM, BAND_LEAVES = 38.0, 16.0, 0.15


def grid_of(anatomy: Anatomy, acquisition: Acquisition, frame_uid: str | None) -> Grid:
    """Voxel grid of a series over the spine."""
    a, col = acquisition, anatomy.column
    top = col.z_of["T10"] + 3.0
    bottom = col.z_of["S1"] - 42.0
    x0 = float(np.mean([f.origin[0] for f in anatomy.frames.values()]))
    n_i, n_j = (round(length / a.pixel_mm) for length in a.fov_mm)
    y = [float(f.origin[1]) for f in anatomy.frames.values()]
    affine = np.eye(4)
    if a.plane == "axial":
        n_k = a.n_slices or math.ceil((top - bottom) / (a.slice_mm + a.gap_mm))
        middle = (min(y) + max(y)) / 2 + 14.0
        affine[:3, :3] = np.diag([a.pixel_mm, a.pixel_mm, a.slice_mm + a.gap_mm])
        affine[:3, 3] = (x0 - (n_i - 1) / 2 * a.pixel_mm, middle - (n_j - 1) / 2 * a.pixel_mm, bottom)
    else:
        n_k = a.n_slices or 17
        step = a.slice_mm + a.gap_mm
        back = float(col.back.values.max()) + 8.0
        high = top + 22.0
        affine[:3, 0] = (0.0, a.pixel_mm, 0.0)
        affine[:3, 1] = (0.0, 0.0, -a.pixel_mm)
        affine[:3, 2] = (-step, 0.0, 0.0)
        affine[:3, 3] = (x0 + (n_k - 1) / 2 * step, back - (n_i - 1) * a.pixel_mm, high)
    return Grid(shape_ijk=(n_i, n_j, n_k), affine_lps_mm=affine, frame_of_reference_uid=frame_uid)


def render_ct(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, generator: np.random.Generator) -> Volume:
    """CT in HU, int16."""
    from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

    n_k = grid.shape_ijk[2]
    stored = np.empty(grid.shape_ijk, np.int16)
    sigma = ct.sigma_from_fwhm_mm(acquisition.blur_mm) / acquisition.pixel_mm
    before = np.zeros(grid.shape_ijk[:2], np.float32)
    for first in range(0, n_k, CHUNK):
        image = _ct_slab(anatomy, grid, (first, min(first + CHUNK, n_k)))
        for axis in (0, 1):
            image = gaussian_filter1d(image, sigma, axis=axis, mode="nearest", radius=2)
        if not acquisition.noise_free:
            before = _add_ct_noise(image, acquisition, generator, before)
        stored[:, :, first : first + image.shape[2]] = np.clip(np.rint(image), *HU_RANGE)
    return Volume(array=stored, grid=grid, quantity="attenuation", unit="[hnsf'U]")


def _add_ct_noise(image: Array, a: Acquisition, generator: np.random.Generator, before: Array) -> Array:
    """Coloured noise, correlated with the slice below by interpolation along z; returns the last slice's own part."""
    for k in range(image.shape[2]):
        own = noise.back_projection_noise(generator, image.shape[:2], (a.pixel_mm,) * 2, a.f0_per_mm)
        # 0.4 of the neighbour, unit variance kept.
        image[:, :, k] += np.float32(a.noise / math.hypot(1.0, 0.4)) * (own + np.float32(0.4) * before)
        before = own
    return before


def _ct_slab(anatomy: Anatomy, grid: Grid, span: tuple[int, int]) -> Array:
    """HU of slices [span), before blur and noise."""
    block = Block(
        affine=np.array(grid.affine_lps_mm),
        start=(0, 0, span[0]),
        shape=(grid.shape_ijk[0], grid.shape_ijk[1], span[1] - span[0]),
        reach_mm=float(np.mean(grid.spacing_mm)),
    )
    return np.asarray(paint(anatomy, block, CtContrast())[0])


def _mr_slice(anatomy: Anatomy, a: Acquisition, grid: Grid, k: int) -> tuple[Array, Array]:
    """Water and fat signal of one slice: the mean of sub-slabs no thicker than a millimetre."""
    parts = math.ceil(a.slice_mm / SUB_SLAB_MM)
    normal = grid.axes[:, 2]
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += k * affine[:3, 2] + (0.5 / parts - 0.5) * a.slice_mm * normal
    affine[:3, 2] = a.slice_mm / parts * normal
    block = Block(
        affine=affine, start=(0, 0, 0), shape=(grid.shape_ijk[0], grid.shape_ijk[1], parts), reach_mm=a.pixel_mm
    )
    water, fat = paint(anatomy, block, MrContrast(a)).mean(axis=-1)
    return water, fat


def render_mr(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, generator: np.random.Generator) -> Volume:
    """MR magnitude, uint16: fat shifted along the readout, k-space cut, noise, magnitude, scaling."""
    contrast = MrContrast(acquisition)
    base, slope = contrast.spongy(anatomy.hosts["L3"], 0.0)
    marrow = abs(sum(base) + sum(slope))
    scale = MARROW_STORED[acquisition.sequence] / marrow
    shift = noise.chemical_shift_px(field_t=acquisition.field_t, bandwidth_hz_per_px=acquisition.bandwidth_hz_per_px)
    band = _band(anatomy, acquisition, grid)
    stored = np.empty(grid.shape_ijk, np.uint16)
    for k in range(grid.shape_ijk[2]):
        water, fat = _mr_slice(anatomy, acquisition, grid, k)
        sigma = 0.0 if acquisition.noise_free else marrow / acquisition.noise
        image = _scan(water * band[:, :, k], fat * band[:, :, k], acquisition, shift, (generator, sigma))
        stored[:, :, k] = np.clip(np.rint(image * scale), 0, 4095)
    return Volume(array=stored, grid=grid, quantity="mr_signal", unit="1")


def _band(anatomy: Anatomy, acquisition: Acquisition, grid: Grid) -> NDArray[np.float32]:
    """What the saturation band in front of the spine leaves of the signal (1 behind it)."""
    if not acquisition.saturation_band:
        return np.ones((1, 1, grid.shape_ijk[2]), np.float32)
    block = Block.of_grid(grid)
    _, v, _ = anatomy.column.around(block)
    behind = np.clip((v + np.float32(BAND_MM)) / np.float32(BAND_EDGE_MM) + 1, 0.0, 1.0)
    band = np.float32(BAND_LEAVES) + np.float32(1 - BAND_LEAVES) * behind * behind * (3 - 2 * behind)
    return np.broadcast_to(band, grid.shape_ijk)


def _scan(
    water: Array, fat: Array, a: Acquisition, shift_px: float, noise_of: tuple[np.random.Generator, float]
) -> NDArray[np.float64]:
    """One slice through k-space: the readout runs along j and displaces fat by `shift_px`; magnitude."""
    n_i, n_j = water.shape
    k_j = np.fft.fftfreq(n_j)[None, :]
    signal = np.fft.fft2(water) + np.fft.fft2(fat) * np.exp(-2j * np.pi * k_j * shift_px)
    keep_i = np.abs(np.fft.fftfreq(n_i)) <= 0.5 * a.acquired_share[0]
    keep_j = np.abs(np.fft.fftfreq(n_j)) <= 0.5 * a.acquired_share[1]
    kept = keep_i[:, None] & keep_j[None, :]
    generator, sigma = noise_of
    if sigma:
        # sd per channel in the image is sigma: n samples of k-space noise of sd s give an image sd of s sqrt(kept)/n.
        level = sigma * water.size / math.sqrt(np.count_nonzero(kept))
        signal = signal + level * (generator.standard_normal(water.shape) + 1j * generator.standard_normal(water.shape))
    magnitude: NDArray[np.float64] = np.abs(np.fft.ifft2(np.where(kept, signal, 0.0)))
    return magnitude
