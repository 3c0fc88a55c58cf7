"""The ground that is searched: bone of one vertebra on one series' grid, away from its shell.

A `Ground` keeps values of the searched voxels only, so that all levels of a study stay in memory during the search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.resampling import region_on_grid
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.spine import Vertebra
from spinemets.model.volume import Volume

Mask = NDArray[np.bool_]
Values = NDArray[np.float32]

# A Gaussian's standard deviation is its full width at half maximum divided by 2 sqrt(2 ln 2).
FWHM_PER_SIGMA = 2.3548
MARROW, PEDICLE, ARCH = 0, 1, 2
# Slices this many times as thick as the pixels are wide are looked at face by face.
THICK_SLICE = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """Searched voxels of one vertebra in one series.

    Attributes
    ----------
    vertebra, grid, start_ijk
        Whose, on which grid, first voxel of the box in it.
    inner
        Box mask of the voxels that may be candidates.
    seeds
        Box mask: marrow (G-05), and the cores of pedicles and arch, which have no marrow mask of their own.
    parts
        Box masks by part: `body`, `pedicle_<side>`, `posterior_elements` (the rest of the arch).
    compartment
        For each inner voxel `MARROW` (body), `PEDICLE` or `ARCH`.
    judged, raw
        Values of the inner voxels as judged (smoothed), and as in the image.
    marrow
        Values of the marrow mask, evenly thinned.
    n_marrow
        Voxels of the marrow mask.
    """

    vertebra: Vertebra
    grid: Grid
    start_ijk: tuple[int, int, int]
    inner: Mask
    seeds: Mask
    parts: Mapping[str, Mask]
    compartment: NDArray[np.uint8]
    judged: Values
    raw: Values
    marrow: Values
    n_marrow: int

    def in_box(self, selected: Mask) -> Mask:
        """Box mask of a selection of the inner voxels."""
        box = np.zeros(self.inner.shape, bool)
        box[self.inner] = selected
        return box

    def region(self, name: str, mask: Mask, source: str) -> Region:
        """A box mask as a region of the series' grid."""
        return Region.from_mask(name, mask, self.grid, source=source, start_ijk=self.start_ijk)

    def points_lps_mm(self, mask: Mask) -> NDArray[np.float64]:
        """Voxel centres of a box mask."""
        return self.grid.to_lps_mm(np.argwhere(mask) + np.asarray(self.start_ijk))


def prepare(
    volume: Volume, vertebra: Vertebra, *, inner_depth_mm: float, fwhm_mm: float, raw_marrow: bool, most_voxels: int
) -> Ground | None:
    """Bring a vertebra to a series' grid and read the voxels that may be searched; None if nothing is left to search.

    Parameters
    ----------
    inner_depth_mm
        Distance of a voxel centre from the surface of the bone from which on it is searched.
    fwhm_mm
        Smoothing of the judged values, 0 = none.
    raw_marrow
        Whether the marrow's statistics come from the image itself (MR: its noise must stay) or from the smoothed one (CT-02).
    most_voxels
        Marrow values kept for statistics.
    """
    grid = volume.grid
    regions = {n: region_on_grid(r, grid) for n, r in vertebra.regions.items()}
    body, marrow = regions.get("body"), regions.get("marrow")
    if body is None or marrow is None or not body.n_voxels or not marrow.n_voxels:
        return None
    box = _box([r for n, r in regions.items() if r.n_voxels], grid)
    on_box = {n: _cut(r, box) for n, r in regions.items()}
    bone = np.logical_or.reduce([on_box[n] for n in on_box])
    raw_box = np.asarray(volume.array[box], dtype=np.float32)
    valid = _measured(volume, box, raw_box)
    inner = _deep(bone, grid, inner_depth_mm) & _whole_slices(vertebra, grid, box, inner_depth_mm) & valid
    judged_box = _smoothed(volume, box, fwhm_mm) if fwhm_mm > 0 else raw_box
    parts = _parts(on_box, bone)
    body_inner = parts["body"] & inner
    seeds = (on_box["marrow"] & inner) | (inner & ~parts["body"])
    values = (raw_box if raw_marrow else judged_box)[on_box["marrow"] & valid]
    if not values.size or not body_inner.any():
        return None
    return Ground(
        vertebra=vertebra,
        grid=grid,
        start_ijk=(box[0].start, box[1].start, box[2].start),
        inner=inner,
        seeds=seeds,
        parts=parts,
        compartment=_compartments(parts)[inner],
        judged=judged_box[inner],
        raw=raw_box[inner],
        marrow=values[:: max(1, values.size // most_voxels)],
        n_marrow=int(values.size),
    )


def _box(regions: list[Region], grid: Grid) -> tuple[slice, slice, slice]:
    """Box around all regions with one voxel to spare where the grid goes on."""
    low = np.min([r.start_ijk for r in regions], axis=0) - 1
    high = np.max([np.asarray(r.start_ijk) + r.mask.shape for r in regions], axis=0) + 1
    low, high = np.maximum(low, 0), np.minimum(high, np.asarray(grid.shape_ijk))
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (i, j, k)


def _cut(region: Region, box: tuple[slice, slice, slice]) -> Mask:
    """What of a region lies in a box of its grid."""
    out = np.zeros(tuple(s.stop - s.start for s in box), bool)
    if region.n_voxels:
        shared = [(max(r.start, b.start), min(r.stop, b.stop)) for r, b in zip(region.slices, box, strict=True)]
        if all(first < last for first, last in shared):
            there = tuple(slice(a - b.start, z - b.start) for (a, z), b in zip(shared, box, strict=True))
            own = tuple(slice(a - r.start, z - r.start) for (a, z), r in zip(shared, region.slices, strict=True))
            out[there] = region.mask[own]
    return out


def _deep(bone: Mask, grid: Grid, depth_mm: float) -> Mask:
    """Voxels whose centre lies at least `depth_mm` under the surface (half a voxel nearer than the next background)."""
    import edt

    distance = edt.edt(np.ascontiguousarray(bone), anisotropy=grid.spacing_mm, parallel=1)
    deep: Mask = distance >= depth_mm + 0.5 * min(grid.spacing_mm)
    return deep


def _whole_slices(vertebra: Vertebra, grid: Grid, box: tuple[slice, slice, slice], depth_mm: float) -> Mask:
    """Where a thick slice is bone through its whole thickness, and `depth_mm` beyond either face.

    A slice that the side wall of the body runs through obliquely is bone at its middle and shell or fat at its faces: its
    values lie between theirs and mean nothing.
    """
    axis = int(np.argmax(grid.spacing_mm))
    whole = np.ones(tuple(s.stop - s.start for s in box), bool)
    if grid.spacing_mm[axis] < THICK_SLICE * min(grid.spacing_mm):
        return whole
    for side in (-1.0, 1.0):
        affine = np.array(grid.affine_lps_mm)
        affine[:3, 3] += side * (grid.spacing_mm[axis] / 2 + depth_mm) * grid.axes[:, axis]
        shifted = replace(grid, affine_lps_mm=affine)
        whole &= np.logical_or.reduce([_cut(region_on_grid(r, shifted), box) for r in vertebra.regions.values()])
    return whole


def _measured(volume: Volume, box: tuple[slice, ...], values: Values) -> Mask:
    """Where the values of a box are those of a measurement."""
    finite: Mask = np.isfinite(values)
    return finite if volume.padding is None else finite & ~volume.padding[box]


def _smoothed(volume: Volume, box: tuple[slice, slice, slice], fwhm_mm: float) -> Values:
    """Gaussian-smoothed values of a box; the margin around it takes part, voxels without a measurement do not."""
    from scipy.ndimage import gaussian_filter

    sigma = [fwhm_mm / FWHM_PER_SIGMA / d for d in volume.grid.spacing_mm]
    margin = [int(np.ceil(3 * s)) for s in sigma]
    wide = tuple(
        slice(max(0, b.start - m), min(n, b.stop + m)) for b, m, n in zip(box, margin, volume.array.shape, strict=False)
    )
    values = np.array(volume.array[wide], dtype=np.float32)
    known = _measured(volume, wide, values)
    if known.all():
        smooth = gaussian_filter(values, sigma, mode="nearest", truncate=3.0)
    else:
        # A lost slice would darken its neighbours as a lytic lesion does.
        sums, weight = (
            gaussian_filter(part, sigma, mode="nearest", truncate=3.0)
            for part in (np.where(known, values, np.float32(0.0)), known.astype(np.float32))
        )
        smooth = np.where(weight > 1e-3, sums / np.maximum(weight, np.float32(1e-3)), values)
    own = tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, wide, strict=True))
    cut: Values = smooth[own]
    return cut


def _parts(on_box: Mapping[str, Mask], bone: Mask) -> dict[str, Mask]:
    """Disjoint parts: body, pedicles, and the rest of the arch."""
    parts = {"body": on_box["body"]}
    taken = parts["body"].copy()
    for name in sorted(n for n in on_box if n.startswith("pedicle")):
        parts[name] = on_box[name] & ~taken
        taken |= parts[name]
    rest = bone & ~taken
    if rest.any():
        parts["posterior_elements"] = rest
    return parts


def _compartments(parts: Mapping[str, Mask]) -> NDArray[np.uint8]:
    out: NDArray[Any] = np.full(parts["body"].shape, ARCH, np.uint8)
    for name, mask in parts.items():
        if name.startswith("pedicle"):
            out[mask] = PEDICLE
    out[parts["body"]] = MARROW
    return out
