"""Contact sheet of a study: a few slices of each series, as a person would hang them, with what each is believed to be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinemets.model.errors import SpinemetsError
from spinemets.model.planar import Planar
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume
from spinemets.report import lexicon
from spinemets.report.drawing import BLACK, WHITE, font, to_grey
from spinemets.report.slicing import PLANES, Slice, Turned, cut
from spinemets.series.sets.likeness import settings
from spinemets.series.sets.rows import Row, rows_of

# DICOM writes H and F for the ends of the body; the slicing knows S and I.
EDGES = str.maketrans("SI", "HF")
GREY, AMBER = (170, 170, 170, 255), (255, 190, 60, 255)
GAP, LINE, SMALL = 8, 20, 15
EVERYTHING_MM = (1e6, 1e6)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """One picture: the slice (letters already as they may be shown), words below it, and a caution before them."""

    shown: Slice
    below: str
    note: str = ""
    colour: tuple[Slice, Slice, Slice] | None = None


def write_sheet(study: Study, path: Path) -> None:
    """Write the sheet as a PNG; it appears whole or not at all.

    Parameters
    ----------
    study
        Recognised, with its sets. No name of a file, patient or series description is drawn.
    path
        Where the picture goes.
    """
    from spinemets.report.writing import write_bytes_whole

    stream = io.BytesIO()
    sheet(study).convert("RGB").save(stream, "PNG")
    write_bytes_whole(path, stream.getvalue())


def sheet(study: Study) -> Image.Image:
    """The sheet: one row for each DICOM series."""
    s = settings()["contact_sheet"]
    tile, text = int(s["tile_px"]["value"]), int(s["text_px"]["value"])
    rows = rows_of(study)
    shown = rows[: int(s["rows_most"]["value"])]
    height = tile + LINE + GAP
    width = text + len(s["slices"]) * (tile + GAP)
    picture = Image.new(
        "RGBA", (width, 2 * LINE + height * len(shown) + (LINE if len(shown) < len(rows) else 0)), BLACK
    )
    pen = ImageDraw.Draw(picture)
    pen.text(
        (GAP, GAP),
        "Right of the patient on the left of axial and coronal slices; sagittal slices face left.",
        font=font(SMALL),
        fill=GREY,
    )
    for n, row in enumerate(shown):
        top = 2 * LINE + n * height
        pen.line((0, top - GAP / 2, width, top - GAP / 2), fill=(60, 60, 60, 255))
        _words(pen, row, study, (GAP, top), text - 2 * GAP)
        for column, (drawn, below) in enumerate(_drawn(row, tile)):
            x = text + column * (tile + GAP)
            picture.paste(drawn, (x + (tile - drawn.width) // 2, top + (tile - drawn.height) // 2))
            line = _wrapped(pen, below, font(SMALL), tile)[0].rstrip(",")  # the listing has the rest
            pen.text((x + tile / 2, top + tile + 2), line, anchor="ma", font=font(SMALL), fill=GREY)
    if len(shown) < len(rows):
        pen.text(
            (GAP, picture.height - LINE),
            f"{len(rows) - len(shown)} more series are not shown",
            font=font(SMALL),
            fill=AMBER,
        )
    return picture


def caption(row: Row, study: Study) -> list[tuple[str, bool]]:
    """Lines beside the pictures, and whether a line is a caution."""
    first = row.first
    seen = first.recognition
    lines = [(f"{row.number}  {lexicon.series_kind(first.kind)}, sure {seen.confidence:.2f}", False)]
    if first.grid is not None:
        size = " x ".join(str(n) for n in first.grid.shape_ijk)
        spacing = " x ".join(f"{mm:.3g}" for mm in first.grid.spacing_mm)
        lines += [(f"{size} voxels, {spacing} mm", False)]
    if len(row.volumes) > 1:
        why = row.explained.name if row.explained is not None else "why there are several is not known"
        lines.append((f"{len(row.volumes)} volumes: {why}", row.explained is None))
    lines += [
        (f"in: {item.name}", False) for item in study.sets if item is not row.explained and _holds(item.members, row)
    ]
    lines += [(text, True) for text in _cautions(row, study)]
    return lines


def _holds(members: Sequence[str], row: Row) -> bool:
    return any(s.uid in members for s in row.volumes)


def _cautions(row: Row, study: Study) -> list[str]:
    """What a reader must not overlook; the sentences themselves are in the listing."""
    first = row.first
    said = []
    if first.recognition.conflicts:
        n = len(first.recognition.conflicts)
        said.append(f"! {n} {'conflict' if n == 1 else 'conflicts'} between header, words and image")
    if first.geometry.verdict == "refused":
        said.append("! geometry refused: nothing is measured here")
    if first.geometry.verdict == "resampled":
        said.append("! resampled: slices were not evenly placed")
    missing = len(first.geometry.missing_positions_mm)
    if missing:
        said.append(f"! {missing} missing {'slice' if missing == 1 else 'slices'}")
    if first.grid is not None and not first.sides_known:
        said.append("! sides unknown")
    uids = {s.uid for s in row.volumes}
    moved = [m for m in study.motions if m.moving_uid in uids and m.verdict in ("moved", "refused")]
    if moved:
        worst = max(moved, key=lambda m: m.residual_mm or float("inf"))
        far = f"by up to {worst.residual_mm:.1f} mm" if worst.residual_mm is not None else "out of the common field"
        said.append(f"! moved against series {study.by_uid(worst.reference_uid).number} {far}")
    return said


def _words(pen: ImageDraw.ImageDraw, row: Row, study: Study, at: tuple[float, float], width: float) -> None:
    x, y = at
    for n, (text, caution) in enumerate(caption(row, study)):
        face = font(18 if n == 0 else SMALL)
        for line in _wrapped(pen, text, face, width):
            pen.text((x, y), line, font=face, fill=AMBER if caution else WHITE if n == 0 else GREY)
            y += LINE


def _wrapped(pen: ImageDraw.ImageDraw, text: str, face: Any, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer, font=face) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _drawn(row: Row, size_px: int) -> list[tuple[Image.Image, str]]:
    """Pictures of a row with the words below each."""
    try:
        tiles = _tiles(row)
    except (SpinemetsError, IndexError) as error:
        # the reason names no file here: the listing does
        return [(Image.new("RGBA", (1, 1), BLACK), f"pixels cannot be read ({type(error).__name__})")]
    window = _window(row.first, [t.shown.values for t in tiles])
    return [(_picture(tile, window, size_px), ", ".join(t for t in (tile.note, tile.below) if t)) for tile in tiles]


def _tiles(row: Row) -> list[Tile]:
    shares = [float(v) for v in settings()["contact_sheet"]["slices"]]
    first = row.first
    if first.planar is not None:
        return _planar_tiles(first.planar, len(shares))
    if first.grid is None or first.geometry.verdict == "refused":
        return []
    n = first.grid.shape_ijk[2]
    if len(row.volumes) == 1:
        return [_tile(first, k) for k in dict.fromkeys(int(n * share) for share in shares)]
    last = len(row.volumes) - 1
    picked = dict.fromkeys(round(last * share) for share in np.linspace(0, 1, len(shares)))
    varies = dict(zip(row.explained.members, row.explained.varies, strict=True)) if row.explained is not None else {}
    order = {uid: n for n, uid in enumerate(varies)}
    ordered = sorted(row.volumes, key=lambda s: order.get(s.uid, 0))
    return [replace(_tile(ordered[v], n // 2), below=varies.get(ordered[v].uid, f"volume {v + 1}")) for v in picked]


def _tile(series: Series, k: int) -> Tile:
    """Slice k of a series in the plane it was acquired in."""
    values = _slice(series, k)
    assert series.grid is not None  # asked for by the caller
    shape = series.grid.shape_ijk
    grid = series.grid.crop((0, 0, k), (shape[0], shape[1], 1))
    turned = Turned.of(grid)
    plane = next(name for name, axes in PLANES.items() if turned.order[axes[0]] == 2)
    middle = (float(v) for v in grid.to_lps_mm((np.array(grid.shape_ijk) - 1) / 2))
    x, y, z = middle

    def plane_of(part: NDArray[Any]) -> Slice:
        volume = Volume(array=np.array(part)[:, :, None], grid=grid, quantity="", unit="1")
        shown = cut(volume, turned, plane, (x, y, z), EVERYTHING_MM)
        return replace(shown, letters=_letters(shown.letters, series.sides_known))

    below = f"{plane}, {k + 1} of {shape[2]}{_offset(series, k)}"
    note = "" if series.sides_known else "sides unknown"
    if values.ndim == 3 and values.shape[2] == 3:
        red, green, blue = (plane_of(values[..., c]) for c in range(3))
        return Tile(shown=green, below=below, note=note, colour=(red, green, blue))
    return Tile(shown=plane_of(values if values.ndim == 2 else values[..., 0]), below=below, note=note)


def _offset(series: Series, k: int) -> str:
    """How far a slice lies from the middle of its stack, and towards which side of the patient."""
    assert series.grid is not None  # asked for by the caller
    mm = (k - (series.grid.shape_ijk[2] - 1) / 2) * series.grid.spacing_mm[2]
    direction = series.grid.axes[:, 2] * np.sign(mm)
    axis = int(np.argmax(np.abs(direction)))
    if abs(mm) < 1 or (axis == 0 and not series.sides_known):
        return ""
    return f", {abs(mm):.0f} mm {('RL', 'AP', 'FH')[axis][int(direction[axis] > 0)]}"


def _slice(series: Series, k: int) -> NDArray[Any]:
    """Values (i, j) of slice k; a resampled stack is read whole, since its slices are no images of the file."""
    preview = getattr(series.load, "preview", None)
    if preview is not None and series.geometry.verdict == "ok":
        values: NDArray[Any] = preview(k)
        return values
    return series.pixels().array[:, :, k]


def _letters(letters: tuple[str, str, str, str], sides_known: bool) -> tuple[str, str, str, str]:
    """H and F for the ends of the body; a question mark for left and right where the sides are not known."""
    hidden = {} if sides_known else {ord("L"): "?", ord("R"): "?"}
    a, b, c, d = (letter.translate(EDGES).translate(hidden) for letter in letters)
    return a, b, c, d


def _planar_tiles(planar: Planar, most: int) -> list[Tile]:
    """Views of a radiograph or planar scan: never mirrored, with the letters the header states."""
    tiles = []
    spacing = planar.spacing_mm or (1.0, 1.0)
    opposite = str.maketrans("LRAPHF", "RLPAFH")
    for view, values in list(zip(planar.views, planar.load(), strict=True))[:most]:
        right, down = view.columns_towards or "?", view.rows_towards or "?"
        shown = Slice(
            values=_for_display(values, planar.inverted), spacing_mm=spacing, plane="planar", first=(0, 0), index=0, array_axis=2, array_index=0,
            position_lps_mm=(0.0, 0.0, 0.0), letters=(right.translate(opposite), right, down.translate(opposite), down),
        )  # fmt: skip
        size = "" if planar.spacing_mm is not None else ", no pixel size"
        tiles.append(Tile(shown=shown, below=f"{view.name}{size}", note="sides unknown" if right == "?" else ""))
    return tiles


def _for_display(values: NDArray[Any], inverted: bool) -> NDArray[Any]:
    """Values of a picture, bright where the file wants them bright; what was not measured takes the lowest value."""
    if not inverted and values.dtype.kind != "f":
        return values
    shown = -values.astype(np.float64) if inverted else values
    known = np.isfinite(shown)
    return shown if known.all() else np.where(known, shown, shown[known].min() if known.any() else 0.0)


def _window(series: Series, shown: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Values shown black and white: fixed for CT, from the values shown for all others."""
    s = settings()["contact_sheet"]
    if series.kind in s["windows"]:
        level, width = s["windows"][series.kind]
        return level - width / 2, level + width / 2
    values = np.concatenate([np.ravel(v).astype(np.float64) for v in shown]) if shown else np.zeros(1)
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, s["percentiles"]) if values.size else (0.0, 1.0)
    return float(low), float(max(high, low + 1e-6))


def _picture(tile: Tile, window: tuple[float, float], size_px: int) -> Image.Image:
    """A slice with its letters."""
    size = (size_px, size_px)
    if tile.colour is None:
        picture = to_grey(tile.shown, window, size)[0].convert("RGBA")
    else:
        parts = [to_grey(part, (0.0, 255.0), size)[0] for part in tile.colour]
        picture = Image.merge("RGB", parts).convert("RGBA")
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    left, right, top, bottom = tile.shown.letters
    places = (
        (4, height / 2, "lm", left),
        (width - 4, height / 2, "rm", right),
        (width / 2, 4, "mt", top),
        (width / 2, height - 4, "mb", bottom),
    )
    for x, y, anchor, letter in places:
        pen.text((x, y), letter, anchor=anchor, font=font(17), fill=WHITE, stroke_width=2, stroke_fill=BLACK)
    return picture
