"""G-03: s = normalised sum of both unit normals; a from canal to body; l = s x a."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.frames import NO_CANAL, axes_of, usable_planes
from spinemets.anatomy.settings import load
from spinemets.geometry.planes import Plane, angle_deg
from spinemets.model.region import Region

SETTINGS = load()


def worst_deg(axes: np.ndarray, truth: np.ndarray) -> float:
    return max(angle_deg(axes[:, n], truth[:, n]) for n in range(3))


def test_axes_of_an_upright_vertebra():
    """Anterior (0,-1,0), s (0,0,1) -> l (1,0,0)."""
    axes = axes_of(np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]))
    assert np.allclose(axes, [[1, 0, 0], [0, -1, 0], [0, 0, 1]])


def test_axes_are_orthonormal_and_left_is_superior_cross_anterior():
    axes = axes_of(np.array([0.1, 0.3, 0.9]), np.array([0.2, -0.8, 0.4]))
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.allclose(np.cross(axes[:, 2], axes[:, 1]), axes[:, 0])


TURNS = [(20, 10, -15), (80, 10, 95), (-35, 4, 7), (3, 25, 173)]


@pytest.mark.parametrize("angles", TURNS)
def test_a_turned_patient_turns_the_frames(analytic, locate_all, angles):
    """Any rotation of the volume rotates the frame within 0.5 deg."""
    turn = analytic.rotation(*angles)
    placed = analytic.column(2, turn=turn)
    spine = locate_all(analytic.Builder().segmentation(placed))
    # A patient upside down in LPS has no meaning: head to feet is told by z.
    order = placed if turn[2, 2] >= 0 else placed[::-1]
    for vertebra, solid in zip(spine.vertebrae, order, strict=True):
        assert vertebra.frame is not None
        assert worst_deg(vertebra.frame.axes, solid.axes) < 0.5


@pytest.mark.parametrize("angles", [(7, -5, 11), (-12, 20, 3), (90, 0, 0), (0, 90, 0)])
def test_a_turned_grid_leaves_the_frames(analytic, locate_all, angles):
    """Oblique, axial, coronal, sagittal and flipped acquisitions of one patient give one frame."""
    placed = analytic.column(2, turn=analytic.rotation(4, 3, -6))
    spine = locate_all(analytic.Builder(turn=np.round(analytic.rotation(*angles), 12)).segmentation(placed))
    for vertebra, solid in zip(spine.vertebrae, placed, strict=True):
        assert vertebra.frame is not None
        assert worst_deg(vertebra.frame.axes, solid.axes) < 0.6


def test_a_mirrored_array_with_its_affine_is_the_same_patient(analytic, locate_all):
    placed = analytic.column(2, turn=analytic.rotation(6, 0, 12))
    flip = np.diag([-1.0, 1.0, -1.0])
    for turn in (np.eye(3), flip):
        spine = locate_all(analytic.Builder(turn=turn).segmentation(placed))
        frame = spine.vertebrae[0].frame
        assert frame is not None
        assert worst_deg(frame.axes, placed[0].axes) < 0.5


@pytest.mark.parametrize("wedge", [-8.0, 0.0, 6.0, 20.0])
def test_wedge_angle(analytic, locate_all, wedge: float):
    """Wedge angle = signed angle between the endplate normals in the (a, s) plane, anterior lower positive."""
    rise = 2 * 34 * np.tan(np.radians(wedge / 2))
    solid = analytic.Solid(front=26 - rise / 2, back=26 + rise / 2)
    spine = locate_all(
        analytic.Builder().segmentation(analytic.column(2, solid=solid, turn=analytic.rotation(8, 3, 5)))
    )
    frame = spine.vertebrae[0].frame
    assert frame is not None
    assert frame.wedge_deg == pytest.approx(wedge, abs=0.6)


def test_body_only_takes_the_patients_anterior_and_says_so(analytic, locate_all):
    """No canal (body-only mask): a = patient anterior made orthogonal to s, flagged."""
    placed = analytic.column(3, turn=analytic.rotation(20, 0, 0))
    spine = locate_all(analytic.Builder().segmentation(placed, body_only=True))
    assert spine.body_only
    for vertebra in spine.vertebrae:
        assert vertebra.frame is not None
        assert NO_CANAL in vertebra.frame.flags
        assert worst_deg(vertebra.frame.axes, placed[0].axes) < 0.5


def test_local_coordinates_and_back(analytic, locate_all):
    frame = locate_all(analytic.Builder().segmentation(analytic.column(2))).vertebrae[0].frame
    points = np.random.default_rng(0).normal(size=(5, 3)) * 20
    assert np.allclose(frame.to_lps_mm(frame.to_local_mm(points)), points)


def test_thick_slices_say_how_far_the_axis_is_uncertain(analytic, locate_all):
    spine = locate_all(analytic.Builder(spacing=(1.0, 1.0, 5.0)).segmentation(analytic.column(2)))
    assert any("superior is uncertain" in flag for flag in spine.vertebrae[0].frame.flags)


def flat(slope: float, spread: float = 0.2) -> Plane:
    return Plane(offset=0.0, slope_x=0.0, slope_y=slope, spread=spread, n=100)


UP = np.array([0.0, 0.0, 1.0])


def test_one_destroyed_endplate_leaves_the_other():
    """One endplate destroyed: use the other, flag."""
    (upper, lower), flags = usable_planes((flat(0.3, spread=5.0), flat(0.0)), np.eye(3), UP, SETTINGS)
    assert upper is None
    assert lower is not None
    assert "superior endplate is uneven by 5.0 mm" in flags[0]


def test_endplates_that_contradict_each_other():
    (upper, lower), flags = usable_planes((flat(1.5), flat(0.05)), np.eye(3), UP, SETTINGS)
    assert upper is None
    assert lower is not None
    assert "degrees apart" in flags[0]


def test_both_endplates_destroyed_take_the_neighbours_axes(analytic, locate_all):
    """Both: spline of neighbour frames, flag."""
    solid = analytic.Solid()
    placed = analytic.column(3, solid=solid, turn=analytic.rotation(12, 0, 0))
    segmentation = analytic.Builder().segmentation(placed)
    middle = segmentation.parts[1].region
    mask = middle.mask.copy()
    points = (middle.grid.to_lps_mm(np.argwhere(mask) + middle.start_ijk) - placed[1].centre) @ placed[1].axes
    # Broken into columns of random height: no plane is left at either end.
    random = np.random.default_rng(5)
    left, right = np.floor(points[:, 0] / 6).astype(int), np.floor(points[:, 1] / 6).astype(int)
    top, bottom = random.uniform(1.0, 13.5, (2, 40, 40))
    mask[mask] = (points[:, 1] < -17) | (
        (points[:, 2] < top[left + 20, right + 20]) & (points[:, 2] > -bottom[left + 20, right + 20])
    )
    jagged = Region.from_mask("vertebra", mask, middle.grid, start_ijk=middle.start_ijk)
    parts = list(segmentation.parts)
    parts[1] = replace(parts[1], region=jagged)
    spine = locate_all(replace(segmentation, parts=tuple(parts)))
    frame = spine.vertebrae[1].frame
    assert frame is not None
    assert any("neighbours" in flag for flag in frame.flags)
    assert angle_deg(frame.superior, placed[1].axes[:, 2]) < 2.0
