"""G-05, rule 0.8-1: erosion max(2 mm, 1.5 voxel) per axis, 3 mm below each endplate, basivertebral wedge removed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.endplates import Extent
from spinemets.anatomy.marrow import eroded, outside_wedge, radii_mm
from spinemets.anatomy.settings import load
from spinemets.model.grid import Grid
from spinemets.model.region import Region

SETTINGS = load()


def block(spacing: tuple[float, float, float], size_mm=(44.0, 34.0, 27.0)) -> Region:
    n = [max(1, round(s / d)) for s, d in zip(size_mm, spacing, strict=True)]
    shape = tuple(k + 6 for k in n)
    mask = np.zeros(shape, bool)
    mask[3 : 3 + n[0], 3 : 3 + n[1], 3 : 3 + n[2]] = True
    return Region.from_mask("body", mask, Grid(shape_ijk=shape, affine_lps_mm=np.diag([*spacing, 1.0])))


@pytest.mark.parametrize(
    ("spacing", "radii"),
    [
        ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0)),
        ((3.0, 3.0, 3.0), (4.5, 4.5, 4.5)),
        ((0.3, 0.3, 1.25), (2.0, 2.0, 2.0)),
        ((4.0, 1.0, 1.0), (4.0, 2.0, 2.0)),
        ((1.0, 1.0, 2.0), (2.0, 2.0, 3.0)),
    ],
)
def test_radii(spacing, radii):
    """max(2 mm, 1.5 voxel) per axis; through-plane one slice when slice >= 3 mm."""
    found, flags = radii_mm(block(spacing), SETTINGS)
    assert found == pytest.approx(radii)
    assert flags == ()


def test_too_few_slices_keep_them_all():
    """Through-plane: one slice when slice >= 3 mm and at least 3 remain."""
    found, flags = radii_mm(block((11.0, 1.0, 1.0)), SETTINGS)
    assert found[0] == 0.0
    assert "too few slices" in flags[0]


@pytest.mark.parametrize(
    ("spacing", "removed"),
    [
        ((1.0, 1.0, 1.0), (2, 2, 2)),
        ((3.0, 3.0, 3.0), (1, 1, 1)),
        ((4.0, 1.0, 1.0), (1, 2, 2)),
        ((11.0, 1.0, 1.0), (0, 2, 2)),
    ],
)
def test_layers_removed(spacing, removed):
    body = block(spacing)
    radii, _ = radii_mm(body, SETTINGS)
    kept = eroded(body, radii)
    extents = [np.ptp(np.flatnonzero(kept.any(axis=tuple(b for b in range(3) if b != a)))) + 1 for a in range(3)]
    assert [body.mask.shape[a] - extents[a] for a in range(3)] == [2 * n for n in removed]


def test_erosion_equals_the_slow_way():
    """Obvious reference: a voxel stays if no outside voxel lies within the ellipsoid around it."""
    rng = np.random.default_rng(4)
    grid = Grid(shape_ijk=(16, 15, 14), affine_lps_mm=np.eye(4))
    index = np.moveaxis(np.indices(grid.shape_ijk), 0, -1)
    mask = (np.linalg.norm((index - 7.0) / [7, 6.5, 6], axis=-1) < 1) & (rng.random(grid.shape_ijk) < 0.99)
    body = Region.from_mask("body", mask, grid)
    radii = np.array([2.0, 2.0, 2.0])
    full = np.pad(body.mask, 4)
    outside = np.argwhere(~full) - 4
    kept = np.zeros(body.mask.shape, bool)
    for voxel in np.argwhere(body.mask):
        kept[tuple(voxel)] = np.linalg.norm((outside - voxel) / radii, axis=1).min() - 0.25 >= 1.0 - 1e-3
    assert np.array_equal(eroded(body, radii), kept)


EXTENT = Extent(right=-22.0, left=22.0, posterior=-17.0, anterior=17.0)


@pytest.mark.parametrize(
    ("point", "outside"),
    [
        ((0.0, -16.5, 0.0), False),
        ((0.0, -16.5, 4.0), False),
        ((0.0, -16.5, 5.0), True),
        ((8.0, -16.5, 0.0), True),
        ((0.0, -8.0, 0.0), True),
        ((0.0, -9.5, 2.0), True),
        ((6.0, -14.0, 1.0), False),
    ],
)
def test_the_wedge(point, outside: bool):
    """A wedge on the mid-height posterior wall, central third of the width, 25 % of depth."""
    assert bool(outside_wedge(np.array([point]), EXTENT, 27.0, SETTINGS)[0]) is outside


@pytest.fixture(scope="module")
def turned(analytic, locate_all):
    placed = analytic.column(2, turn=analytic.rotation(12, 5, -9))
    return placed, locate_all(analytic.Builder().segmentation(placed))


def local_of(spine, placed, vertebra, name: str) -> np.ndarray:
    return (spine.grid.to_lps_mm(vertebra.regions[name].indices) - placed.centre) @ placed.axes


def test_marrow_keeps_its_distances(turned):
    placed, spine = turned
    for vertebra, solid in zip(spine.vertebrae, placed, strict=True):
        local = local_of(spine, solid, vertebra, "marrow")
        assert np.abs(local[:, 2]).max() <= 13.5 - 3.0 + 0.3
        assert np.abs(local[:, 0]).max() <= 22.0 - 2.0 + 0.4
        assert local[:, 1].min() >= -17.0 + 2.0 - 0.4
        wedge = (np.abs(local[:, 0]) < 6.0) & (local[:, 1] < -12.0) & (np.abs(local[:, 2]) < 1.0)
        assert not wedge.any()


def test_core_lies_in_marrow_and_marrow_in_body(turned):
    for vertebra in turned[1].vertebrae:
        sets = [{tuple(v) for v in vertebra.regions[n].indices} for n in ("trabecular_core", "marrow", "body")]
        assert sets[0] < sets[1] < sets[2]


@pytest.mark.parametrize("spacing", [(3.0, 3.0, 3.0), (4.0, 1.0, 1.0), (1.0, 1.0, 2.0), (2.0, 2.0, 2.0)])
def test_enough_marrow_on_coarse_grids(analytic, locate_all, spacing):
    """Must leave enough voxels on 3 mm cubes and on 2-4 mm sagittal slices."""
    spine = locate_all(analytic.Builder(spacing=spacing).segmentation(analytic.column(2)))
    for vertebra in spine.vertebrae:
        assert vertebra.regions["marrow"].n_voxels >= 20
        assert vertebra.regions["marrow"].volume_mm3 >= 3000.0


def test_too_little_marrow_is_said_not_hidden(analytic, locate_all):
    solid = analytic.Solid(width=16, depth=14, front=9, back=9, canal=(18.0, 12.0))
    spine = locate_all(
        analytic.Builder(spacing=(3.0, 3.0, 3.0)).segmentation(analytic.column(2, solid=solid, pitch=20.0))
    )
    for vertebra in spine.vertebrae:
        assert "marrow" not in vertebra.regions
        assert vertebra.missing["marrow"][0] == "NA-FEW"
        assert vertebra.missing["trabecular_core"][0] == "NA-FEW"


def test_where_no_core_is_left_the_marrow_stands_for_it(analytic, locate_all):
    solid = analytic.Solid(width=14, depth=14, front=13, back=13, canal=(18.0, 12.0))
    spine = locate_all(
        analytic.Builder(spacing=(2.0, 2.0, 2.0)).segmentation(analytic.column(2, solid=solid, pitch=24.0))
    )
    vertebra = spine.vertebrae[0]
    assert vertebra.regions["trabecular_core"].n_voxels == vertebra.regions["marrow"].n_voxels
    assert any("marrow stands for it" in flag for flag in vertebra.flags)


def test_settings_are_the_catalogues():
    assert replace(SETTINGS) == load()
