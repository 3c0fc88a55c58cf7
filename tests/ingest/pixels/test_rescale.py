"""Stored values to physical ones: "int16 kept when slope = 1 / intercept integer, else float32"."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read


def _volume(path):
    return read([path]).series[0].pixels()


@pytest.mark.parametrize(
    ("stored_as", "ends", "intercept", "expected"),
    [
        (np.uint16, (0, 4095), -1024, np.int16),
        (np.int16, (-2000, 3000), 0, np.int16),
        (np.int16, (-2000, 3000), -1024, np.int16),
        (np.uint16, (0, 32767), 0, np.int16),
        (np.uint16, (0, 65535), 0, np.int32),
        (np.uint16, (0, 65535), -1024, np.int32),
        (np.uint16, (0, 65535), -32768, np.int16),
        (np.int16, (-32768, 100), -1024, np.int32),
        (np.uint8, (0, 255), -1024, np.int16),
        (np.int8, (-128, 127), 5, np.int16),
        (np.uint32, (0, 70000), 0, np.int32),
        (np.int32, (-5, 5), 7, np.int16),
    ],
)
def test_whole_rescale_is_exact_in_the_smallest_integer(tmp_path, write_image, stored_as, ends, intercept, expected):
    """Never wraps around, never loses a value, whatever the stored type."""
    stored = np.linspace(*ends, 48).astype(np.int64).reshape(6, 8)
    path = write_image(tmp_path / "x", stored.astype(stored_as), RescaleIntercept=intercept)
    volume = _volume(path)
    assert volume.array.dtype == expected
    np.testing.assert_array_equal(volume.array[..., 0].T, stored + intercept)


@pytest.mark.parametrize(("slope", "intercept"), [(2, 0), (1, 0.5), (0.001, -7)])
def test_other_rescale_is_float32_of_float64(tmp_path, write_image, noise, slope, intercept):
    """Values = float32(float64(stored) * slope + intercept)."""
    stored = noise(4, 6)
    volume = _volume(write_image(tmp_path / "x", stored, RescaleSlope=slope, RescaleIntercept=intercept))
    assert volume.array.dtype == np.float32
    truth = (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    np.testing.assert_array_equal(volume.array[..., 0].T, truth)


def test_rescale_per_image(tmp_path, write_image, noise):
    """Slope and intercept differ per slice: each slice has its own."""
    stored = noise(2, 4, 4)
    for k, slope in enumerate((1, 3)):
        write_image(tmp_path / str(k), stored[k], (0, 0, 2.0 * k), RescaleSlope=slope, RescaleIntercept=k)
    volume = _volume(tmp_path)
    np.testing.assert_array_equal(volume.array[..., 1].T, stored[1] * np.float32(3) + 1)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high_bit", [11, 15])
def test_dirty_bits_are_masked_and_the_sign_extended(tmp_path, write_image, signed, high_bit):
    """12 bits stored in 16 with dirty other bits: "mask and sign-extend at HighBit"."""
    truth = np.array([[0, 1, 2047], [5, 100, 2000]], np.int64)
    if signed:
        truth[0] = (-2048, -1, 2047)
    raw = (truth & 0xFFF) << (high_bit - 11)
    raw |= 0xA000 if high_bit == 11 else 0x000B
    path = write_image(
        tmp_path / "x", raw.astype(np.uint16), Modality="MR", BitsStored=12, HighBit=high_bit,
        PixelRepresentation=int(signed),
    )  # fmt: skip
    np.testing.assert_array_equal(_volume(path).array[..., 0].T, truth)


def test_padding_is_a_mask_before_rescale(tmp_path, write_image, noise):
    """PixelPaddingValue marks "no measurement"; a limit makes it a range; no padding pixel, no mask."""
    stored = noise(4, 4) + np.uint16(10)
    stored[0, :] = 2
    stored[1, 0] = 4
    single = _volume(write_image(tmp_path / "a", stored, PixelPaddingValue=2))
    assert single.padding is not None
    np.testing.assert_array_equal(single.padding[..., 0].T, stored == 2)
    band = _volume(write_image(tmp_path / "b", stored, PixelPaddingValue=2, PixelPaddingRangeLimit=4))
    assert band.padding is not None
    np.testing.assert_array_equal(band.padding[..., 0].T, stored <= 4)
    assert _volume(write_image(tmp_path / "c", stored, PixelPaddingValue=1)).padding is None


def test_signed_padding(tmp_path, write_image):
    """The padding value has the sign of the pixels."""
    stored = np.array([[-2000, 0], [1, 2]], np.int16)
    volume = _volume(write_image(tmp_path / "a", stored, PixelPaddingValue=-2000, RescaleIntercept=0))
    assert volume.padding is not None and volume.padding[0, 0, 0] and volume.padding.sum() == 1


def test_inverted_display_is_turned_round_for_signal_but_not_for_hounsfield(tmp_path, write_image, noise):
    """MONOCHROME1: bright means low; HU stay HU, both are said."""
    stored = noise(4, 4)
    mr = write_image(tmp_path / "mr", stored, Modality="MR", PhotometricInterpretation="MONOCHROME1", stored_bits=12)
    series = read([mr]).series[0]
    np.testing.assert_array_equal(series.pixels().array[..., 0].T, 4095 - stored.astype(int))
    assert "MONOCHROME1" in series.warnings[0]
    ct = read([write_image(tmp_path / "ct", stored, PhotometricInterpretation="MONOCHROME1")]).series[0]
    np.testing.assert_array_equal(ct.pixels().array[..., 0].T, stored.astype(int) - 1024)
    assert "Hounsfield values are used as they are" in ct.warnings[0]


def test_ct_without_a_scale_is_not_called_hounsfield(tmp_path, write_image, noise):
    """A missing rescale is not replaced by a default: the unit is unknown and said."""
    series = read([write_image(tmp_path / "x", noise(4, 4), RescaleIntercept=None)]).series[0]
    assert (series.pixels().quantity, series.pixels().unit) == ("unknown", "1")
    assert "not attenuation" in series.warnings[0]
    other = read([write_image(tmp_path / "y", noise(4, 4), RescaleType="US")]).series[0]
    assert other.pixels().quantity == "unknown"


def test_the_volume_is_a_view_of_slices(tmp_path, write_series, noise, axial_positions):
    """Array[c, r, k] is a view without a copy: each image is contiguous in memory."""
    volume = _volume(write_series(tmp_path / "s", noise(3, 5, 4), axial_positions(0, 1, 2)))
    assert volume.array.strides == (2, 8, 40)


def test_values_beyond_floating_point_are_padding(tmp_path, write_image, noise):
    """An absurd slope gives no numbers: those voxels hold no measurement."""
    stored = noise(4, 4) + np.uint16(1)
    stored[0, 0] = 0
    volume = _volume(write_image(tmp_path / "x", stored, Modality="MR", RescaleSlope="1e39", RescaleIntercept=0))
    assert np.isfinite(volume.array).all() and volume.padding is not None
    np.testing.assert_array_equal(volume.padding[..., 0].T, stored > 0)


def _with_table(path, entries: list[int], first: int, bits: int = 16) -> None:
    """Give a written image a modality lookup table."""
    import pydicom
    from pydicom.sequence import Sequence

    dataset = pydicom.dcmread(path)
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    item.ModalityLUTType = "US"
    dataset.ModalityLUTSequence = Sequence([item])
    dataset.save_as(path)


def test_modality_lookup_tables_are_applied_each_image_its_own(tmp_path, write_image):
    """Stored values below and beyond the table take its ends; two files, two tables; padding is what was stored."""
    stored = np.array([[0, 5, 6], [7, 8, 200]], np.uint16)
    plain = {"Modality": "MR", "RescaleSlope": None, "RescaleIntercept": None, "PixelPaddingValue": 200}
    tables = ([10, 1000, 40000], [1, 2, 3])
    for k, entries in enumerate(tables):
        _with_table(write_image(tmp_path / str(k), stored, (0, 0, 2.0 * k), **plain), list(entries), first=5)
    series = read([tmp_path]).series[0]
    volume = series.pixels()
    index = np.clip(stored.astype(int) - 5, 0, 2)
    for k, entries in enumerate(tables):
        np.testing.assert_array_equal(volume.array[..., k].T, np.array(entries)[index])
    assert volume.array.dtype == np.int32 and volume.padding is not None
    np.testing.assert_array_equal(volume.padding[..., 1].T, stored == 200)
    np.testing.assert_array_equal(series.load.preview(1), volume.array[..., 1])


def test_windows_and_tables_for_display_do_not_touch_values(tmp_path, write_image, noise):
    """WindowCenter, WindowWidth and a VOI LUT are for the eye."""
    stored = noise(4, 4)
    shown = write_image(tmp_path / "x", stored, WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID")
    np.testing.assert_array_equal(_volume(shown).array[..., 0].T, stored.astype(int) - 1024)


@pytest.mark.parametrize("value", [2**31 + 5, 2**32 - 1])
def test_beyond_32_bits_becomes_floating_point_not_another_number(tmp_path, write_image, value):
    """An unsigned 32-bit value above 2**31 does not wrap round to a negative one."""
    stored = np.full((3, 4), 7, np.uint32)
    stored[1, 1] = value
    array = _volume(write_image(tmp_path / "x", stored, Modality="OT")).array
    assert array.dtype == np.float32 and array[1, 1, 0] == np.float32(value) and array.min() == 7


def test_one_slice_beyond_16_bits_widens_the_whole_volume(tmp_path, write_series, noise, axial_positions, monkeypatch):
    """Found while several threads fill the narrower array: read again, nothing wraps."""
    from spinemets.ingest.pixels import stored

    monkeypatch.setattr(stored, "BYTES_PER_THREAD", 64)
    array = noise(6, 8, 7)
    array[4, 2, 2] = 60000
    volume = read([write_series(tmp_path / "s", array, axial_positions(*range(6)))]).series[0].pixels()
    assert volume.array.dtype == np.int32
    np.testing.assert_array_equal(volume.array.transpose(2, 1, 0), array.astype(int) - 1024)


def test_lost_images_are_named_up_to_a_few(tmp_path, write_series, noise, axial_positions):
    """Eight of nine compressed images cannot be decoded: five sentences, and how many more."""
    import pydicom
    from pydicom.encaps import encapsulate, generate_frames

    folder = write_series(tmp_path / "s", noise(9, 8, 6), axial_positions(*range(9)))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress("1.2.840.10008.1.2.5", encoding_plugin="pydicom", generate_instance_uid=False)
        (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
        if dataset.ImagePositionPatient[2] > 0:
            dataset.PixelData = encapsulate([frame[:64] + b"\x80" * (len(frame) - 64)])
        dataset.save_as(path)
    volume = read([folder]).series[0].pixels()
    assert len(volume.warnings) == 6 and volume.warnings[-1] == "3 more images cannot be decoded"
    assert volume.padding is not None and volume.padding[..., 1:].all() and not volume.padding[..., 0].any()
    assert set(np.unique(volume.array[..., 1:])) == {-1024}
