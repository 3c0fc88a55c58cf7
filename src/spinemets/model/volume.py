"""`Volume`: a read-only scaled array with its grid and unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class Volume:
    """Image values in physical units.

    Attributes
    ----------
    array
        Axes (i, j, k) or (i, j, k, t); scaled once, then read-only. Integer arrays stay integer where scaling allows.
    grid
        Position of the voxels.
    quantity
        What the values are: `attenuation`, `mr_signal`, `activity`, ...
    unit
        UCUM unit, "1" for unitless MR signal, "[hnsf'U]" for Hounsfield units.
    padding
        True where the file says that no measurement exists; None if nowhere.
    series_uid
        Series the values came from.
    warnings
        What was noticed only when the pixels were decoded (an image that cannot be decoded is padding, and named here).
    """

    array: NDArray[Any]
    grid: Grid
    quantity: str
    unit: str
    padding: NDArray[np.bool_] | None = None
    series_uid: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.array.shape[:3] != self.grid.shape_ijk:
            raise ValueError(f"array shape {self.array.shape} does not fit grid shape {self.grid.shape_ijk}")
        self.array.setflags(write=False)
        if self.padding is not None:
            self.padding.setflags(write=False)
