"""Signed distances (mm, negative inside) of smooth shapes, to first order, and how they join.

All functions take broadcastable float32 arrays. A surface's partial volume in a sample of side h is
``clip(1/2 - d/h, 0, 1)``, exact for a plane across the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.shape.block import Array, Block, Box

FAR_MM = 1e3


def coverage(distance: Array, reach_mm: float) -> Array:
    """Share of the sample inside the surface."""
    return np.clip(np.float32(0.5) - distance / np.float32(reach_mm), 0.0, 1.0)


def smooth_min(a: Array, b: Array, blend_mm: float) -> Array:
    """Union of two shapes with a fillet of about `blend_mm` (polynomial smooth minimum)."""
    gap = np.clip(np.float32(blend_mm) - np.abs(a - b), 0.0, None)
    joined: Array = np.minimum(a, b) - gap * gap * np.float32(0.25 / blend_mm)
    return joined


def smooth_max(a: Array, b: Array, blend_mm: float) -> Array:
    """Intersection of two shapes with an edge rounded by about `blend_mm`."""
    return -smooth_min(-a, -b, blend_mm)


def superellipse(u: Array, v: Array, half_u: Array, half_v: Array, exponent: float) -> tuple[Array, Array]:
    """Distance to ``|u/a|^p + |v/b|^p = 1`` and the norm F itself (1 on the border): ``d = (F - 1)/|grad F|``."""
    p = np.float32(exponent)
    au, av = np.abs(u) / half_u, np.abs(v) / half_v
    gu, gv = au ** (p - 1), av ** (p - 1)
    norm = np.maximum((gu * au + gv * av) ** (1 / p), np.float32(1e-3))
    gradient = norm ** (1 - p) * np.sqrt((gu / half_u) ** 2 + (gv / half_v) ** 2)
    return (norm - 1) / np.maximum(gradient, np.float32(1e-3)), norm


def ellipse(u: Array, v: Array, half_u: Array | float, half_v: Array | float) -> Array:
    """Distance to an ellipse in a plane: ``r (1 - 1/F)`` along the ray from its centre."""
    norm = np.sqrt((u / half_u) ** 2 + (v / half_v) ** 2)
    smallest = np.minimum(np.asarray(half_u, np.float32), np.asarray(half_v, np.float32))
    return along_ray(np.sqrt(u * u + v * v), norm, smallest)


def along_ray(radius: Array, norm: Array, smallest: Array | float) -> Array:
    """Distance to the border of a star-shaped figure along the ray from its centre: ``r (1 - 1/F)``.

    F is the figure's norm (1 on the border). At the centre, where r/F has no value, the distance is minus the smallest
    half axis.
    """
    tiny = np.float32(1e-3)
    reach = (radius + tiny * np.asarray(smallest, np.float32)) / (norm + tiny)
    return np.asarray(np.maximum(radius - reach, -np.asarray(smallest, np.float32)))


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

    @property
    def box(self) -> Box:
        """Bounding box in LPS mm, with a margin for fillets."""
        reach = max(*self.half_mm[0], *self.half_mm[1]) + 3.0
        low = np.minimum(self.start, self.end) - reach
        high = np.maximum(self.start, self.end) + reach
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def distance(self, block: Block) -> Array:
        """Distance at the block's points."""
        start, end = np.asarray(self.start), np.asarray(self.end)
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        first = np.asarray(self.across) - np.dot(self.across, along) * along
        first /= np.linalg.norm(first)
        second = np.cross(along, first)
        t, c1, c2 = project(block, start, (along, first, second))
        share = np.clip(t / np.float32(length), 0.0, 1.0)
        h1 = np.float32(self.half_mm[0][0]) + share * np.float32(self.half_mm[1][0] - self.half_mm[0][0])
        h2 = np.float32(self.half_mm[0][1]) + share * np.float32(self.half_mm[1][1] - self.half_mm[0][1])
        beyond = t - share * np.float32(length)
        cap = np.minimum(h1, h2)
        norm = np.sqrt((c1 / h1) ** 2 + (c2 / h2) ** 2 + (beyond / cap) ** 2)
        return along_ray(np.sqrt(c1 * c1 + c2 * c2 + beyond * beyond), norm, cap)


def project(
    block: Block, origin: np.ndarray, directions: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[Array, Array, Array]:
    """Coordinates of the block's points along three directions from an origin; zero components cost nothing."""
    axes = block.axes
    found: list[Array] = []
    for direction in directions:
        value = np.zeros((1, 1, 1), np.float32)
        for component, axis, zero in zip(direction, axes, origin, strict=True):
            if abs(component) > 1e-7:
                value = value + np.float32(component) * (axis - np.float32(zero))
        found.append(value)
    return found[0], found[1], found[2]


def union(block: Block, rods: tuple[Rod, ...], blend_mm: float) -> Array:
    """Distance to the union of rods, each worked out only near itself; far from all of them `FAR_MM`."""
    joined = np.full(block.shape, FAR_MM, np.float32)
    for rod in rods:
        found = block.within(rod.box)
        if found is not None:
            place, part = found
            joined[place] = smooth_min(joined[place], np.broadcast_to(rod.distance(part), part.shape), blend_mm)
    return joined
