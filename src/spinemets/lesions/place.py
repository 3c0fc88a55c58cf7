"""Where in the vertebra a candidate lies: next to which endplate, in which third, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.lesions.ground import Ground
from spinemets.model.spine import Endplates, Frame

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Position of a candidate in its body.

    Attributes
    ----------
    endplate
        `upper` or `lower` if it is an endplate change, else None.
    beside
        Endplates it touches with the greater part of it in the half of the height next to them: an endplate change if a like
        one faces it across the disc.
    endplate_share
        Share of it in the zone next to the nearer endplate.
    touches
        Endplates it reaches.
    words
        Place in words, empty without a frame.
    """

    endplate: str | None = None
    beside: tuple[str, ...] = ()
    endplate_share: float = 0.0
    touches: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Numbers of G-11 for endplate changes."""

    inner_depth_mm: float
    endplate_zone: float
    endplate_share: float
    endplate_extent: float
    beside_share: float


def place(points_lps_mm: Array, ground: Ground, sides: tuple[str, str], zones: Zones) -> Place:
    """Place of a candidate from its voxel centres.

    An endplate change touches one endplate (its nearest voxel is the first one searched under it), lies for at least half
    in the third of the height next to it, and covers at most half of the height (MIM-02, MIM-03).
    """
    frame = ground.vertebra.frame
    if frame is None:
        return Place()
    local = frame.to_local_mm(points_lps_mm)
    body = frame.to_local_mm(ground.points_lps_mm(ground.parts["body"]))
    below, above = _endplate_heights(local, body, ground.vertebra.endplates)
    height = np.maximum(above - below, 1e-6)
    step = _step_along(ground, frame)
    reach = zones.inner_depth_mm + step
    span = float(np.diff(np.percentile(local[:, 2], [5, 95]))[0])
    touches: list[str] = []
    beside: list[str] = []
    endplate, share = None, 0.0
    for name, distance in (("upper", above - local[:, 2]), ("lower", local[:, 2] - below)):
        if float(np.min(distance)) > reach:
            continue
        touches.append(name)
        if float(np.mean(distance <= 0.5 * height)) >= zones.beside_share:
            beside.append(name)
        near = float(np.mean(distance <= zones.endplate_zone * height))
        if near >= zones.endplate_share and near > share and span <= zones.endplate_extent * float(np.median(height)):
            endplate, share = name, near
    return Place(
        endplate=endplate,
        beside=tuple(beside),
        endplate_share=share,
        touches=tuple(touches),
        words=_words(local, body, touches, sides),
    )


def _endplate_heights(local: Array, body: Array, endplates: Endplates | None) -> tuple[Array, Array]:
    """Local height of the lower and upper endplate above each point; the body's extent where they were not fitted."""
    low, high = np.percentile(body[:, 2], [1, 99])
    below, above = np.full(len(local), low), np.full(len(local), high)
    if endplates is None:
        return below, above
    i = np.abs(endplates.left_mm[None, :] - local[:, :1]).argmin(axis=1)
    j = np.abs(endplates.anterior_mm[None, :] - local[:, 1:2]).argmin(axis=1)
    upper, lower = endplates.superior_mm[i, j], endplates.inferior_mm[i, j]
    return np.where(np.isfinite(lower), lower, below), np.where(np.isfinite(upper), upper, above)


def _step_along(ground: Ground, frame: Frame) -> float:
    """Voxel distance along the vertebra's long axis."""
    return float(np.linalg.norm((ground.grid.axes.T @ frame.superior) * np.asarray(ground.grid.spacing_mm)))


def _words(local: Array, body: Array, touches: list[str], sides: tuple[str, str]) -> str:
    """For example "under the upper endplate, posterior third, left half"."""
    middle = np.median(local, axis=0)
    low, high = np.percentile(body, [1, 99], axis=0)
    share = (middle - low) / np.maximum(high - low, 1e-6)
    if len(touches) == 2:
        vertical = "from endplate to endplate"
    elif touches:
        vertical = f"{'under' if touches[0] == 'upper' else 'above'} the {touches[0]} endplate"
    else:
        vertical = (
            "in the lower third" if share[2] < 1 / 3 else "in the upper third" if share[2] > 2 / 3 else "at mid-height"
        )
    depth = "posterior" if share[1] < 1 / 3 else "anterior" if share[1] > 2 / 3 else "middle"
    words = f"{vertical}, {depth} third of the depth"
    left, right = (side.replace("_", " ") for side in sides)
    if share[0] > 2 / 3:
        return f"{words}, toward {left}"
    return f"{words}, toward {right}" if share[0] < 1 / 3 else words
