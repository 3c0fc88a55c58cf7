"""The 348 bytes of a NIfTI-1 header, made directly: no library is loaded, and the voxels are written as they lie."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OFFSET = 352
LARGEST_DIMENSION = 32767
MM_AND_SECONDS = 2 | 8
SCANNER = 1
RGB = 128
# NIfTI code of each type of array.
CODES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512, "uint32": 768}
# sizeof_hdr ... dim_info, dim, intent, datatype/bitpix/slice_start, pixdim, vox_offset, scl_slope and scl_inter, slice_end
# ... xyzt_units, cal, slice_duration, toffset, gl, descrip, aux_file, codes, quaternion, offsets, sform, names
LAYOUT = struct.Struct("<i28siHcB8h3fh3h8ff2fhBB2f2f2i80s24s2h3f3f12f16s4s")


def header(
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    affine_ras_mm: Floats,
    description: str = "",
    step_s: float = 0.0,
) -> bytes:
    """Header of an uncompressed volume, and the four bytes that say "no extension".

    Parameters
    ----------
    shape
        Voxels along i, j, k and, for several volumes, t; a colour image has its samples as the last axis of size 3.
    dtype
        Type of the array; `uint8` with a last axis of 3 is colour.
    affine_ras_mm
        (4, 4) index to RAS mm; written as sform, and its nearest rotation as qform, both scanner coordinates.
    step_s
        Time from one volume to the next [s], 0 if unknown or if volumes differ in something else.

    Raises
    ------
    ValueError
        If a dimension or type does not exist in NIfTI-1.
    """
    colour = dtype == np.uint8 and len(shape) > 3 and shape[-1] == 3
    code = RGB if colour else CODES.get(dtype.name)
    dimensions = shape[:-1] if colour else shape
    if code is None or max(dimensions) > LARGEST_DIMENSION:
        raise ValueError(f"NIfTI-1 has no place for {dimensions} voxels of {dtype.name}")
    bits = 24 if colour else dtype.itemsize * 8
    quaternion, handed, spacing = orientation(affine_ras_mm)
    padded = (len(dimensions), *dimensions, *[1] * (7 - len(dimensions)))
    sizes = (handed, *spacing, step_s or (1.0 if len(dimensions) > 3 else 0.0), 0.0, 0.0, 0.0)
    text = description.encode("ascii", "replace")[:79]
    return LAYOUT.pack(
        348, b"", 0, 0, b"r", 0, *padded, 0.0, 0.0, 0.0, 0, code, bits, 0, *sizes, float(OFFSET), 1.0, 0.0, 0, 0,
        MM_AND_SECONDS, 0.0, 0.0, 0.0, 0.0, 0, 0, text, b"", SCANNER, SCANNER, *quaternion, *affine_ras_mm[:3, 3],
        *affine_ras_mm[:3].reshape(-1), b"", b"n+1\0",
    ) + bytes(OFFSET - 348)  # fmt: skip


def orientation(affine: Floats) -> tuple[tuple[float, float, float], float, tuple[float, float, float]]:
    """Quaternion (b, c, d), handedness (1 or -1) and voxel size of the rotation nearest to an affine.

    Nearest in the least-squares sense (polar decomposition), as the NIfTI-1 standard asks for.
    """
    axes = np.asarray(affine, np.float64)[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    u, _, v = np.linalg.svd(axes / spacing)
    rotation = u @ v
    handed = 1.0
    if np.linalg.det(rotation) < 0:
        handed = -1.0
        rotation[:, 2] *= -1
    return _quaternion(rotation), handed, (float(spacing[0]), float(spacing[1]), float(spacing[2]))


def _quaternion(rotation: Floats) -> tuple[float, float, float]:
    """Vector part of the unit quaternion with a scalar part of at least 0, by its eigenvector (Bar-Itzhack 2000)."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    table = np.array(
        [
            [xx - yy - zz, xy + yx, xz + zx, zy - yz],
            [xy + yx, yy - xx - zz, yz + zy, xz - zx],
            [xz + zx, yz + zy, zz - xx - yy, yx - xy],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    _, vectors = np.linalg.eigh(table)
    b, c, d, a = vectors[:, -1]
    sign = -1.0 if a < 0 else 1.0
    return (float(b * sign), float(c * sign), float(d * sign))
