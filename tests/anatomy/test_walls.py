"""G-04: six body walls by surface normal, within 45 degrees of the axis."""

from __future__ import annotations

import numpy as np
import pytest

WALLS = ("anterior", "posterior", "superior", "inferior", "side_a", "side_b")


def test_walls_have_outward_normals_within_45_degrees(column):
    """Six body walls by surface normal, within 45 degrees of the axis."""
    for vertebra in column[2].vertebrae:
        frame = vertebra.frame
        axes = dict(
            zip(
                WALLS,
                (frame.anterior, -frame.anterior, frame.superior, -frame.superior, frame.left, -frame.left),
                strict=True,
            )
        )
        assert set(vertebra.surfaces) == set(WALLS)
        for name, wall in vertebra.surfaces.items():
            assert len(wall.points_lps_mm) > 50, name
            assert (wall.normals @ axes[name] >= np.cos(np.radians(45.0)) - 1e-6).all(), name
            assert np.allclose(np.linalg.norm(wall.normals, axis=1), 1.0, atol=1e-6)


def test_walls_lie_on_the_solid(column):
    for vertebra, solid in zip(column[2].vertebrae, column[0], strict=True):
        wall = vertebra.surfaces["posterior"]
        local = (wall.points_lps_mm - solid.centre) @ solid.axes
        assert np.median(np.abs(local[:, 1] + 17.0)) < 0.4
        top = (vertebra.surfaces["superior"].points_lps_mm - solid.centre) @ solid.axes
        assert np.median(np.abs(top[:, 2] - 13.5)) < 0.4


def test_areas_add_up(column):
    """Flat endplates and the flat posterior wall between the pedicles have known areas."""
    vertebra = column[2].vertebrae[1]
    width = vertebra.size_mm["canal_width_mm"]
    assert vertebra.surfaces["posterior"].areas_mm2.sum() == pytest.approx(width * 27.0, rel=0.12)
    ends = [vertebra.surfaces[n].areas_mm2.sum() for n in ("superior", "inferior")]
    assert ends[0] == pytest.approx(ends[1], rel=0.05)
    volume = vertebra.regions["body"].volume_mm3
    assert ends[0] == pytest.approx(volume / 27.0, rel=0.08)


def test_the_posterior_wall_ends_at_the_pedicle_roots(column):
    for vertebra in column[2].vertebrae:
        local = vertebra.frame.to_local_mm(vertebra.surfaces["posterior"].points_lps_mm)
        assert np.ptp(local[:, 0]) <= vertebra.size_mm["canal_width_mm"] + 0.1


def test_the_basivertebral_foramen_is_excluded(column):
    """Central third of the posterior wall, at most 8 x 6 mm."""
    for vertebra in column[2].vertebrae:
        wall = vertebra.surfaces["posterior"]
        local = vertebra.frame.to_local_mm(wall.points_lps_mm)[wall.excluded]
        assert len(local)
        assert np.ptp(local[:, 0]) <= 8.0
        assert np.ptp(local[:, 2]) <= 6.0
        assert not any(v.excluded.any() for n, v in vertebra.surfaces.items() if n != "posterior")


def test_samples_are_no_finer_than_half_a_voxel(analytic, locate_all):
    """Never more points than the image supports: spacing max(0.5, voxel/2)."""
    placed = analytic.column(2)
    coarse = locate_all(analytic.Builder(spacing=(3.0, 3.0, 3.0)).segmentation(placed)).vertebrae[0]
    fine = locate_all(analytic.Builder().segmentation(placed)).vertebrae[0]
    assert len(coarse.surfaces["superior"].areas_mm2) < 0.2 * len(fine.surfaces["superior"].areas_mm2)
    assert coarse.surfaces["superior"].areas_mm2.min() >= 1.5**2 - 1e-6
