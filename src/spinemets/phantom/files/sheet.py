"""The thumbnail sheet of a patient (PHA-63): sagittal, coronal and axial slice through what the case is about, and its truth.

Left panels are plain pictures, the last one is the first picture again with names of levels, lesions outlined and
fractured bodies marked.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.files import radiograph_sheet
from spinemets.phantom.files.nuclear_facts import pictures
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.planes import Plane, one_slice
from spinemets.phantom.patient import Phantom

if TYPE_CHECKING:
    from PIL.Image import Image

    from spinemets.model.grid import Grid

PIXEL_MM = 0.8
# The whole patient beside panels of a part.
PLANAR_PIXEL_MM = 2.2
# Width and height of each panel, millimetres.
SIZES: dict[Plane, tuple[float, float]] = {"sagittal": (160, 208), "coronal": (160, 208), "axial": (176, 208)}
CT_WINDOW_HU = (-200.0, 700.0)
# Share of the pixels of an MR panel that may be white.
WHITE_SHARE = 0.005
MARGIN_PX = 4
LESION, FRACTURE, NAME = (230, 80, 60), (240, 228, 66), (120, 200, 240)
COLOURS = {"name": NAME, "lesion": LESION, "pedicle": FRACTURE}
RADIOGRAPH_PX = 280
DEFAULT_LEVEL = "L3"


def subject_of(phantom: Phantom) -> NDArray[np.float64]:
    """Point that the sheet shows (LPS mm): the first lesion of soft tissue or bone, else a level with a finding, else L3."""
    truth = phantom.truth
    if lesions := [*truth["soft_lesions"], *truth["lesions"]]:
        return np.array(lesions[0]["centroid_lps_mm"])
    changed = [*truth["fractures"], *truth["benign"], *truth["hardware"]]
    level = changed[0]["level"] if changed else DEFAULT_LEVEL
    return np.array(phantom.anatomy.frames[level].origin)


def sheet(phantom: Phantom, sequences: tuple[str, ...]) -> Image:
    """The sheet: a row for each series."""
    from PIL import Image

    centre = subject_of(phantom)
    rows = [_row(phantom, default(name), centre) for name in sequences]
    width = max(row.width for row in rows)
    height = sum(row.height + MARGIN_PX for row in rows)
    whole = Image.new("RGB", (width, height))
    top = 0
    for row in rows:
        whole.paste(row, (0, top))
        top += row.height + MARGIN_PX
    return whole


def write_sheet(phantom: Phantom, path: Path, sequences: tuple[str, ...]) -> None:
    """Write the sheet as a picture; the ending of the name says which kind."""
    sheet(phantom, sequences).save(path)


def _views(phantom: Phantom, acquisition: Acquisition) -> Image:
    """Both views of a planar scan, as a camera shows them; brightness by the root of the counts."""
    from PIL import Image

    shown = np.sqrt(np.concatenate(list(pictures(phantom.render(acquisition.sequence, acquisition))), axis=1))
    grey = np.clip(shown / np.quantile(shown, 1 - WHITE_SHARE) * 255, 0, 255).astype(np.uint8)
    picture = Image.fromarray(grey).convert("RGB")
    width, height = (
        round(n * side / PLANAR_PIXEL_MM)
        for n, side in zip(picture.size, (acquisition.pixel_mm, acquisition.slice_mm), strict=True)
    )
    return picture.resize((width, height))


def _row(phantom: Phantom, acquisition: Acquisition, centre: NDArray[np.float64]) -> Image:
    """Three planes of one series, and the truth over the sagittal one; views of a scan or a radiograph as they are."""

    if acquisition.emission is not None and acquisition.emission.planar:
        return _views(phantom, acquisition)
    if acquisition.xray is not None:
        return _beside(radiograph_sheet.panels(phantom, acquisition, RADIOGRAPH_PX, COLOURS))
    panels = []
    for plane, size in SIZES.items():
        flat = replace(acquisition, pixel_mm=PIXEL_MM, n_slices=1, saturation_band=False)
        grid = one_slice(plane, centre, size, PIXEL_MM, acquisition.slice_mm)
        picture = _grey(phantom, flat, grid)
        panels.append(picture)
        if plane == "sagittal":
            marked = _marked(phantom, grid, picture)
    return _beside([*panels, marked])


def _beside(panels: list[Image]) -> Image:
    """Pictures in a row."""
    from PIL import Image

    height = max(panel.height for panel in panels)
    row = Image.new("RGB", (sum(p.width + MARGIN_PX for p in panels) - MARGIN_PX, height))
    left = 0
    for panel in panels:
        row.paste(panel, (left, 0))
        left += panel.width + MARGIN_PX
    return row


def _grey(phantom: Phantom, acquisition: Acquisition, grid: Grid) -> Image:
    """One slice as a reader would window it."""
    from PIL import Image

    (volume,) = phantom.render_together((acquisition,), grid)
    values = np.asarray(volume.array, np.float32)
    values = values[:, :, 0] if values.ndim == 3 else values[:, :, 0, -1]
    low, high = CT_WINDOW_HU if acquisition.modality == "CT" else (0.0, float(np.quantile(values, 1 - WHITE_SHARE)))
    grey = np.clip((values - low) / max(high - low, 1.0) * 255, 0, 255).astype(np.uint8)
    return Image.fromarray(grey.T).convert("RGB")


def _marked(phantom: Phantom, grid: Grid, picture: Image) -> Image:
    """A slice with the truth drawn over it."""
    from PIL import Image, ImageDraw

    pixels = np.array(picture)
    lesions = phantom.lesion_labels(grid)[:, :, 0].T
    pixels[_border(lesions)] = LESION
    labels = phantom.labels(grid)[:, :, 0].T
    numbers = {row["name"]: row["verse_id"] for row in phantom.truth["levels"]}
    for fracture in phantom.truth["fractures"]:
        pixels[_border(labels == numbers[fracture["level"]])] = FRACTURE
    marked = Image.fromarray(pixels)
    draw = ImageDraw.Draw(marked)
    for level, frame in phantom.anatomy.frames.items():
        column, row = grid.to_ijk(frame.origin)[:2]
        if 0 < row < grid.shape_ijk[1] and 0 < column < grid.shape_ijk[0]:
            draw.text((column - 6, row - 6), level, fill=NAME)
    return marked


def _border(labels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Pixels of a region that have a neighbour outside it."""
    from scipy.ndimage import maximum_filter, minimum_filter

    values = labels.astype(np.int16)
    return np.asarray((values > 0) & (minimum_filter(values, 3) != maximum_filter(values, 3)))
