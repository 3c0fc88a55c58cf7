"""The vertebral canal of one whole-vertebra mask: its hole, its centre, and the wall in front of it (G-04)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.planes import huber_fit
from spinemets.geometry.resampling import Patch

Array = NDArray[np.float64]

# A width that differs by more than this factor from the shadow's is no interpedicular width.
BELIEVED = (0.7, 1.7)
# Rows of the canal, as shares of its depth behind the posterior wall, in which the pedicles bound it.
FRONT_ROWS = (0.15, 0.6)
WIDEST_HALF_MM = 22.0
FEWEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Hole:
    """Canal as seen along the vertebra's superior axis, in local (left, anterior) coordinates [mm].

    Attributes
    ----------
    centre_mm
        (left, anterior) of its centroid.
    left_mm
        Its lateral limits at mid-depth, (lowest, highest) along left.
    anterior_mm
        Its limits along anterior, (back, front), in its middle half.
    area_mm2
        Area of the hole in the shadow.
    bulk_mm
        (left, anterior) middle of the thickest part of the shadow: the body.
    """

    centre_mm: Array
    left_mm: tuple[float, float]
    anterior_mm: tuple[float, float]
    area_mm2: float
    bulk_mm: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class PosteriorWall:
    """Smooth surface in front of the canal: anterior position as a function of left and superior [mm].

    The surface is a paraboloid inside the canal's width and goes on level beyond it, so that the pedicle roots are cut
    in the wall's own plane.
    """

    coefficients: Array
    left_mm: tuple[float, float]
    superior_mm: tuple[float, float]
    spread_mm: float
    n: int

    def anterior_mm(self, left_mm: Array, superior_mm: Array) -> Array:
        """Anterior position of the wall."""
        left = np.clip(left_mm, *self.left_mm)
        superior = np.clip(superior_mm, *self.superior_mm)
        found: Array = _terms(left, superior) @ self.coefficients
        return found


def _terms(left: Array, superior: Array) -> Array:
    return np.stack([np.ones_like(left), left, superior, left**2, superior**2], axis=-1)


def find_hole(patch: Patch, min_area_mm2: float) -> Hole | None:
    """Largest hole in the mask's shadow along the patch's third axis, None where there is none (a body-only mask)."""
    from scipy.ndimage import binary_closing, binary_fill_holes, distance_transform_edt, label

    step = float(patch.step_mm[0])
    shadow = (patch.occupancy >= 0.5).any(axis=2)
    shadow = np.pad(shadow, 2)
    for gap in (0, 1, 2):
        # A thin lamina may leave a slit in a coarse mask: closed by one or two samples, no more.
        ring = binary_closing(shadow, iterations=gap) if gap else shadow
        holes, n = label(binary_fill_holes(ring) & ~ring)
        sizes = np.bincount(holes.ravel(), minlength=1)[1:] * step**2
        if n and sizes.max() >= min_area_mm2:
            break
    else:
        return None
    hole = holes == int(sizes.argmax()) + 1
    thickness = distance_transform_edt(shadow) * step
    bulk = np.argwhere(thickness >= 0.9 * thickness.max()).mean(axis=0)
    left, anterior = np.nonzero(hole)
    middle = np.abs(anterior - anterior.mean()) <= 0.25 * np.ptp(anterior) + 0.5
    centre_strip = np.abs(left - left.mean()) <= 0.25 * np.ptp(left) + 0.5
    low = patch.low_mm[:2] - 2 * step

    def local(index: float, axis: int) -> float:
        return float(low[axis] + step * index)

    return Hole(
        centre_mm=np.array([local(left.mean(), 0), local(anterior.mean(), 1)]),
        left_mm=(local(left[middle].min() - 0.5, 0), local(left[middle].max() + 0.5, 0)),
        anterior_mm=(
            local(anterior[centre_strip].min() - 0.5, 1),
            local(anterior[centre_strip].max() + 0.5, 1),
        ),
        area_mm2=float(sizes.max()),
        bulk_mm=np.array([local(bulk[0], 0), local(bulk[1], 1)]),
    )


def wall_in_front(patch: Patch, hole: Hole, width_share: float) -> PosteriorWall | None:
    """Fit the posterior wall of the body: the first bone met from the canal's centre towards anterior.

    Parameters
    ----------
    patch
        Whole vertebra in its own frame.
    hole
        Its canal.
    width_share
        Middle share of the canal's width that is used: beside it lie the pedicle roots.

    Returns
    -------
    wall
        None where fewer than 12 lines meet bone, or nothing lies in front of the hole (an arch that the image's border cuts off
        from its body).
    """
    left, anterior, superior = (patch.along(axis) for axis in range(3))
    half = 0.5 * (hole.left_mm[1] - hole.left_mm[0]) * width_share
    columns = np.flatnonzero(np.abs(left - hole.centre_mm[0]) <= half)
    start = int(np.searchsorted(anterior, hole.centre_mm[1]))
    ahead = patch.occupancy[columns][:, start:, :]
    if not ahead.size:
        return None
    solid = ahead >= 0.5
    hit = solid.argmax(axis=1)
    met = solid.any(axis=1) & ~solid[:, 0, :]
    reach = anterior[start] + hit * patch.step_mm[1]
    # Bone deeper than the canal's front by more than half its depth is the front of something else (a foramen, a gap).
    limit = hole.anterior_mm[1] + max(4.0, 0.5 * (hole.anterior_mm[1] - hole.anterior_mm[0]))
    met &= reach <= limit
    column, slab = np.nonzero(met)
    if len(column) < 12:
        return None
    index = hit[column, slab]
    before = ahead[column, np.maximum(index - 1, 0), slab].astype(np.float64)
    after = ahead[column, index, slab].astype(np.float64)
    fraction = np.where(after > before, (0.5 - before) / np.where(after > before, after - before, 1.0), 1.0)
    position = anterior[start] + (index - 1 + fraction) * patch.step_mm[1]
    across, along = left[columns[column]], superior[slab]
    coefficients, spread = huber_fit(_terms(across, along), position)
    low, high = np.percentile(along, [5, 95])
    return PosteriorWall(
        coefficients=coefficients,
        left_mm=(float(across.min()), float(across.max())),
        superior_mm=(float(low), float(high)),
        spread_mm=spread,
        n=len(column),
    )


def between_pedicles(patch: Patch, hole: Hole, wall: PosteriorWall) -> Hole:
    """The hole with the lateral limits and the middle that the pedicles' medial surfaces give.

    At the heights of the upper half of the posterior wall bone is looked for from the middle outward; of the coronal rows
    in `FRONT_ROWS` the one that is widest on a side (median over the heights) meets its pedicle. The shadow alone is narrowed by laminae and articular processes
    that lie higher or lower. Where a side shows fewer than `FEWEST` hits the hole stays as it is.
    """
    left, anterior, superior = (patch.along(axis) for axis in range(3))
    depth = hole.anterior_mm[1] - hole.anterior_mm[0]
    front = float(wall.anterior_mm(np.array([hole.centre_mm[0]]), np.array([0.0]))[0])
    rows = (anterior <= front - FRONT_ROWS[0] * depth) & (anterior >= front - FRONT_ROWS[1] * depth)
    # Pedicles leave the upper half of the body; below them laminae slope into these rows.
    lowest = 0.5 * (wall.superior_mm[0] + wall.superior_mm[1])
    slabs = (superior >= lowest) & (superior <= wall.superior_mm[1])
    limits: list[float] = []
    for direction in (-1, 1):
        outward = np.flatnonzero((left - hole.centre_mm[0]) * direction >= 0)[::direction]
        if not len(outward):
            return hole
        rows_out = patch.occupancy[outward][:, rows][:, :, slabs]
        solid = rows_out >= 0.5
        reach = np.abs(left[outward] - hole.centre_mm[0])[solid.argmax(axis=0)]
        reach = reach - float(patch.step_mm[0]) * _overshoot(rows_out, solid.argmax(axis=0))
        met = solid.any(axis=0) & (reach <= WIDEST_HALF_MM) & (reach > 2.0)
        medians = [float(np.median(r[m])) for r, m in zip(reach, met, strict=True) if m.sum() >= FEWEST]
        if not medians:
            return hole
        limits.append(hole.centre_mm[0] + direction * max(medians))
    if not BELIEVED[0] <= (limits[1] - limits[0]) / (hole.left_mm[1] - hole.left_mm[0]) <= BELIEVED[1]:
        return hole
    middle = 0.5 * (limits[0] + limits[1])
    return replace(hole, left_mm=(limits[0], limits[1]), centre_mm=np.array([middle, hole.centre_mm[1]]))


def _overshoot(lines: NDArray[np.float32], first: NDArray[np.intp]) -> Array:
    """How far, in samples, the first sample inside bone lies beyond the 0.5 crossing; lines run along axis 0."""
    inside = np.take_along_axis(lines, first[None], axis=0)[0].astype(np.float64)
    before = np.take_along_axis(lines, np.maximum(first - 1, 0)[None], axis=0)[0].astype(np.float64)
    rise = inside - before
    found: Array = np.where((first > 0) & (rise > 1e-6), (inside - 0.5) / np.where(rise > 1e-6, rise, 1.0), 0.0)
    return found
