"""`UserOnnx`: a network that the user put in place, as a Segmenter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets.model.segmentation import Segmentation
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume
from spinemets.segmentation import eligible, label_map, reslice
from spinemets.segmentation.nifti_image import AIR_HU, NO_SIGNAL
from spinemets.segmentation.options import LabelFile
from spinemets.segmentation.user_onnx import network, windows
from spinemets.segmentation.user_onnx.side_file import Normalisation, SideFile, read
from spinemets.segmentation.voxels import NoLabels, label_array


@dataclass(frozen=True, kw_only=True)
class UserOnnx:
    """An ONNX file with its side file."""

    path: Path

    @cached_property
    def side(self) -> SideFile:
        """What the side file says, checked."""
        return read(self.path)

    @property
    def name(self) -> str:
        """Name and version by the side file."""
        return self.side.name

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Structures of every series of the kinds the network was made for.

        Raises
        ------
        UsageError, MissingPart, SegmenterFailed, OutOfResources
            With one clear sentence each.
        """
        chosen = eligible.series_for(study, self.side.kinds)
        if not chosen:
            return ()
        loaded = network.load(self.path, self.side)
        found = (self._outlined(series, loaded) for series in chosen)
        return tuple(one for one in found if one is not None)

    def _outlined(self, series: Series, loaded: network.Network) -> Segmentation | None:
        volume = series.pixels()
        if volume.array.ndim != 3:
            return None
        own = reslice.aligned(volume.grid, self.side.spacing_mm, self.side.axes)
        outside = AIR_HU if volume.quantity == "attenuation" else NO_SIGNAL
        image = reslice.image_on(_measured(volume, outside), volume.grid, own, outside)
        best = _patchwise(normalised(image, self.side.normalisation), self.side, loaded)
        back = reslice.labels_on(best, own, volume.grid)
        try:
            labels = label_array(back, volume.grid, self.name, self.side.names)
        except NoLabels:
            return None
        found = label_map.understand(labels, LabelFile(path=self.path, scheme=self.side.scheme))
        return replace(found, series_uid=series.uid)


def normalised(image: NDArray[np.float32], how: Normalisation) -> NDArray[np.float32]:
    """Clipped, then (value - mean) / sd, or limits to 0 and 1. An image of one value becomes 0."""
    if how.clip_hu is not None:
        low, high = how.clip_hu
    else:
        low, high = (float(v) for v in np.percentile(image, how.clip_percentiles or (0.0, 100.0)))
    clipped = np.clip(image, low, high)
    if how.then == "scale":
        centre, spread = low, high - low
    elif how.mean is not None and how.sd is not None:
        centre, spread = how.mean, how.sd
    else:
        centre, spread = float(clipped.mean(dtype=np.float64)), float(clipped.std(dtype=np.float64))
    scaled: NDArray[np.float32] = ((clipped - centre) / (spread or 1.0)).astype(np.float32)
    return scaled


def _measured(volume: Volume, outside: float) -> NDArray[np.generic]:
    return volume.array if volume.padding is None else np.where(volume.padding, outside, volume.array)


def _patchwise(image: NDArray[np.float32], side: SideFile, loaded: network.Network) -> NDArray[np.uint16]:
    """Best classes; an image smaller than the patch is padded by its own border values and cut again."""
    extra = [max(0, p - n) for n, p in zip(image.shape, side.patch, strict=True)]
    padded = np.pad(image, [(0, n) for n in extra], mode="edge")
    best = windows.labels(padded, side.patch, side.overlap, loaded.predict)
    return best[tuple(slice(0, n) for n in image.shape)]
