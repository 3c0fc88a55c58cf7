"""Values as stored numbers: exact where whole numbers fit, half a step away otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from spinemets.exports.dicom.stored import Scale, Stored, by_image, image_pixel, of_images, of_volume, window
from spinemets.model.errors import UsageError


def values(stored: Stored) -> np.ndarray:
    """stored x slope + intercept, with the numbers of the header."""
    slope, intercept = (np.array(texts, float).reshape(-1, 1, 1) for texts in (stored.slopes, stored.intercepts))
    return stored.images * slope + intercept


@given(st.integers(-32768, 0), st.integers(0, 32767), st.integers(-1024, 0))
def test_whole_numbers_are_exact(low, high, intercept):
    """Whole numbers that fit need no slope, whatever the intercept; signed only where a number is negative."""
    images = np.array([[[low, high]], [[0, 1]]])
    stored = of_images(images, Scale(intercept=float(intercept)))
    np.testing.assert_allclose(values(stored), images, atol=0 if set(stored.slopes) == {"1"} else 1.5)
    if low - intercept >= 0:
        assert set(stored.slopes) == {"1"} and not stored.signed
        assert stored.plain == (intercept == 0)


@given(st.floats(-1e8, 1e8), st.floats(-1e8, 1e8), st.booleans())
def test_real_numbers_are_half_a_step_away(a, b, per_image):
    """The largest value reaches the end of the numbers and nothing goes beyond it."""
    images = np.array([[[a, b, a / 3]], [[a / 7, 0.0, b / 9]]])
    stored = of_images(images, Scale(per_image=per_image))
    steps = np.array(stored.slopes, float).reshape(-1, 1, 1)
    assert (np.abs(values(stored) - images) <= 0.5 * steps * (1 + 1e-6)).all()
    assert (len(set(stored.slopes)) <= 1) or per_image


def test_order_of_images():
    """Slices of the first volume, then of the next; pixel [r, c] of slice k is array[c, r, k]."""
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    images = by_image(array)
    assert images.shape == (20, 3, 2)
    for t, k, r, c in ((0, 0, 0, 0), (1, 2, 2, 1), (4, 3, 1, 0)):
        assert images[t * 4 + k, r, c] == array[c, r, k, t]


def test_padding_lies_below_every_value(make_grid, volume_of):
    """ "No measurement" is the lowest number, which no value takes; what lies there may be no number at all."""
    array = np.random.default_rng(1).normal(0, 10, (6, 8, 5))
    empty = np.zeros(array.shape, bool)
    empty[0] = True
    array[empty] = np.nan
    stored = of_volume(volume_of(array, make_grid(), padding=empty), Scale())
    assert stored.padding == -32768 and stored.signed and stored.bits == 16
    np.testing.assert_array_equal(stored.images == -32768, by_image(empty[..., np.newaxis]))
    found = values(stored)[~by_image(empty[..., np.newaxis])]
    assert np.abs(found - by_image(array[..., np.newaxis])[~by_image(empty[..., np.newaxis])]).max() < 1e-3
    none = of_volume(volume_of(np.zeros((6, 8, 5), int), make_grid(), padding=np.zeros((6, 8, 5), bool)), Scale())
    assert none.padding is None and not none.signed


def test_padding_everywhere(make_grid, volume_of):
    """A volume that was not measured at all is still written, with a window that can be shown."""
    stored = of_volume(volume_of(np.zeros((6, 8, 5)), make_grid(), padding=np.ones((6, 8, 5), bool)), Scale())
    assert (stored.images == -32768).all()
    d = window(Dataset(), stored, 0)
    assert float(d.WindowWidth) > 0


def test_image_pixel_module():
    """Bits, sign and padding value as the numbers need them."""
    d = Dataset()
    image_pixel(d, of_images(np.array([[[0, 4095]]]), Scale()))
    assert (d.Rows, d.Columns, d.BitsStored, d.HighBit, d.PixelRepresentation) == (1, 2, 12, 11, 0)
    assert "PixelPaddingValue" not in d
    image_pixel(d, of_images(np.array([[[-1, 4095]]]), Scale(), np.array([[[True, False]]])))
    assert (d.BitsStored, d.PixelRepresentation, d.PixelPaddingValue) == (16, 1, -32768)


def test_window_of_small_values():
    """PS3.3 C.11.2.1.2: a linear window is at least 1 wide; smaller values take the exact function."""
    wide = window(Dataset(), of_images(np.arange(400).reshape(1, 20, 20), Scale()), 0)
    assert "VOILUTFunction" not in wide and float(wide.WindowWidth) == pytest.approx(393.0, abs=2)
    narrow = window(Dataset(), of_images(np.arange(400).reshape(1, 20, 20) / 1e4, Scale()), 0)
    assert narrow.VOILUTFunction == "LINEAR_EXACT" and 0 < float(narrow.WindowWidth) < 1


@pytest.mark.parametrize(("images", "scale", "said"), [
    (np.array([[[np.nan, 1.0]]]), Scale(), "no finite real"),
    (np.array([[[1j, 1.0]]]), Scale(), "no real numbers"),
    (np.array([[["a", "b"]]]), Scale(), "no real numbers"),
    (np.array([[[0.0, 1e6]]]), Scale(slope=1.0), "Values of 0 to 1e[+]06 do not fit"),
    (np.array([[[-40_000.0, 0.0]]]), Scale(slope=1.0), "do not fit"),
    (np.array([[[-1.0, 40_000.0]]]), Scale(slope=1.0), "do not fit"),
    (np.array([[[0.0, 1.0]]]), Scale(slope=(1.0, 1.0)), "2 slopes are stated for 1 images"),
    (np.array([[[0.0, 1.0]]]), Scale(intercept=(1.0, 1.0)), "2 intercepts are stated for 1 images"),
    (np.array([[[0.0, 1.0]]]), Scale(slope=-1.0), "must be above 0"),
])  # fmt: skip
def test_refused(images, scale, said):
    """What does not fit is refused, never wrapped or cut."""
    with pytest.raises(UsageError, match=said):
        of_images(images, scale)


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (2, 2, 2, 2, 2)])
def test_no_volume(shape, make_grid):
    """An array with another number of axes, or with nothing in it, is no volume."""

    class Bare:
        array, padding = np.zeros(shape), None

    with pytest.raises(UsageError, match="is no volume"):
        of_volume(Bare(), Scale())
