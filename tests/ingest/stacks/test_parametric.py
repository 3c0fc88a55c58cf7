"""Parametric maps: floating-point pixels as they are, in the unit the header maps them to; never a unit that is not stated."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read

PARAMETRIC = "1.2.840.10008.5.1.4.1.1.30"


@pytest.fixture
def write_map(tmp_path, noise, write_multiframe):
    """A parametric map of three slices, with a mapping of that slope and unit."""
    import pydicom

    def code(value, meaning):
        item = pydicom.Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "UCUM", meaning
        return item

    def write(values, unit="um2/s", slope=1.0, intercept=0.0, mapped=True):
        frames = [{"position": (0, 0, 3.0 * k)} for k in range(len(values))]
        path = write_multiframe(tmp_path / "map.dcm", noise(*values.shape), frames)
        dataset = pydicom.dcmread(path)
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = PARAMETRIC
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        dataset.BitsAllocated = 8 * values.dtype.itemsize
        name = "FloatPixelData" if values.dtype.itemsize == 4 else "DoubleFloatPixelData"
        setattr(dataset, name, values.tobytes())
        if mapped:
            mapping, definition = pydicom.Dataset(), pydicom.Dataset()
            definition.ConceptCodeSequence = [code("113041", "Apparent Diffusion Coefficient")]
            mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = slope, intercept
            mapping.MeasurementUnitsCodeSequence = [code(unit, unit)]
            mapping.QuantityDefinitionSequence = [definition]
            dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]
        dataset.save_as(path)
        return read([path]).series[0]

    return write


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_read_as_they_are(write_map, dtype):
    """float32 without a change; float64 as the nearest float32. Positions and unit from the header."""
    values = np.random.default_rng(0).normal(1000, 300, (3, 4, 5)).astype(dtype)
    series = write_map(values)
    volume = series.pixels()
    np.testing.assert_array_equal(volume.array, values.transpose(2, 1, 0).astype(np.float32))
    assert volume.array.dtype == np.float32 and series.grid.shape_ijk == (5, 4, 3)
    assert (volume.quantity, volume.unit) == ("diffusivity", "um2/s")
    assert "Apparent Diffusion Coefficient, unit um2/s" in series.warnings[0]


def test_slope_and_intercept_of_the_mapping(write_map):
    """Stored * slope + intercept, in float64 arithmetic."""
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    volume = write_map(values, "{SUVbw}g/ml", 0.25, -1.0).pixels()
    np.testing.assert_allclose(volume.array, values.transpose(2, 1, 0) * 0.25 - 1)
    assert (volume.quantity, volume.unit) == ("suv", "{SUVbw}g/ml")


def test_what_is_no_number_is_padding(write_map):
    """NaN and infinity mark voxels without a value: they are masked, and no arithmetic meets them."""
    values = np.ones((2, 3, 4), np.float32)
    values[0, 1, 2], values[1, 0, 0] = np.nan, np.inf
    volume = write_map(values).pixels()
    assert np.isfinite(volume.array).all()
    np.testing.assert_array_equal(np.argwhere(volume.padding), [(0, 0, 1), (2, 1, 0)])


def test_without_a_mapping_the_quantity_is_unknown(write_map):
    """A map that does not say what it holds is read, and says so."""
    series = write_map(np.ones((2, 3, 4), np.float32), mapped=False)
    assert series.pixels().quantity == "unknown"
    assert "without a real world value mapping" in series.warnings[0]


def test_an_unknown_unit_is_kept(write_map):
    """The unit is shown as stated; the quantity is not guessed from it."""
    volume = write_map(np.ones((2, 3, 4), np.float32), unit="mmol/L").pixels()
    assert (volume.quantity, volume.unit) == ("unknown", "mmol/L")


def test_bits_that_contradict_the_element_are_refused(write_map, tmp_path):
    """Float pixel data are 32 bits; 16 claimed is damage, and named."""
    import pydicom

    from spinemets.model.errors import UnreadableInput

    write_map(np.ones((2, 3, 4), np.float32))
    dataset = pydicom.dcmread(tmp_path / "map.dcm")
    dataset.BitsAllocated = 16
    dataset.save_as(tmp_path / "map.dcm")
    with pytest.raises(UnreadableInput, match="floating-point pixel data of 16 bits"):
        read([tmp_path])


def test_real_field_map_states_hertz(shared_data):
    """philips-enhanced-fieldmap: "signed and in Hz, two image types in one file"."""
    path = shared_data.parent / "reference" / "dcm_qa" / "philips-enhanced-fieldmap.zip"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    magnitude, field = (series.pixels() for series in read([path]).series)
    assert (magnitude.quantity, field.quantity, field.unit) == ("mr_signal", "frequency", "Hz")
    assert field.array.min() < -400 and field.array.max() > 400


@pytest.mark.parametrize("name", ["parametric_map_float.dcm", "parametric_map_double_float.dcm"])
def test_real_maps_of_both_widths(shared_data, name):
    """Real float and double maps: the values pydicom gives, by its own decoder."""
    import pydicom

    path = shared_data / "dicom-robustness" / "pydicom" / name
    if not path.is_file():
        pytest.skip("the map is not here")
    (series,) = read([path]).series
    np.testing.assert_array_equal(series.pixels().array[..., 0].T, pydicom.dcmread(path).pixel_array.astype(np.float32))
