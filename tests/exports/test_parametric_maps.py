"""Maps as files: names, units in headers, side file, nothing overwritten unasked."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports import parametric_maps
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, ParametricMap

GRID = Grid(shape_ijk=(3, 4, 5), affine_lps_mm=np.diag([2.0, 3.0, 4.0, 1.0]))


def result(number=7, kind="adc"):
    values = np.full((3, 4, 5), 1e-3)
    values[0] = np.nan
    maps = (
        ParametricMap(name="adc_mm2_per_s", title="Apparent diffusion coefficient", unit="mm2/s", array=values),
        ParametricMap(name="adc_ci95", title="Interval", unit="mm2/s", array=np.stack([values, 2 * values], -1)),
        ParametricMap(name="swap", title="Mask", unit="1", array=np.ones((3, 4, 5), np.uint8)),
    )
    return MapResult(
        kind=kind, source=f"series {number}", series_uids=("1",), number=number, grid=GRID, maps=maps, method="a line",
        inputs={"b_values_s_per_mm2": [0.0, 800.0]}, rejected={"a reason": 20}, notes=("a note",),
    )  # fmt: skip


def test_files(tmp_path):
    (files,) = parametric_maps.names([result()], tmp_path)
    parametric_maps.write(result(), files)
    assert [path.name for path in files.images] == [
        "007-adc-adc-mm2-per-s.nii.gz",
        "007-adc-adc-ci95.nii.gz",
        "007-adc-swap.nii.gz",
    ]
    image = nib.load(files.images[0])
    assert image.get_data_dtype() == np.float32 and b"mm2/s" in image.header["descrip"].tobytes()
    assert np.diag(image.affine) == pytest.approx([-2, -3, 4, 1])
    assert np.isnan(image.get_fdata()[0]).all()
    assert nib.load(files.images[1]).shape == (3, 4, 5, 2)
    assert nib.load(files.images[2]).get_data_dtype() == np.uint8


def test_side_file(tmp_path):
    (files,) = parametric_maps.names([result()], tmp_path)
    parametric_maps.write(result(), files)
    said = json.loads(files.side.read_text())
    assert said["schema"] == "spinemets-map/1" and said["kind"] == "adc" and said["method"] == "a line"
    assert said["inputs"] == {"b_values_s_per_mm2": [0.0, 800.0]} and said["rejected_voxels"] == {"a reason": 20}
    assert [one["valid_voxels"] for one in said["maps"]] == [40, 40, 60]
    assert [one["interval"] for one in said["maps"]] == [False, True, False]
    assert said["voxels"] == 60 and said["notes"] == ["a note"] and "Research use" in said["research_use"]


def test_no_name_twice(tmp_path):
    first, second, third = parametric_maps.names([result(), result(), result(9)], tmp_path)
    assert (
        first.side.name == "007-adc.json" and second.side.name == "007-adc-2.json" and third.side.name == "009-adc.json"
    )


def test_nothing_is_overwritten(tmp_path):
    files = parametric_maps.names([result()], tmp_path)
    parametric_maps.refuse_existing(files)
    parametric_maps.write(result(), files[0])
    with pytest.raises(UsageError, match="and 3 more exists already"):
        parametric_maps.refuse_existing(files)
