"""United Imaging grids (VFRAME): several slices side by side in one picture, as images with their own positions.

The picture itself states no position; each slice has its own in a private sequence, in the order of the tiles.
"""

from __future__ import annotations

import math
from dataclasses import replace

from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table


def is_grid(image: Image) -> bool:
    """Whether a file with one picture says that it is such a grid."""
    return image.n_frames == 1 and table("tiled_images")["vframe"]["word"] in image.header.texts(h.IMAGE_TYPE)


def frames(whole: Frame, v: Values) -> list[Frame]:
    """Images of a grid, row by row; the whole picture with the reason where they cannot be placed.

    Parameters
    ----------
    whole
        The picture as one image.
    v
        Its header.
    """
    rows = table("tiled_images")
    known = rows["vframe"]["positions"]
    stated = v.private(known["group"], known["element"], known["creator"])
    items = tuple(Values(item) for item in stated) if isinstance(stated, tuple) else ()
    if not 0 < len(items) <= rows["bounds"]["most_tiles"]["value"]:
        return [_refused(whole, "the positions of its slices are not stated (the scanner's private header is missing)")]
    across = math.ceil(math.sqrt(len(items)))
    down = math.ceil(len(items) / across)
    layout = whole.image.layout
    if layout.rows % down or layout.columns % across:
        return [_refused(whole, f"{layout.rows} x {layout.columns} pixels do not hold {len(items)} tiles")]
    n_rows, n_columns = layout.rows // down, layout.columns // across
    found = []
    for k, item in enumerate(items):
        position = _point(item)
        if position is None:
            return [_refused(whole, f"the position of its slice {k + 1} is not stated")]
        tile = (k // across * n_rows, k % across * n_columns, n_rows, n_columns)
        found.append(replace(whole, position_mm=position, tile=tile))
    return found


def _point(item: Values) -> tuple[float, float, float] | None:
    try:
        numbers = [float(text) for text in item.texts("ImagePositionPatient")]
    except ValueError:
        return None
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _refused(whole: Frame, why: str) -> Frame:
    return replace(
        whole, position_mm=None, refusal=f"several slices tiled in one image (grid) are not taken apart: {why}"
    )
