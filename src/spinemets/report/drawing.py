"""From a slice to a picture file: grey window, true aspect, outline, edge letters, scale bar (report.md, section 5)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spinemets.report.slicing import Slice

# Line work is drawn this many times larger, then reduced: smooth edges of fractional width.
OVERSAMPLING = 3
WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)
# Yellow of the Okabe-Ito palette: told from grey by every reader, and carried by a dark halo on bright bone.
OUTLINE = (240, 228, 66, 255)
SECOND = (86, 180, 233, 255)


@dataclass(frozen=True, kw_only=True, eq=False)
class Contour:
    """A region to outline on a slice: mask on its pixels, words beside it, and whether it is the second kind of line."""

    mask: NDArray[np.bool_]
    label: str = ""
    second: bool = False


@dataclass(frozen=True, kw_only=True)
class Style:
    """Sizes of the drawing in pixels of the finished picture.

    `field_mm`: width that the whole picture stands for. With it all pictures have one scale, and what was not imaged
    stays black; without it the slice fills the picture.
    """

    outline_px: float
    halo_px: float
    scale_bar_mm: float
    quality: int
    field_mm: float | None = None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Finished files: with outlines and without, and their size."""

    marked: bytes
    plain: bytes
    width_px: int
    height_px: int


def draw(
    shown: Slice,
    window: tuple[float, float],
    size_px: tuple[int, int],
    contours: Sequence[Contour],
    style: Style,
    note: str = "",
) -> Drawn:
    """Draw a slice twice, with and without outlines; letters, scale bar and note are on both.

    Parameters
    ----------
    shown
        The slice.
    window
        Values shown black and white.
    size_px
        Greatest width and height; the aspect in mm is kept.
    contours
        Regions on the slice's pixels.
    style
        Line widths and scale bar.
    note
        Words at the lower edge ("side unknown").
    """
    grey, scale = to_grey(shown, window, size_px, style.field_mm)
    shift = (0, 0) if style.field_mm is None else ((size_px[0] - grey.width) // 2, (size_px[1] - grey.height) // 2)
    base = Image.new("RGBA", grey.size if style.field_mm is None else size_px, BLACK)
    base.paste(grey.convert("RGBA"), shift)
    marked = base.copy()
    marked.alpha_composite(_outlines(grey.size, contours, shown, scale, style), shift)
    for picture in (base, marked):
        picture.alpha_composite(_furniture(base.size, shown, scale, style, note))
    return Drawn(
        marked=encode(marked, style.quality),
        plain=encode(base, style.quality),
        width_px=base.width,
        height_px=base.height,
    )


def to_grey(
    shown: Slice, window: tuple[float, float], size_px: tuple[int, int], field_mm: float | None = None
) -> tuple[Image.Image, tuple[float, float]]:
    """8-bit picture with square pixels, and its scale in pixels per mm down and across (equal up to rounding)."""
    low, high = window
    span = max(high - low, 1e-9)
    grey = np.clip((shown.values.astype(np.float32) - low) / span, 0.0, 1.0)
    grey = np.where(np.isfinite(grey), grey, 0.0)
    rows, columns = shown.values.shape
    height_mm, width_mm = rows * shown.spacing_mm[0], columns * shown.spacing_mm[1]
    per_mm = min(size_px[0] / width_mm, size_px[1] / height_mm)
    if field_mm is not None:
        per_mm = min(per_mm, size_px[0] / field_mm)
    size = (max(1, round(width_mm * per_mm)), max(1, round(height_mm * per_mm)))
    picture = Image.fromarray(np.round(grey * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return picture, (size[1] / height_mm, size[0] / width_mm)


def encode(picture: Image.Image, quality: int) -> bytes:
    """WebP bytes without metadata."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "WEBP", quality=quality, method=4)
    return stream.getvalue()


def _outlines(
    size: tuple[int, int], contours: Sequence[Contour], shown: Slice, scale: tuple[float, float], style: Style
) -> Image.Image:
    """Transparent layer with all outlines, dark halo below, and the words beside them."""
    from skimage.measure import find_contours

    n = OVERSAMPLING
    layer = Image.new("RGBA", (size[0] * n, size[1] * n))
    pen = ImageDraw.Draw(layer)
    lines: list[tuple[list[tuple[float, float]], bool]] = []
    down, across = scale[0] * shown.spacing_mm[0], scale[1] * shown.spacing_mm[1]
    for contour in contours:
        if contour.mask.any():
            # One pixel of border, so that a region at the edge of the crop is closed.
            padded = np.pad(contour.mask, 1).astype(np.float32)
            for path in find_contours(padded, 0.5):  # type: ignore[no-untyped-call]
                # Voxel centres lie at half pixels of the picture: index 0 covers 0 to 1.
                points = [((c - 1 + 0.5) * across * n, (r - 1 + 0.5) * down * n) for r, c in path]
                lines.append((points, contour.second))
    for points, _ in lines:
        pen.line(points, fill=(0, 0, 0, 200), width=round(style.halo_px * n), joint="curve")
    for points, second in lines:
        pen.line(points, fill=SECOND if second else OUTLINE, width=round(style.outline_px * n), joint="curve")
    small = layer.resize(size, Image.Resampling.LANCZOS)
    words = ImageDraw.Draw(small)
    for contour in contours:
        if contour.label and contour.mask.any():
            _label(words, contour, size, (down, across))
    return small


def _label(pen: ImageDraw.ImageDraw, contour: Contour, size: tuple[int, int], scale: tuple[float, float]) -> None:
    """Words outside a region: to its right, or to its left where the picture ends."""
    rows, columns = np.flatnonzero(contour.mask.any(axis=1)), np.flatnonzero(contour.mask.any(axis=0))
    face = font(17)
    width = pen.textlength(contour.label, font=face)
    x = (columns[-1] + 1) * scale[1] + 5
    if x + width > size[0] - 18:
        x = max(2.0, columns[0] * scale[1] - 5 - width)
    y = min(max(2.0, (rows[0] + rows[-1] + 1) / 2 * scale[0] - 10), size[1] - 22)
    colour = SECOND if contour.second else OUTLINE
    pen.text((x, y), contour.label, font=face, fill=colour, stroke_width=2, stroke_fill=BLACK)


def _furniture(size: tuple[int, int], shown: Slice, scale: tuple[float, float], style: Style, note: str) -> Image.Image:
    """Letters at the four edges, scale bar with its length, note."""
    layer = Image.new("RGBA", size)
    pen = ImageDraw.Draw(layer)
    width, height = size
    options: dict[str, Any] = {"fill": WHITE, "stroke_width": 2, "stroke_fill": BLACK}
    left, right, top, bottom = shown.letters
    face = font(21)
    pen.text((5, height / 2), left, anchor="lm", font=face, **options)
    pen.text((width - 5, height / 2), right, anchor="rm", font=face, **options)
    pen.text((width / 2, 5), top, anchor="mt", font=face, **options)
    pen.text((width / 2, height - 5), bottom, anchor="mb", font=face, **options)
    length = style.scale_bar_mm * scale[1]
    y = height - 12
    pen.rectangle((9, y - 2, 9 + length + 2, y + 3), fill=BLACK)
    pen.rectangle((10, y - 1, 10 + length, y + 1), fill=WHITE)
    pen.text((10, y - 5), f"{style.scale_bar_mm:g} mm", anchor="lb", font=font(16), **options)
    if note:
        pen.text((width - 5, height - 5), note, anchor="rb", font=font(16), **options)
    return layer


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow: no font file of the machine is needed."""
    return ImageFont.load_default(size_px)
