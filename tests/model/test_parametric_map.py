"""Maps as values: read-only, and a refusal is a value too."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, NotMapped, ParametricMap


def test_arrays_are_read_only():
    one = ParametricMap(name="t1_s", title="T1", unit="s", array=np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match="read-only"):
        one.array[0, 0, 0] = 2.0


def test_defaults():
    grid = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    result = MapResult(kind="t1", source="series 1", series_uids=("1",), number=1, grid=grid, maps=(), method="a fit")
    assert dict(result.inputs) == {} and dict(result.rejected) == {} and result.notes == ()
    assert NotMapped(kind="t1", source="series 1", reason="no TR").remedy == ""
