"""CT images. PHA-60: "dciodvfy -new prints no error", read back with the same array and geometry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemets.exports.dicom.about import Code, Contrast
from spinemets.exports.dicom.ct import CtFacts, write_ct
from spinemets.exports.dicom.stored import Scale
from spinemets.ingest.read import read
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume

HU = {"quantity": "attenuation", "unit": "[hnsf'U]"}


@pytest.fixture
def facts() -> CtFacts:
    """A bone series."""
    return CtFacts(
        slice_thickness_mm=1.0, kvp=120.0, kernel="BONE", tube_current_ma=250, exposure_time_ms=750,
        scan_options=("HELICAL MODE",), pitch=0.9, filter_type="BODY FILTER", table_height_mm=150.0,
    )  # fmt: skip


@pytest.fixture
def hu():
    """Noise between air and metal."""

    def build(shape=(6, 8, 5), low=-1024, high=3071):
        return np.random.default_rng(3).integers(low, high, shape, endpoint=True).astype(np.int16)

    return build


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize(
    ("spacing_mm", "slices"), [((0.7, 0.9, 1.25), 5), ((0.35, 0.35, 4.4), 2), ((0.5, 0.5, 1.0), 1)]
)
def test_comes_back(
    *, orientation, spacing_mm, slices, about, facts, hu, make_grid, volume_of, read_back, assert_same, tmp_path
):
    """Every orientation, gaps between slices, a single slice: the reader gives back the same HU at the same places."""
    grid, array = make_grid(orientation, spacing_mm, (6, 8, slices)), hu((6, 8, slices))
    write_ct(volume_of(array, grid, **HU), tmp_path / "s", about, facts)
    ((series, volume),) = read_back(tmp_path / "s")
    assert_same(volume, array, grid)
    assert (volume.quantity, volume.unit, series.warnings) == ("attenuation", "[hnsf'U]", ())
    assert volume.grid.frame_of_reference_uid == "2.25.3001"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000), spacing=st.tuples(*[st.floats(0.2, 6)] * 3), shape=st.tuples(*[st.integers(1, 7)] * 3),
    extremes=st.tuples(st.integers(-33_000, -1024), st.integers(3000, 31_000)),
)  # fmt: skip
def test_any_grid_comes_back(*, seed, spacing, shape, extremes, about, facts, hu, tmp_path_factory):
    """Property: any rotation, spacing and shape, values to the ends of 16 signed bits below -1024."""
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * np.array(spacing), np.random.default_rng(seed).uniform(-500, 500, 3)
    array = hu(shape, -1024, 3071).astype(np.int32)
    array.flat[0], array.flat[-1] = extremes if extremes[1] < 31_744 else (-1024, 3071)
    grid, folder = Grid(shape_ijk=shape, affine_lps_mm=affine), tmp_path_factory.mktemp("ct")
    write_ct(Volume(array=array, grid=grid, **HU), folder, about, replace(facts, slice_thickness_mm=spacing[2]))
    (series,) = read([folder]).series
    np.testing.assert_array_equal(series.pixels().array, array)
    np.testing.assert_allclose(series.grid.corners_lps_mm, grid.corners_lps_mm, atol=1e-4)


@pytest.mark.parametrize(("low", "high", "signed", "bits"), [
    (-1024, 3071, 0, 12), (-1024, 3072, 0, 16), (-1024, 64511, 0, 16), (-1025, 3071, 1, 16), (-33792, 31743, 1, 16),
])  # fmt: skip
def test_bits(*, low, high, signed, bits, about, facts, make_grid, volume_of, read_back, tmp_path):
    """HU + 1024 in 12 bits where it fits, 16 where not, signed only below -1024; the ends come back exactly."""
    array = np.full((6, 8, 5), 0, np.int32)
    array[0, 0, 0], array[1, 1, 1] = low, high
    files = write_ct(volume_of(array, make_grid(), **HU), tmp_path, about, facts)
    d = pydicom.dcmread(files[0])
    assert (d.PixelRepresentation, d.BitsStored, d.HighBit) == (signed, bits, bits - 1)
    ((_, volume),) = read_back(tmp_path)
    np.testing.assert_array_equal(volume.array, array)


def test_float_hu_are_rounded_to_whole_ones(*, about, facts, make_grid, volume_of, read_back, tmp_path):
    """CT is stored whole unless a slope is stated; a stated slope keeps the fractions."""
    array = np.random.default_rng(1).normal(100.0, 50.0, (6, 8, 5))
    write_ct(volume_of(array, make_grid(), **HU), tmp_path / "whole", about, facts)
    ((_, volume),) = read_back(tmp_path / "whole")
    np.testing.assert_array_equal(volume.array, np.rint(array))
    fine = replace(facts, scale=Scale(slope=0.05, intercept=-1024.0))
    write_ct(volume_of(array, make_grid(), **HU), tmp_path / "fine", about, fine)
    ((_, volume),) = read_back(tmp_path / "fine")
    assert np.abs(volume.array - array).max() <= 0.025 + 1e-4


def test_padding_comes_back(*, about, facts, hu, make_grid, volume_of, read_back, verify, tmp_path):
    """Where nothing was measured the file says so: values there are not measurements, the others are untouched."""
    array, empty = hu(), np.zeros((6, 8, 5), bool)
    empty[0], empty[:, 0, 2] = True, True
    files = write_ct(volume_of(array, make_grid(), padding=empty, **HU), tmp_path, about, facts)
    verify(files[0])
    ((_, volume),) = read_back(tmp_path)
    np.testing.assert_array_equal(volume.padding, empty)
    np.testing.assert_array_equal(volume.array[~empty], array[~empty])


def test_complete_modules(*, about, facts, hu, make_grid, volume_of, verify, tmp_path):
    """dciodvfy has nothing to say: no error, no warning, in any slice and with an agent."""
    given_agent = Contrast(
        agent="Iohexol", code=Code(value="109218004", scheme="SCT", meaning="Iohexol"), volume_ml=100.0,
        given=datetime(2020, 1, 1, 11, 58),
    )  # fmt: skip
    files = write_ct(
        volume_of(hu(), make_grid("oblique"), **HU), tmp_path / "a", about, replace(facts, contrast=given_agent)
    )
    files += write_ct(volume_of(hu(), make_grid(), **HU), tmp_path / "b", about, CtFacts(slice_thickness_mm=4.0))
    for file in files:
        verify(file)


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_other_readers_agree(*, orientation, about, facts, hu, make_grid, volume_of, assert_converted, tmp_path):
    """dcm2niix gives the same HU at the same places."""
    array, grid = hu(), make_grid(orientation)
    write_ct(volume_of(array, grid, **HU), tmp_path, about, facts)
    assert_converted(tmp_path, array, grid)


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_simpleitk_agrees(*, orientation, about, facts, hu, make_grid, volume_of, assert_sitk, tmp_path):
    """SimpleITK gives the same HU at the same places."""
    array, grid = hu(), make_grid(orientation)
    assert_sitk(write_ct(volume_of(array, grid, **HU), tmp_path, about, facts), array, grid)


@pytest.mark.parametrize("angle_deg", [-18.0, 14.0])
def test_tilted_gantry(*, angle_deg, about, facts, hu, read_back, verify, tmp_path):
    """A stack sheared along its columns is written as a tilted gantry makes it, and only where the facts say so."""
    turn = Rotation.from_euler("x", angle_deg, degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :2], affine[:3, 2] = turn[:, :2] * 0.5, (0.0, 0.0, 2.0)
    array, grid = hu((24, 30, 6)), Grid(shape_ijk=(24, 30, 6), affine_lps_mm=affine)
    volume = Volume(array=array, grid=grid, **HU)
    with pytest.raises(UsageError, match="sheared"):
        write_ct(volume, tmp_path / "no", about, facts)
    files = write_ct(volume, tmp_path / "s", about, replace(facts, tilted=True))
    verify(files[2])
    for k, file in enumerate(files):
        d = pydicom.dcmread(file)
        # the sign of PS3.3 C.8.2.1: negative where the top of the gantry leans away from the table, to the patient's head
        assert float(d.GantryDetectorTilt) == pytest.approx(angle_deg, abs=1e-4)
        np.testing.assert_allclose([float(v) for v in d.ImagePositionPatient], (0.0, 0.0, 2.0 * k), atol=1e-6)
    ((series, found),) = read_back(tmp_path / "s")
    assert series.geometry.verdict == "resampled" and f"{abs(angle_deg):.1f} degrees" in series.geometry.notes[0]
    for k in range(1, 5):
        point = found.grid.to_ijk(grid.to_lps_mm((10.0, 15.0, float(k))))
        assert point[[0, 2]] == pytest.approx((10.0, k), abs=1e-3)


def test_says_what_it_is(*, about, facts, hu, make_grid, volume_of, tmp_path):
    """PHA-05: "Every image says what it is"; instances and their uids follow from the series."""
    files = write_ct(volume_of(hu(), make_grid(), **HU), tmp_path, about, facts)
    first, second = pydicom.dcmread(files[0]), pydicom.dcmread(files[1])
    assert str(first.PatientName) == "SYNTHETIC^normal-60-f" and first.ManufacturerModelName == "digital spine"
    assert first.ImageComments == "simulated, not a patient"
    assert [f.name for f in files][:2] == ["IM0001.dcm", "IM0002.dcm"]
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
    assert first.SOPInstanceUID != second.SOPInstanceUID and first.SOPInstanceUID.startswith("2.25.")
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    assert (first.Exposure, first.PatientAge, first.SpiralPitchFactor) == (188, "060Y", 0.9)


def test_same_input_same_bytes(*, about, facts, hu, make_grid, volume_of, tmp_path):
    """Nothing in a file depends on when or where it was written."""
    first, second = (write_ct(volume_of(hu(), make_grid(), **HU), tmp_path / name, about, facts) for name in "ab")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


@pytest.mark.parametrize(("change", "said"), [
    ({"array": np.full((6, 8, 5), np.nan)}, "no finite real"),
    ({"array": np.full((6, 8, 5), 70_000.0)}, "do not fit 16 bits"),
    ({"about": {"body_part": "lumbar spine, all of it"}}, "cannot be written to DICOM"),
    ({"about": {"series_uid": "not a uid"}}, "cannot be written to DICOM"),
    ({"about": {"patient_position": "SITTING"}}, "not one of HFS"),
    ({"facts": {"scale": Scale(slope=(1.0, 2.0))}}, "2 slopes are stated for 5 images"),
    ({"facts": {"scale": Scale(slope=0.0)}}, "must be above 0"),
])  # fmt: skip
def test_refused_in_one_line_and_nothing_written(*, change, said, about, facts, hu, make_grid, volume_of, tmp_path):
    """Bad input is an error of the project that names the cause; no file appears."""
    volume = volume_of(change.get("array", hu()), make_grid(), **HU)
    with pytest.raises(UsageError, match=said) as error:
        write_ct(
            volume, tmp_path / "s", replace(about, **change.get("about", {})), replace(facts, **change.get("facts", {}))
        )
    assert "\n" not in str(error.value)
    assert list(tmp_path.rglob("*")) == []
