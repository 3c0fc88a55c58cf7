"""Which levels a series holds: the whole body, a part of the vertebra, or nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.shape.block import Block

RIM_POINTS = 24
STEP_MM = 2.0


def coverage(anatomy: Anatomy, grid: Grid) -> dict[str, str]:
    """`whole` (the body lies inside the image), `cut` (some of the vertebra does) or `absent`, by level.

    Parameters
    ----------
    grid
        Grid of the series. Gaps between slices count as inside.
    """
    inside = _lattice(grid)
    return {vertebra.level: _state(vertebra, grid, inside) for vertebra in anatomy.vertebrae}


def _state(vertebra: Vertebra, grid: Grid, inside: Block) -> str:
    if _within(rims(vertebra), grid).all():
        return "whole"
    found = inside.within(vertebra.box)
    return "cut" if found is not None and (vertebra.bone(found[1]).outer < 0).any() else "absent"


def _lattice(grid: Grid) -> Block:
    """Points about 2 mm apart that fill the image from border to border."""
    length = np.asarray(grid.shape_ijk) * np.asarray(grid.spacing_mm)
    number = np.maximum(np.round(length / STEP_MM).astype(int), 1)
    affine = np.array(grid.affine_lps_mm)
    factor = np.asarray(grid.shape_ijk) / number
    affine[:3, 3] += affine[:3, :3] @ (factor / 2 - 0.5)
    affine[:3, :3] *= factor
    return Block(
        affine=affine, start=(0, 0, 0), shape=(int(number[0]), int(number[1]), int(number[2])), reach_mm=STEP_MM
    )


def rims(vertebra: Vertebra) -> NDArray[np.float64]:
    """Points on both rims of the body, LPS mm."""
    size = vertebra.body.size
    half = max(size.height[0], size.height[2]) / 2
    return np.array(
        [
            vertebra.frame.lps(np.cos(turn) * size.width[end] / 2, np.sin(turn) * size.depth[end] / 2, side * half)
            for end, side in ((0, 1.0), (1, -1.0))
            for turn in np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
        ]
    )


def _within(points: NDArray[np.float64], grid: Grid) -> NDArray[np.bool_]:
    inverse = np.linalg.inv(np.asarray(grid.affine_lps_mm))
    index = points @ inverse[:3, :3].T + inverse[:3, 3]
    return np.asarray(((index >= -0.5) & (index <= np.asarray(grid.shape_ijk) - 0.5)).all(axis=1))
