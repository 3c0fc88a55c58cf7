"""What a network must not take for a spine (PHA-96): lumps and tubes of bone-like and other intensity, without a label."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, ellipsoid
from spinemets.phantom.training.materials import CodeCanvas
from spinemets.phantom.training.recipe import Draw, Row, between, chosen, happens, log_between, whole


def scatter(canvas: CodeCanvas, parts: NDArray[np.bool_], field: Block, row: Row, draw: Draw) -> None:
    """Scatter things over a field, drawn alike for every slab of it, and paint those that meet this one.

    Parameters
    ----------
    parts
        Where a part of the spine or a rib is: nothing is painted there.
    field
        The whole field.
    """
    low = field.affine[:3, 3]
    size = np.diag(field.affine)[:3] * field.shape
    shielded = CodeCanvas(
        channels=canvas.channels, block=canvas.block, palette=canvas.palette, held=canvas.held, kept=parts
    )
    for _ in range(whole(draw, row["number"])):
        centre = low + draw.uniform(0.0, 1.0, 3) * size
        tissue = chosen(draw, row["tissues"])
        radius = log_between(draw, row["radius_mm"])
        flat = draw.uniform(0.4, 1.0, 3)
        way = draw.standard_normal(3)
        if happens(draw, row["tubes"]):
            half = way / np.linalg.norm(way) * between(draw, row["length_mm"]) / 2
            _tube(shielded, tissue, (centre - half, centre + half), min(radius, 8.0) * flat)
        else:
            _lump(shielded, tissue, centre, radius * flat)


def _tube(canvas: CodeCanvas, tissue: str, ends: tuple[Array, Array], half: Array) -> None:
    start, end = (tuple(point.tolist()) for point in ends)
    across = tuple(np.eye(3)[int(np.argmin(np.abs(ends[1] - ends[0])))].tolist())
    section = (float(half[0]), float(half[1]))
    rod = Rod(start=start, end=end, across=across, half_mm=(section, section))
    found = canvas.block.within(rod.box)
    if found is not None:
        canvas.cover(found, tissue, rod.distance(found[1]))


def _lump(canvas: CodeCanvas, tissue: str, centre: Array, half: Array) -> None:
    reach = half + 2.0
    box: Box = (tuple((centre - reach).tolist()), tuple((centre + reach).tolist()))
    found = canvas.block.within(box)
    if found is None:
        return
    offsets = [axis - np.float32(c) for axis, c in zip(found[1].axes, centre, strict=True)]
    distance = ellipsoid(offsets, half.tolist())
    canvas.cover(found, tissue, distance)
    # Bone-like lumps have a shell, as bones do.
    if tissue == "osteoporotic_spongiosa" and math.prod(half) > 1e3:
        shell = np.abs(distance + np.float32(0.8)) - np.float32(0.8)
        canvas.cover(found, "cortical_bone", shell)
