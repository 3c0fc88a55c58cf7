"""NIfTI writer."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports.nifti import label_table, write_nifti
from spinemets.model.grid import Grid


@pytest.fixture
def grid():
    """Anisotropic grid off the origin."""
    affine = np.diag([0.8, 0.9, 2.0, 1.0])
    affine[:3, 3] = (-10.0, 20.0, 30.0)
    return Grid(shape_ijk=(4, 5, 6), affine_lps_mm=affine)


@pytest.fixture
def labels():
    """A small label map."""
    return (np.arange(120) % 3).astype(np.int16).reshape(4, 5, 6)


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_round_trip(grid, labels, tmp_path, name):
    """Values, integer type and place come back: RAS affine = diag(-1, -1, 1) x LPS; sform = qform."""
    write_nifti(labels, grid, tmp_path / name, "about")
    image = nib.load(tmp_path / name)
    assert np.array_equal(np.asanyarray(image.dataobj), labels)
    assert image.get_data_dtype() == np.int16
    assert image.affine == pytest.approx(np.diag([-1, -1, 1, 1]) @ grid.affine_lps_mm, abs=1e-5)
    assert image.get_sform(coded=True)[1] == image.get_qform(coded=True)[1] == 1
    assert image.get_qform() == pytest.approx(image.get_sform(), abs=1e-5)
    assert bytes(image.header["descrip"]).startswith(b"about")


def test_names_travel_in_the_header(grid, labels, tmp_path):
    """Label names are in a header extension, readable by tools that know Caret tables."""
    write_nifti(labels, grid, tmp_path / "x.nii.gz", "about", {1: "L1", 2: "a<b"})
    (extension,) = nib.load(tmp_path / "x.nii.gz").header.extensions
    text = extension.get_content()
    assert b'Key="1"' in text
    assert b">L1<" in text
    assert b"a&lt;b" in text


def test_label_table_is_xml():
    """The table parses and keeps the numbers; colours lie between 0 and 1."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(label_table({20: "L1", 26: "sacrum"}).encode())
    labels = {int(e.get("Key")): e.text for e in root.iter("Label")}
    assert labels == {0: "background", 20: "L1", 26: "sacrum"}
    assert all(0 <= float(e.get("Red")) <= 1 for e in root.iter("Label"))


def test_same_bytes(grid, labels, tmp_path):
    """No time stamp in the compressed file: the same input gives the same bytes."""
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(labels, grid, tmp_path / name, "about", {1: "L1"})
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[:4] == (348).to_bytes(4, "little")


def test_long_description_is_cut(grid, labels, tmp_path):
    """The header holds 79 characters of description."""
    write_nifti(labels, grid, tmp_path / "x.nii", "y" * 200)
    assert bytes(nib.load(tmp_path / "x.nii").header["descrip"]).rstrip(b"\0") == b"y" * 79


def test_a_sheared_grid_has_no_qform(labels, tmp_path):
    """A tilted gantry's stack: the sform holds it as it is, a qform would straighten it without a word."""
    affine = np.diag([0.8, 0.9, 2.0, 1.0])
    affine[:3, 1] = 0.9 * np.array([0.0, np.cos(0.26), np.sin(0.26)])
    sheared = Grid(shape_ijk=(4, 5, 6), affine_lps_mm=affine)
    write_nifti(labels, sheared, tmp_path / "x.nii", "about")
    image = nib.load(tmp_path / "x.nii")
    assert image.get_sform() == pytest.approx(np.diag([-1, -1, 1, 1]) @ affine, abs=1e-5)
    assert image.get_qform(coded=True)[1] == 0
