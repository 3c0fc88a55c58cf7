"""Which of the orientations a NIfTI file states is used, whether its sides can be trusted, and whether its axes are straight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.geometry import Arrangement, Placement, Rules, arrange, extent, rules

Floats = NDArray[np.float64]
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
NOT_STATED = "orientation not stated (sform and qform codes are 0): left and right are unknown"


@dataclass(frozen=True, kw_only=True, eq=False)
class Oriented:
    """Affine to LPS mm and shape of the volume, verdict of G-01, and what to say."""

    affine_lps_mm: Floats | None
    shape: tuple[int, int, int]
    verdict: str = "ok"
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sides_known: bool = True
    arrangement: Arrangement | None = None


def orient(header: Any, shape: tuple[int, int, int]) -> Oriented:
    """Prefer the sform if its code is set, else the qform; both 0 = sides unknown (G-12)."""
    rule = rules()
    sform, sform_code = header.get_sform(coded=True)
    qform, qform_code = header.get_qform(coded=True)
    warnings: list[str] = []
    sides = True
    if sform_code > 0:
        used = sform
        if qform_code > 0:
            sides = _compare(sform, qform, shape, rule, warnings)
    elif qform_code > 0:
        used = qform
    else:
        used, sides = header.get_best_affine(), False
        warnings.append(NOT_STATED)
    return _straight(RAS_TO_LPS @ np.asarray(used, float), shape, rule, (tuple(warnings), sides))


def _compare(sform: Floats, qform: Floats, shape: tuple[int, int, int], rule: Rules, warnings: list[str]) -> bool:
    """Say where the two differ; False if they differ about left and right."""
    last = np.array(shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])], float)
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
    axes = [_axes(a) for a in (sform, qform)]
    if axes[0] is None or axes[1] is None:
        return axes[0] is not None
    cosine = np.clip((axes[0] * axes[1]).sum(axis=0), -1, 1)
    angle = float(np.degrees(np.arccos(cosine)).max())
    if apart > rule.conflict_mm or angle > rule.conflict_deg:
        warnings.append(
            f"the file states two orientations that differ by up to {apart:.1f} mm and {angle:.1f} degrees;"
            " the sform is used, the qform is not"
        )
    same = bool((np.sign(axes[0][0]) == np.sign(axes[1][0]))[np.argmax(np.abs(axes[0][0]))]) and angle < 45
    if not same:
        warnings.append("the two orientations disagree about the sides: left and right are unknown")
    return same


def _axes(affine: Floats) -> Floats | None:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or (lengths < 1e-6).any():
        return None
    return np.asarray(affine[:3, :3] / lengths)


def _straight(affine: Floats, shape: tuple[int, int, int], rule: Rules, said: tuple[tuple[str, ...], bool]) -> Oriented:
    """Right angles are kept, almost right ones made right and said, a tilt is resampled, anything else refused."""
    warnings, sides = said
    axes = _axes(affine)
    if axes is None or abs(np.linalg.det(axes)) < 1e-3:
        notes = ("the stated affine does not span space",)
        return Oriented(
            affine_lps_mm=None, shape=shape, verdict="refused", notes=notes, warnings=warnings, sides_known=sides
        )
    cosines = np.abs(axes.T @ axes - np.eye(3))
    worst = float(cosines.max())
    if worst <= rule.orthogonal:
        bent = () if worst <= rule.exact_axes else (f"axes up to {worst:.1g} off right angles were made straight",)
        clean = _orthonormal(affine, axes, shape)
        return Oriented(affine_lps_mm=clean, shape=shape, notes=bent, warnings=warnings, sides_known=sides)
    if cosines[0, 1] > rule.orthogonal:
        notes = (f"sheared image: axes up to {worst:.2g} off right angles",)
        return Oriented(
            affine_lps_mm=None, shape=shape, verdict="refused", notes=notes, warnings=warnings, sides_known=sides
        )
    return _tilted(affine, axes, shape, rule, said)


def _tilted(
    affine: Floats, axes: Floats, shape: tuple[int, int, int], rule: Rules, said: tuple[tuple[str, ...], bool]
) -> Oriented:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    place = Placement(
        positions_mm=affine[:3, 3] + np.arange(shape[2])[:, None] * affine[:3, 2], row=axes[:, 0], column=axes[:, 1],
        spacing_mm=(float(lengths[0]), float(lengths[1])), thickness_mm=float(lengths[2]),
    )  # fmt: skip
    arrangement = arrange(place, rule)
    warnings, sides = said
    if arrangement.affine_lps_mm is None:
        return Oriented(
            affine_lps_mm=None, shape=shape, verdict="refused", notes=arrangement.check.notes, warnings=warnings,
            sides_known=sides,
        )  # fmt: skip
    wide, moved = extent(arrangement, shape[1], shape[0])
    return Oriented(
        affine_lps_mm=moved, shape=wide, verdict=arrangement.check.verdict, notes=arrangement.check.notes,
        warnings=warnings, sides_known=sides, arrangement=arrangement,
    )  # fmt: skip


def _orthonormal(affine: Floats, axes: Floats, shape: tuple[int, int, int]) -> Floats:
    """Nearest affine with right angles: spacing and the centre of the volume stay where they are."""
    u, _, vt = np.linalg.svd(axes)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    clean = np.eye(4)
    clean[:3, :3] = (u @ vt) * lengths
    centre = (np.array(shape) - 1) / 2
    clean[:3, 3] = affine[:3, :3] @ centre + affine[:3, 3] - clean[:3, :3] @ centre
    return clean
