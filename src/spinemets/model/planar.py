"""`Planar`: pictures without a place in the patient's space: radiographs and planar scintigrams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class PlanarView:
    """One picture.

    Attributes
    ----------
    name
        `anterior`, `posterior`, `lateral`, `AP`, ... as the header says; "not stated" where it does not.
    columns_towards, rows_towards
        Patient directions in which columns and rows increase (PatientOrientation: "L", "F", ...), None if not stated.
    facts
        Further words of the header: energy window, detector, start angle.
    """

    name: str
    columns_towards: str | None = None
    rows_towards: str | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Planar:
    """Views of one series and their pixels.

    Attributes
    ----------
    views
        In the order of the pictures.
    spacing_mm
        Distance between rows and between columns, None where no calibration is stated.
    spacing_plane
        Where that distance holds: "patient" (corrected for magnification), "detector" (not corrected), None = unknown.
    load
        Decoded values (n_views, rows, columns), NaN where the file says that nothing was measured. They are neither
        windowed nor turned round.
    inverted
        Whether low values are meant to be shown bright (MONOCHROME1).
    unit
        What the values are: `{counts}`, or "1" where the scale is arbitrary.
    """

    views: tuple[PlanarView, ...]
    load: Callable[[], NDArray[Any]]
    spacing_mm: tuple[float, float] | None = None
    spacing_plane: str | None = None
    unit: str = "1"
    inverted: bool = False
