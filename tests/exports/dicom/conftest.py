"""A simulated patient's header, grids of every orientation, and independent judges: dciodvfy, dcm2niix, SimpleITK."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from datetime import datetime

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemets.exports.dicom.about import About, Equipment, Examination, Patient
from spinemets.ingest.read import read
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Columns of the affine: direction of columns, of rows, of slices; sagittal and coronal rows run from head to feet.
DIRECTIONS = {
    "axial": np.eye(3),
    "sagittal": np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
    "coronal": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "oblique": Rotation.from_euler("xyz", [15, -8, 21], degrees=True).as_matrix(),
}


def grid_of(directions, spacing_mm, shape_ijk, origin_mm=(-20.5, 31.25, -400.125)) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = directions * np.asarray(spacing_mm)
    affine[:3, 3] = origin_mm
    return Grid(shape_ijk=shape_ijk, affine_lps_mm=affine)


@pytest.fixture
def make_grid():
    """Grid from the name of an orientation."""

    def build(orientation="axial", spacing_mm=(0.7, 0.9, 4.4), shape_ijk=(6, 8, 5)) -> Grid:
        return grid_of(DIRECTIONS[orientation], spacing_mm, shape_ijk)

    return build


@pytest.fixture
def volume_of():
    """Volume of an array on a grid."""

    def build(array, grid, quantity="mr_signal", unit="1", padding=None) -> Volume:
        return Volume(array=np.asarray(array), grid=grid, quantity=quantity, unit=unit, padding=padding)

    return build


@pytest.fixture
def about() -> About:
    """Header of a simulated patient."""
    at = datetime(2020, 1, 1, 12, 0, 0)
    return About(
        patient=Patient(
            name="SYNTHETIC^normal-60-f", identifier="SYNTHETIC-normal-60-f-7", sex="F", age_years=60.4, size_m=1.62,
            weight_kg=68.0,
        ),
        examination=Examination(uid="2.25.1001", begun=at, description="Synthetic spine"),
        equipment=Equipment(manufacturer="spinemets", model="digital spine", software="0.1.0"),
        series_uid="2.25.2001", series_number=3, series_description="simulated series",
        frame_of_reference_uid="2.25.3001", acquired=at, comments="simulated, not a patient",
    )  # fmt: skip


@pytest.fixture
def read_back():
    """All series that the reader of this project makes of files, each with its pixels."""

    def build(path):
        study = read([path])
        assert study.unread == ()
        return [(one, one.pixels()) for one in study.series]

    return build


@pytest.fixture
def assert_same():
    """A volume that was read is the one that was written: values, and places to a thousandth of a millimetre."""

    def check(found: Volume, array, grid: Grid, atol: float = 0.0) -> None:
        assert found.array.shape == array.shape
        np.testing.assert_allclose(found.grid.affine_lps_mm, grid.affine_lps_mm, atol=1e-6)
        np.testing.assert_allclose(found.grid.corners_lps_mm, grid.corners_lps_mm, atol=1e-3)
        np.testing.assert_allclose(found.array, array, rtol=0, atol=atol)

    return check


@pytest.fixture
def verify():
    """`dciodvfy -new` prints no error for a file; gives the warnings, which the test must expect."""

    def run(path, *expected: str) -> None:
        tool = shutil.which("dciodvfy")
        if tool is None:
            pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
        done = subprocess.run([tool, "-new", str(path)], capture_output=True, text=True, check=False)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))]
        assert [line for line in lines if line.startswith("Error")] == []
        odd = [line for line in lines if not any(word in line for word in expected)]
        assert odd == []
        unseen = [word for word in expected if not any(word in line for line in lines)]
        assert unseen == []

    return run


@pytest.fixture
def converted(tmp_path_factory):
    """Volumes that dcm2niix makes of a folder: array and RAS affine, in canonical axes."""

    def run(folder):
        import nibabel as nib

        tool = shutil.which("dcm2niix")
        if tool is None:
            pytest.skip("dcm2niix is not installed")
        out = tmp_path_factory.mktemp("nifti")
        # -p y: the slope of each image (otherwise newer versions take that of the first)
        command = [tool, "-z", "n", "-p", "y", "-f", "v", "-o", str(out), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        images = [nib.as_closest_canonical(nib.load(path)) for path in sorted(out.glob("*.nii"))]
        return [(np.asarray(image.get_fdata()), image.affine) for image in images]

    return run


@pytest.fixture
def assert_converted(converted):
    """dcm2niix makes one volume of a folder, with the values and the geometry that were written."""

    def check(folder, array, grid: Grid, atol: float = 0.0) -> None:
        import nibabel as nib

        ((values, affine),) = converted(folder)
        ours = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(array, np.float64), LPS_TO_RAS @ grid.affine_lps_mm))
        np.testing.assert_allclose(affine, ours.affine, atol=2e-4)
        np.testing.assert_allclose(values, ours.get_fdata(), rtol=0, atol=atol)

    return check


@pytest.fixture
def assert_sitk():
    """SimpleITK reads a series with the values and the geometry that were written (array axes k, j, i)."""

    def check(files, array, grid: Grid, atol: float = 0.0) -> None:
        with warnings.catch_warnings():
            # its wrapper warns about itself when it is imported
            warnings.simplefilter("ignore")
            sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
        image = sitk.ReadImage([str(f) for f in files] if isinstance(files, list) else str(files))
        values = sitk.GetArrayFromImage(image)
        affine = np.eye(4)
        affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
        affine[:3, 3] = image.GetOrigin()
        np.testing.assert_allclose(affine, grid.affine_lps_mm, atol=1e-4)
        np.testing.assert_allclose(values.transpose(2, 1, 0), array, rtol=0, atol=atol)

    return check
