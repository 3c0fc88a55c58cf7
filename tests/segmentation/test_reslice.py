"""Arrays between grids: upright copies and labels back."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation import reslice

CODES = ("LPS", "RAS", "PIR", "SAR", "ILA")


def oblique(shape=(20, 24, 16), spacing=(1.0, 1.2, 2.5), deg=20.0) -> Grid:
    c, s = np.cos(np.deg2rad(deg)), np.sin(np.deg2rad(deg))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * np.asarray(spacing)
    affine[:3, 3] = (-30, 12, 100)
    return Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid="1.2")


@pytest.mark.parametrize(("code", "good"), [*((c, True) for c in CODES), ("LLS", False), ("XYZ", False), ("LP", False)])
def test_orientation_codes(code, good):
    assert reslice.is_orientation(code) is good


class TestAligned:
    @pytest.mark.parametrize("code", CODES)
    def test_axes_run_towards_their_letters(self, code):
        found = reslice.aligned(oblique(), (1.0, 2.0, 3.0), code)
        letters = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
        for axis, letter in enumerate(code):
            assert found.axes[:, axis] == pytest.approx(letters[letter])
        assert found.spacing_mm == pytest.approx((1.0, 2.0, 3.0))

    @pytest.mark.parametrize("code", CODES)
    def test_covers_every_voxel_centre(self, code):
        grid = oblique()
        found = reslice.aligned(grid, (1.5, 1.5, 1.5), code)
        ijk = found.to_ijk(grid.corners_lps_mm)
        assert (ijk > -1e-6).all()
        assert (ijk < np.asarray(found.shape_ijk) - 1 + 1e-6).all()

    def test_same_frame_of_reference(self):
        assert reslice.aligned(oblique(), (1.0, 1.0, 1.0)).frame_of_reference_uid == "1.2"

    def test_an_aligned_grid_of_that_spacing_stays_itself(self):
        grid = Grid(shape_ijk=(5, 6, 7), affine_lps_mm=np.diag([1.5, 1.5, 1.5, 1.0]))
        assert reslice.aligned(grid, (1.5, 1.5, 1.5)) == grid


class TestImage:
    def test_a_linear_field_is_reproduced(self):
        grid = oblique()
        points = grid.to_lps_mm(np.moveaxis(np.indices(grid.shape_ijk), 0, -1))
        field = (points @ np.array([1.0, -2.0, 0.5])).astype(np.float32)
        target = reslice.aligned(grid, (1.3, 1.3, 1.3))
        image = reslice.image_on(field, grid, target, -9999.0)
        wanted = target.to_lps_mm(np.moveaxis(np.indices(target.shape_ijk), 0, -1)) @ np.array([1.0, -2.0, 0.5])
        inside = image > -9000
        interior = inside & (np.abs(image - wanted) < 50)
        assert interior.sum() > 0.3 * image.size
        ijk = grid.to_ijk(target.to_lps_mm(np.moveaxis(np.indices(target.shape_ijk), 0, -1)))
        within = ((ijk >= 0) & (ijk <= np.asarray(grid.shape_ijk) - 1)).all(axis=-1)
        assert image[within] == pytest.approx(wanted[within], abs=1e-3)

    def test_beyond_the_image_is_what_was_asked_for(self):
        grid = oblique()
        image = reslice.image_on(np.zeros(grid.shape_ijk, np.int16), grid, reslice.aligned(grid, (1.0,) * 3), -1024.0)
        assert image[0, 0, 0] == -1024.0
        assert image.dtype == np.float32


class TestLabels:
    def test_there_and_back(self):
        grid = oblique()
        labels = np.zeros(grid.shape_ijk, np.uint16)
        labels[5:15, 6:18, 3:12] = 300
        fine = reslice.aligned(grid, (0.5, 0.5, 0.5), "PIR")
        there = reslice.labels_on(labels, grid, fine)
        back = reslice.labels_on(there, fine, grid)
        assert there.dtype == np.uint16
        assert (back == labels).mean() > 0.999

    def test_no_label_is_made_up_between_two(self):
        """'nearest label ... a label is a name, and names have no mean'"""
        grid = oblique()
        labels = np.zeros(grid.shape_ijk, np.uint8)
        labels[:10], labels[10:] = 20, 24
        found = reslice.labels_on(labels, grid, reslice.aligned(grid, (0.7,) * 3))
        assert set(np.unique(found)) <= {0, 20, 24}
