"""Analytic vertebrae: solids known in closed form, cut into voxels on any grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.study import PatientFacts, Study


@dataclass(frozen=True)
class Solid:
    """A vertebra in its own axes (l, a, s) mm, origin at the body centre; heights front and back may differ."""

    width: float = 44.0
    depth: float = 34.0
    front: float = 27.0
    back: float = 27.0
    bowl: float = 0.0
    arch: bool = True
    canal: tuple[float, float] = (22.0, 16.0)

    def half_height(self, left: np.ndarray, a: np.ndarray) -> np.ndarray:
        """Half the distance of the endplates at a place: a linear wedge with shallow bowls."""
        share = np.clip(a / self.depth + 0.5, 0, 1)
        rim = 0.5 * (self.back + (self.front - self.back) * share)
        radius = (2 * left / self.width) ** 2 + (2 * a / self.depth) ** 2
        return rim - 0.5 * self.bowl * np.clip(1 - radius, 0, 1)

    def body(self, p: np.ndarray) -> np.ndarray:
        """Whether points lie in the body: superellipse prism with a flat posterior wall."""
        left, a, s = p[..., 0], p[..., 1], p[..., 2]
        outline = np.abs(2 * left / self.width) ** 2.5 + np.abs(2 * np.maximum(a, 0) / self.depth) ** 2.5 <= 1
        return outline & (a >= -self.depth / 2) & (np.abs(s) <= self.half_height(left, a))

    def rest(self, p: np.ndarray) -> np.ndarray:
        """Whether points lie in pedicles, laminae, transverse or spinous processes."""
        left, a, s = p[..., 0], p[..., 1], p[..., 2]
        back = -self.depth / 2
        half, deep = self.canal[0] / 2, self.canal[1]
        y = back - a
        pedicle = (y >= 0) & (y <= 0.6 * deep) & (np.abs(np.abs(left) - half - 4) <= 4) & (np.abs(s - 4) <= 7)
        ring = ((left / (half + 6)) ** 2 + ((y - 0.4 * deep) / (0.6 * deep + 6)) ** 2 <= 1) & (y > 0.5 * deep)
        hole = (left / half) ** 2 + ((y - 0.4 * deep) / (0.6 * deep)) ** 2 <= 1
        lamina = ring & ~hole & (np.abs(s + 4) <= 10)
        transverse = (
            (np.abs(y - 0.6 * deep) <= 4) & (np.abs(left) > half + 2) & (np.abs(left) < 38) & (np.abs(s - 2) <= 5)
        )
        spinous = (np.abs(left) <= 3.5) & (y > deep) & (y < deep + 26) & (np.abs(s + 6) <= 9)
        return pedicle | lamina | transverse | spinous

    def whole(self, p: np.ndarray) -> np.ndarray:
        """Whether points lie in the vertebra."""
        return self.body(p) | (self.rest(p) if self.arch else np.zeros(p.shape[:-1], bool))


@dataclass(frozen=True)
class Placed:
    """A solid with its place and axes (columns l, a, s) in LPS."""

    solid: Solid
    centre: np.ndarray
    axes: np.ndarray
    name: str | None = None


def rotation(about_x: float, about_y: float, about_z: float) -> np.ndarray:
    """Rotation matrix from angles in degrees, x first."""
    result = np.eye(3)
    for axis, angle in enumerate((about_x, about_y, about_z)):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        one = np.eye(3)
        u, v = [n for n in range(3) if n != axis]
        one[u, u] = one[v, v] = c
        one[u, v], one[v, u] = (-s, s) if axis != 1 else (s, -s)
        result = one @ result
    return result


PATIENT = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]).T


@dataclass
class Builder:
    """Cuts placed solids into a segmentation."""

    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    margin: float = 6.0

    def grid(self, placed: list[Placed], window: tuple[float, float] | None = None) -> Grid:
        """Grid whose axes are the columns of `turn`, around all solids (z window in mm to cut)."""
        reach = 62.0
        corners = np.concatenate([p.centre + reach * np.array([[1, 1, 0.6], [-1, -1, -0.6]]) for p in placed])
        low, high = corners.min(axis=0), corners.max(axis=0)
        if window is not None:
            low[2], high[2] = window
        box = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (high - low) + low
        local = box @ self.turn
        first = local.min(axis=0)
        n = np.ceil((local.max(axis=0) - first) / self.spacing).astype(int) + 1
        affine = np.eye(4)
        affine[:3, :3] = self.turn * np.asarray(self.spacing)
        affine[:3, 3] = self.turn @ first
        return Grid(shape_ijk=tuple(n), affine_lps_mm=affine)

    def region(self, grid: Grid, placed: Placed, inside, name: str) -> Region:
        """Voxels whose centre lies inside, cropped; only a box around the solid is looked at."""
        behind = -placed.solid.depth / 2 - (placed.solid.canal[1] + 30.0)
        side = max(40.0, placed.solid.width / 2 + 2)
        tall = max(placed.solid.front, placed.solid.back, 26.0) / 2 + 6
        box = np.array([[i, j, k] for i in (-side, side) for j in (behind, 30.0) for k in (-tall, tall)])
        index = grid.to_ijk(placed.centre + box @ placed.axes.T)
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, np.asarray(grid.shape_ijk))
        at = np.moveaxis(np.indices(tuple(high - low)), 0, -1) + low
        points = (grid.to_lps_mm(at) - placed.centre) @ placed.axes
        return Region.from_mask(name, inside(points), grid, source="analytic", start_ijk=tuple(int(n) for n in low))

    def segmentation(self, placed: list[Placed], *, body_only: bool = False, window=None) -> Segmentation:
        """Label map of all solids."""
        grid = self.grid(placed, window)
        structure = "vertebral_body" if body_only else "vertebra"
        parts = []
        for p in placed:
            region = self.region(grid, p, p.solid.body if body_only else p.solid.whole, structure)
            if region.n_voxels:
                parts.append(Part(structure=structure, level=p.name, region=region))
        return Segmentation(
            grid=grid,
            parts=tuple(parts),
            scheme="analytic",
            naming="stated" if placed[0].name else "none",
            body_only=body_only,
            source="analytic",
        )


def column(n: int = 3, *, pitch: float = 36.0, solid: Solid | None = None, turn: np.ndarray | None = None, names=None):
    """A straight column of equal vertebrae, turned as a whole about its middle."""
    turn = np.eye(3) if turn is None else turn
    solid = solid or Solid()
    return [
        Placed(
            solid,
            turn @ np.array([3.3, -2.1, 5.7 + pitch * ((n - 1) / 2 - k)]),
            turn @ PATIENT,
            None if names is None else names[k],
        )
        for k in range(n)
    ]


@pytest.fixture(scope="session")
def analytic():
    """The module's tools by name (tests do not import each other)."""

    class Tools:
        pass

    tools = Tools()
    tools.Solid, tools.Placed, tools.Builder = Solid, Placed, Builder
    tools.rotation, tools.column, tools.PATIENT = rotation, column, PATIENT
    return tools


@pytest.fixture(scope="session")
def locate_all():
    """`locate` with an empty study."""

    def run(*segmentations):
        return locate(Study(uid="1", patient=PatientFacts()), tuple(segmentations), LevelOptions())

    return run


@pytest.fixture(scope="session", name="column")
def whole_column(analytic, locate_all):
    """Three whole vertebrae, the patient turned, 1 mm: (solids, builder, spine)."""
    placed = analytic.column(3, turn=analytic.rotation(10, -5, 8))
    builder = analytic.Builder()
    return placed, builder, locate_all(builder.segmentation(placed))
