"""Geometry of a radiograph: where points fall, against lines cut with planes, and which side is which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.exports.dicom.radiograph import VIEWS
from spinemets.model.grid import Grid
from spinemets.phantom.imaging.projection import DIRECTIONS, DOWN, Beam, Lattice
from spinemets.physics.radiograph import Projection

CENTRE = np.array([7.0, -31.0, 140.0])
LETTERS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}


def beam(view="AP", shape=(40, 60), pixel_mm=2.0):
    """The distances of E-69."""
    return Beam(
        view=view,
        centre_lps_mm=CENTRE,
        projection=Projection(sid_mm=1100.0, sod_mm=900.0, focal_spot_mm=1.2),
        pixel_mm=pixel_mm,
        shape=shape,
    )


def test_magnification_of_published_distances():
    """E-69: an object of 30 mm at 900 of 1100 mm measures 36.67 mm."""
    ends = CENTRE + np.array([[-15.0, 0, 0], [15.0, 0, 0]])
    first, last = beam().project(ends)
    assert last[0] - first[0] == pytest.approx(36.6667, abs=1e-4)
    assert beam().magnification(CENTRE) == pytest.approx(1.22222, abs=1e-5)
    assert beam().depth_mm(CENTRE) == pytest.approx(900.0)


@pytest.mark.parametrize("view", DIRECTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_places_against_a_line_cut_with_a_plane(view, seed):
    """Slow and obvious: the line from source to point, solved for where it meets the detector."""
    draw, b = np.random.default_rng(seed), beam(view)
    for point in CENTRE + draw.uniform(-150, 150, (20, 3)):
        along = point - b.source_lps_mm
        middle = b.source_lps_mm + 1100.0 * b.axis
        # source + t along = middle + u across + v down
        t, u, v = np.linalg.solve(np.stack([along, -b.across, -DOWN], axis=1), middle - b.source_lps_mm)
        assert b.project(point) == pytest.approx([u, v])
        assert b.magnification(point) == pytest.approx(t)


@pytest.mark.parametrize("view", DIRECTIONS)
def test_middle_and_up(view):
    """The central point falls on the picture's middle; the head is above, whatever the view."""
    b = beam(view)
    assert b.project(CENTRE) == pytest.approx([0.0, 0.0])
    assert b.pixels(CENTRE) == pytest.approx([19.5, 29.5])
    assert b.project(CENTRE + np.array([0, 0, 10.0]))[1] == pytest.approx(-10 * 11 / 9)
    assert np.linalg.norm(b.source_lps_mm - CENTRE) == pytest.approx(900.0)


@pytest.mark.parametrize("view", ["AP", "PA"])
def test_the_left_side_is_on_the_right_of_a_frontal_picture(view):
    """As pictures are hung: the viewer faces the patient."""
    assert beam(view).project(CENTRE + np.array([20.0, 0, 0]))[0] > 0


def test_the_front_of_a_lateral_picture():
    """Left lateral: the front on the left, the left side at the detector; right lateral the other way round."""
    ahead, left = CENTRE + np.array([0, -20.0, 0]), CENTRE + np.array([20.0, 0, 0])
    assert beam("left lateral").project(ahead)[0] < 0 < beam("right lateral").project(ahead)[0]
    assert beam("left lateral").magnification(left) < beam("right lateral").magnification(left)


def test_what_lies_near_the_source_is_larger():
    """AP: the front is nearer to the source than the back; PA: the other way round."""
    ahead, behind = CENTRE + np.array([0, -50.0, 0]), CENTRE + np.array([0, 50.0, 0])
    assert beam("AP").magnification(ahead) == pytest.approx(1100 / 850)
    assert beam("AP").magnification(behind) == pytest.approx(1100 / 950)
    assert beam("PA").magnification(ahead) == pytest.approx(1100 / 950)


@pytest.mark.parametrize("view", DIRECTIONS)
def test_directions_are_those_of_the_header(view):
    """PatientOrientation that is written says where columns and rows go."""
    columns, rows = VIEWS[view].towards
    assert tuple(beam(view).across) == LETTERS[columns]
    assert tuple(DOWN) == LETTERS[rows]


@pytest.mark.parametrize("view", DIRECTIONS)
def test_grid_holds_the_pixels(view):
    """Every pixel of the detector projects onto itself."""
    b = beam(view, shape=(5, 7), pixel_mm=3.0)
    grid = b.grid("1.2.3")
    assert isinstance(grid, Grid)
    assert grid.shape_ijk == (5, 7, 1)
    assert grid.frame_of_reference_uid == "1.2.3"
    for i in range(5):
        for j in range(7):
            place = np.asarray(grid.to_lps_mm((i, j, 0)))
            assert b.depth_mm(place) == pytest.approx(1100.0)
            assert b.pixels(place) == pytest.approx([i, j], abs=1e-9)


@pytest.mark.parametrize("view", DIRECTIONS)
@pytest.mark.parametrize("depth_mm", [700.0, 900.0, 1050.0])
def test_slabs_lie_on_the_rays(view, depth_mm):
    """Points of a slab fall where the rays of the lattice meet the detector, in a window of it too."""
    b, lattice = beam(view), Lattice(shape=(9, 6), pitch_mm=4.0)
    u, v = lattice.positions_mm()
    assert u == pytest.approx((np.arange(9) - 4) * 4.0)
    for window in (None, ((2, 5), (1, 6))):
        block = b.slab(lattice, depth_mm, 1.0, window)
        points = np.stack(np.broadcast_arrays(*block.axes), axis=-1)[0]
        (i, i_end), (j, j_end) = window or ((0, 9), (0, 6))
        assert block.shape == (1, i_end - i, j_end - j)
        wanted = np.stack(np.meshgrid(u[i:i_end], v[j:j_end], indexing="ij"), axis=-1)
        assert b.project(points) == pytest.approx(wanted, abs=1e-3)
        assert b.depth_mm(points) == pytest.approx(np.full(wanted.shape[:2], depth_mm), abs=1e-3)


def test_what_is_seen():
    """80 x 120 mm of detector show 65 x 98 mm of the patient."""
    b = beam()
    assert b.size_mm == (80.0, 120.0)
    half = np.array([80, 120]) / 2 * 9 / 11
    inside = CENTRE + np.array([[half[0] - 0.1, 0, 0], [0, 0, 0.1 - half[1]]])
    outside = CENTRE + np.array([[half[0] + 0.1, 0, 0], [0, 0, -0.1 - half[1]]])
    assert b.sees(inside).all()
    assert not b.sees(outside).any()


@given(shift=st.tuples(*[st.floats(-500, 500)] * 3), x=st.floats(-90, 90), y=st.floats(-90, 90), z=st.floats(-90, 90))
def test_moving_patient_and_beam_together_changes_nothing(shift, x, y, z):
    """Property: only what lies between source, patient and detector matters."""
    here, point = beam(), CENTRE + np.array([x, y, z])
    there = replace(here, centre_lps_mm=CENTRE + np.array(shift))
    assert there.project(point + np.array(shift)) == pytest.approx(here.project(point), abs=1e-6)


def test_pixel_size_moves_nothing_on_the_detector():
    """Units: millimetres on the detector do not depend on pixels; pixels do."""
    point = CENTRE + np.array([13.0, 5.0, -21.0])
    coarse, fine = beam(), beam(shape=(80, 120), pixel_mm=1.0)
    assert fine.project(point) == pytest.approx(coarse.project(point))
    assert (fine.pixels(point) + 0.5) / 2 == pytest.approx(coarse.pixels(point) + 0.5)
