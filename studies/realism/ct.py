"""Noise and edges of CT: a chest CT with two kernels beside ours with the kernels that are meant to be like them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets import phantom
from spinemets.ingest.read import read
from spinemets.phantom.imaging.acquisition import default
from studies.realism.exams import SHARED
from studies.realism.numbers import edge_widths_mm, noise_spectrum, soft_patches

PIXEL_MM, SLICE_MM, FIELD_MM = 0.842, 5.0, 400.0
# Kernel -> (file of the real scan, ours, its noise in HU in the cylinder of water): as noisy as the real one in the body.
KERNELS = {"body": ("series-kernel-B", "BODY", 11.0), "sharp": ("series-kernel-L-10slices", "BONE", 47.0)}


@dataclass(frozen=True, kw_only=True)
class Look:
    """Noise and edges of one scan.

    Attributes
    ----------
    noise_hu, noise_per_mm
        Standard deviation in soft tissue, mean frequency of the noise.
    edge_mm
        Median 10-90 % width of edges from soft tissue to bone.
    """

    noise_hu: float
    noise_per_mm: float
    edge_mm: float
    n_patches: int
    n_edges: int


def looks(kernel: str) -> dict[str, Look]:
    """`real` (where the images are) and `simulated`."""
    file, ours, noise_hu = KERNELS[kernel]
    acquisition = replace(
        default("ct"),
        pixel_mm=PIXEL_MM,
        slice_mm=SLICE_MM,
        fov_mm=(FIELD_MM, FIELD_MM),
        noise=noise_hu,
        kernel=ours,
    )
    made = {"simulated": _look(np.asarray(phantom.build("normal", 1).render("ct", acquisition).array))}
    path = SHARED / "ct-thoracic-dx-a0001" / f"{file}.tar.xz"
    if path.is_file():
        made["real"] = _look(np.asarray(read([Path(path)]).series[0].load().array))
    return made


def _look(array: NDArray[np.generic]) -> Look:
    """Measured in axial slices (i, j, k)."""
    slices = np.ascontiguousarray(np.moveaxis(array, (0, 1, 2), (2, 1, 0)), np.float32)
    soft, edges = soft_patches(slices), edge_widths_mm(slices[::3], PIXEL_MM)
    sd, frequency = noise_spectrum(soft, PIXEL_MM)
    return Look(
        noise_hu=sd, noise_per_mm=frequency, edge_mm=float(np.median(edges)), n_patches=len(soft), n_edges=len(edges)
    )
