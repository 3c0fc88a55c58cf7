"""Series of the synthetic patient: painting in sub-slabs, then the scanner's blur, noise and rounding."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import mr_scan
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.mr_signals import CsfShare, MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import Contrast, CtContrast
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.tissue.tissues import tissue
from spinemets.physics import ct, noise

# Samples painted at once: few enough for the cache, many enough to be worth the calls.
SLAB_SAMPLES = 1_000_000
# More would gain nothing where the interpreter is held between the compiled loops.
THREADS = 4
# A sub-slab never is thicker than this.
SUB_SLAB_MM = 1.0
HU_RANGE = (-1024, 3071)


def in_threads(work: Callable[[int], None], items: Iterable[int]) -> None:
    """Do all items, several at a time.

    Every item writes a place of its own and draws from a stream of its own: the number of threads changes nothing but the
    time.
    """
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        for _ in pool.map(work, items):
            pass


def _slices_first(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Affine of samples in the order (slice, i, j): long rows cost less a sample than short ones."""
    return np.array(affine)[:, [2, 0, 1, 3]]


def render_ct(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, generator: np.random.Generator) -> Volume:
    """CT in HU, int16."""
    n_i, n_j, n_k = grid.shape_ijk
    thick = max(1, SLAB_SAMPLES // (n_i * n_j))
    seeds = generator.integers(2**63, size=n_k)
    stored = np.empty(grid.shape_ijk, np.int16)

    def slab(first: int) -> None:
        end = min(first + thick, n_k)
        image = _blurred(_ct_slab(anatomy, grid, (first, end)), acquisition)
        if not acquisition.noise_free:
            _add_ct_noise(image, acquisition, seeds, first)
        stored[:, :, first:end] = np.moveaxis(np.clip(np.rint(image), *HU_RANGE), 0, -1)

    in_threads(slab, range(0, n_k, thick))
    return Volume(array=stored, grid=grid, quantity="attenuation", unit="[hnsf'U]")


def _ct_slab(anatomy: Anatomy, grid: Grid, span: tuple[int, int]) -> Array:
    """HU (k, i, j) of slices [span), before blur and noise."""
    block = Block(
        affine=_slices_first(grid.affine_lps_mm),
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


def render_mr_together(
    anatomy: Anatomy, acquisitions: Sequence[Acquisition], grid: Grid, generators: Sequence[np.random.Generator]
) -> tuple[Volume, ...]:
    """MR magnitude of series of one geometry, uint16: the patient is painted once for all of them.

    Fat is shifted along the readout, k-space cut, noise added, the magnitude scaled.

    Raises
    ------
    ValueError
        If pixels or slices differ.
    """
    if len({(a.pixel_mm, a.slice_mm) for a in acquisitions}) != 1:
        raise ValueError("series rendered together share their geometry: pixels and slices of one size")
    n_k = grid.shape_ijk[2]
    pairs = [(number, volume) for number, a in enumerate(acquisitions) for volume in range(a.n_volumes)]
    contrasts = tuple(MrContrast(acquisitions[number], volume) for number, volume in pairs)
    painted: tuple[Contrast, ...] = (*contrasts, CsfShare()) if any(a.csf_void for a in acquisitions) else contrasts
    marrow = [_marrow(anatomy, a) for a in acquisitions]
    seeds = [
        generator.integers(2**63, size=(n_k, a.n_volumes))
        for generator, a in zip(generators, acquisitions, strict=True)
    ]
    stored = [np.empty((*grid.shape_ijk, a.n_volumes), np.uint16) for a in acquisitions]

    def one_slice(k: int) -> None:
        pools = _mr_slice(anatomy, painted, grid, (k, acquisitions[0]))
        for at, (number, volume) in enumerate(pairs):
            a = contrasts[at].one
            if a.csf_void:
                csf = contrasts[at].tissue(tissue("csf"))[0]
                pools[2 * at] -= np.float32(csf) * pools[-1] * (1 - mr_scan.csf_kept(anatomy, a.csf_void, grid, k))
            water, fat = pools[2 * at : 2 * at + 2] * mr_scan.band(anatomy, a, grid, k)
            sigma = 0.0 if a.noise_free else marrow[number] / a.noise
            around = mr_scan.surroundings(anatomy, a, grid, k)
            image = mr_scan.scan((water, fat), a, around, (np.random.default_rng(seeds[number][k, volume]), sigma))
            image *= a.stored / marrow[number]
            stored[number][:, :, k, volume] = np.clip(np.rint(image), 0, 4095)

    in_threads(one_slice, range(n_k))
    arrays = [array if a.several else array[..., 0] for array, a in zip(stored, acquisitions, strict=True)]
    return tuple(Volume(array=array, grid=grid, quantity="mr_signal", unit="1") for array in arrays)


def _marrow(anatomy: Anatomy, acquisition: Acquisition) -> float:
    """Signal of normal marrow in the first volume, or at the echo time that the protocol refers to."""
    a = acquisition.at(0)
    contrast = MrContrast(a if a.reference_te_ms is None else replace(a, te_ms=a.reference_te_ms))
    base, slope = contrast.spongy(anatomy.hosts["L3"], 0.0)
    return contrast.magnitude(tuple(b + s for b, s in zip(base, slope, strict=True)))


def _mr_slice(anatomy: Anatomy, contrasts: Sequence[Contrast], grid: Grid, which: tuple[int, Acquisition]) -> Array:
    """Channels (channel, i, j) of one slice of an acquisition: the mean of sub-slabs no thicker than a millimetre."""
    k, a = which
    parts = math.ceil(a.slice_mm / SUB_SLAB_MM)
    normal = grid.axes[:, 2]
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += k * affine[:3, 2] + (0.5 / parts - 0.5) * a.slice_mm * normal
    affine[:3, 2] = a.slice_mm / parts * normal
    block = Block(
        affine=_slices_first(affine), start=(0, 0, 0), shape=(parts, *grid.shape_ijk[:2]), reach_mm=a.pixel_mm
    )
    return np.asarray(paint(anatomy, block, *contrasts).mean(axis=1))
