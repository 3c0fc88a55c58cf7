"""Row of the thumbnail sheet for a radiograph: the picture, and again with levels named, pedicles ringed and lesions marked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.files.radiographs import truth
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.patient import Phantom

if TYPE_CHECKING:
    from PIL.Image import Image

# Shares of the pixels that are black and white.
BLACK_SHARE, WHITE_SHARE = 0.01, 0.005
MARK_PX = 3


def panels(phantom: Phantom, acquisition: Acquisition, height_px: int, colours: dict[str, Any]) -> list[Image]:
    """Picture of that height, plain and marked.

    Parameters
    ----------
    colours
        Of `name`, `lesion` and `pedicle`.
    """
    from PIL import Image

    thumb = replace(acquisition, pixel_mm=acquisition.fov_mm[1] / height_px)
    values = np.asarray(phantom.render(acquisition.sequence, thumb).array[:, :, 0], np.float64)
    low, high = np.quantile(values, (BLACK_SHARE, 1 - WHITE_SHARE))
    grey = np.clip((values - low) / max(high - low, 1.0) * 255, 0, 255).astype(np.uint8)
    plain = Image.fromarray(grey.T).convert("RGB")
    return [plain, _marked(plain, truth(phantom, thumb), colours)]


def _marked(plain: Image, found: dict[str, Any], colours: dict[str, Any]) -> Image:
    """The truth over a picture."""
    from PIL import ImageDraw

    marked = plain.copy()
    draw = ImageDraw.Draw(marked)

    def at(place_mm: list[float]) -> NDArray[np.float64]:
        middle = (np.array([found["columns"], found["rows"]]) - 1) / 2
        return np.asarray(np.array(place_mm) / found["pixel_mm"] + middle)

    for level in found["levels"]:
        draw.text(tuple(at(level["body_centre_mm"]) - 5), level["name"], fill=colours["name"])
        for ring in level["pedicles"].values() if found["view"] in ("AP", "PA") else ():
            half = np.array([ring["half_width_mm"], ring["half_height_mm"]]) / found["pixel_mm"]
            middle = at(ring["centre_mm"])
            draw.ellipse((*(middle - half), *(middle + half)), outline=colours["pedicle"])
    for lesion in found["lesions"]:
        middle = at(lesion["centre_mm"])
        draw.ellipse((*(middle - MARK_PX), *(middle + MARK_PX)), outline=colours["lesion"])
    return marked
