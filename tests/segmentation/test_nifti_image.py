"""The image of a series as a NIfTI file for another program."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.segmentation import nifti_image

AFFINE = np.array([[0.0, 0.0, -3.0, 40.0], [1.2, 0.0, 0.0, -20.0], [0.0, -1.5, 0.0, 300.0], [0.0, 0.0, 0.0, 1.0]])


def volume(array, quantity="attenuation", padding=None) -> Volume:
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=AFFINE)
    return Volume(array=array, grid=grid, quantity=quantity, unit="1", padding=padding)


def written(tmp_path, one: Volume):
    nifti_image.write(one, tmp_path / "image.nii.gz")
    return nib.load(tmp_path / "image.nii.gz")


def test_every_voxel_stays_where_it_is(tmp_path):
    """NIfTI is RAS: x and y change sign."""
    one = volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    image = written(tmp_path, one)
    index = np.array([1, 2, 3, 1.0])
    assert (image.affine @ index)[:3] * [-1, -1, 1] == pytest.approx(one.grid.to_lps_mm(index[:3]), abs=1e-5)
    assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.uint16, np.int64])
def test_whole_numbers_stay_whole(tmp_path, dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    image = written(tmp_path, volume(array))
    assert image.get_data_dtype().kind in "iu"
    assert (np.asanyarray(image.dataobj) == array).all()


def test_fractions_and_large_numbers_become_float(tmp_path):
    fractions = np.linspace(0, 1, 24).reshape(2, 3, 4)
    assert np.asanyarray(written(tmp_path, volume(fractions)).dataobj) == pytest.approx(fractions, abs=1e-6)
    large = np.full((2, 3, 4), 60000, np.uint16)
    assert (np.asanyarray(written(tmp_path, volume(large)).dataobj) == 60000).all()


@pytest.mark.parametrize(("quantity", "nothing"), [("attenuation", -1024), ("mr_signal", 0)])
def test_what_was_not_measured_looks_like_nothing(tmp_path, quantity, nothing):
    padding = np.zeros((2, 3, 4), bool)
    padding[0] = True
    array = np.full((2, 3, 4), 77, np.int16)
    stored = np.asanyarray(written(tmp_path, volume(array, quantity, padding)).dataobj)
    assert (stored[0] == nothing).all()
    assert (stored[1] == 77).all()


def test_no_word_goes_with_it(tmp_path):
    """'No patient identifiers in file names or command lines', nor in the header."""
    header = written(tmp_path, volume(np.zeros((2, 3, 4), np.int16))).header
    texts = [bytes(header[name].tobytes()).strip(b"\0") for name in ("descrip", "aux_file", "intent_name", "db_name")]
    assert texts == [b""] * 4
    assert len(header.extensions) == 0
