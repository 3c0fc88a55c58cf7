"""Series with grids and no pixels, for what is decided from headers alone."""

from __future__ import annotations

import numpy as np

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series


def no_pixels():
    raise AssertionError("the study view reads no pixels")


def stack(
    number: int,
    kind: str = "t1",
    *,
    uid: str | None = None,
    at: tuple[float, float, float] = (0.0, 0.0, 0.0),
    frame: str | None = "1.9",
    shape: tuple[int, int, int] | None = (32, 32, 10),
    spacing: tuple[float, float, float] = (2.0, 2.0, 4.0),
    turned_deg: float = 0.0,
    **facts,
) -> Series:
    """An axial MR stack (T1 times unless stated), its first voxel at `at`, tipped about the left-right axis."""
    angle = np.radians(turned_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array(spacing)
    affine[:3, 3] = at
    stated = {"modality": "MR", "tr_s": 0.5, "te_s": 0.01, **facts}
    return Series(
        uid=uid or f"1.2.{number}", number=number, label=f"series {number}", load=no_pixels,
        acquisition=Acquisition(**stated), recognition=Recognition(kind=kind, confidence=1.0),
        grid=None if shape is None else Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame),
    )  # fmt: skip
