"""Signed distances (mm, negative inside) of smooth shapes, to first order, and how they join.

All functions take broadcastable float32 arrays. A surface's partial volume in a sample of side h is
``clip(1/2 - d/h, 0, 1)``, exact for a plane across the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.block import Array, Block, Box

FAR_MM = 1e3


def coverage(distance: Array, reach_mm: float) -> Array:
    """Share of the sample inside the surface."""
    from spinemets.phantom.shape import borders  # lazy: compiled

    # An axis along which the distance only repeats is worked out once; what is returned may be written to.
    seen = _least(distance)
    share = np.empty(seen.shape, np.float32)
    borders.coverage(share, seen, np.float32(reach_mm))
    shape = np.shape(distance)
    return share.reshape(shape) if share.size == np.size(distance) else np.broadcast_to(share, shape).copy()


def smooth_min(a: Array, b: Array, blend_mm: float) -> Array:
    """Union of two shapes with a fillet of about `blend_mm` (polynomial smooth minimum)."""
    return _joined(a, b, blend_mm, 1.0)


def smooth_max(a: Array, b: Array, blend_mm: float) -> Array:
    """Intersection of two shapes with an edge rounded by about `blend_mm`."""
    return _joined(a, b, blend_mm, -1.0)


def _joined(a: Array, b: Array, blend_mm: float, sign: float) -> Array:
    """Smooth minimum, or for sign -1 maximum."""
    from spinemets.phantom.shape import borders  # lazy: compiled

    joined = np.empty(np.broadcast(a, b).shape, np.float32)
    borders.join(_axes(joined), _least(a), _least(b), np.float32(blend_mm), np.float32(sign))
    return joined


def _axes(values: Array) -> Array:
    """The array with three axes, short ones before its own."""
    return values.reshape((1,) * (3 - values.ndim) + values.shape)


def _least(values: Array | float) -> Array:
    """float32 values with three axes, an axis along which they only repeat shortened to 1: what compiled loops read."""
    found = np.asarray(values, np.float32)
    found = found[(None,) * (3 - found.ndim)]
    if 0 in found.strides:
        found = found[tuple(slice(None if step else 1) for step in found.strides)]
    return np.ascontiguousarray(found)


def superellipse(u: Array, v: Array, half_u: Array, half_v: Array, exponent: float) -> tuple[Array, Array]:
    """Distance to ``|u/a|^p + |v/b|^p = 1`` and the norm F itself (1 on the border): ``d = (F - 1)/|grad F|``."""
    from spinemets.phantom.shape import borders  # lazy: compiled

    shape = np.broadcast(u, v, half_u, half_v).shape
    found = np.empty((2, *(1,) * (3 - len(shape)), *shape), np.float32)
    borders.superellipse(found, _least(u), _least(v), (_least(half_u), _least(half_v)), np.float32(exponent))
    return found[0].reshape(shape), found[1].reshape(shape)


def ellipse(u: Array, v: Array, half_u: Array | float, half_v: Array | float) -> Array:
    """Distance to an ellipse in a plane: ``r (1 - 1/F)`` along the ray from its centre."""
    from spinemets.phantom.shape import borders  # lazy: compiled

    distance = np.empty(np.broadcast(u, v, half_u, half_v).shape, np.float32)
    borders.ellipse(_axes(distance), _least(u), _least(v), _least(half_u), _least(half_v))
    return distance


def along_ray(radius: Array, norm: Array, smallest: Array | float) -> Array:
    """Distance to the border of a star-shaped figure along the ray from its centre: ``r (1 - 1/F)``.

    F is the figure's norm (1 on the border). At the centre, where r/F has no value, the distance is minus the smallest
    half axis.
    """
    from spinemets.phantom.shape import borders  # lazy: compiled

    distance = np.empty(np.broadcast(radius, norm, smallest).shape, np.float32)
    borders.along_ray(_axes(distance), _least(radius), _least(norm), _least(smallest))
    return distance


def ellipsoid(parts: Sequence[Array], half: Sequence[float]) -> Array:
    """Distance to an ellipsoid along the ray from its centre.

    Parameters
    ----------
    parts
        Offsets from the centre along each of its axes, mm.
    half
        Half axes, mm.
    """
    radius = np.sqrt(sum(p * p for p in parts))
    norm = np.sqrt(sum((p / np.float32(h)) ** 2 for p, h in zip(parts, half, strict=True)))
    return along_ray(np.asarray(radius), np.asarray(norm), float(min(half)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Rod:
    """A bar with elliptic section from `start` to `end` (LPS mm), rounded at its ends.

    Attributes
    ----------
    across
        Unit vector of the first half axis; the second is perpendicular to it and to the bar.
    half_mm
        Half axes at the start and at the end: ((first, second), (first, second)).
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    across: tuple[float, float, float]
    half_mm: tuple[tuple[float, float], tuple[float, float]]

    @cached_property
    def box(self) -> Box:
        """Bounding box in LPS mm, with a margin for fillets."""
        reach = max(*self.half_mm[0], *self.half_mm[1]) + 3.0
        low = np.minimum(self.start, self.end) - reach
        high = np.maximum(self.start, self.end) + reach
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    @cached_property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors along the bar and along its two half axes, as rows."""
        along = np.subtract(self.end, self.start, dtype=float)
        along /= np.linalg.norm(along)
        first = np.asarray(self.across) - np.dot(self.across, along) * along
        first /= np.linalg.norm(first)
        return np.stack([along, first, np.cross(along, first)])

    def distance(self, block: Block) -> Array:
        """Distance at the block's points."""
        whole = np.stack([np.zeros(3, np.int64), np.asarray(block.shape)], axis=-1)
        return _union(block, (self,), whole[None], 1.0, np.inf)


def project(
    block: Block, origin: np.ndarray, directions: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[Array, Array, Array]:
    """Coordinates of the block's points along three directions from an origin; zero components cost nothing."""
    constants, steps = _lines(block, np.asarray(origin), np.asarray(directions))
    u, v, w = (block.linear(constant, step) for constant, step in zip(constants, steps, strict=True))
    return u, v, w


def _lines(
    block: Block, origin: NDArray[np.float64], directions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates along directions (..., 3, 3) from origins (..., 3) as functions of the indices: constant and steps."""
    offset = block.affine[:3, 3] - origin
    return (directions @ offset[..., None])[..., 0], directions @ block.affine[:3, :3]


def union(block: Block, rods: tuple[Rod, ...], blend_mm: float) -> Array:
    """Distance to the union of rods, each worked out only near itself; far from all of them `FAR_MM`."""
    return _union(block, rods, block.ranges(_packed(rods).boxes), blend_mm, FAR_MM)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Packed:
    """Rods as arrays: starts (n, 3), directions (n, 3, 3), sections (n, 6) as in `rods.join`, boxes (n, 2, 3)."""

    starts: NDArray[np.float64]
    directions: NDArray[np.float64]
    sections: NDArray[np.float32]
    boxes: NDArray[np.float64]


@lru_cache(maxsize=1024)
def _packed(rods: tuple[Rod, ...]) -> _Packed:
    sections = []
    for rod in rods:
        length = float(np.linalg.norm(np.subtract(rod.end, rod.start)))
        (u, v), (u_end, v_end) = rod.half_mm
        sections.append((length, 1 / length, u, u_end - u, v, v_end - v))
    return _Packed(
        starts=np.array([rod.start for rod in rods]).reshape(-1, 3),
        directions=np.array([rod.directions for rod in rods]).reshape(-1, 3, 3),
        sections=np.array(sections, np.float32).reshape(-1, 6),
        boxes=np.array([rod.box for rod in rods]).reshape(-1, 2, 3),
    )


def _union(block: Block, rods: tuple[Rod, ...], ranges: NDArray[np.int64], blend_mm: float, far_mm: float) -> Array:
    from spinemets.phantom.shape.rods import join  # lazy: compiled

    packed = _packed(rods)
    constants, steps = _lines(block, packed.starts, packed.directions)
    lines = np.concatenate([(constants + steps @ block.start)[..., None], steps], axis=-1)
    joined = np.full(block.shape, far_mm, np.float32)
    join(joined, lines, packed.sections, ranges, np.float32(blend_mm))
    return joined
