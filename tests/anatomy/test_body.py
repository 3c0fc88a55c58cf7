"""Body and arch split at the posterior-wall surface (G-04): the pure cuts."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.body import below_dens, largest_piece, region_of, split, without_transverse
from spinemets.anatomy.canal import Hole, PosteriorWall
from spinemets.model.grid import Grid
from spinemets.model.region import Region

WALL = PosteriorWall(
    coefficients=np.array([-17.0, 0.0, 0.0, 0.0, 0.0]),
    left_mm=(-8.0, 8.0),
    superior_mm=(-12.0, 12.0),
    spread_mm=0.3,
    n=100,
)
HOLE = Hole(
    centre_mm=np.array([0.0, -25.0]),
    left_mm=(-11.0, 11.0),
    anterior_mm=(-33.0, -17.0),
    area_mm2=280.0,
    bulk_mm=np.array([0.0, 0.0]),
)


@pytest.mark.parametrize(
    ("point", "body"),
    [
        ((0.0, 0.0, 0.0), True),
        ((15.0, -16.0, 0.0), True),
        ((15.0, -18.0, 0.0), False),
        ((0.0, -20.0, 0.0), True),
        ((0.0, -30.0, 0.0), False),
    ],
)
def test_in_front_of_the_wall_is_body(point, body: bool):
    """Between the pedicles everything in front of the canal's centre is body."""
    assert bool(split(np.array([point]), WALL, HOLE)[0]) is body


def test_the_wall_goes_on_level_beside_the_canal():
    bent = PosteriorWall(
        coefficients=np.array([-17.0, 0.0, 0.0, -0.05, 0.0]),
        left_mm=(-8.0, 8.0),
        superior_mm=(-12.0, 12.0),
        spread_mm=0.3,
        n=100,
    )
    at = bent.anterior_mm(np.array([8.0, 20.0, 40.0]), np.zeros(3))
    assert np.allclose(at, at[0])


def cloud(*boxes: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]) -> np.ndarray:
    """Points 1 mm apart that fill boxes of (left, anterior, superior)."""
    filled = [
        np.stack(np.meshgrid(*(np.arange(a, b, 1.0) for a, b in box), indexing="ij"), axis=-1).reshape(-1, 3)
        for box in boxes
    ]
    return np.concatenate(filled)


def test_transverse_processes_are_cut_off():
    body = ((-9.0, 9.5), (-8.0, 8.0), (-7.0, 7.0))
    bars = ((9.5, 24.0), (-5.0, 0.0), (-2.0, 3.0)), ((-24.0, -9.0), (-5.0, 0.0), (-2.0, 3.0))
    points = cloud(body, *bars)
    kept = points[without_transverse(points, 1.0, 0.5)]
    assert np.abs(kept[:, 0]).max() <= 10.5
    assert len(kept) >= len(cloud(body)) * 0.97


def test_a_body_without_processes_is_kept():
    points = cloud(((-9.0, 9.5), (-8.0, 8.0), (-7.0, 7.0)))
    assert without_transverse(points, 1.0, 0.5).mean() > 0.85


def test_the_dens_is_cut_off():
    body, dens = ((-9.0, 9.0), (-8.0, 8.0), (-10.0, 8.0)), ((-5.0, 5.0), (-3.0, 6.0), (8.0, 24.0))
    points = cloud(body, dens)
    kept = points[below_dens(points, 1.0, 0.6)]
    assert kept[:, 2].max() == pytest.approx(8.0, abs=2.0)
    assert kept[:, 2].min() == -10.0


GRID = Grid(shape_ijk=(20, 20, 20), affine_lps_mm=np.eye(4))


def test_region_of_chosen_voxels():
    mask = np.zeros((20, 20, 20), bool)
    mask[3:9, 4:12, 5:8] = True
    whole = Region.from_mask("vertebra", mask, GRID)
    chosen = whole.indices[:, 1] >= 8
    part = region_of("body", whole, chosen, "test")
    assert {tuple(v) for v in part.indices} == {tuple(v) for v in whole.indices[chosen]}


def test_the_largest_piece():
    mask = np.zeros((20, 20, 20), bool)
    mask[2:8, 2:8, 2:8] = True
    mask[12:15, 12:15, 12:15] = True
    assert largest_piece(Region.from_mask("body", mask, GRID)).n_voxels == 216


def test_one_piece_is_returned_as_it_is():
    mask = np.zeros((20, 20, 20), bool)
    mask[2:8, 2:8, 2:8] = True
    region = Region.from_mask("body", mask, GRID)
    assert largest_piece(region) is region
