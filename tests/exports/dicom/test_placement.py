"""Image plane attributes from grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from spinemets.exports.dicom import placement
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid


def sheared(along_row=0.0, along_column=0.0, skew=0.0) -> Grid:
    """A grid whose k axis leans, or whose rows and columns are at no right angle."""
    affine = np.eye(4)
    affine[:3, 2] = (along_row, along_column, 2.0)
    affine[0, 1] = skew
    return Grid(shape_ijk=(4, 5, 6), affine_lps_mm=affine)


@given(st.integers(0, 1000), st.integers(0, 5))
def test_position_is_the_centre_of_the_first_pixel(seed, k):
    """Any rotation: position, direction and spacing of a picture lead to the places of its pixels."""
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * (0.7, 0.9, 4.4), (-200.5, 31.25, 1000.125)
    grid, d = Grid(shape_ijk=(6, 8, 6), affine_lps_mm=affine), Dataset()
    placement.check(grid)
    placement.plane(d, grid, 4.0)
    placement.place(d, grid, k)
    row, column = np.array([float(v) for v in d.ImageOrientationPatient]).reshape(2, 3)
    rows_mm, columns_mm = (float(v) for v in d.PixelSpacing)
    point = np.array([float(v) for v in d.ImagePositionPatient]) + row * columns_mm * 5 + column * rows_mm * 7
    np.testing.assert_allclose(point, grid.to_lps_mm([5, 7, k]), atol=1e-5)
    assert placement.step_mm(grid) == pytest.approx(4.4)
    assert float(d.SliceLocation) == pytest.approx(np.cross(row, column) @ point, abs=1e-4)
    assert float(d.SliceThickness) == 4.0


@pytest.mark.parametrize(("grid", "said"), [
    (sheared(skew=0.1), "not at right angles"),
    (sheared(along_row=0.1), "sheared"),
    (sheared(along_column=0.1), "sheared"),
    (Grid(shape_ijk=(4, 5, 6), affine_lps_mm=np.diag([1, 1, -1, 1])), "not right-handed"),
])  # fmt: skip
def test_what_cannot_be_written_as_it_is(grid, said):
    """A left-handed, skewed or sheared grid would come back as another one: refused."""
    with pytest.raises(UsageError, match=said):
        placement.check(grid)


def test_a_tilted_gantry_shears_along_columns_only():
    """Sheared along the columns and not too far: what a gantry can do, where it is asked for."""
    placement.check(sheared(along_column=0.5), tilted=True)
    assert placement.tilt_deg(sheared(along_column=0.5)) == pytest.approx(np.degrees(np.arctan2(0.5, 2.0)))
    assert placement.tilt_deg(sheared()) == 0.0
    with pytest.raises(UsageError, match="sheared"):
        placement.check(sheared(along_row=0.5), tilted=True)
    with pytest.raises(UsageError, match="tilt of 45 degrees cannot be"):
        placement.check(sheared(along_column=2.0), tilted=True)
