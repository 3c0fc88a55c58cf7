"""The volumes of a set as one array: same grid, one value a voxel and volume, small motion undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.resampling import region_on_grid
from spinemets.knowledge.lookup import table
from spinemets.maps import noise
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, NotMapped, ParametricMap
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesMotion, SeriesSet
from spinemets.series.motion.measure import of_pair
from spinemets.series.motion.mutual_information import rotation
from spinemets.series.motion.pairs import Pair

Numbers = NDArray[np.float32]
Maker = Callable[[Study, SeriesSet, How], MapResult]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """Volumes side by side.

    Attributes
    ----------
    values
        float32 (i, j, k, volume), or int16 as stored where that was asked for; each volume lies in one piece.
    grid
        Of the first volume.
    measured
        (i, j, k), laid as the values: False where a file says that it holds no measurement.
    notes
        On motion.
    """

    values: NDArray[Any]
    grid: Grid
    measured: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def each_set(study: Study, kind: str, makers: Mapping[str, Maker], how: How) -> list[MapResult | NotMapped]:
    """What each set of the study becomes whose kind has a maker; where nothing can be made of it, why."""
    found: list[MapResult | NotMapped] = []
    for group in study.sets:
        if group.kind not in makers:
            continue
        found.append(attempt(kind, group.name, partial(makers[group.kind], study, group, how)))
    return found


def attempt(kind: str, source: str, make: Callable[[], MapResult]) -> MapResult | NotMapped:
    """A map, or why it cannot be made of this source: what a fit finds wrong with data is no fault of the call."""
    try:
        return make()
    except (CannotMap, UsageError) as error:
        return NotMapped(kind=kind, source=source, reason=error.what, remedy=error.remedy)


def stacked(members: Sequence[Series], *, motion: bool, reference: int = 0, stored: bool = False) -> Stack:
    """Read volumes.

    Parameters
    ----------
    members
        In the order wanted, on one lattice.
    motion
        Whether each is held against the reference and brought back where it moved by up to 5 mm.
    reference
        Number of the volume that stays.
    stored
        Whether volumes of 16-bit integers stay such, for fits that take them: half the memory to fill. All become float32 where
        one of them is not.

    Raises
    ------
    CannotMap
        If a volume has no trusted grid, lies elsewhere, or moved too far.
    """
    first = members[reference]
    if not all(one.measurable for one in members) or first.grid is None:
        bad = next(one for one in members if not one.measurable)
        raise CannotMap(f"{bad.label} has no trusted geometry.", "; ".join(bad.geometry.notes))
    values: NDArray[Any] | None = None
    measured = np.ones(first.grid.shape_ijk[::-1], bool).T
    notes: list[str] = []
    for n, one in enumerate(members):
        volume = one.pixels()
        if volume.array.shape != first.grid.shape_ijk:
            raise CannotMap(
                f"{one.label} holds more than one value a voxel.", "Give its volumes as series of their own."
            )
        moved = motion_of(first, one) if motion and n != reference else None
        array = volume.array
        if moved is not None and moved.verdict == "moved":
            array = _brought_back(array, one, moved)
        values = _with_room(values, array, len(members), stored=stored)
        values[n] = array
        if volume.padding is not None:
            measured &= ~volume.padding
        notes += _said(one, moved)
        let_go(one)
    assert values is not None
    return Stack(values=np.moveaxis(values, 0, -1), grid=first.grid, measured=measured, notes=tuple(notes))


def let_go(one: Series) -> None:
    """Let the reader forget the pixels of a series that were taken over."""
    release = getattr(one.load, "release", None)
    if release is not None:
        release()


def _with_room(values: NDArray[Any] | None, array: NDArray[Any], number: int, *, stored: bool) -> NDArray[Any]:
    """Room (volume, i, j, k) of a type that holds this volume too.

    Volumes read from images lie with i running fastest: so does the stack, and nothing is turned over.
    """
    kind = np.dtype(np.int16) if stored and array.dtype == np.int16 else np.dtype(np.float32)
    if values is None:
        return np.empty((number, *array.shape[::-1]), kind).transpose(0, 3, 2, 1)
    return values.astype(np.float32) if kind == np.float32 != values.dtype else values


def motion_of(reference: Series, one: Series) -> SeriesMotion:
    """How far a volume moved.

    Raises
    ------
    CannotMap
        If too far.
    """
    found = of_pair(Pair(reference=reference, moving=one))
    if found.verdict == "refused":
        raise CannotMap(f"The patient moved between volumes: {found.sentence}.", "Nothing can be fitted across them.")
    return found


def _said(one: Series, moved: SeriesMotion | None) -> list[str]:
    if moved is None or moved.verdict == "agrees":
        return []
    if moved.verdict == "moved":
        return [f"{one.label} was moved back: {moved.sentence}"]
    return [f"motion of {one.label} is not known: {moved.sentence}"]


def _brought_back(array: NDArray[np.generic], one: Series, motion: SeriesMotion) -> Numbers:
    """A volume resampled to where the reference shows the same tissue, straight between voxels."""
    from scipy import ndimage  # lazy: heavy import

    assert motion.shift_mm is not None and motion.rotation_deg is not None and motion.centre_lps_mm is not None
    assert one.grid is not None
    turn, _ = rotation(np.radians(motion.rotation_deg))
    centre = np.array(motion.centre_lps_mm)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, centre - turn @ centre + motion.shift_mm
    index = one.grid.inverse @ matrix @ one.grid.affine_lps_mm
    moved = ndimage.affine_transform(
        np.asarray(array, np.float32), index[:3, :3], index[:3, 3], order=1, mode="constant", cval=np.nan
    )
    return np.asarray(moved, np.float32)


def above_noise(image: NDArray[Any], stack: Stack, signal: NDArray[Any] | None = None) -> tuple[NDArray[np.bool_], str]:
    """Voxels where a signal (None = the image) stands above the noise of an image of magnitudes, and a sentence on that noise."""
    signal = image if signal is None else signal
    found = noise.of_background(image)
    if found.sigma is None:
        return stack.measured & (signal > 0.0), f"no noise floor was applied: {found.reason}"
    least = float(table("diffusion")["floor_sd"]["value"]) * found.sigma
    return stack.measured & (signal > least), f"noise {found.sigma:.4g} from the background ({found.n_voxels} voxels)"


def looked_at(how: How, grid: Grid) -> NDArray[np.bool_]:
    """Voxels where a slow fit is to look, shape (i, j, k)."""
    if not how.within:
        return np.ones(grid.shape_ijk, bool)
    margin = float(table("assessed_maps")["margin_mm"]["value"]) / np.asarray(grid.spacing_mm)
    near = np.zeros(grid.shape_ijk, bool)
    for region in how.within:
        corners = region.grid.crop(region.start_ijk, region.mask.shape).corners_lps_mm
        index = grid.to_ijk(corners)
        low = np.maximum(np.floor(index.min(axis=0) - margin), 0).astype(int)
        high = np.maximum(np.ceil(index.max(axis=0) + margin) + 1, 0).astype(int)
        near[tuple(slice(a, z) for a, z in zip(low, high, strict=True))] = True
    return near


def close_to(how: How, grid: Grid) -> NDArray[np.bool_]:
    """Voxels within a few millimetres of the regions where a fit is to look, shape (i, j, k)."""
    if not how.within:
        return np.ones(grid.shape_ijk, bool)
    import edt  # lazy: heavy import

    inside = np.zeros(grid.shape_ijk, bool)
    for region in how.within:
        there = region_on_grid(region, grid)
        inside[there.slices] |= there.mask
    away = edt.edt(np.ascontiguousarray(~inside), anisotropy=grid.spacing_mm, parallel=1)
    near: NDArray[np.bool_] = away <= float(table("assessed_maps")["close_mm"]["value"])
    return near & inside.any()


def named(title: str, name: str, unit: str, array: NDArray[np.generic]) -> ParametricMap:
    """A map."""
    return ParametricMap(name=name, title=title, unit=unit, array=array)


def counted(**reasons: NDArray[np.bool_]) -> dict[str, int]:
    """Number of voxels of each reason that there is."""
    found = {name.replace("_", " "): int(np.count_nonzero(where)) for name, where in reasons.items()}
    return {name: number for name, number in found.items() if number}
