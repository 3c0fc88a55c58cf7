"""Siemens mosaics: several slices side by side in one picture, as images with their own positions.

The position such a picture states is that of a slice as large as the whole picture, with the same centre as the first
slice; the slices follow each other along the normal that the scanner's own header (CSA) states. Where that header is
gone, the side the slices run to is unknown and the picture is refused: it is never guessed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.values import Values
from spinemets.ingest.stacks import csa
from spinemets.knowledge.catalogue import table


class _Header(NamedTuple):
    """What the private elements say; 0 tiles or no normal = not stated. `doubted`: two places state different numbers."""

    tiles: int
    doubted: bool
    normal: tuple[float, ...]


def is_mosaic(image: Image) -> bool:
    """Whether a file with one picture says that it is a mosaic (multi-frame files keep the word by mistake)."""
    return image.n_frames == 1 and table("tiled_images")["mosaic"]["word"] in image.header.texts(h.IMAGE_TYPE)


def frames(whole: Frame, v: Values) -> list[Frame]:
    """Images of a mosaic; the whole picture with the reason where they cannot be placed.

    Parameters
    ----------
    whole
        The picture as one image.
    v
        Its header.
    """
    header = _header(v)
    if header.doubted:
        return [_refused(whole, "the number of its slices is stated twice, and differently")]
    if not header.tiles:
        return [_refused(whole, "the number of its slices is not stated")]
    side = math.ceil(math.sqrt(header.tiles))
    layout = whole.image.layout
    if layout.rows % side or layout.columns % side:
        return [_refused(whole, f"{layout.rows} x {layout.columns} pixels do not hold {header.tiles} tiles")]
    if whole.position_mm is None or whole.orientation is None or whole.spacing_mm is None:
        return [whole]
    rows, columns = layout.rows // side, layout.columns // side
    row, column = np.array(whole.orientation[:3]), np.array(whole.orientation[3:])
    step = _step(header, v, np.cross(row, column))
    if isinstance(step, str):
        return [_refused(whole, step)]
    first = np.array(whole.position_mm) + row * ((layout.columns - columns) / 2 * whole.spacing_mm[1])
    first += column * ((layout.rows - rows) / 2 * whole.spacing_mm[0])
    return [
        replace(
            whole, position_mm=_point(first + k * step),
            tile=(k // side * rows, k % side * columns, rows, columns),
        )
        for k in range(header.tiles)
    ]  # fmt: skip


def _header(v: Values) -> _Header:
    rows = table("tiled_images")
    known = rows["mosaic"]
    most = rows["bounds"]["most_tiles"]["value"]
    names = (known["csa_count"]["field"], known["csa_normal"]["field"])
    blob = _private(v, known["csa"])
    fields = (
        csa.fields(blob, frozenset(names), rows["bounds"]["most_csa_fields"]["value"])
        if isinstance(blob, bytes)
        else {}
    )
    counts = {_count(_private(v, known["count"])), _count((fields.get(names[0]) or ("",))[0])} - {0}
    tiles = max(counts, default=0)
    return _Header(tiles if tiles <= most else 0, len(counts) > 1, _numbers(fields.get(names[1], ())))


def _private(v: Values, row: dict[str, Any]) -> Any:
    return v.private(row["group"], row["element"], row["creator"])


def _count(value: Any) -> int:
    """A count stated as number, text or the two bytes of an element of unknown type."""
    if isinstance(value, bytes):
        return int.from_bytes(value[:2], "little") if len(value) == 2 else 0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0
    return int(number) if math.isfinite(number) and number > 0 else 0


def _numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        return ()
    return numbers if len(numbers) == 3 and all(map(math.isfinite, numbers)) else ()


def _step(header: _Header, v: Values, normal: Any) -> Any:
    """Vector from one slice to the next [mm], or why there is none."""
    if header.tiles == 1:
        return np.zeros(3)
    if not header.normal:
        return "the direction its slices run to is not stated (the scanner's private header is missing)"
    if abs(float(np.dot(header.normal, normal))) < table("tiled_images")["bounds"]["along_normal"]["value"]:
        return "the direction its slices run to contradicts the stated orientation"
    spacing = v.number("SpacingBetweenSlices")
    if not spacing or spacing <= 0:
        return "the spacing between its slices is not stated"
    return math.copysign(spacing, float(np.dot(header.normal, normal))) * normal / np.linalg.norm(normal)


def _point(point: Any) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])


def _refused(whole: Frame, why: str) -> Frame:
    return replace(
        whole, position_mm=None, refusal=f"several slices tiled in one image (mosaic) are not taken apart: {why}"
    )
