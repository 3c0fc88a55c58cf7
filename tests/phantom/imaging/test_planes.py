"""Grids of one slice."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.planes import one_slice

CENTRE = (10.0, -20.0, 300.0)


@pytest.mark.parametrize("plane", ["sagittal", "coronal", "axial"])
def test_the_point_is_in_the_middle(plane):
    """The middle of the picture is the point, whatever its size."""
    grid = one_slice(plane, CENTRE, (80, 120), 1.0, 4.0)
    assert grid.shape_ijk == (80, 120, 1)
    assert grid.to_lps_mm((39.5, 59.5, 0)) == pytest.approx(CENTRE)
    assert grid.spacing_mm == pytest.approx((1.0, 1.0, 4.0))


@pytest.mark.parametrize(
    ("plane", "right", "down"),
    [("axial", (1, 0, 0), (0, 1, 0)), ("coronal", (1, 0, 0), (0, 0, -1)), ("sagittal", (0, 1, 0), (0, 0, -1))],
)
def test_as_a_reader_sees_it(plane, right, down):
    """The patient's left is on the right of axial and coronal pictures, the back on the right of sagittal ones, the feet below."""
    axes = one_slice(plane, CENTRE, (40, 40), 1.0, 1.0).axes
    assert np.array_equal(axes[:, 0], right)
    assert np.array_equal(axes[:, 1], down)
