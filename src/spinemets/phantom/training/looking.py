"""Samples made visible: a sheet of pictures, or NIfTI files. Beside numpy this needs Pillow, or nibabel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.training.sample import Sample

if TYPE_CHECKING:
    from PIL.Image import Image

# Colours by code, background first.
COLOURS = np.array(
    [(0, 0, 0), (214, 120, 90), (250, 220, 160), (90, 150, 220), (110, 190, 110), (190, 130, 210), (240, 240, 80),
     (160, 110, 70), (230, 160, 120), (120, 220, 220)], np.uint8)  # fmt: skip
MARGIN_PX = 4
# Grey from here to there, in standard deviations.
WINDOW = (-1.8, 2.8)


def sheet(samples: Sequence[Sample]) -> Image:
    """A row for each sample: sagittal, coronal and axial plane through the middle, labels beside each, head and front
    as a reader has them.
    """
    from PIL import Image

    rows = [_row(sample) for sample in samples]
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, MARGIN_PX), (0, width - row.shape[1]), (0, 0))) for row in rows]
    return Image.fromarray(np.concatenate(padded))


def _row(sample: Sample) -> NDArray[np.uint8]:
    low, high = WINDOW
    grey = (np.clip((sample.image - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    coloured = COLOURS[sample.labels]
    pictures = []
    for normal in range(3):
        pictures += [_plane(np.stack([grey] * 3, axis=-1), sample, normal), _plane(coloured, sample, normal)]
    height = max(p.shape[0] for p in pictures)
    panels = [np.pad(p, ((0, height - p.shape[0]), (0, MARGIN_PX), (0, 0))) for p in pictures]
    return np.concatenate(panels, axis=1)


def _plane(colours: NDArray[np.uint8], sample: Sample, normal: int) -> NDArray[np.uint8]:
    """Middle plane across an axis of the patient (0 left, 1 back, 2 up): head up, front to the left, or left to the right."""
    axes = np.abs(sample.affine_lps_mm[:3, :3] / sample.spacing_mm)
    of = [int(np.argmax(axes[direction])) for direction in range(3)]
    signs = [np.sign(sample.affine_lps_mm[direction, of[direction]]) for direction in range(3)]
    plane = np.transpose(colours, (*of, 3))
    for direction, sign in enumerate(signs):
        if sign < 0:
            plane = np.flip(plane, direction)
    cut = np.take(plane, plane.shape[normal] // 2, axis=normal)
    # Rows run down: against z, or to the back.
    picture = np.transpose(cut, (1, 0, 2))
    picture = picture if normal == 2 else picture[::-1]
    rows, columns = (2, 1) if normal == 0 else (2, 0) if normal == 1 else (1, 0)
    spacing = [sample.spacing_mm[of[direction]] for direction in range(3)]
    least = min(spacing)
    return np.repeat(np.repeat(picture, round(spacing[rows] / least), 0), round(spacing[columns] / least), 1)


def write(samples: Sequence[Sample], folder: Path) -> None:
    """`NNN-image.nii.gz` and `NNN-labels.nii.gz` of each sample, in the patient's own space."""
    from spinemets.exports.nifti import write_nifti  # lazy: nibabel

    folder.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples):
        grid = Grid(shape_ijk=sample.image.shape, affine_lps_mm=sample.affine_lps_mm)
        for name, array in (("image", sample.image), ("labels", sample.labels)):
            write_nifti(array, grid, folder / f"{number:03d}-{name}.nii.gz", "SYNTHETIC training sample")
