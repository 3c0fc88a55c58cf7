"""design 3: 'boolean mask on its own bounding box of one Grid (full masks of 24 levels would fill 20 GB)'."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import GridMismatch
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def test_from_mask_crops_to_the_bounding_box(unit_grid) -> None:
    mask = np.zeros(unit_grid.shape_ijk, bool)
    mask[3:6, 4:9, 10:12] = True
    region = Region.from_mask("body", mask, unit_grid)
    assert region.mask.shape == (3, 5, 2)
    assert region.start_ijk == (3, 4, 10)
    assert region.n_voxels == 30
    assert region.volume_mm3 == pytest.approx(30)
    assert np.allclose(region.centroid_lps_mm, [4, 6, 10.5])
    assert np.array_equal(region.full_mask(), mask)
    assert region.renamed("marrow").name == "marrow"


def test_from_mask_of_a_box(unit_grid) -> None:
    box = np.zeros((4, 4, 4), bool)
    box[1:3, 1:3, 1:3] = True
    region = Region.from_mask("body", box, unit_grid, start_ijk=(5, 6, 7))
    assert region.start_ijk == (6, 7, 8)


def test_empty_region_is_allowed_and_has_no_centre(unit_grid) -> None:
    region = Region.from_mask("body", np.zeros(unit_grid.shape_ijk, bool), unit_grid)
    assert region.n_voxels == 0
    assert np.isnan(region.centroid_lps_mm).all()


def test_values_leave_padding_out_and_mind_the_grid(unit_grid) -> None:
    array = np.arange(8000, dtype=np.int16).reshape(unit_grid.shape_ijk)
    padding = np.zeros(unit_grid.shape_ijk, bool)
    padding[0, 0, 0] = True
    volume = Volume(array=array, grid=unit_grid, quantity="attenuation", unit="[hnsf'U]", padding=padding)
    mask = np.zeros(unit_grid.shape_ijk, bool)
    mask[0, 0, :3] = True
    assert Region.from_mask("body", mask, unit_grid).values(volume).tolist() == [1, 2]
    other = Grid(shape_ijk=(20, 20, 20), affine_lps_mm=np.diag([2.0, 2, 2, 1]))
    with pytest.raises(GridMismatch):
        Region.from_mask("body", mask, other).values(volume)


def test_masks_and_arrays_are_read_only(unit_grid) -> None:
    mask = np.ones(unit_grid.shape_ijk, bool)
    region = Region.from_mask("body", mask, unit_grid)
    with pytest.raises(ValueError, match="read-only"):
        region.mask[0, 0, 0] = False
    volume = Volume(array=np.zeros(unit_grid.shape_ijk), grid=unit_grid, quantity="x", unit="1")
    with pytest.raises(ValueError, match="read-only"):
        volume.array[0, 0, 0] = 1
    mask[0, 0, 0] = False  # the caller's array stays the caller's


def test_bad_calls_are_refused(unit_grid) -> None:
    with pytest.raises(ValueError, match="boolean"):
        Region(name="x", mask=np.zeros((2, 2, 2), int), start_ijk=(0, 0, 0), grid=unit_grid)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="leaves its grid"):
        Region(name="x", mask=np.zeros((2, 2, 2), bool), start_ijk=(19, 0, 0), grid=unit_grid)
    with pytest.raises(ValueError, match="does not fit"):
        Volume(array=np.zeros((2, 2, 2)), grid=unit_grid, quantity="x", unit="1")
