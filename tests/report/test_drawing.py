"""From a slice to a picture: grey window, true aspect, outline, letters, scale bar."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from spinemets.report import drawing
from spinemets.report.drawing import Contour, Style
from spinemets.report.slicing import Slice

STYLE = Style(outline_px=2.0, halo_px=5.0, scale_bar_mm=20.0, quality=80)


def pixels(data: bytes) -> np.ndarray:
    """Pixels (rows, columns, 3) of a picture file."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def slice_of(values: np.ndarray, spacing=(1.0, 1.0), letters=("R", "L", "A", "P")) -> Slice:
    return Slice(
        values=values, spacing_mm=spacing, plane="axial", first=(0, 0), index=0, array_axis=2, array_index=0,
        position_lps_mm=(0.0, 0.0, 0.0), letters=letters,
    )  # fmt: skip


@pytest.fixture
def grey():
    return slice_of(np.full((100, 100), 400.0))


def test_window_maps_its_ends_to_black_and_white():
    shown = slice_of(np.array([[-500.0, 400.0, 1300.0, 5000.0]]))
    picture, _ = drawing.to_grey(shown, (-500.0, 1300.0), (4, 1))
    assert np.asarray(picture).ravel().tolist() == [0, 128, 255, 255]


def test_not_a_number_is_black_not_an_error():
    shown = slice_of(np.array([[np.nan, 1.0]]))
    picture, _ = drawing.to_grey(shown, (0.0, 1.0), (2, 1))
    assert np.asarray(picture).ravel().tolist() == [0, 255]


@pytest.mark.parametrize(
    ("spacing", "size"), [((1.0, 1.0), (400, 400)), ((3.0, 1.0), (133, 400)), ((1.0, 4.0), (400, 100))]
)
def test_aspect_is_that_of_the_patient(spacing, size):
    """ "true aspect": thick slices are not squeezed into squares."""
    picture, scale = drawing.to_grey(slice_of(np.zeros((100, 100)), spacing), (0.0, 1.0), (400, 400))
    assert picture.size == size
    assert scale[0] == pytest.approx(scale[1], rel=0.02)


def test_with_a_field_all_pictures_have_one_scale_and_size():
    """A narrow stack is not blown up: 75 mm in a field of 100 mm fill three quarters of the picture."""
    style = Style(outline_px=2.0, halo_px=5.0, scale_bar_mm=20.0, quality=80, field_mm=100.0)
    narrow = slice_of(np.full((100, 75), 800.0), letters=("", "", "", ""))
    drawn = drawing.draw(narrow, (0.0, 800.0), (300, 300), [], style)
    assert (drawn.width_px, drawn.height_px) == (300, 300)
    bright = pixels(drawn.plain)[150].max(axis=-1) > 128
    assert np.count_nonzero(bright) == pytest.approx(225, abs=2)
    assert bright[37:263].mean() > 0.98
    assert not bright[:34].any()


def test_outline_moves_with_the_padded_picture():
    style = Style(outline_px=2.0, halo_px=5.0, scale_bar_mm=20.0, quality=80, field_mm=100.0)
    mask = np.zeros((50, 50), bool)
    mask[20:30, 20:30] = True
    drawn = drawing.draw(slice_of(np.full((50, 50), 400.0)), (0.0, 800.0), (400, 400), [Contour(mask=mask)], style)
    rows, columns = np.nonzero(np.abs(pixels(drawn.marked).astype(int) - pixels(drawn.plain)).max(axis=-1) > 60)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(199.5, abs=1.5)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(199.5, abs=1.5)


def test_plain_copy_differs_only_by_the_outline(grey):
    """ "a plain copy": letters and scale bar stay on it."""
    mask = np.zeros((100, 100), bool)
    mask[40:60, 40:60] = True
    drawn = drawing.draw(grey, (0.0, 800.0), (300, 300), [Contour(mask=mask)], STYLE)
    marked, plain = pixels(drawn.marked).astype(int), pixels(drawn.plain).astype(int)
    changed = np.abs(marked - plain).max(axis=-1) > 60
    rows, columns = np.nonzero(changed)
    assert 110 <= rows.min() <= 122
    assert 178 <= rows.max() <= 190
    assert not changed[130:170, 130:170].any()  # a line, never a filled mask
    assert (rows.min() + rows.max()) / 2 == pytest.approx(149.5, abs=1.0)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(149.5, abs=1.0)


def test_outline_follows_the_border_of_the_voxels(grey):
    mask = np.zeros((100, 100), bool)
    mask[50, 50] = True
    drawn = drawing.draw(grey, (0.0, 800.0), (400, 400), [Contour(mask=mask)], STYLE)
    yellow = is_yellow(pixels(drawn.marked))
    rows, columns = np.nonzero(yellow)
    assert rows.mean() == pytest.approx(4 * 50.5 - 0.5, abs=1.0)
    assert columns.mean() == pytest.approx(4 * 50.5 - 0.5, abs=1.0)


def is_yellow(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = (pixels[..., n].astype(int) for n in range(3))
    return (red > 170) & (green > 160) & (blue < 140)


def test_halo_is_dark_on_white_bone():
    """ "thin outline with dark halo": seen on bright bone and on dark fat."""
    white = slice_of(np.full((100, 100), 2000.0))
    mask = np.zeros((100, 100), bool)
    mask[30:70, 30:70] = True
    drawn = drawing.draw(white, (0.0, 800.0), (400, 400), [Contour(mask=mask)], STYLE)
    across = pixels(drawn.marked)[200, 110:130].mean(axis=-1)
    assert across.min() < 140


def test_edge_letters_are_on_both_copies(grey):
    """ "letters R L A P S I at the edges always"."""
    blank = slice_of(np.full((100, 100), 0.0), letters=("", "", "", ""))
    black = slice_of(np.full((100, 100), 0.0))
    drawn = drawing.draw(black, (0.0, 800.0), (300, 300), [], STYLE)
    without = drawing.draw(blank, (0.0, 800.0), (300, 300), [], STYLE)
    for picture in (drawn.marked, drawn.plain):
        ink = np.abs(pixels(picture).astype(int) - pixels(without.plain).astype(int)).max(axis=-1) > 80
        assert ink[135:165, :30].any()
        assert ink[135:165, 270:].any()
        assert ink[:30, 135:165].any()
        assert ink[270:, 135:165].any()


def test_scale_bar_has_its_length():
    """ "scale bar in mm": 20 mm at 3 pixels per mm are 60 pixels."""
    black = slice_of(np.zeros((100, 100)), letters=("", "", "", ""))
    drawn = drawing.draw(black, (0.0, 800.0), (300, 300), [], STYLE)
    row = pixels(drawn.plain)[288].max(axis=-1)
    assert np.count_nonzero(row > 128) == pytest.approx(60, abs=2)


def test_note_is_written(grey):
    plain = drawing.draw(grey, (0.0, 800.0), (300, 300), [], STYLE).plain
    noted = drawing.draw(grey, (0.0, 800.0), (300, 300), [], STYLE, "side unknown").plain
    assert plain != noted


def test_label_stays_inside_the_picture(grey):
    mask = np.zeros((100, 100), bool)
    mask[0:4, 92:100] = True
    drawn = drawing.draw(grey, (0.0, 800.0), (300, 300), [Contour(mask=mask, label="L3-01")], STYLE)
    changed = np.abs(pixels(drawn.marked).astype(int) - pixels(drawn.plain)).max(axis=-1) > 60
    assert changed[:, 200:270].any()


def test_an_empty_mask_draws_nothing(grey):
    drawn = drawing.draw(grey, (0.0, 800.0), (300, 300), [Contour(mask=np.zeros((100, 100), bool), label="x")], STYLE)
    assert drawn.marked == drawn.plain


def test_second_kind_of_line_has_another_colour(grey):
    mask = np.zeros((100, 100), bool)
    mask[30:70, 30:70] = True
    drawn = drawing.draw(grey, (0.0, 800.0), (300, 300), [Contour(mask=mask, second=True)], STYLE)
    assert not is_yellow(pixels(drawn.marked)).any()


def test_no_metadata_and_same_bytes(grey):
    a = drawing.draw(grey, (0.0, 800.0), (300, 300), [], STYLE)
    b = drawing.draw(grey, (0.0, 800.0), (300, 300), [], STYLE)
    assert a == b
    assert a.plain[:4] == b"RIFF"
    assert b"EXIF" not in a.plain
