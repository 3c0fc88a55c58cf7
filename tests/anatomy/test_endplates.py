"""Heights on analytic bodies: error <= 0.5 voxel on every grid (G-08); fitted walls; what the border cuts."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.endplates import extent, plane, surfaces
from spinemets.geometry.resampling import SoftMask, local_extent
from spinemets.knowledge.catalogue import load
from spinemets.measures.body_heights import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Measured
from spinemets.model.region import Region

PARAMETERS = load()["G-08"].values()


def true_heights(solid) -> list[float]:
    """Medians of the closed form over the anterior, middle and posterior sixth, middle half of the width."""
    left = np.linspace(-0.25, 0.25, 41) * solid.width
    found = []
    for low, high in ((1 / 3, 1 / 2), (-1 / 12, 1 / 12), (-1 / 2, -1 / 3)):
        a, across = np.meshgrid(np.linspace(low, high, 41) * solid.depth, left)
        found.append(float(np.median(2 * solid.half_height(across, a))))
    return found


def measured(vertebra) -> list[float]:
    answer = measure(
        endplates=vertebra.endplates, completeness=vertebra.completeness, size_mm=vertebra.size_mm, **PARAMETERS
    )
    assert isinstance(answer, Measured)
    return [answer.values[name].value for name in ("ha_mm", "hm_mm", "hp_mm")]


SPACINGS = [(1.0, 1.0, 1.0), (3.0, 3.0, 3.0), (4.0, 1.0, 1.0), (0.6, 0.6, 1.5), (1.0, 1.0, 2.0)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("body_only", [False, True])
def test_error_below_half_a_voxel(analytic, locate_all, spacing, body_only: bool):
    """Error <= 0.5 voxel on the digital spine, also on 3 mm cubes and 4 mm sagittal slices."""
    solid = analytic.Solid(front=24, back=27, bowl=2)
    placed = analytic.column(2, solid=solid, turn=analytic.rotation(9, 4, 0))
    spine = locate_all(analytic.Builder(spacing=spacing).segmentation(placed, body_only=body_only))
    for vertebra in spine.vertebrae:
        error = np.abs(np.array(measured(vertebra)) - true_heights(solid))
        assert error.max() <= 0.5 * vertebra.size_mm["voxel_along_s_mm"] + 0.05


@pytest.mark.parametrize(("front", "back"), [(13.0, 26.0), (8.0, 8.0), (20.0, 26.0)])
def test_collapsed_bodies(analytic, locate_all, front: float, back: float):
    """Collapsed bodies are kept as instances and measured."""
    solid = analytic.Solid(front=front, back=back)
    placed = [
        analytic.Placed(s, c.centre, c.axes)
        for s, c in zip(
            (analytic.Solid(), solid, analytic.Solid()),
            analytic.column(3, turn=analytic.rotation(6, 2, 3)),
            strict=True,
        )
    ]
    spine = locate_all(analytic.Builder().segmentation(placed))
    assert len(spine.vertebrae) == 3
    assert np.abs(np.array(measured(spine.vertebrae[1])) - true_heights(solid)).max() < 0.6


def test_sizes(analytic, locate_all):
    spine = locate_all(analytic.Builder().segmentation(analytic.column(2, turn=analytic.rotation(5, 4, 3))))
    size = spine.vertebrae[0].size_mm
    assert size["width_mm"] == pytest.approx(44.0, abs=0.7)
    assert size["depth_mm"] == pytest.approx(34.0, abs=0.7)
    assert size["height_mm"] == pytest.approx(27.0, abs=0.3)


def body_patch(mask: np.ndarray, grid: Grid):
    region = Region.from_mask("body", mask, grid)
    soft = SoftMask.of(region, 0.6)
    origin = region.centroid_lps_mm
    return soft.patch(origin, np.eye(3), local_extent(region, origin, np.eye(3), 3.0), np.full(3, 0.5))


def block() -> tuple[np.ndarray, Grid]:
    mask = np.zeros((60, 50, 50), bool)
    mask[10:50, 10:40, 12:36] = True
    return mask, Grid(shape_ijk=mask.shape, affine_lps_mm=np.eye(4))


def test_osteophytes_lie_outside_the_fitted_walls():
    """Osteophytes lie outside and drop out: spurs at both rims do not move the fitted anterior wall."""
    mask, grid = block()
    plain = extent(body_patch(mask, grid))
    mask[15:45, 40:46, 12:15] = True
    mask[15:45, 40:46, 33:36] = True
    spurred = extent(body_patch(mask, grid))
    assert plain is not None
    assert spurred is not None
    assert spurred.depth_mm == pytest.approx(plain.depth_mm, abs=0.5)


def test_a_leaning_body_keeps_columns_under_both_endplates():
    mask = np.zeros((60, 60, 50), bool)
    for k in range(12, 36):
        mask[10:50, 10 + k // 3 : 40 + k // 3, k] = True
    grid = Grid(shape_ijk=mask.shape, affine_lps_mm=np.eye(4))
    found = extent(body_patch(mask, grid))
    assert found is not None
    assert found.anterior_lean == pytest.approx(1 / 3, abs=0.05)
    back, front = found.common_depth(24.0)
    assert front - back == pytest.approx(30.0 - 8.0, abs=1.0)


def test_nothing_has_no_extent():
    mask = np.zeros((20, 20, 20), bool)
    mask[10, 10, 10] = True
    grid = Grid(shape_ijk=mask.shape, affine_lps_mm=np.eye(4))
    assert extent(body_patch(mask, grid)) is None


def test_surfaces_beyond_the_last_slice_are_not_bone():
    """Where the image ends inside the body there is no endplate: nan, and the share that is cut."""
    mask, _ = block()
    grid = Grid(shape_ijk=(60, 50, 36), affine_lps_mm=np.eye(4))
    plates = surfaces(body_patch(mask[:, :, :36], grid), grid)
    assert plates.superior_cut > 0.9
    assert plates.inferior_cut == 0.0
    assert np.isnan(plates.superior_mm).all()
    assert plane(plates, "superior", 0.8, 0.0) is None
    assert plane(plates, "inferior", 0.8, 0.0) is not None


def test_the_outermost_columns_are_not_lowered_by_smoothing():
    """Half of the column's own plateau keeps the surface in place at the walls."""
    mask, grid = block()
    patch = body_patch(mask, grid)
    plates = surfaces(patch, grid)
    heights = (plates.superior_mm - plates.inferior_mm)[np.isfinite(plates.superior_mm)]
    assert heights.min() == pytest.approx(24.0, abs=0.25)
    assert heights.max() == pytest.approx(24.0, abs=0.25)


def test_walls_seen_askew_take_no_part_in_the_fit():
    mask, grid = block()
    region = Region.from_mask("body", mask, grid)
    soft = SoftMask.of(region, 0.6)
    angle = np.radians(30.0)
    axes = np.array([[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]]).T
    origin = region.centroid_lps_mm
    patch = soft.patch(origin, axes, local_extent(region, origin, axes, 3.0), np.full(3, 0.7))
    found = plane(surfaces(patch, grid), "superior", 0.8, 0.0)
    assert found is not None
    assert np.allclose(axes @ found.normal, [0, 0, 1], atol=0.02)


def test_endplates_span_exactly_the_fitted_walls(analytic, locate_all):
    vertebra = locate_all(analytic.Builder().segmentation(analytic.column(2))).vertebrae[0]
    plates = vertebra.endplates
    for positions, size in ((plates.left_mm, "width_mm"), (plates.anterior_mm, "depth_mm")):
        step = positions[1] - positions[0]
        assert np.allclose(np.diff(positions), step)
        assert step * len(positions) == pytest.approx(vertebra.size_mm[size], rel=0.03)
