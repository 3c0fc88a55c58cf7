"""Bounds that input must keep before anything is allocated for it (table `reading_limits`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import table

MB = 1024 * 1024
# Volume of a parallelepiped of unit edges below which its edges count as lying in one plane.
FLAT = 1e-3


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds by name; megabytes are 1024 * 1024 bytes."""

    max_files: int
    max_folder_depth: int
    max_file_mb: int
    max_header_mb: int
    max_nesting: int
    max_elements: int
    max_unpacked_mb: int
    max_unpack_ratio: int
    unpack_ratio_from_mb: int
    max_frames: int
    max_dimensions: int
    max_distance_mm: int
    min_spacing_nm: int
    max_archive_depth: int
    max_zip_directory_mb: int
    max_long_name_kb: int
    max_gzip_ratio: int
    max_volume_mb: int
    max_frame_mb: int
    max_pixel_ratio: int
    kept_headers_mb: int
    max_volumes_4d: int
    max_stated_kb: int


@cache
def load() -> Limits:
    """Limits of the table `reading_limits`."""
    return Limits(**{name: int(row["value"]) for name, row in table("reading_limits").items()})


def refuse_claim(frame_bytes: int, n_frames: int, stored_bytes: int, *, compressed: bool) -> str | None:
    """Say why the pixels a header claims cannot be true, None if they can.

    Parameters
    ----------
    frame_bytes, n_frames
        Claimed size of one image [bytes] and number of images.
    stored_bytes
        Bytes of pixel data really present in the file.
    compressed
        Whether the pixel data is encapsulated.
    """
    limits = load()
    claimed = frame_bytes * n_frames
    if frame_bytes <= 0 or n_frames <= 0:
        return "the header states no image size"
    if n_frames > limits.max_frames:
        return f"the header claims more images in one file than the limit of {limits.max_frames}"
    if not compressed and claimed > stored_bytes:
        return f"cut off: the header claims {claimed} bytes of pixels, the file holds {max(stored_bytes, 0)}"
    if frame_bytes > limits.max_frame_mb * MB or claimed > limits.max_volume_mb * MB:
        return f"the header claims {claimed // MB} MB of pixels, more than the limit of {limits.max_volume_mb} MB"
    if compressed and claimed > limits.max_pixel_ratio * max(stored_bytes, 1):
        return f"the header claims {claimed} bytes of pixels from {stored_bytes} compressed bytes"
    return None


def refuse_volumes(n: int) -> str | None:
    """Say why the images of one series are not taken apart into n volumes, None if they are."""
    limit = load().max_volumes_4d
    return f"{n} volumes in one series, more than the limit of {limit}" if n > limit else None


def refuse_place(affine_mm: NDArray[Any], shape: tuple[int, int, int]) -> str | None:
    """Say why a grid cannot be true, None if it can.

    Parameters
    ----------
    affine_mm
        4 x 4, voxel index to patient [mm].
    shape
        Number of voxels along each axis.
    """
    limits = load()
    steps = np.array(affine_mm, float)[:3, :3]
    if not np.isfinite(affine_mm).all():
        return "position or spacing is not a finite number"
    far = np.abs(affine_mm[:3, 3]) + np.abs(steps) @ np.array(shape, float)
    if far.max() > limits.max_distance_mm:
        return f"voxels lie more than {limits.max_distance_mm // 1000} m from the origin: position or spacing is absurd"
    spacing_mm = np.linalg.norm(steps, axis=0)
    if spacing_mm.min() * 1e6 < limits.min_spacing_nm:
        return f"voxels lie less than {limits.min_spacing_nm} nm apart: the spacing is absurd"
    if abs(np.linalg.det(steps / spacing_mm)) < FLAT:
        return "the axes of the voxels lie in one plane"
    return None


def refuse_unpacking(unpacked: int, packed: int) -> str | None:
    """Say why an archive member or compressed file is not unpacked, None if it may be."""
    limits = load()
    if unpacked > limits.max_unpacked_mb * MB:
        return f"unpacks to more than {limits.max_unpacked_mb} MB"
    if unpacked > limits.unpack_ratio_from_mb * MB and unpacked > limits.max_unpack_ratio * max(packed, 1):
        return f"unpacks to more than {limits.max_unpack_ratio} times its size"
    return None
