"""G-10: how far the patient moved between series that claim to lie in one space. Measured when asked: it decodes pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from spinemets.knowledge import catalogue
from spinemets.model.errors import SpinemetsError
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesMotion
from spinemets.model.volume import Volume
from spinemets.series.motion.coarse import Coarse, coarse
from spinemets.series.motion.fat_shift import fat_shift_lps_mm
from spinemets.series.motion.pairs import Pair, pairs_of
from spinemets.series.motion.registration import Motion, register
from spinemets.series.sets.likeness import box, component, is_candidate, settings

WORDS = (("to the patient's left", "to the patient's right"), ("backwards", "forwards"), ("up", "down"))
# A part of a shift below this is not worth a word.
LEAST_MM = 0.25


@cache
def limits() -> dict[str, Any]:
    """Numbers of the group `motion` of `study_sets`, and the residuals of G-10."""
    rows = settings()["motion"]
    found = {name: row["value"] if isinstance(row, dict) else row for name, row in rows.items()}
    given = catalogue.entry("G-10").values()
    return {**found, "use_mm": given["use_mm"], "apply_mm": given["apply_mm"]}


def with_motions(study: Study) -> Study:
    """The study with the motion of each series against the reference of its space.

    Takes about a second for each pair and decodes every series that is measured. Every series with a grid gets a line,
    measured or not.
    """
    return replace(study, motions=tuple(_motions(study)))


def _motions(study: Study) -> Iterator[SeriesMotion]:
    for pair in pairs_of(study, int(limits()["most_per_set"])):
        yield of_pair(pair)


def of_pair(pair: Pair) -> SeriesMotion:
    """Motion of a pair, or a line that says why it was not measured: nothing is raised for one series."""
    why = pair.reason or _unfit(pair.reference) or _unfit(pair.moving)
    if why:
        return _not_measured(pair, why)
    try:
        return between(pair.reference, pair.moving)
    except SpinemetsError as error:
        # one series that cannot be decoded costs its own line, not the others'
        return _not_measured(pair, f"pixels cannot be read: {error}")


def between(reference: Series, moving: Series) -> SeriesMotion:
    """Motion of one series against another.

    Parameters
    ----------
    reference, moving
        Two series that claim to lie in one space, both with trusted grids.

    Returns
    -------
    SeriesMotion
        `agrees` where no corner of the common field moves by more than 1 mm or one voxel along each axis of the coarser
        grid, fat displaced along the readout set aside, `moved` up to 5 mm, `refused` beyond or without a common field, `not measured` where the contents give no
        clear answer.
    """
    assert reference.grid is not None and moving.grid is not None
    pair = Pair(reference=reference, moving=moving)
    field = _field(reference.grid, moving.grid)
    if field is None:
        sentence = f"{_names(pair)}: no common field, so they cannot be used together"
        return _said(pair, "refused", sentence)
    found = register(_picture(reference, field), _picture(moving, field), limits())
    if found is None:
        return _not_measured(pair, "the common field holds too little")
    doubt = _doubt(found)
    return _not_measured(pair, doubt) if doubt else _measured(pair, found)


def _unfit(series: Series) -> str:
    """Why a series cannot be registered, empty if it can."""
    if not series.measurable:
        return f"series {series.number} has no trusted grid"
    if not is_candidate(series):
        return f"series {series.number} is {series.kind}"
    if component(series.acquisition) != "MAGNITUDE":
        return f"series {series.number} holds no magnitudes"
    assert series.grid is not None  # measurable
    if min(series.grid.shape_ijk) < limits()["slices_min"]:
        return f"series {series.number} has too few slices"
    return ""


def _field(first: Grid, second: Grid) -> tuple[Any, Any] | None:
    """LPS box both grids cover, None where it is too small to register."""
    (low_a, high_a), (low_b, high_b) = box(first), box(second)
    low, high = np.maximum(low_a, low_b), np.minimum(high_a, high_b)
    return (low, high) if np.all(high - low >= limits()["field_min_mm"]) else None


def _picture(series: Series, field: tuple[Any, Any]) -> Coarse:
    """The part of a series around the common field, reduced."""
    volume = series.pixels()
    margin = limits()["margin_mm"]
    low, high = field[0] - margin, field[1] + margin
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    index = volume.grid.to_ijk(corners)
    last = np.array(volume.grid.shape_ijk)
    start = np.clip(np.floor(index.min(axis=0)), 0, last - 1).astype(int)
    stop = np.clip(np.ceil(index.max(axis=0)) + 1, start + 1, last).astype(int)
    array = volume.array if volume.array.ndim == 3 else volume.array[..., 0]
    part = array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    grid = volume.grid.crop(start, part.shape)
    small = Volume(array=part, grid=grid, quantity=volume.quantity, unit=volume.unit)
    is_ct = (series.acquisition.modality or "").upper() == "CT" or series.kind.startswith("ct")
    low_hu, high_hu = limits()["ct_limits_hu"] if is_ct else (-np.inf, np.inf)
    return coarse(small, limits()["lattice_mm"], low_hu, high_hu)


def _doubt(found: Motion) -> str:
    """Why a motion that was found is not believed, empty if it is."""
    if found.prominence < limits()["prominence_min"]:
        return (
            "no place fits clearly better than its surroundings (prominence "
            f"{found.prominence:.2f}, at least {limits()['prominence_min']:g})"
        )
    if found.disagreement_mm > limits()["disagreement_max_mm"]:
        return f"two halves of the field give motions that differ by {found.disagreement_mm:.1f} mm"
    if float(np.linalg.norm(found.rotation_deg)) > limits()["rotation_max_deg"]:
        return f"the best match is turned by {float(np.linalg.norm(found.rotation_deg)):.0f} degrees"
    return ""


def _measured(pair: Pair, found: Motion) -> SeriesMotion:
    assert pair.reference.grid is not None and pair.moving.grid is not None
    coarser = max(pair.reference.grid, pair.moving.grid, key=lambda g: max(g.spacing_mm))
    along = np.abs(found.residual_mm @ coarser.axes)
    fat_mm = fat_shift_lps_mm(pair.reference) + fat_shift_lps_mm(pair.moving)
    allowed = np.maximum(limits()["use_mm"], coarser.spacing_mm) + np.abs(fat_mm @ coarser.axes)
    residual = float(np.linalg.norm(found.residual_mm, axis=1).max())
    verdict = "refused" if residual > limits()["apply_mm"] else "moved"
    if np.all(along <= allowed):
        verdict = "agrees"
    ends = {
        "agrees": "used together as they are",
        "moved": "used together only with this transform",
        "refused": "not used together",
    }
    turn = float(np.linalg.norm(found.rotation_deg))
    sides = pair.reference.sides_known and pair.moving.sides_known
    sentence = (
        f"{_names(pair)}: {shift_words(found.shift_mm, sides)}, turned by {turn:.1f} degrees; at most {residual:.1f} mm "
        f"in the common field (repeats within {found.disagreement_mm:.1f} mm{_fat_words(fat_mm)}): {ends[verdict]}"
    )
    return replace(
        _said(pair, verdict, sentence),
        shift_mm=_rounded(found.shift_mm), rotation_deg=_rounded(found.rotation_deg),
        centre_lps_mm=_rounded(found.centre_lps_mm), residual_mm=round(residual, 2),
    )  # fmt: skip


def _fat_words(fat_mm: Any) -> str:
    size = float(np.linalg.norm(fat_mm))
    return f"; up to {size:.1f} mm may be fat displaced along the readout" if size >= LEAST_MM else ""


def _rounded(values: Any) -> tuple[float, float, float]:
    x, y, z = (round(float(v), 2) for v in values)
    return (x, y, z)


def shift_words(shift_mm: Any, sides_known: bool) -> str:
    """A shift in patient directions, largest part first; sideways only where the sides are not known."""
    parts = []
    for axis in np.argsort(-np.abs(shift_mm)):
        size = abs(float(shift_mm[axis]))
        if size >= LEAST_MM:
            words = "sideways" if axis == 0 and not sides_known else WORDS[axis][0 if shift_mm[axis] > 0 else 1]
            parts.append(f"{size:.1f} mm {words}")
    return f"content {', '.join(parts)}" if parts else "content in the same place"


def _names(pair: Pair) -> str:
    frames = [s.grid.frame_of_reference_uid if s.grid is not None else None for s in (pair.reference, pair.moving)]
    unstated = " (no frame of reference stated)" if None in frames else ""
    return f"series {pair.moving.number} against series {pair.reference.number}{unstated}"


def _not_measured(pair: Pair, why: str) -> SeriesMotion:
    return _said(pair, "not measured", f"{_names(pair)}: motion not measured: {why}")


def _said(pair: Pair, verdict: str, sentence: str) -> SeriesMotion:
    """A motion without numbers: a verdict on a pair, and its sentence."""
    return SeriesMotion(
        reference_uid=pair.reference.uid, moving_uid=pair.moving.uid, verdict=verdict, sentence=sentence
    )
