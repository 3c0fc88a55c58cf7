"""Where samples lie, and what they are acquired on."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training.geometry import offsets, rotation, scan_of, view_of


def views(recipe, field, n=60):
    """Many of them."""
    return [view_of(recipe, field, np.random.default_rng(number)) for number in range(n)]


def test_turns_are_rotations():
    """Orthonormal, right-handed; a turn about z takes left to the back."""
    turn = rotation(np.radians([10.0, -20.0, 30.0]))
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1.0)
    assert np.allclose(rotation(np.array([0, 0, np.pi / 2])) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize(("kind", "signs"), [("slab", (1, -1, 1)), ("volume", (1, 1, 1))])
def test_views_are_upright_and_hardly_turned(small, field, kind, signs):
    """Axes to the stated sides of the patient, within three turns of 15 degrees; voxels near their size."""
    recipe = small(kind)
    main = {"slab": (0, 2, 1), "volume": (0, 1, 2)}[kind]
    for view in views(recipe, field):
        axes = view.affine[:3, :3] / view.spacing_mm
        for column, (row, sign) in enumerate(zip(main, signs, strict=True)):
            assert sign * axes[row, column] > np.cos(np.radians(27)) / 1.08
        lengths = np.linalg.norm(view.affine[:3, :3], axis=0) / view.spacing_mm
        assert (np.abs(1 / lengths - 1) < 0.09).all()
        assert np.linalg.det(axes) > 0


def test_pose_and_affine_agree(small, field):
    """A voxel's index in the field is where its place in the patient lies."""
    view = views(small(), field, 1)[0]
    voxel = np.array([3.0, 5.0, 7.0, 1.0])
    index = view.pose(field) @ voxel
    assert np.allclose(field.affine @ [*index, 1.0], view.affine @ voxel, atol=1e-2)


@pytest.mark.parametrize("kind", ["slab", "volume"])
def test_scans_cover_the_view(small, field, kind):
    """Acquired voxels reach to both ends of the network's grid, and no axis is finer than it."""
    recipe = small(kind)
    planes = set()
    for number, view in enumerate(views(recipe, field)):
        scan = scan_of(recipe, view, np.random.default_rng(number))
        planes.add(scan.plane)
        for places, n, step, first in zip(scan.places(view), scan.shape, scan.step, scan.first, strict=True):
            assert places[0] >= -1e-5
            assert places[-1] <= n - 1 + 1e-5
            assert step >= 1.0
            assert np.allclose(first + places * step, np.arange(len(places)), atol=1e-4)
        assert (scan.width <= 1.0).all()
    assert planes == {"sagittal", "axial", "coronal"}


def test_middle_of_the_scan_is_where_it_says(small, field):
    """Its own affine takes a voxel to the same place as the view's does."""
    view = views(small("slab"), field, 1)[0]
    scan = scan_of(small("slab"), view, np.random.default_rng(3))
    voxel = np.array([1.0, 2.0, 3.0])
    there = view.affine @ [*(scan.first + voxel * scan.step), 1.0]
    assert np.allclose(scan.affine(view) @ [*voxel, 1.0], there)


def test_subsamples_fill_a_voxel_evenly(small, field):
    """Mean 0, within the voxel's width, no further apart than asked."""
    for number, view in enumerate(views(small("slab"), field, 20)):
        scan = scan_of(small("slab"), view, np.random.default_rng(number))
        points = offsets(scan, view, 2.0)
        assert np.abs(points.mean(axis=0)).max() < 1e-6
        assert (np.abs(points) <= scan.width / 2 + 1e-6).all()
        length = scan.width * scan.step * view.spacing_mm
        assert len(points) == np.prod(np.ceil(length / 2.0 - 1e-9))
