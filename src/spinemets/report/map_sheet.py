"""Picture of a map: its middle slice beside the image it was made of, with the scale of its values."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinemets.knowledge.lookup import table
from spinemets.model.parametric_map import MapResult, ParametricMap
from spinemets.model.series import Series
from spinemets.model.volume import Volume
from spinemets.report.drawing import BLACK, WHITE, font, to_grey
from spinemets.report.slicing import PLANES, Slice, Turned, cut
from spinemets.report.writing import write_bytes_whole

TILE_PX, BAR_PX, LINE_PX, GAP_PX = 320, 14, 20, 10
EVERYTHING_MM = (1e6, 1e6)
GREY = (170, 170, 170, 255)
INTERVAL = "_ci95"


def write_sheet(result: MapResult, first: Series, path: Path) -> None:
    """Write the picture as a PNG; it appears whole or not at all.

    Parameters
    ----------
    result
        The maps; intervals are left out.
    first
        Series that the first tile shows, on the maps' grid.
    path
        Where the picture goes.
    """
    stream = io.BytesIO()
    sheet(result, first).convert("RGB").save(stream, "PNG")
    write_bytes_whole(path, stream.getvalue())


def sheet(result: MapResult, first: Series) -> Image.Image:
    """One tile for the image, one for each map; the scale stands below each."""
    shown = [one for one in result.maps if not one.name.endswith(INTERVAL)]
    source = first.pixels().array
    image = ParametricMap(
        name="image", title=first.label, unit="1", array=np.array(source if source.ndim == 3 else source[..., 0])
    )
    tiles = [_tile(result, one, first.sides_known) for one in (image, *shown)]
    width = len(tiles) * (TILE_PX + GAP_PX) + GAP_PX
    height = TILE_PX + BAR_PX + 3 * LINE_PX + 2 * GAP_PX
    picture = Image.new("RGBA", (width, height), BLACK)
    for n, tile in enumerate(tiles):
        picture.paste(tile, (GAP_PX + n * (TILE_PX + GAP_PX), GAP_PX))
    pen = ImageDraw.Draw(picture)
    pen.text((GAP_PX, height - GAP_PX), _words(result, first.sides_known), anchor="lb", font=font(13), fill=GREY)
    return picture


def _words(result: MapResult, sides_known: bool) -> str:
    sides = "" if sides_known else " Sides unknown."
    return f"{result.kind}: {result.source}. Middle slice; black where nothing is valid. Research use only.{sides}"


def _tile(result: MapResult, one: ParametricMap, sides_known: bool) -> Image.Image:
    shown = _middle(result, one)
    low, high = scale(shown.values[np.isfinite(shown.values)].astype(np.float64))
    tile = Image.new("RGBA", (TILE_PX, TILE_PX + BAR_PX + 2 * LINE_PX), BLACK)
    grey, _ = to_grey(shown, (low, high), (TILE_PX, TILE_PX))
    tile.paste(grey.convert("RGBA"), ((TILE_PX - grey.width) // 2, (TILE_PX - grey.height) // 2))
    pen = ImageDraw.Draw(tile)
    hidden = {} if sides_known else {ord("L"): "?", ord("R"): "?"}
    left, right, top, bottom = (letters.translate(hidden) for letters in shown.letters)
    options: dict[str, Any] = {"font": font(17), "fill": WHITE, "stroke_width": 2, "stroke_fill": BLACK}
    for place, anchor, letter in (
        ((4, TILE_PX / 2), "lm", left),
        ((TILE_PX - 4, TILE_PX / 2), "rm", right),
        ((TILE_PX / 2, 4), "mt", top),
        ((TILE_PX / 2, TILE_PX - 4), "mb", bottom),
    ):
        pen.text(place, letter, anchor=anchor, **options)
    bar = np.tile(np.linspace(0, 255, TILE_PX).astype(np.uint8), (BAR_PX - 4, 1))
    tile.paste(Image.fromarray(bar).convert("RGBA"), (0, TILE_PX + 2))
    y = TILE_PX + BAR_PX
    unit = "" if one.unit == "1" else f" {one.unit}"
    pen.text((0, y), f"{low:.3g}", font=font(14), fill=WHITE)
    pen.text((TILE_PX, y), f"{high:.3g}{unit}", anchor="ra", font=font(14), fill=WHITE)
    pen.text((0, y + LINE_PX), one.title, font=font(14), fill=GREY)
    return tile


def scale(finite: NDArray[np.float64]) -> tuple[float, float]:
    """Values shown black and white: from 0, or the lowest where there are negative ones, to the highest.

    A vessel or a bladder far above everything else does not set the scale: what lies above it is white.
    """
    if not finite.size:
        return 0.0, 1.0
    rules = table("windows")["map_scale"]
    low, high = np.percentile(finite, table("study_sets")["contact_sheet"]["percentiles"])
    bulk = float(rules["most_of_bulk"]["value"]) * float(np.percentile(finite, rules["bulk_percentile"]["value"]))
    if 0.0 < bulk < high:
        high = bulk
    bottom = float(min(low, 0.0))
    # A map of one value has no scale of its own: it is shown as black on a scale to 1.
    return bottom, float(high) if high > bottom else bottom + 1.0


def _middle(result: MapResult, one: ParametricMap) -> Slice:
    """The middle one of the slices as they were acquired: across the axis of the largest voxels."""
    grid, turned = result.grid, Turned.of(result.grid)
    thick = int(np.argmax(grid.spacing_mm))
    plane = next(name for name, axes in PLANES.items() if turned.order[axes[0]] == thick)
    x, y, z = (float(v) for v in grid.to_lps_mm((np.array(grid.shape_ijk) - 1) / 2))
    volume = Volume(array=np.array(one.array), grid=grid, quantity="", unit=one.unit)
    shown = cut(volume, turned, plane, (x, y, z), EVERYTHING_MM)
    return replace(shown, values=np.asarray(shown.values, np.float32))
