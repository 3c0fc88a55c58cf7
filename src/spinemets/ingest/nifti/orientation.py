"""Which of the orientations a NIfTI file states is used, whether its sides can be trusted, and whether its axes are straight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.files import damage
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


def orient(header: Any, shape: tuple[int, int, int], to_mm: float = 1.0) -> Oriented:
    """Prefer the sform if its code is set, else the qform; both 0 = sides unknown (G-12).

    Parameters
    ----------
    header
        nibabel's NIfTI header.
    shape
        (i, j, k).
    to_mm
        What its lengths are multiplied with.
    """
    rule = rules()
    warnings: list[str] = []
    sform, qform = _sform(header, warnings), _qform(header, warnings)
    sides = True
    if sform is not None:
        used = sform
        if qform is not None:
            sides = _compare(sform, qform, to_mm, shape, rule, warnings)
    elif qform is not None:
        used = qform
    else:
        used, sides = np.asarray(header.get_base_affine(), float), False
        warnings.append(NOT_STATED)
    affine = RAS_TO_LPS @ np.diag([to_mm, to_mm, to_mm, 1.0]) @ used
    return _straight(affine, shape, rule, (tuple(warnings), sides))


def _sform(header: Any, warnings: list[str]) -> Floats | None:
    """Stated sform; None where its code is 0 or where it is not usable and a qform is there instead."""
    affine, code = header.get_sform(coded=True)
    if code <= 0:
        return None
    sform = np.asarray(affine, float)
    if _axes(sform) is None and int(header["qform_code"]) > 0:
        warnings.append("the sform of the file spans no space: the qform is used")
        return None
    return sform


def _qform(header: Any, warnings: list[str]) -> Floats | None:
    """Stated qform; None where its code is 0 or its numbers are no rotation."""
    if int(header["qform_code"]) <= 0:
        return None
    try:
        return np.asarray(header.get_qform(), float)
    except damage.of_nifti():
        warnings.append("the qform of the file is not used: its numbers are no rotation")
        return None


def _compare(
    sform: Floats, qform: Floats, to_mm: float, shape: tuple[int, int, int], rule: Rules, warnings: list[str]
) -> bool:
    """Say where the two differ; False if they differ about left and right."""
    last = np.array(shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])], float)
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max()) * to_mm
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
