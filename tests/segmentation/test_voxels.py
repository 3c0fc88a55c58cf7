"""Counts, boxes and masks by integer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.model.errors import LabelSchemeError
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.segmentation.voxels import LabelRegions, label_array

GRID = Grid(shape_ijk=(6, 5, 4), affine_lps_mm=np.diag([2.0, 1.0, 3.0, 1.0]))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), top=st.sampled_from([3, 300, 100_000]), order=st.sampled_from("CF"))
def test_against_numpy(seed, top, order):
    """The one-pass statistics equal what plain numpy says, for small and large integers and both memory orders."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, top, 4)
    array = np.asarray(rng.choice(values, GRID.shape_ijk), np.uint32, order=order)
    if not array.any():
        return
    labels = label_array(array, GRID, "x", {})
    present = [int(n) for n in np.unique(array) if n]
    assert sorted(labels.counts) == present
    for n in present:
        assert labels.counts[n] == np.count_nonzero(array == n)
        np.testing.assert_array_equal(labels.region("x", [n]).full_mask(), array == n)
        expected = GRID.to_lps_mm(np.argwhere(array == n).mean(axis=0))
        np.testing.assert_allclose(labels.centroid_lps_mm(n), expected, atol=1e-4)
    np.testing.assert_array_equal(labels.region("u", present[:2]).full_mask(), np.isin(array, present[:2]))


def test_absent_integer_gives_an_empty_region():
    array = np.ones(GRID.shape_ijk, np.uint8)
    assert label_array(array, GRID, "x", {}).region("x", [7]).n_voxels == 0


def test_an_image_is_no_label_map():
    grid = Grid(shape_ijk=(30, 30, 30), affine_lps_mm=np.eye(4))
    array = np.arange(27_000, dtype=np.uint32).reshape(grid.shape_ijk) + 5000
    with pytest.raises(LabelSchemeError, match="looks like an image"):
        label_array(array, grid, "x", {})


def test_overlapping_segments():
    """DICOM segments may overlap: each keeps its own mask."""
    first, second = np.zeros(GRID.shape_ijk, bool), np.zeros(GRID.shape_ijk, bool)
    first[1:4, 1:3, 1] = True
    second[3:5, 2:4, 1:3] = True
    regions = {n: Region.from_mask(str(n), m, GRID) for n, m in ((1, first), (2, second))}
    labels = LabelRegions(regions=regions, grid=GRID, source="x")
    assert dict(labels.counts) == {1: 6, 2: 8}
    np.testing.assert_array_equal(labels.region("u", [1, 2]).full_mask(), first | second)
    assert labels.region("one", [2]).name == "one"
    assert labels.region("none", [3]).n_voxels == 0
    np.testing.assert_allclose(labels.centroid_lps_mm(1), [4.0, 1.5, 3.0])
