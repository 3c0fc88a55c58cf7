"""What the user may state about maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import SpinemetsError
from spinemets.model.grid import Grid
from spinemets.model.region import Region


class CannotMap(SpinemetsError):
    """Series that a map cannot be made of: becomes a `NotMapped`, never leaves the room."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Vessel:
    """Voxels of an artery, and their grid."""

    mask: NDArray[np.bool_]
    grid: Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class FlipScale:
    """True over nominal flip angle (B1), (i, j, k), nan where not known, and its grid."""

    values: NDArray[np.float32]
    grid: Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class How:
    """Choices.

    Attributes
    ----------
    motion
        Whether the patient's motion between the volumes of a map is measured, and small motion undone.
    model, delay
        Of `tofts.fit`; `model` None = extended Tofts where the sampling allows, else Tofts.
    aif
        `parker`, `georgiou`, or `vessel` with the voxels given.
    vessel
        Where the input is measured.
    hematocrit
        Share of cells in blood, None = the input's published one (0.42 for a measured one).
    t10_s
        T1 before the agent [s] where no flip-angle series tells it.
    relaxivity
        Of the agent [1/(mM s)], None = by field strength.
    baseline
        Number of volumes before the agent, None = from the header, else from the curves.
    t1_method
        Of `t1.fit_vfa`.
    b1
        True over nominal flip angle; None = flip angles are taken as stated.
    spectrum
        Of fat, None = Hamilton 2011.
    within
        Where slow fits look: boxes around these regions, with a margin; empty = everywhere.
    """

    motion: bool = True
    model: str | None = None
    delay: str = "fit"
    aif: str = "parker"
    vessel: Vessel | None = None
    hematocrit: float | None = None
    t10_s: float | None = None
    relaxivity: float | None = None
    baseline: int | None = None
    t1_method: str = "nonlinear"
    b1: FlipScale | None = None
    spectrum: str | None = None
    within: tuple[Region, ...] = ()
