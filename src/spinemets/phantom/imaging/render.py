"""Series of the synthetic patient: what grid they have and who makes them; MR is painted in sub-slabs here, CT in `ct_scan`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import mr_scan, slabs
from spinemets.phantom.imaging.acquisition import PHASE, Acquisition
from spinemets.phantom.imaging.ct_scan import render_ct
from spinemets.phantom.imaging.mr_signals import CsfShare, MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import Contrast
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.tissue.tissues import tissue


def render(
    anatomy: Anatomy, acquisitions: Sequence[Acquisition], grid: Grid, generators: Sequence[np.random.Generator]
) -> tuple[Volume, ...]:
    """Series of one modality and geometry, each with its stream of noise."""
    if acquisitions[0].modality == "CT":
        return tuple(render_ct(anatomy, a, grid, own) for a, own in zip(acquisitions, generators, strict=True))
    return render_mr_together(anatomy, acquisitions, grid, generators)


def render_mr_together(
    anatomy: Anatomy, acquisitions: Sequence[Acquisition], grid: Grid, generators: Sequence[np.random.Generator]
) -> tuple[Volume, ...]:
    """MR series of one geometry, magnitudes as uint16, phases as int16: the patient is painted once for all of them.

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
    types = [np.int16 if a.part == PHASE else np.uint16 for a in acquisitions]
    stored = [np.empty((*grid.shape_ijk, a.n_volumes), kind) for kind, a in zip(types, acquisitions, strict=True)]

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
            stored[number][:, :, k, volume] = mr_scan.stored(image, a, a.stored / marrow[number])

    slabs.in_threads(one_slice, range(n_k))
    arrays = [array if a.several else array[..., 0] for array, a in zip(stored, acquisitions, strict=True)]
    return tuple(Volume(array=array, grid=grid, quantity="mr_signal", unit="1") for array in arrays)


def _marrow(anatomy: Anatomy, acquisition: Acquisition) -> float:
    """Signal of normal marrow in the first volume, or at the echo time, or before the agent, that the protocol refers to."""
    a = acquisition.at(0)
    a = a if a.reference_te_ms is None else replace(a, te_ms=a.reference_te_ms)
    contrast = MrContrast(replace(a, agent_min=None) if a.reference_plain else a)
    base, slope = contrast.spongy(anatomy.hosts["L3"], 0.0)
    return contrast.magnitude(tuple(b + s for b, s in zip(base, slope, strict=True)))


def _mr_slice(anatomy: Anatomy, contrasts: Sequence[Contrast], grid: Grid, which: tuple[int, Acquisition]) -> Array:
    """Channels (channel, i, j) of one slice of an acquisition: the mean of sub-slabs no thicker than a millimetre."""
    k, a = which
    parts = math.ceil(a.slice_mm / slabs.SUB_SLAB_MM)
    normal = grid.axes[:, 2]
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += k * affine[:3, 2] + (0.5 / parts - 0.5) * a.slice_mm * normal
    affine[:3, 2] = a.slice_mm / parts * normal
    block = Block(
        affine=slabs.slices_first(affine), start=(0, 0, 0), shape=(parts, *grid.shape_ijk[:2]), reach_mm=a.pixel_mm
    )
    return np.asarray(paint(anatomy, block, *contrasts).mean(axis=1))
