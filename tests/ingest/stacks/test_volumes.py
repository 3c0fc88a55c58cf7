"""One group of images into a `Series`: label, uid, grid, quantity, and a load that says why it cannot."""

from __future__ import annotations

import pytest

from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput


def test_label_and_uid_without_numbers(tmp_path, write_image, noise):
    """A series without number or uid still has a name."""
    path = write_image(tmp_path / "x", noise(4, 4), SeriesNumber=None, SeriesInstanceUID=None, SOPInstanceUID="1.9.9")
    series = read([path]).series[0]
    assert series.label == "series without number" and series.uid == "unnamed-1.9.9"


@pytest.mark.parametrize(
    ("modality", "extra", "expected"),
    [
        ("CT", {}, ("attenuation", "[hnsf'U]")),
        ("MR", {}, ("mr_signal", "1")),
        ("PT", {"Units": "BQML", "RescaleSlope": 0.5, "RescaleIntercept": 0}, ("activity", "Bq/mL")),
        ("PT", {"Units": "CNTS", "RescaleSlope": 0.5, "RescaleIntercept": 0}, ("counts", "{counts}")),
        ("OT", {}, ("unknown", "1")),
    ],
)
def test_quantity_and_unit_by_modality(tmp_path, write_image, noise, modality, extra, expected):
    """What the values are is stated or unknown."""
    volume = read([write_image(tmp_path / "x", noise(4, 4), Modality=modality, **extra)]).series[0].pixels()
    assert (volume.quantity, volume.unit) == expected


def test_mosaic_is_refused_by_name(tmp_path, write_image, noise):
    """Several slices in one image: not taken for one slice."""
    series = read(
        [write_image(tmp_path / "x", noise(8, 8), Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"])]
    )
    assert "mosaic" in series.series[0].geometry.notes[0] and not series.series[0].measurable


def test_a_refused_series_cannot_be_loaded_by_mistake(tmp_path, write_image, noise):
    """No geometry, no volume: the error says so."""
    series = read([write_image(tmp_path / "x", noise(4, 4), PixelSpacing=None)]).series[0]
    assert series.grid is None
    with pytest.raises(UnreadableInput, match="series 4 has no trusted geometry"):
        series.pixels()


def test_tilted_series_end_to_end(tmp_path, write_series, noise):
    """Gantry tilt: resampled with a record; the grid holds the wider field of view."""
    stored = noise(4, 6, 5)
    positions = [(0.0, 0.5 * k, 2.0 * k) for k in range(4)]
    series = read([write_series(tmp_path / "s", stored, positions)]).series[0]
    volume = series.pixels()
    assert series.geometry.verdict == "resampled" and volume.grid.shape_ijk == (5, 9, 4)
    assert volume.padding is not None
    for k in range(4):  # a shift of one whole pixel per image moves values without mixing them
        j = slice(k, k + 6)
        assert (stored[k].astype(int) - 1024 == volume.array[:, j, k].T).all() and not volume.padding[:, j, k].any()


def test_real_tilted_series_has_the_reference_grid(shared_data):
    """Reference suite: dcm2niix resamples the same series to 512 x 521 x 4."""
    path = shared_data.parent / "reference" / "dicom2nifti" / "gantry-tilt.zip"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    series = read([path]).series[0]
    assert series.grid.shape_ijk == (512, 521, 4) and "14.0 degrees" in series.geometry.notes[0]


def test_real_missing_slice_is_named(shared_data):
    """Reference suite: gaps of 5 and 10 mm; the missing slice is padding, not interpolation."""
    path = shared_data.parent / "reference" / "dicom2nifti" / "slice-increment-001.zip"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    series = read([path]).series[0]
    assert len(series.geometry.missing_positions_mm) == 1 and series.geometry.verdict == "ok"
    padding = series.pixels().padding
    assert padding is not None and padding.all(axis=(0, 1)).sum() == 1
