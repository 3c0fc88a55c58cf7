"""A spine of plain blocks with known marrow, and vertebrae made from real label maps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.region import Region
from spinemets.model.series import Recognition, Series
from spinemets.model.spine import Completeness, Frame, Spine, Vertebra
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")


def marrow_of(body: np.ndarray, spacing_mm, body_points_up: np.ndarray) -> np.ndarray:
    """Body less max(2 mm, 1.5 voxel) of shell and less 3 mm under each endplate; `body_points_up` = height of each voxel."""
    from scipy.ndimage import distance_transform_edt

    spacing = np.asarray(spacing_mm)
    depth = distance_transform_edt(np.pad(body, 1), sampling=spacing)[1:-1, 1:-1, 1:-1] - spacing.min() / 2
    low, high = np.percentile(body_points_up[body], [0.5, 99.5])
    shell = max(2.0, 1.5 * spacing.min())
    return body & (depth >= shell) & (body_points_up > low + shell + 3) & (body_points_up < high - shell - 3)


def vertebra_of(level: Level, body: np.ndarray, grid: Grid, *, others=None, complete: bool = True) -> Vertebra:
    """Vertebra whose frame is that of the patient."""
    index = np.argwhere(body)
    low, high = np.maximum(index.min(axis=0) - 2, 0), np.minimum(index.max(axis=0) + 3, body.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    up = grid.to_lps_mm(np.moveaxis(np.indices(body[box].shape), 0, -1) + low)[..., 2]
    start = tuple(int(n) for n in low)
    marrow = marrow_of(body[box], grid.spacing_mm, up)
    regions = {
        "body": Region.from_mask("body", body[box], grid, start_ijk=start),
        "marrow": Region.from_mask("marrow", marrow, grid, start_ijk=start),
        "trabecular_core": Region.from_mask("trabecular_core", marrow, grid, start_ijk=start),
    }
    for name, mask in (others or {}).items():
        regions[name] = Region.from_mask(name, mask, grid)
    frame = Frame(
        origin_lps_mm=regions["body"].centroid_lps_mm,
        left=np.array([1.0, 0, 0]),
        anterior=np.array([0, -1.0, 0]),
        superior=np.array([0, 0, 1.0]),
    )
    return Vertebra(
        level=level,
        frame=frame,
        regions=regions,
        completeness=Completeness(complete=complete, heights_valid=complete, border_share=0.0 if complete else 0.1),
    )


def series_of(uid: str, kind: str, volume: Volume, number: int = 1, **facts) -> Series:
    return Series(
        uid=uid,
        number=number,
        label=f"series {number}",
        acquisition=Acquisition(**facts),
        load=lambda: volume,
        grid=volume.grid,
        recognition=Recognition(kind=kind, confidence=1.0),
    )


def study_of(*series: Series, clinical=None) -> Study:
    facts = {} if clinical is None else {"clinical": clinical}
    return Study(uid="1.2", patient=PatientFacts(), series=series, **facts)


@dataclass
class Blocks:
    """Seven stacked blocks of 32 x 28 x 24 mm (left, depth, height), 8 mm apart, on one grid; each with two pedicles and an arch."""

    spacing: tuple[float, float, float]
    array: np.ndarray
    grid: Grid
    spine: Spine
    centres: dict[str, np.ndarray] = field(default_factory=dict)

    def ball(self, level: str, offset_mm, radius_mm: float) -> np.ndarray:
        points = self.grid.to_lps_mm(np.moveaxis(np.indices(self.grid.shape_ijk), 0, -1))
        return np.linalg.norm(points - (self.centres[level] + np.asarray(offset_mm, float)), axis=-1) <= radius_mm

    def volume(self, unit="[hnsf'U]", quantity="attenuation", uid="ct") -> Volume:
        return Volume(array=self.array.copy(), grid=self.grid, quantity=quantity, unit=unit, series_uid=uid)

    def series(self, kind: str, uid: str | None = None, number: int = 1) -> Series:
        uid = uid or kind
        return series_of(uid, kind, self.volume(uid=uid), number)


def build_blocks(spacing=(1.0, 1.0, 1.0), marrow=160.0, sd=25.0, seed=3, levels=LEVELS) -> Blocks:
    size_mm = (48.0, 64.0, 32.0 * len(levels))
    shape = tuple(round(s / d) for s, d in zip(size_mm, spacing, strict=True))
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-size_mm[0] / 2, -20.0, 0.0)
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    x, y, z = (grid.to_lps_mm(np.moveaxis(np.indices(shape), 0, -1))[..., a] for a in range(3))
    rng = np.random.default_rng(seed)
    array = rng.normal(marrow, sd, shape).astype(np.float32)
    vertebrae, centres = [], {}
    for n, name in enumerate(levels):
        top = size_mm[2] - 32.0 * n - 4.0
        centre = np.array([0.0, 0.0, top - 12.0])
        in_z = np.abs(z - centre[2]) <= 12.0
        body = (np.abs(x) <= 16) & (np.abs(y) <= 14) & in_z
        inner = in_z & (z > centre[2])
        left = (np.abs(x - 11) <= 5) & (y > 14) & (y <= 24) & inner
        right = (np.abs(x + 11) <= 5) & (y > 14) & (y <= 24) & inner
        arch = (np.abs(x) <= 16) & (y > 24) & (y <= 34) & inner
        others = {
            "pedicle_left": left,
            "pedicle_right": right,
            "posterior_elements": left | right | arch,
            "vertebra": body | left | right | arch,
        }
        level = Level(name=name, position=n + 1, of=len(levels), method="label map", confidence=0.97)
        vertebrae.append(vertebra_of(level, body, grid, others=others))
        centres[name] = centre
    spine = Spine(vertebrae=tuple(vertebrae), grid=grid)
    return Blocks(spacing=spacing, array=array, grid=grid, spine=spine, centres=centres)


@pytest.fixture
def blocks():
    """Factory of block spines."""
    return build_blocks


@pytest.fixture
def make_series():
    return series_of


@pytest.fixture
def make_study():
    return study_of


@pytest.fixture
def make_vertebra():
    return vertebra_of
