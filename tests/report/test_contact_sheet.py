"""The contact sheet hangs slices as a reader expects them, marks what is doubtful, and names nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.planar import Planar, PlanarView
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.study_view import SeriesMotion, SeriesSet
from spinemets.model.volume import Volume
from spinemets.report import contact_sheet
from spinemets.report.contact_sheet import caption, sheet, write_sheet
from spinemets.series.sets.likeness import settings
from spinemets.series.sets.rows import Row, rows_of

TILE = int(settings()["contact_sheet"]["tile_px"]["value"])
TEXT = int(settings()["contact_sheet"]["text_px"]["value"])


def grid_of(directions: tuple[str, str, str], shape=(40, 40, 9), spacing=(2.0, 2.0, 4.0)) -> Grid:
    """A grid whose axes run towards the named ends of the body."""
    unit = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
    affine = np.eye(4)
    affine[:3, :3] = np.array([unit[d] for d in directions]).T * np.array(spacing)
    return Grid(shape_ijk=shape, affine_lps_mm=affine)


@pytest.fixture
def marked() -> Callable[..., Series]:
    """A series with a bright block at the patient's left, front and head corner of every slice's plane."""

    def build(directions: tuple[str, str, str], number: int = 1, kind: str = "t2", **changes) -> Series:
        grid = grid_of(directions)
        index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape_ijk), indexing="ij"), axis=-1)
        lps = grid.to_lps_mm(index) - grid.corners_lps_mm.mean(axis=0)
        normal = {"L": 0, "R": 0, "P": 1, "A": 1, "H": 2, "F": 2}[directions[2]]
        array = np.where(_in_plane(lps, normal), 1000, 0).astype(np.int16)
        volume = Volume(array=array, grid=grid, quantity="mr_signal", unit="1")
        fields = {
            "uid": f"1.{number}", "number": number, "label": "Doe^Jane", "acquisition": Acquisition(modality="MR"),
            "load": lambda: volume, "grid": grid, "recognition": Recognition(kind=kind, confidence=0.9),
        }  # fmt: skip
        return Series(**{**fields, **changes})

    return build


def _in_plane(lps: np.ndarray, normal: int) -> np.ndarray:
    wanted = (lps[..., 0] > 0, lps[..., 1] < 0, lps[..., 2] > 0)
    return np.logical_and.reduce([w for axis, w in enumerate(wanted) if axis != normal])


def study_of(*series: Series, **fields) -> Study:
    return Study(uid="1", patient=PatientFacts(pseudonym="P1"), series=series, **fields)


def middle_tile(picture: Image.Image, row: int = 0) -> np.ndarray:
    left, top = (
        TEXT + TILE + contact_sheet.GAP,
        2 * contact_sheet.LINE + row * (TILE + contact_sheet.LINE + contact_sheet.GAP),
    )
    return np.asarray(picture.convert("L"))[top : top + TILE, left : left + TILE].astype(float)


def quarters(tile: np.ndarray) -> dict[str, float]:
    """Brightness well inside each quarter, away from letters."""
    a, b = slice(TILE // 5, 2 * TILE // 5), slice(3 * TILE // 5, 4 * TILE // 5)
    return {
        "top left": tile[a, a].mean(),
        "top right": tile[a, b].mean(),
        "low left": tile[b, a].mean(),
        "low right": tile[b, b].mean(),
    }


@pytest.mark.parametrize(
    ("directions", "where"),
    [
        (("L", "P", "H"), "top right"),  # axial: patient's left on the right, front on top
        (("R", "A", "F"), "top right"),
        (("P", "F", "R"), "top left"),  # sagittal: front on the left, head on top
        (("A", "H", "L"), "top left"),
        (("L", "F", "P"), "top right"),  # coronal: patient's left on the right, head on top
        (("H", "R", "A"), "top right"),
    ],
)
def test_slices_hang_as_a_reader_expects(marked, directions, where: str):
    """Whatever the order and direction of the array axes."""
    seen = quarters(middle_tile(sheet(study_of(marked(directions)))))
    assert seen.pop(where) > 200
    assert max(seen.values()) < 50


def test_aspect_is_that_of_the_body(marked):
    """40 columns of 2 mm beside 40 rows of 1 mm: twice as wide as high."""
    grid = grid_of(("L", "P", "H"), spacing=(2.0, 1.0, 4.0))
    volume = Volume(array=np.full(grid.shape_ijk, 5, np.int16), grid=grid, quantity="", unit="1")
    series = replace(marked(("L", "P", "H")), grid=grid, load=lambda: volume, recognition=Recognition(kind="ct_soft"))
    drawn, _ = contact_sheet._drawn(Row(volumes=(series,)), TILE)[0]
    assert drawn.size == (TILE, TILE // 2)


def test_letters_and_places(marked):
    """Letters at the edges are those of the patient; a sagittal slice says on which side it lies."""
    tiles = contact_sheet._tiles(Row(volumes=(marked(("P", "F", "R")),)))
    assert tiles[0].shown.letters == ("A", "P", "H", "F")
    assert [t.below for t in tiles] == ["sagittal, 3 of 9, 8 mm L", "sagittal, 5 of 9", "sagittal, 7 of 9, 8 mm R"]


def test_unknown_sides_are_never_lettered(marked):
    series = marked(("L", "P", "H"), sides_known=False)
    tile = contact_sheet._tiles(Row(volumes=(series,)))[0]
    assert tile.shown.letters[:2] == ("?", "?") and tile.note == "sides unknown"
    sagittal = contact_sheet._tiles(Row(volumes=(marked(("P", "F", "R"), sides_known=False),)))
    assert all("mm" not in t.below for t in sagittal)


def test_unknown_sides_are_said_below_the_picture(marked):
    (_, below), *_ = contact_sheet._drawn(Row(volumes=(marked(("L", "P", "H"), sides_known=False),)), TILE)
    assert below.startswith("sides unknown, axial")


def test_single_slices_are_decoded_where_the_reader_can(marked):
    """The preview is asked for three slices; the volume is never decoded."""
    series = marked(("L", "P", "H"))
    array, asked = series.pixels().array, []

    class Loader:
        def __call__(self):
            raise AssertionError("whole volume decoded")

        def preview(self, k: int):
            asked.append(k)
            return array[:, :, k]

    sheet(study_of(replace(series, load=Loader())))
    assert asked == [2, 4, 6]


def test_a_resampled_stack_is_read_whole_and_marked(marked):
    series = marked(("L", "P", "H"), geometry=GeometryCheck(verdict="resampled", missing_positions_mm=(3.0,)))
    lines = dict(caption(Row(volumes=(series,)), study_of(series)))
    assert lines["! resampled: slices were not evenly placed"] and lines["! 1 missing slice"]
    assert quarters(middle_tile(sheet(study_of(series))))["top right"] > 200


def test_caption_says_kind_size_sets_conflicts_and_motion(marked):
    first = marked(("L", "P", "H"), recognition=Recognition(kind="t2", confidence=0.9, conflicts=("Doe says T1",)))
    second = marked(("L", "P", "H"), number=2)
    pair = SeriesSet(kind="repeats", name="t2 2 times", members=("1.1", "1.2"), varies=("first", "later"))
    motion = SeriesMotion(reference_uid="1.2", moving_uid="1.1", verdict="moved", sentence="", residual_mm=2.5)
    study = study_of(first, second, sets=(pair,), motions=(motion,))
    lines = caption(rows_of(study)[0], study)
    assert lines[0] == ("1  T2, sure 0.90", False)
    assert ("40 x 40 x 9 voxels, 2 x 2 x 4 mm", False) in lines
    assert ("in: t2 2 times", False) in lines
    assert ("! 1 conflict between header, words and image", True) in lines
    assert ("! moved against series 2 by up to 2.5 mm", True) in lines
    assert not any("Doe" in text for text, _ in lines)


def test_volumes_of_one_series_share_a_row(marked):
    """Tiles are the middle slices of the first, middle and last volume of the set."""
    volumes = tuple(marked(("L", "P", "H"), number=n, uid=f"1.9#{n}") for n in range(1, 6))
    found = SeriesSet(
        kind="b_values", name="diffusion: b 0 to 800", members=tuple(s.uid for s in reversed(volumes)),
        varies=tuple(f"b {200 * n}" for n in range(5)),
    )  # fmt: skip
    study = study_of(*volumes, sets=(found,))
    (row,) = rows_of(study)
    assert [t.below for t in contact_sheet._tiles(row)] == ["b 0", "b 400", "b 800"]
    assert ("5 volumes: diffusion: b 0 to 800", False) in caption(row, study)


def test_unreadable_pixels_leave_the_rest(marked):
    def broken():
        raise UnreadableInput("the file ends early")

    bad, good = marked(("L", "P", "H"), load=broken), marked(("L", "P", "H"), number=2)
    assert contact_sheet._drawn(Row(volumes=(bad,)), TILE)[0][1] == "pixels cannot be read (UnreadableInput)"
    assert quarters(middle_tile(sheet(study_of(bad, good)), row=1))["top right"] > 200


def test_colour_stays_colour(marked):
    grid = grid_of(("L", "P", "H"))
    array = np.zeros((*grid.shape_ijk, 3), np.uint8)
    array[..., 0] = 255
    volume = Volume(array=array, grid=grid, quantity="colour", unit="1")
    picture, _ = contact_sheet._drawn(Row(volumes=(marked(("L", "P", "H"), load=lambda: volume),)), TILE)[0]
    assert picture.getpixel((TILE // 3, TILE // 3))[:3] == (255, 0, 0)


def test_radiographs_stand_as_stored(marked):
    """Letters come from the header; without them the sides are unknown."""
    values = np.arange(200.0).reshape(2, 10, 10)
    views = (PlanarView(name="AP", columns_towards="L", rows_towards="F"), PlanarView(name="lateral"))
    series = marked(("L", "P", "H"), grid=None, planar=Planar(views=views, load=lambda: values))
    first, second = contact_sheet._tiles(Row(volumes=(series,)))
    assert first.shown.letters == ("R", "L", "H", "F") and first.below == "AP, no pixel size"
    assert second.note == "sides unknown"


def test_an_inverted_radiograph_is_shown_as_its_file_wants(marked):
    """MONOCHROME1: low values bright; pixels without a measurement are dark either way."""
    values = np.array([[[np.nan, 5.0], [1.0, 3.0]]], np.float32)
    views = (PlanarView(name="AP", columns_towards="L", rows_towards="F"),)
    for inverted, ranks in ((False, [[0, 3], [0, 2]]), (True, [[0, 0], [3, 2]])):
        planar = Planar(views=views, load=lambda: values, inverted=inverted)
        (tile,) = contact_sheet._tiles(Row(volumes=(marked(("L", "P", "H"), grid=None, planar=planar),)))
        shown = tile.shown.values
        np.testing.assert_array_equal([[(shown < v).sum() for v in row] for row in shown], ranks)


def test_a_series_without_a_volume_has_words_only(marked):
    series = marked(("L", "P", "H"), grid=None, geometry=GeometryCheck(verdict="refused"))
    assert contact_sheet._drawn(Row(volumes=(series,)), TILE) == []
    assert ("! geometry refused: nothing is measured here", True) in caption(Row(volumes=(series,)), study_of(series))


def test_ct_has_fixed_windows_and_mr_its_own(marked):
    ct = marked(("L", "P", "H"), kind="ct_bone")
    assert contact_sheet._window(ct, []) == (-500.0, 1300.0)
    low, high = contact_sheet._window(marked(("L", "P", "H")), [np.arange(101.0)])
    assert (low, high) == pytest.approx((1, 99.5))
    assert contact_sheet._window(ct, [])[0] < contact_sheet._window(ct, [])[1]


def test_long_studies_are_cut_and_say_so(marked, monkeypatch):
    table = {**settings(), "contact_sheet": {**settings()["contact_sheet"], "rows_most": {"value": 1}}}
    monkeypatch.setattr(contact_sheet, "settings", lambda: table)
    short = sheet(study_of(marked(("L", "P", "H"))))
    cut = sheet(study_of(marked(("L", "P", "H")), marked(("L", "P", "H"), number=2)))
    assert cut.height == short.height + contact_sheet.LINE


def test_file_appears_whole_and_without_metadata(marked, tmp_path: Path):
    write_sheet(study_of(marked(("L", "P", "H"))), tmp_path / "new" / "sheet.png")
    (only,) = (tmp_path / "new").iterdir()
    with Image.open(only) as picture:
        assert picture.format == "PNG" and not picture.info
    assert b"Doe" not in only.read_bytes()
