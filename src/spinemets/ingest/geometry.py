"""G-01: from the positions images state to a straight, evenly spaced stack, or a refusal that says why.

Axes of the result: array[i, j, k] with i along a row (DICOM column index), j along a column (DICOM row index), k along
the slice normal row x column, so that pixel [r, c] of image k is array[c, r, k]. Affines map to LPS mm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import entry
from spinemets.model.series import GeometryCheck

Floats = NDArray[np.float64]
PLANES = 3


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Parameters of catalogue entry G-01."""

    missing_ratio: float
    shear_mm: float
    uniform_share: float
    uniform_mm: float
    resample_share: float
    same_place_mm: float
    same_direction: float
    orthogonal: float
    exact_axes: float
    filled_ratio: float
    farthest_mm: float
    largest_voxel_mm: float
    widest_shift_px: float
    conflict_mm: float
    conflict_deg: float


def rules() -> Rules:
    """Rules as the catalogue states them."""
    return Rules(**entry("G-01").values())


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """Where the images of a stack lie.

    Attributes
    ----------
    positions_mm
        (n, 3) LPS centre of the first pixel of each image.
    row, column
        Directions of a row (towards higher columns) and of a column, LPS unit vectors.
    spacing_mm
        Distance between columns (along `row`) and between rows (along `column`).
    thickness_mm
        Slice thickness, used for a single image only.
    """

    positions_mm: Floats
    row: Floats
    column: Floats
    spacing_mm: tuple[float, float]
    thickness_mm: float | None = None

    @property
    def normal(self) -> Floats:
        """Direction of the stack."""
        (a, b, c), (x, y, z) = self.row, self.column
        return np.array((b * z - c * y, c * x - a * z, a * y - b * x))


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrangement:
    """How images become a volume.

    Attributes
    ----------
    check
        Verdict.
    order
        Image index of each place of the sorted stack.
    affine_lps_mm
        None where refused.
    lower, upper, weight
        For each slice of the volume: positions in the sorted stack between which it lies (-1 = missing) and the share of
        the upper one.
    shifts_px
        (n, 2) sideways offset of each sorted image in pixels along row and column, where the stack is tilted.
    """

    check: GeometryCheck
    order: NDArray[np.intp]
    affine_lps_mm: Floats | None = None
    lower: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    upper: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    weight: Floats = field(default_factory=lambda: np.zeros(0))
    shifts_px: Floats | None = None

    @property
    def plain(self) -> bool:
        """Whether the sorted images are the volume, with nothing filled or resampled."""
        n = len(self.order)
        return (
            self.shifts_px is None and len(self.lower) == n and not self.weight.any() and bool((self.lower >= 0).all())
        )


def refuse(reason: str, n: int, notes: tuple[str, ...] = ()) -> Arrangement:
    """An arrangement that forms no volume."""
    return Arrangement(check=GeometryCheck(verdict="refused", notes=(reason, *notes)), order=np.arange(n))


def arrange(place: Placement, rule: Rules) -> Arrangement:
    """Sort the images along their normal and apply G-01."""
    n = len(place.positions_mm)
    if abs(float(place.row @ place.column)) > rule.orthogonal:
        return refuse("the stated row and column directions are not at right angles", n)
    if min(place.spacing_mm) <= 0:
        return refuse("the stated pixel spacing is not positive", n)
    if max(*place.spacing_mm, (place.thickness_mm or 0) if n == 1 else 0) > rule.largest_voxel_mm:
        return refuse(f"voxels larger than {rule.largest_voxel_mm:g} mm are no image of a patient", n)
    along = place.positions_mm @ place.normal
    order = np.argsort(along, kind="stable")
    if n == 1:
        return _single(place, order)
    return _stack(place, order, along[order], rule)


def _single(place: Placement, order: NDArray[np.intp]) -> Arrangement:
    if not place.thickness_mm or place.thickness_mm <= 0:
        return refuse("a single image without a slice thickness has no volume", 1)
    note = "single image: its depth is the stated slice thickness"
    return Arrangement(
        check=GeometryCheck(notes=(note,)), order=order, affine_lps_mm=_affine(place, 0, place.normal * place.thickness_mm),
        lower=np.zeros(1, np.intp), upper=np.zeros(1, np.intp), weight=np.zeros(1),
    )  # fmt: skip


def _median(values: Floats) -> float:
    """Median of one row of numbers: that of numpy brings its module of masked arrays along, 20 ms at every start."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _stack(place: Placement, order: NDArray[np.intp], along: Floats, rule: Rules) -> Arrangement:
    n = len(order)
    gaps = np.diff(along)
    median = _median(gaps)
    if median <= rule.same_place_mm:
        return refuse("several images lie at the same place", n)
    steps = np.where(gaps >= rule.missing_ratio * median, np.maximum(np.rint(gaps / median), 2), 1).astype(int)
    uneven = np.abs(gaps - median)[steps == 1]
    if (uneven > max(rule.resample_share * median, rule.uniform_mm)).any():
        lowest, highest = float(gaps.min()), float(gaps.max())
        return refuse(f"uneven spacing between images: {lowest:.3g} to {highest:.3g} mm, median {median:.3g} mm", n)
    slots = np.concatenate([[0], np.cumsum(steps)])
    if slots[-1] + 1 > rule.filled_ratio * n:
        return refuse(f"{n} images spread over {slots[-1] + 1} places {median:.3g} mm apart are no one volume", n)
    return _placed(place, order, along, slots, rule)


def _placed(
    place: Placement, order: NDArray[np.intp], along: Floats, slots: NDArray[np.intp], rule: Rules
) -> Arrangement:
    gaps, steps = np.diff(along), np.diff(slots)
    median = _median(gaps)
    step = float((along[-1] - along[0]) / slots[-1])
    tolerance = max(rule.uniform_share * median, rule.uniform_mm) + 1e-6
    grid = along[0] + step * np.arange(slots[-1] + 1)
    uneven = bool((np.abs(gaps - median)[steps == 1] > tolerance).any())
    uneven |= bool((np.abs(along - grid[slots]) > 2 * tolerance).any())
    shifts, tilt_note = _tilt(place, order, along, rule)
    if shifts is not None and np.ptp(shifts, axis=0).max() > rule.widest_shift_px:
        return refuse(f"images lie up to {np.ptp(shifts, axis=0).max():.0f} pixels beside each other", len(order))
    positions = place.positions_mm[order]
    step_vector = place.normal * step if shifts is not None else (positions[-1] - positions[0]) / slots[-1]
    lower, upper, weight = _between(along, grid, slots, rule) if uneven else _exact(slots)
    missing = tuple(float(grid[k]) for k in np.flatnonzero(lower < 0))
    notes = [tilt_note] if tilt_note else []
    if missing:
        shown = ", ".join(f"{p:.1f}" for p in missing[:8]) + (", ..." if len(missing) > 8 else "")
        notes.append(f"missing images at {shown} mm along the stack: nothing is measured across the gap")
    if uneven:
        notes.append(
            f"uneven spacing ({gaps.min():.3g} to {gaps[steps == 1].max():.3g} mm) resampled to {step:.4g} mm steps"
        )
    verdict = "resampled" if uneven or shifts is not None else "ok"
    return Arrangement(
        check=GeometryCheck(verdict=verdict, notes=tuple(notes), missing_positions_mm=missing), order=order,
        affine_lps_mm=_affine(place, int(order[0]), step_vector), lower=lower, upper=upper, weight=weight,
        shifts_px=shifts,
    )  # fmt: skip


def _exact(slots: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    lower = np.full(slots[-1] + 1, -1, np.intp)
    lower[slots] = np.arange(len(slots))
    return lower, lower.copy(), np.zeros(len(lower))


def _between(
    along: Floats, grid: Floats, slots: NDArray[np.intp], rule: Rules
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Neighbours of each place of the even grid; -1 inside a gap where images are missing."""
    lower = np.clip(np.searchsorted(along, grid, side="right") - 1, 0, len(along) - 2)
    weight = np.clip((grid - along[lower]) / np.diff(along)[lower], 0.0, 1.0)
    in_gap = (np.diff(slots)[lower] > 1) & (weight > 0) & (weight < 1)
    # next to a gap nothing is mixed with what lies across it: the image itself if it is near enough, else nothing
    nearest = np.argmin(np.abs(along[None, :] - grid[:, None]), axis=1)
    near = np.abs(along[nearest] - grid) <= rule.resample_share * _median(np.diff(along))
    lower = np.where(in_gap, np.where(near, nearest, -1), lower)
    weight = np.where(in_gap, 0.0, weight)
    upper = np.where(weight > 0, np.minimum(lower + 1, len(along) - 1), lower)
    return lower.astype(np.intp), upper.astype(np.intp), weight


def _tilt(place: Placement, order: NDArray[np.intp], along: Floats, rule: Rules) -> tuple[Floats | None, str]:
    """Sideways offset of each image in pixels, None if the stack is straight."""
    offsets = place.positions_mm[order] - place.positions_mm[order[0]]
    sideways = np.stack([offsets @ place.row, offsets @ place.column], axis=1)
    gaps = np.diff(along)
    per_image = np.linalg.norm(np.diff(sideways, axis=0), axis=1) / np.maximum(1, np.rint(gaps / _median(gaps)))
    if per_image.max() <= rule.shear_mm:
        return None, ""
    drift = float(np.linalg.norm(sideways[-1]))
    angle = float(np.degrees(np.arctan2(drift, along[-1] - along[0])))
    even = np.outer(along - along[0], sideways[-1]) / (along[-1] - along[0])
    how = f"tilted stack ({angle:.1f} degrees" if np.abs(sideways - even).max() < 1 else "images displaced sideways ("
    how += ", " if how.endswith("degrees") else ""
    note = f"{how}up to {per_image.max():.2g} mm per image): resampled to a straight one"
    return sideways / np.asarray(place.spacing_mm), note


def _affine(place: Placement, first: int, step_mm: Floats) -> Floats:
    affine = np.eye(4)
    affine[:3, 0] = place.row * place.spacing_mm[0]
    affine[:3, 1] = place.column * place.spacing_mm[1]
    affine[:3, 2] = step_mm
    affine[:3, 3] = place.positions_mm[first]
    return affine


def extent(arrangement: Arrangement, rows: int, columns: int) -> tuple[tuple[int, int, int], Floats]:
    """Shape (i, j, k) and affine of the volume; a tilted stack needs a wider field of view.

    Raises
    ------
    ValueError
        If the arrangement is refused.
    """
    if arrangement.affine_lps_mm is None:
        raise ValueError("a refused arrangement has no extent")
    affine = np.array(arrangement.affine_lps_mm)
    low, high = _margins(arrangement)
    affine[:3, 3] += affine[:3, 0] * low[0] + affine[:3, 1] * low[1]
    shape = (columns + high[0] - low[0], rows + high[1] - low[1], len(arrangement.lower))
    return shape, affine


def _margins(arrangement: Arrangement) -> tuple[tuple[int, int], tuple[int, int]]:
    if arrangement.shifts_px is None:
        return (0, 0), (0, 0)
    low = np.floor(arrangement.shifts_px.min(axis=0) + 1e-6).astype(int)
    high = np.ceil(arrangement.shifts_px.max(axis=0) - 1e-6).astype(int)
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))


def straighten(
    stack: NDArray[Any], padding: NDArray[np.bool_] | None, arrangement: Arrangement
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Bring a sorted stack (k, rows, columns[, samples]) onto the even, straight grid: linear interpolation, integers rounded.

    Returns the volume (k, rows, columns) and the mask of voxels that no image covers.
    """
    if arrangement.plain:
        return stack, padding
    if stack.ndim > PLANES:
        planes = [straighten(stack[..., sample], padding, arrangement) for sample in range(stack.shape[-1])]
        return np.stack([plane for plane, _ in planes], axis=-1), planes[0][1]
    empty = np.zeros(stack.shape, bool) if padding is None else padding
    if arrangement.shifts_px is not None:
        stack, empty = _unshear(stack, empty, arrangement)
    lower, upper, weight = arrangement.lower, arrangement.upper, arrangement.weight
    out = np.empty((len(lower), *stack.shape[1:]), stack.dtype)
    mask = np.ones(out.shape, bool)
    fill = stack.min() if stack.size else 0
    for k, (a, b, w) in enumerate(zip(lower, upper, weight, strict=True)):
        if a < 0:
            out[k] = fill
            continue
        out[k] = stack[a] if w == 0 else _as(stack[a] * (1 - w) + stack[b] * w, stack.dtype)
        mask[k] = empty[a] | empty[b] if w else empty[a]
    return out, mask if mask.any() else None


def _unshear(
    stack: NDArray[Any], empty: NDArray[np.bool_], arrangement: Arrangement
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    low, high = _margins(arrangement)
    n, rows, columns = stack.shape
    shape = (n, rows + high[1] - low[1], columns + high[0] - low[0])
    out = np.full(shape, stack.min() if stack.size else 0, stack.dtype)
    mask = np.ones(shape, bool)
    shifts = np.zeros((n, 2)) if arrangement.shifts_px is None else arrangement.shifts_px
    for k in range(n):
        shifted, covered = _shift(stack[k], empty[k], (shifts[k] - low, shape[1:]))
        out[k][covered] = _as(shifted[covered], stack.dtype)
        mask[k] = ~covered
    return out, mask


def _shift(
    image: NDArray[Any], empty: NDArray[np.bool_], target: tuple[Floats, tuple[int, ...]]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Place one image at a fractional (column, row) offset in a larger one, bilinear."""
    (x, y), shape = target
    total, share = np.zeros(shape), np.zeros(shape)
    rows, columns = image.shape
    for dy, wy in _taps(float(y)):
        for dx, wx in _taps(float(x)):
            part = np.s_[dy : dy + rows, dx : dx + columns]
            total[part] += image * (wy * wx)
            share[part] += ~empty * (wy * wx)
    return total, share > 1 - 1e-6


def _taps(offset: float) -> tuple[tuple[int, float], ...]:
    whole = int(np.floor(offset + 1e-6))
    rest = offset - whole
    return ((whole, 1.0),) if rest < 1e-6 else ((whole, 1 - rest), (whole + 1, rest))


def _as(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if np.issubdtype(dtype, np.integer):
        values = np.rint(values)
    return values.astype(dtype)
