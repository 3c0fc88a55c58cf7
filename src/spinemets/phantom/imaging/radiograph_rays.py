"""Sums of attenuation along the rays of a radiograph, through the patient's functions.

The patient is painted in slabs across the central ray, each sampled where the rays of a lattice on the detector cross it:
no image of the patient is made and none interpolated. Slabs are coarse in soft tissue; near bone each is
painted again with finer rays and thinner slabs, and what the coarse one had summed there is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.imaging.projection import DOWN, Beam, Lattice, Window
from spinemets.phantom.imaging.slabs import in_threads
from spinemets.phantom.shape.block import Array, Block, Box

# Attenuation per cm at the points of a block.
Painter = Callable[[Block], Array]
# Slabs that one thread sums before it hands over: fixed, so that sums are the same for any number of threads.
SLABS_AT_ONCE = 8
MM_PER_CM = 10.0


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How densely the patient is sampled.

    Attributes
    ----------
    pitch_mm, step_mm
        Distance of the fine rays on the detector, and thickness of the fine slabs.
    coarser
        How many times coarser both are away from bone.
    before_mm, behind_mm
        How far slabs reach from the object's plane towards the source and towards the detector.
    """

    pitch_mm: float = 0.45
    step_mm: float = 0.6
    coarser: int = 3
    before_mm: float = 300.0
    behind_mm: float = 195.0

    def lattice(self, beam: Beam) -> Lattice:
        """Fine rays that cover the picture: a whole number of coarse ones."""
        coarse = self.coarse(beam)
        n, m = coarse.shape
        return Lattice(shape=(n * self.coarser, m * self.coarser), pitch_mm=self.pitch_mm)

    def coarse(self, beam: Beam) -> Lattice:
        """Coarse rays that cover the picture."""
        pitch = self.pitch_mm * self.coarser
        n, m = (int(np.ceil(length / pitch - 1e-9)) for length in beam.size_mm)
        return Lattice(shape=(n, m), pitch_mm=pitch)


def ray_sums(painter: Painter, fine_boxes: Sequence[Box], beam: Beam, sampling: Sampling) -> NDArray[np.float64]:
    """Log attenuation of the rays of `sampling.lattice(beam)`.

    Parameters
    ----------
    fine_boxes
        Boxes (LPS mm) of what needs fine slabs.

    Returns
    -------
    NDArray[np.float64]
        (columns, rows).
    """
    s = sampling
    fine, coarse = s.lattice(beam), s.coarse(beam)
    thick = s.step_mm * s.coarser
    nearest = beam.projection.sod_mm - s.before_mm
    number = int(np.ceil((s.before_mm + s.behind_mm) / thick))
    groups = range(0, number, SLABS_AT_ONCE)
    sums: list[tuple[Array, Array]] = [(np.empty(0), np.empty(0))] * len(groups)
    placed = _placed(fine_boxes, beam)

    def work(group: int) -> None:
        plain, extra = np.zeros(coarse.shape), np.zeros(fine.shape)
        for n in range(groups[group], min(groups[group] + SLABS_AT_ONCE, number)):
            depth = nearest + n * thick
            seen = painter(beam.slab(coarse, depth + thick / 2, thick))[0] * np.float32(thick)
            plain += seen
            for window in windows(placed, (depth, depth + thick), beam, (coarse, s.coarser)):
                total = sum(
                    painter(beam.slab(fine, depth + (part + 0.5) * s.step_mm, s.step_mm, window))[0]
                    for part in range(s.coarser)
                ) * np.float32(s.step_mm)
                place = tuple(slice(*ends) for ends in window)
                extra[place] += total - finer(seen, s.coarser, window)
        sums[group] = plain, extra

    in_threads(work, range(len(groups)))
    whole = ((0, fine.shape[0]), (0, fine.shape[1]))
    total = finer(np.sum([plain for plain, _ in sums], axis=0), s.coarser, whole)
    total += np.sum([extra for _, extra in sums], axis=0)
    u, v = fine.positions_mm()
    oblique = np.sqrt(1.0 + (u[:, None] ** 2 + v[None, :] ** 2) / beam.projection.sid_mm**2)
    return np.asarray(total * oblique / MM_PER_CM)


def finer(values: Array, factor: int, window: Window) -> Array:
    """A window of a picture `factor` times finer, read linearly between the middles of its pixels and on beyond the outer ones."""
    (low_i, high_i, part_i), (low_j, high_j, part_j) = (
        _between(n, factor, ends) for n, ends in zip(values.shape, window, strict=True)
    )
    rows = values[low_i] * (1 - part_i)[:, None] + values[high_i] * part_i[:, None]
    return np.asarray(rows[:, low_j] * (1 - part_j) + rows[:, high_j] * part_j)


def _between(n: int, factor: int, ends: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Neighbours of fine samples among n coarse ones, and the share of the second."""
    at = (np.arange(*ends) - (factor - 1) / 2) / factor
    low = np.clip(np.floor(at), 0, max(n - 2, 0)).astype(np.int64)
    return low, np.minimum(low + 1, n - 1), (at - low).astype(np.float32)


def _placed(boxes: Sequence[Box], beam: Beam) -> NDArray[np.float64]:
    """Depth, and mm from the central ray along columns and rows, from ... to ... of boxes: (n, 3, 2)."""
    corners = np.array(boxes, np.float64).reshape(-1, 2, 3) - beam.source_lps_mm
    # The three directions lie along the axes of the boxes.
    places = corners @ np.stack([beam.axis, beam.across, DOWN], axis=1)
    return np.stack([places.min(axis=1), places.max(axis=1)], axis=-1)


def windows(
    placed: NDArray[np.float64], depths_mm: tuple[float, float], beam: Beam, of: tuple[Lattice, int]
) -> list[Window]:
    """Rectangles of fine rays, apart from one another, that hold every box at these depths.

    Parameters
    ----------
    placed
        Boxes, as `_placed` gives them.
    depths_mm
        Slab: nearest and farthest distance from the source.
    of
        Coarse lattice, and how many fine rays it has to one of its own along each axis.
    """
    from scipy.ndimage import find_objects, label  # lazy: heavy import

    coarse, factor = of
    needed = np.zeros(coarse.shape, bool)
    met = placed[(placed[:, 0, 0] < depths_mm[1]) & (placed[:, 0, 1] > depths_mm[0]), 1:]
    # Shadows at both ends of the slab, in coarse rays from the first one.
    shadows = met[..., None] * beam.projection.sid_mm / np.array(depths_mm) / coarse.pitch_mm
    shadows += (np.array(coarse.shape)[None, :, None, None] - 1) / 2
    first = np.floor(shadows.min(axis=(2, 3)) - 0.5).astype(int)
    end = np.ceil(shadows.max(axis=(2, 3)) + 0.5).astype(int) + 1
    for (i, j), (i_end, j_end) in zip(np.maximum(first, 0), np.maximum(end, 0), strict=True):
        needed[i:i_end, j:j_end] = True
    while True:
        found = find_objects(label(needed, np.ones((3, 3)))[0])
        before = np.count_nonzero(needed)
        for place in found:
            needed[place] = True
        if np.count_nonzero(needed) == before:
            return [((i.start * factor, i.stop * factor), (j.start * factor, j.stop * factor)) for i, j in found]
