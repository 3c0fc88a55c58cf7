"""Reads an integer NIfTI label map without ever making a wider copy of it than needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.files.limits import MB
from spinemets.ingest.files.limits import load as load_limits
from spinemets.model.errors import LabelSchemeError, OutOfResources, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.segmentation.name_table import names_in
from spinemets.segmentation.voxels import LabelArray, label_array

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# A fraction this small is rounding of a float file, not a probability.
WHOLE_WITHIN = 1e-3
LARGEST_LABEL = 2**31 - 1


def is_nifti(path: Path) -> bool:
    """Whether a file name is that of a NIfTI file."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def stem(path: Path) -> str:
    """File name without `.nii` or `.nii.gz`."""
    name = path.name
    for suffix in (".nii.gz", ".nii"):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def read_nifti(path: Path) -> LabelArray:
    """Labels of a NIfTI file on its grid in LPS (`diag(-1, -1, 1, 1) @ affine`).

    Raises
    ------
    UnreadableInput
        If it is no readable three-dimensional NIfTI file.
    LabelSchemeError
        If its values are no labels: fractions, negative numbers, nothing but background.
    """
    import zlib

    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        image = nib.Nifti1Image.from_bytes(_content(path))
        proxy: Any = image.dataobj
        stored = np.asanyarray(proxy.get_unscaled())
    except (ImageFileError, HeaderDataError, WrapStructError, OSError, EOFError, zlib.error, ValueError) as error:
        raise UnreadableInput(f"{path.name} cannot be read as NIfTI ({type(error).__name__}).") from error
    except MemoryError as error:
        raise OutOfResources(f"{path.name} does not fit into memory.", "Crop the label map to the spine.") from error
    stored = _three_axes(stored, path.name)
    labels = to_labels(stored, float(proxy.slope), float(proxy.inter), path.name)
    names = names_in((e.get_code(), _as_bytes(e.get_content())) for e in image.header.extensions)
    return label_array(labels, _grid(np.asarray(image.affine), labels, path.name), path.name, names)


def _content(path: Path) -> bytes:
    if not path.name.lower().endswith(".gz"):
        return path.read_bytes()
    from isal import igzip  # several times faster than zlib, and this is the longest step of all

    limit = load_limits().max_volume_mb * MB
    opened: Any = igzip.IGzipFile
    with opened(path, "rb") as file:
        # Labels shrink a thousandfold, so no ratio tells a bomb from a mask: only the size itself can.
        content: bytes = file.read(limit + 1)
    if len(content) > limit:
        raise UnreadableInput(f"{path.name} unpacks to more than {limit // MB} MB.", "Crop the label map to the spine.")
    return content


def _as_bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()


def _three_axes(stored: NDArray[Any], source: str) -> NDArray[Any]:
    extra = stored.shape[3:]
    if stored.ndim < 3 or any(n != 1 for n in extra) or stored.dtype.kind not in "iufb":
        shape = " x ".join(str(n) for n in stored.shape)
        raise UnreadableInput(f"{source} is no label map: {shape} values of type {stored.dtype}, expected one volume.")
    return stored.reshape(stored.shape[:3], order="F")


def _grid(affine_ras_mm: NDArray[np.float64], labels: NDArray[Any], source: str) -> Grid:
    try:
        return Grid(shape_ijk=labels.shape, affine_lps_mm=RAS_TO_LPS @ affine_ras_mm)
    except ValueError as error:
        raise UnreadableInput(f"{source} has no usable position in space: {error}.") from error


def to_labels(stored: NDArray[Any], slope: float, inter: float, source: str) -> NDArray[Any]:
    """Stored values as unsigned labels, exact whatever their type.

    Parameters
    ----------
    stored
        As in the file, before scaling.
    slope, inter
        `scl_slope` and `scl_inter` (1 and 0 where the header sets none): label = slope * stored + inter.

    Returns
    -------
    array of uint8, uint16 or uint32
        A view of the file's own memory where its type allows.

    Raises
    ------
    LabelSchemeError
        For fractions, NaN, negative numbers, or numbers beyond 31 bits.
    """
    if (slope, inter) != (1.0, 0.0) or stored.dtype.kind == "f":
        return _scaled(stored, slope, inter, source)
    low, high = (int(stored.min(initial=0)), int(stored.max(initial=0)))
    if low < 0:
        raise LabelSchemeError(
            f"{source} holds negative labels (down to {low}).",
            "A label above 127 stored in a signed byte turns negative: write the map again as 16-bit integers.",
        )
    _check_size(high, source)
    if stored.dtype.isnative and stored.dtype.itemsize <= 4:
        return stored.view(f"u{stored.dtype.itemsize}") if stored.dtype.kind != "u" else stored
    return stored.astype(_smallest(high))


def _scaled(stored: NDArray[Any], slope: float, inter: float, source: str) -> NDArray[Any]:
    """Slab by slab, so that no second array of floats is made."""
    low, high = float(np.min(stored, initial=0)), float(np.max(stored, initial=0))
    ends = (slope * low + inter, slope * high + inter, inter)
    if not np.isfinite(ends).all():
        raise LabelSchemeError(f"{source} holds values that are no numbers.", "A label map holds whole numbers only.")
    _check_size(int(max(ends)), source)
    labels = np.empty(stored.shape, _smallest(round(max(ends))), order="F")
    for k in range(stored.shape[2]):
        exact = stored[:, :, k].astype(np.float64) * slope + inter
        whole = np.rint(exact)
        if not (np.abs(exact - whole) <= WHOLE_WITHIN).all():
            raise LabelSchemeError(
                f"{source} holds fractions: it is an image or a probability map, not labels.",
                "Give a map of whole numbers.",
            )
        if whole.min() < 0:
            raise LabelSchemeError(f"{source} holds negative labels (down to {int(whole.min())}).")
        labels[:, :, k] = whole
    return labels


def _check_size(high: int, source: str) -> None:
    if high > LARGEST_LABEL:
        raise LabelSchemeError(f"{source} holds the integer {high}: this is no label map.")


def _smallest(high: int) -> np.dtype[Any]:
    return np.dtype(np.uint8 if high < 2**8 else np.uint16 if high < 2**16 else np.uint32)
