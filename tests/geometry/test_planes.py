"""Robust planes: `G-03 M Huber plane fit of each endplate`."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.planes import angle_deg, huber_fit, huber_plane, orthogonal_to, unit


def lattice(n: int = 21) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.linspace(-15, 15, n), np.linspace(-12, 12, n))
    return x.ravel(), y.ravel()


def test_a_plane_is_found_exactly():
    x, y = lattice()
    plane = huber_plane(x, y, 3.0 + 0.1 * x - 0.2 * y)
    assert plane.offset == pytest.approx(3.0)
    assert plane.slope_x == pytest.approx(0.1)
    assert plane.slope_y == pytest.approx(-0.2)
    assert plane.spread == pytest.approx(0.0, abs=1e-9)
    assert plane.n == len(x)


def test_normals_at_plus_and_minus_four_degrees():
    """G-03 T: normals at +4 and -4 deg about l -> s exact to 0.1 deg."""
    x, y = lattice()
    slope = np.tan(np.radians(4.0))
    up, down = huber_plane(x, y, slope * y), huber_plane(x, y, -slope * y)
    s = unit(up.normal + down.normal)
    assert angle_deg(s, np.array([0.0, 0.0, 1.0])) < 0.1
    assert angle_deg(up.normal, down.normal) == pytest.approx(8.0, abs=0.01)


def test_a_schmorl_notch_does_not_tilt_the_plane():
    x, y = lattice()
    z = 0.05 * x
    z[(np.hypot(x - 6, y - 4) < 4)] -= 6.0
    plane = huber_plane(x, y, z)
    assert angle_deg(plane.normal, unit(np.array([-0.05, 0.0, 1.0]))) < 0.3


def test_steps_of_known_height_are_no_outliers():
    """Without the known noise a coarse mask's plane would lock to its majority step."""
    x, y = lattice(41)
    z = np.where(y > 8.0, 4.0, 0.0)
    locked = huber_plane(x, y, z)
    free = huber_plane(x, y, z, noise=1.2)
    assert free.slope_y > 1.3 * locked.slope_y


def test_least_squares_where_residuals_are_gaussian():
    rng = np.random.default_rng(3)
    design = np.stack([np.ones(400), rng.normal(size=400)], axis=1)
    values = design @ [2.0, -1.0] + 0.1 * rng.normal(size=400)
    coefficients, spread = huber_fit(design, values)
    reference = np.linalg.lstsq(design, values, rcond=None)[0]
    assert coefficients == pytest.approx(reference, abs=0.01)
    assert spread == pytest.approx(0.1, rel=0.15)


def test_two_points_make_no_plane():
    with pytest.raises(ValueError, match="three points"):
        huber_plane(np.zeros(2), np.zeros(2), np.zeros(2))


def test_orthogonal_part_is_a_unit_vector():
    axis = unit(np.array([0.1, 0.2, 1.0]))
    found = orthogonal_to(np.array([0.0, -1.0, 0.4]), axis)
    assert abs(found @ axis) < 1e-12
    assert np.linalg.norm(found) == pytest.approx(1.0)


@pytest.mark.parametrize("degrees", [0.0, 3.0, 90.0, 180.0])
def test_angles(degrees: float):
    first = np.array([1.0, 0.0, 0.0])
    second = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0])
    assert angle_deg(first, second) == pytest.approx(degrees, abs=1e-5)
