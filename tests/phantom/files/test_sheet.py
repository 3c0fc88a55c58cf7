"""The thumbnail sheet."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spinemets.phantom.files.sheet import FRACTURE, LESION, MARGIN_PX, PIXEL_MM, SIZES, sheet, subject_of, write_sheet
from spinemets.phantom.imaging.acquisition import default


@pytest.fixture(scope="module")
def picture(first_light):
    """CT and T1 of the demonstration patient."""
    return sheet(first_light, ("ct", "t1"))


def test_a_row_for_each_series(picture):
    """Four panels a row."""
    widths = [round(size[0] / PIXEL_MM) for size in SIZES.values()]
    assert picture.width == sum(widths) + widths[0] + 3 * MARGIN_PX
    assert picture.height == 2 * (round(208 / PIXEL_MM) + MARGIN_PX)


def test_it_shows_what_the_case_is_about(first_light, normal):
    """The first lesion, or the middle of L3 where there is none."""
    assert subject_of(first_light) == pytest.approx(first_light.truth["lesions"][0]["centroid_lps_mm"])
    assert subject_of(normal) == pytest.approx(normal.anatomy.frames["L3"].origin)


def test_the_lesion_is_dark_where_its_outline_is(picture):
    """The lytic focus in the middle of the sagittal panel: darker than its body on both series; outlined on the last panel."""
    pixels = np.asarray(picture.convert("L"), float)
    height = round(208 / PIXEL_MM)
    for top in (0, height + MARGIN_PX):
        middle = pixels[top + height // 2 - 3 : top + height // 2 + 3, 97:103].mean()
        beside = pixels[top + height // 2 - 6 : top + height // 2 + 6, 80:86].mean()
        assert middle < 0.8 * beside
    colours = np.asarray(picture)[:height, -200:].reshape(-1, 3)
    for colour in (LESION, FRACTURE):
        assert (colours == colour).all(axis=1).sum() > 30


def test_patient_left_is_on_the_right_of_the_axial_panel(picture):
    """The liver lies on the right: the left of the picture is brighter beside the front than the right is."""
    axial = np.asarray(picture.convert("L"), float)[: round(208 / PIXEL_MM), 408:628]
    assert axial[20:120, 5:50].mean() > axial[20:120, 165:215].mean()


def test_written_as_a_picture(first_light, tmp_path):
    """The ending names the format."""
    write_sheet(first_light, tmp_path / "sheet.png", ("ct",))
    with Image.open(tmp_path / "sheet.png") as written:
        assert written.format == "PNG"


def test_views_are_shown_side_by_side(normal):
    """A planar scan is a row of its two views, each seen from its side: the lower right kidney is on the other half of each."""
    picture = np.asarray(sheet(normal, ("bone_scan",)).convert("L"), float)
    grid, frames = normal.grid(default("bone_scan")), normal.anatomy.frames
    assert picture.shape == (grid.shape_ijk[2] + MARGIN_PX, 2 * grid.shape_ijk[0])
    top, bottom = (
        grid.shape_ijk[2] - 1 - round(float(grid.to_ijk(frames[level].origin)[2])) for level in ("T11", "L4")
    )
    middle = round(float(grid.to_ijk(frames["L2"].origin)[0]))
    front, back = picture[top:bottom, : grid.shape_ijk[0]], picture[top:bottom, grid.shape_ijk[0] :][:, ::-1]
    for view in (front, back):
        right, left = view[:, middle - 50 : middle - 15], view[:, middle + 15 : middle + 50]
        rows = [np.argmax(np.convolve(part.mean(axis=1), np.ones(15), "same")) for part in (right, left)]
        assert rows[0] > rows[1]
