"""A patient's field read at the voxels of a sample, compiled. What its numbers mean: `layers`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import SEEN, compiled

Numbers = NDArray[np.float32]
Tissues = NDArray[np.uint16]
Parts = NDArray[np.uint8]
Grains = NDArray[np.int8]
# Nodes of a deformation, and nodes per voxel of the field.
Lattice = tuple[NDArray[np.float32], np.float32]
TISSUES = "Array(uint16, 3, 'C', True)"
PARTS = "Array(uint8, 3, 'C', True)"
ROWS = "Array(float32, 2, 'C', True)"
PLACES = "Array(float32, 1, 'C', True)"
LINE = "Array(uint16, 1, 'C', True)"
PLAIN = "Array(uint8, 1, 'C', True)"
GRAINS = "Array(int8, 3, 'C', True)"
BEND = "Tuple((Array(float32, 4, 'C', True), float32))"
_ONE, _ZERO = np.float32(1.0), np.float32(0.0)
# All bits but the highest: `layers.mark`.
TISSUE, PART = 2**15 - 1, 2**7 - 1
# Textures have this many nodes along each axis, a power of two: their period costs one operation.
NODES = 64
# What a texture holds for one standard deviation: bytes, so that it stays in the cache.
UNIT = 32
NONE = np.uint64(0)
_AHEAD = np.float32(64 * NODES)


@compiled("Tuple((uint64, uint64, float32))(float32, uint64, uint64)")
def _node(place: Any, size: Any, stride: Any) -> tuple[Any, Any, Any]:
    """Where the node below a place on an axis lies in memory, how far ahead the next is (at the end 0), and the way between.

    Without signs: an index that might be negative costs a comparison each time.
    """
    place = min(max(place, _ZERO), np.float32(size - np.uint64(1)))
    low = np.uint64(place)
    ahead = stride if low + np.uint64(1) < size else np.uint64(0)
    return low * stride, ahead, place - np.float32(low)


@compiled(f"float32({ROWS}, int64, float32, float32, float32)")
def _along(pose: Any, axis: int, u: Any, v: Any, w: Any) -> Any:
    """Index along an axis of the field of a place in the grid."""
    return pose[axis, 0] * u + pose[axis, 1] * v + pose[axis, 2] * w + pose[axis, 3]


@compiled(f"UniTuple(float32, 3)({LINE}, UniTuple(uint64, 3), float32, float32, float32, {ROWS})")
def _read(field: Any, shape: Any, x: Any, y: Any, z: Any, levels: Any) -> tuple[Any, Any, Any]:
    """Trilinear mean at a place (in voxels of the field), and the textures' amplitudes of the voxel below it."""
    x0, dx, p = _node(x, shape[0], shape[1] * shape[2])
    y0, dy, q = _node(y, shape[1], shape[2])
    z0, dz, r = _node(z, shape[2], np.uint64(1))
    at = x0 + y0 + z0
    mean, marked = levels[0], field[at]
    here = marked & TISSUE
    if here == marked:
        return mean[here], levels[1, here], levels[2, here]
    a, b = mean[here], mean[field[at + dz] & TISSUE]
    low = a + r * (b - a)
    a, b = mean[field[at + dy] & TISSUE], mean[field[at + dy + dz] & TISSUE]
    low += q * (a + r * (b - a) - low)
    at += dx
    a, b = mean[field[at] & TISSUE], mean[field[at + dz] & TISSUE]
    high = a + r * (b - a)
    a, b = mean[field[at + dy] & TISSUE], mean[field[at + dy + dz] & TISSUE]
    high += q * (a + r * (b - a) - high)
    return low + p * (high - low), levels[1, here], levels[2, here]


@compiled(f"float32({GRAINS}, float32, float32, float32, {ROWS}, int64)")
def _texture(nodes: Any, x: Any, y: Any, z: Any, at: Any, row: int) -> Any:
    """A periodic texture at a place of the field, by its scale and offset."""
    scale = at[row, 0]
    u = int(x * scale + at[row, 1] + _AHEAD) & (NODES - 1)
    v = int(y * scale + at[row, 2] + _AHEAD) & (NODES - 1)
    return np.float32(nodes[u, v, int(z * scale + at[row, 3] + _AHEAD) & (NODES - 1)]) * np.float32(1 / UNIT)


@compiled(f"UniTuple(float32, 3)({BEND}, float32, float32, float32)")
def _bent(bend: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Where a place of the undeformed grid reads the field (`bending.Bend.at`)."""
    nodes, scale = bend
    n = nodes.shape[0]
    if n == 0:
        return x, y, z
    u, v, w = x * scale + np.float32(n), y * scale + np.float32(n), z * scale + np.float32(n)
    i, j, k = int(u), int(v), int(w)
    p, q, r = u - np.float32(i), v - np.float32(j), w - np.float32(k)
    for corner in range(8):
        one, two, three = corner & 1, (corner >> 1) & 1, corner >> 2
        weight = (p if one else _ONE - p) * (q if two else _ONE - q) * (r if three else _ONE - r)
        a, b, c = (i + one) & (n - 1), (j + two) & (n - 1), (k + three) & (n - 1)
        x += weight * nodes[a, b, c, 0]
        y += weight * nodes[a, b, c, 1]
        z += weight * nodes[a, b, c, 2]
    return x, y, z


def along_memory(out: NDArray[Any], pose: Numbers) -> tuple[NDArray[Any], Numbers]:
    """The same grid and pose with the axis last that runs most along the field's own last one: its readings lie together."""
    last = int(np.argmax(np.abs(pose[2, :3])))
    order = [axis for axis in range(3) if axis != last] + [last]
    return out.transpose(order), np.ascontiguousarray(pose[:, [*order, 3]])


@compiled(
    f"void(float32[:,:,:], {TISSUES}, Tuple(({ROWS}, {BEND})), {ROWS}, Tuple(({ROWS}, {GRAINS}, {GRAINS}, {ROWS})))"
)
def image(
    out: Numbers,
    field: Tissues,
    way: tuple[Numbers, Lattice],
    away: Numbers,
    seen: tuple[Numbers, Grains, Grains, Numbers],
) -> None:
    """Mean over the sub-samples of each voxel of a grid, with the texture of its middle.

    Parameters
    ----------
    field
        Number of the mixture in each voxel.
    way
        Pose (3, 4): index along each axis of the field, ``pose[a, :3] . (i, j, k) + pose[a, 3]``; deformation.
    away
        (n, 3): places of the sub-samples against the voxel's middle, in voxels of the field.
    seen
        Levels ((mean, coarse amplitude, fine amplitude), mixture); the two textures; scale and offsets of each (2, 4).
    """
    levels, coarse, fine, at = seen
    pose, bend = way
    flat = field.ravel()
    shape = (np.uint64(field.shape[0]), np.uint64(field.shape[1]), np.uint64(field.shape[2]))
    n = len(away)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                total, rough, grain = _ZERO, _ZERO, _ZERO
                u, v, w = np.float32(i), np.float32(j), np.float32(k)
                x, y, z = _along(pose, 0, u, v, w), _along(pose, 1, u, v, w), _along(pose, 2, u, v, w)
                x, y, z = _bent(bend, x, y, z)
                for m in range(n):
                    place = x + away[m, 0], y + away[m, 1], z + away[m, 2]
                    mean, coarse_part, fine_part = _read(flat, shape, place[0], place[1], place[2], levels)
                    total += mean
                    rough += coarse_part
                    grain += fine_part
                total += rough * _texture(coarse, x, y, z, at, 0) + grain * _texture(fine, x, y, z, at, 1)
                out[i, j, k] = total / np.float32(n)


@compiled(f"uint8({PLAIN}, UniTuple(uint64, 3), float32, float32, float32)")
def _part(field: Any, shape: Any, x: Any, y: Any, z: Any) -> Any:
    """Part of the patient of most trilinear weight among the eight voxels around a place."""
    x0, dx, p = _node(x, shape[0], shape[1] * shape[2])
    y0, dy, q = _node(y, shape[1], shape[2])
    z0, dz, r = _node(z, shape[2], np.uint64(1))
    at = x0 + y0 + z0
    marked = field[at]
    best, most = marked & PART, np.float32(-1.0)
    if best == marked:
        return best
    for corner in range(8):
        wanted = (
            field[at + (dx if corner & 1 else NONE) + (dy if corner & 2 else NONE) + (dz if corner & 4 else NONE)]
            & PART
        )
        total = _ZERO
        for other in range(8):
            one, two, three = other & 1, other & 2, other & 4
            if field[at + (dx if one else NONE) + (dy if two else NONE) + (dz if three else NONE)] & PART == wanted:
                total += (p if one else _ONE - p) * (q if two else _ONE - q) * (r if three else _ONE - r)
        if total > most:
            best, most = wanted, total
    return best


@compiled(f"void(uint8[:,:,:], {PARTS}, Tuple(({ROWS}, {BEND})))")
def parts_at(out: Parts, field: Parts, way: tuple[Numbers, Lattice]) -> None:
    """Part of the patient at each voxel's centre, 0 outside the field."""
    pose, bend = way
    flat = field.ravel()
    shape = (np.uint64(field.shape[0]), np.uint64(field.shape[1]), np.uint64(field.shape[2]))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                u, v, w = np.float32(i), np.float32(j), np.float32(k)
                x, y, z = _along(pose, 0, u, v, w), _along(pose, 1, u, v, w), _along(pose, 2, u, v, w)
                x, y, z = _bent(bend, x, y, z)
                out[i, j, k] = 0
                if min(x, y, z) >= _ZERO and x < field.shape[0] and y < field.shape[1] and z < field.shape[2]:
                    out[i, j, k] = _part(flat, shape, x, y, z)


@compiled("Tuple((int64, int64, float32))(float32, int64)")
def _between(place: Any, size: int) -> tuple[int, int, Any]:
    """Nodes below and above a place on an axis, at its end the last one twice, and the way between them."""
    place = min(max(place, _ZERO), np.float32(size - 1))
    low = int(place)
    return low, min(low + 1, size - 1), place - np.float32(low)


@compiled(f"void(float32[:,:,::1], {SEEN}, UniTuple({PLACES}, 3))")
def regrid(out: Numbers, acquired: Numbers, places: tuple[Numbers, Numbers, Numbers]) -> None:
    """Trilinear values of an image at places (in its voxels) along each axis."""
    for i in range(out.shape[0]):
        x0, x1, p = _between(places[0][i], acquired.shape[0])
        for j in range(out.shape[1]):
            y0, y1, q = _between(places[1][j], acquired.shape[1])
            for k in range(out.shape[2]):
                z0, z1, r = _between(places[2][k], acquired.shape[2])
                a = acquired[x0, y0, z0] + r * (acquired[x0, y0, z1] - acquired[x0, y0, z0])
                b = acquired[x0, y1, z0] + r * (acquired[x0, y1, z1] - acquired[x0, y1, z0])
                c = acquired[x1, y0, z0] + r * (acquired[x1, y0, z1] - acquired[x1, y0, z0])
                d = acquired[x1, y1, z0] + r * (acquired[x1, y1, z1] - acquired[x1, y1, z0])
                low, high = a + q * (b - a), c + q * (d - c)
                out[i, j, k] = low + p * (high - low)
