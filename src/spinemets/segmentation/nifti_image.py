"""Writes the image of a series as NIfTI for a segmenter that is a program of its own. No word of the header goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spinemets.model.volume import Volume
from spinemets.segmentation.nifti_labels import RAS_TO_LPS

# What stands where the image says that nothing was measured.
AIR_HU = -1024
NO_SIGNAL = 0


def write(volume: Volume, path: Path) -> None:
    """Write a volume (i, j, k) with its place in the patient (RAS mm in the file, as NIfTI wants it).

    Whole numbers stay whole where NIfTI has a type for them; everything else becomes float32. Padding becomes air in CT
    and no signal elsewhere.
    """
    import nibabel as nib  # lazy: heavy import

    array = np.asarray(volume.array)
    if array.dtype not in (np.uint8, np.int16):
        array = array.astype(np.int16 if _fits_int16(array) else np.float32)
    if volume.padding is not None:
        array = np.where(volume.padding, array.dtype.type(_nothing(volume)), array)
    affine = RAS_TO_LPS @ volume.grid.affine_lps_mm
    image: Any = nib.Nifti1Image(array, affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    nib.save(image, path)


def _fits_int16(array: np.ndarray[Any, Any]) -> bool:
    limits = np.iinfo(np.int16)
    return array.dtype.kind in "iub" and limits.min <= array.min(initial=0) and array.max(initial=0) <= limits.max


def _nothing(volume: Volume) -> int:
    return AIR_HU if volume.quantity == "attenuation" else NO_SIGNAL
