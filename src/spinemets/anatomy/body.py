"""Body and arch of a whole-vertebra mask, split at the posterior wall (G-04)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.canal import Hole, PosteriorWall
from spinemets.model.region import Region

Array = NDArray[np.float64]


def split(local: Array, wall: PosteriorWall, hole: Hole) -> NDArray[np.bool_]:
    """Which voxels of a vertebra belong to its body.

    Parameters
    ----------
    local
        (n, 3) positions of the voxels (left, anterior, superior) mm.

    Returns
    -------
    body
        (n,) True in front of the posterior wall. Between the pedicles everything in front of the canal's centre is body:
        a fragment pushed into the canal stays body.
    """
    left, anterior, superior = local.T
    in_front = anterior >= wall.anterior_mm(left, superior)
    half = 0.45 * (hole.left_mm[1] - hole.left_mm[0])
    between = np.abs(left - 0.5 * (hole.left_mm[0] + hole.left_mm[1])) <= half
    body: NDArray[np.bool_] = np.where(between, anterior >= hole.centre_mm[1], in_front)
    return body


def without_transverse(local: Array, bin_mm: float, share: float) -> NDArray[np.bool_]:
    """Body voxels of a cervical vertebra without the transverse processes, which lie beside the body there.

    The mass of bone per sagittal slab falls steeply where the body ends: slabs outside the first one on either side below
    `share` of the central mass are dropped.
    """
    index = np.round(local[:, 0] / bin_mm).astype(int)
    first = int(index.min())
    mass = np.bincount(index - first).astype(float)
    if len(mass) >= 3:
        mass = np.convolve(mass, [0.25, 0.5, 0.25], mode="same")
    middle = int(np.clip(round(float(np.median(index))) - first, 0, len(mass) - 1))
    central = float(np.median(mass[max(0, middle - 2) : middle + 3]))
    thin = mass < share * central
    low = int(np.flatnonzero(thin[:middle])[-1]) + 1 if thin[:middle].any() else 0
    high = middle + int(np.flatnonzero(thin[middle:])[0]) - 1 if thin[middle:].any() else len(mass) - 1
    keep: NDArray[np.bool_] = (index - first >= low) & (index - first <= high)
    return keep


def below_dens(local: Array, bin_mm: float, share: float) -> NDArray[np.bool_]:
    """Body voxels of C2 below the dens: the cross-section falls below `share` of the body's where the dens begins."""
    index = np.round(local[:, 2] / bin_mm).astype(int)
    first = int(index.min())
    area = np.bincount(index - first).astype(float)
    if len(area) >= 3:
        area = np.convolve(area, [0.25, 0.5, 0.25], mode="same")
    body = float(np.median(area[len(area) // 8 : max(len(area) // 8 + 1, len(area) // 2)]))
    start = len(area) // 4
    small = np.flatnonzero(area[start:] < share * body)
    top = start + int(small[0]) if len(small) else len(area)
    keep: NDArray[np.bool_] = index - first < top
    return keep


def region_of(name: str, vertebra: Region, chosen: NDArray[np.bool_], source: str) -> Region:
    """Region of those voxels of `vertebra` (in the order of `vertebra.indices`) that are chosen."""
    mask = np.zeros(vertebra.mask.shape, bool)
    mask[vertebra.mask] = chosen
    return Region.from_mask(name, mask, vertebra.grid, source=source, start_ijk=vertebra.start_ijk)


def largest_piece(region: Region) -> Region:
    """The largest connected piece (26-neighbourhood)."""
    from scipy.ndimage import label

    pieces, n = label(region.mask, np.ones((3, 3, 3), bool))
    if n <= 1:
        return region
    counts = np.bincount(pieces.ravel())
    counts[0] = 0
    return Region.from_mask(
        region.name, pieces == counts.argmax(), region.grid, source=region.source, start_ijk=region.start_ijk
    )
