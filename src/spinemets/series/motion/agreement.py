"""G-10: whether series of one kind show the same place where their headers say that they overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge import catalogue
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.series.motion.coarse import Coarse, best_shift, coarse, correlation, refine
from spinemets.series.sets.likeness import close, component

# Beyond these limits CT values (gas, metal) would dominate a correlation.
CT_LIMITS_HU = (-1000.0, 800.0)
NEVER_ALIKE = ("unknown", "localizer", "derived", "screen_capture", "adc", "dce")


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict:
    """Agreement of two series.

    `claimed` is the correlation at the positions of the headers, `best` and `shift_mm` those of the best other place (None
    where none was searched or found), `n_points` the common points.
    """

    agrees: bool
    claimed: float
    n_points: int
    best: float | None = None
    shift_mm: NDArray[np.float64] | None = None


def check(study: Study) -> Study:
    """Compare series of the same kind where their headers claim that they overlap.

    The largest series is trusted first; each smaller one is held against those already trusted. One that correlates poorly
    where its header puts it and well elsewhere gets a refused geometry with the reason: nothing is measured in it. One that
    matches nowhere only gets a warning. CT is never compared with MR, nor one MR class with another.
    """
    parameters = catalogue.entry("G-10").values()
    order = sorted((s for s in study.series if _comparable(s)), key=_size, reverse=True)
    trusted: list[Series] = []
    pictures: dict[str, Coarse | None] = {}
    changed: dict[str, Series] = {}
    warnings: list[str] = []
    for series in order:
        partners = [t for t in trusted if _same_claim(series, t)]
        outcome = _against(series, partners, pictures, parameters)
        if outcome is None:
            trusted.append(series)
            continue
        sentence, believed = outcome
        warnings.append(sentence)
        if believed:
            trusted.append(series)
            changed[series.uid] = replace(series, warnings=(*series.warnings, sentence))
        else:
            geometry = replace(series.geometry, verdict="refused", notes=(*series.geometry.notes, sentence))
            changed[series.uid] = replace(series, geometry=geometry)
    if not changed:
        return study
    kept = tuple(changed.get(s.uid, s) for s in study.series)
    return replace(study, series=kept, warnings=(*study.warnings, *warnings))


def _comparable(series: Series) -> bool:
    return series.measurable and family(series) is not None


def family(series: Series) -> str | None:
    """Series of one family look alike: all CT kernels, or one MR class. None = never compared.

    Time points of a dynamic series do not look alike: the agent arrives between them.
    """
    if series.kind.startswith("ct"):
        return "ct"
    return None if series.kind in NEVER_ALIKE else series.kind


def _size(series: Series) -> float:
    assert series.grid is not None
    return float(np.prod(series.grid.shape_ijk) * series.grid.voxel_volume_mm3)


def _same_claim(first: Series, second: Series) -> bool:
    """Same family and weighting, frames of reference not contradicting, bounding boxes that overlap."""
    assert first.grid is not None and second.grid is not None
    if family(first) != family(second) or not first.grid.same_frame(second.grid):
        return False
    if family(first) != "ct" and not _same_weighting(first, second):
        return False
    a, b = first.grid.corners_lps_mm, second.grid.corners_lps_mm
    return bool(np.all(a.min(axis=0) <= b.max(axis=0)) and np.all(b.min(axis=0) <= a.max(axis=0)))


def _same_weighting(first: Series, second: Series) -> bool:
    """Whether two MR series look alike: the same kind at another flip angle, inversion, echo or b-value does not.

    Those are held against each other by `motion`, which needs no likeness of grey values.
    """
    a, b = first.acquisition, second.acquisition
    fields = ("te_s", "ti_s", "flip_deg")
    same = all(close(getattr(a, name), getattr(b, name)) for name in fields)
    return same and a.b_values_s_per_mm2 == b.b_values_s_per_mm2 and component(a) == component(b)


def _against(
    series: Series, partners: list[Series], pictures: dict[str, Coarse | None], parameters: Mapping[str, Any]
) -> tuple[str, bool] | None:
    """None where the series agrees with its partners; else the sentence and whether its position is still believed."""
    doubt: tuple[str, bool] | None = None
    for partner in partners:
        for item in (series, partner):
            if item.uid not in pictures:
                pictures[item.uid] = _picture(item, parameters["lattice_mm"])
        mine, theirs = pictures[series.uid], pictures[partner.uid]
        if mine is None or theirs is None:
            continue
        floor = parameters["tissue_min_hu"] if family(series) == "ct" else _floor(mine)
        verdict = compare(mine, theirs, floor, parameters)
        if verdict.agrees:
            continue
        sentence = words(series, partner, verdict)
        if verdict.shift_mm is not None:
            return sentence, False
        doubt = (sentence, True)
    return doubt


def _picture(series: Series, lattice_mm: float) -> Coarse | None:
    """None where no image of the series could be decoded: it says nothing against its neighbours."""
    volume = series.pixels()
    if volume.padding is not None and volume.padding.all():
        return None
    low, high = CT_LIMITS_HU if family(series) == "ct" else (-np.inf, np.inf)
    return coarse(volume, lattice_mm, low, high)


def _floor(picture: Coarse) -> float:
    """MR signal below a tenth of its 95th percentile counts as air."""
    return 0.1 * float(np.percentile(picture.values, 95)) if picture.values.size else 0.0


def compare(small: Coarse, large: Coarse, floor: float, parameters: Mapping[str, Any]) -> Verdict:
    """Agreement of two coarse pictures at their claimed places, with a search for a better place if it is poor."""
    claimed, n = correlation(small, large, np.zeros(3), floor)
    if n < parameters["overlap_min"] or claimed >= parameters["agree_min"]:
        return Verdict(agrees=True, claimed=claimed, n_points=n)
    start = best_shift(small, large, parameters["lattice_mm"], parameters["overlap_share"])
    shift, best, n_best = refine(small, large, start, floor)
    found = best >= parameters["match_min"] and best - claimed >= parameters["gain_min"]
    far = float(np.linalg.norm(shift)) >= parameters["shift_min_mm"] and n_best >= parameters["overlap_min"]
    if found and not far:
        return Verdict(agrees=True, claimed=claimed, n_points=n)
    return Verdict(
        agrees=False, claimed=claimed, n_points=n, best=best if found else None, shift_mm=shift if found else None
    )


def words(series: Series, partner: Series, verdict: Verdict) -> str:
    """The sentence a reader sees."""
    start = (
        f"{series.label} does not agree with {partner.label} where its header puts it (r = {verdict.claimed:.2f} "
        f"at {verdict.n_points} common points)"
    )
    if verdict.shift_mm is None:
        return f"{start}, and it matches nowhere else in it: their positions could not be confirmed"
    place = shift_words(verdict.shift_mm, series.sides_known and partner.sides_known)
    return (
        f"{start}; its content matches {partner.label} {place} (r = {verdict.best:.2f}): its position is not believed"
    )


def shift_words(shift_mm: NDArray[np.float64], sides_known: bool) -> str:
    """A shift in patient directions, largest part first, parts below 2 mm left out."""
    sideways = ("to the patient's left", "to the patient's right") if sides_known else ("sideways", "sideways")
    names = (sideways, ("further back", "further forward"), ("further up", "further down"))
    parts: list[str] = []
    for axis in np.argsort(-np.abs(shift_mm)):
        if abs(shift_mm[axis]) >= 2 or not parts:
            parts.append(f"{abs(shift_mm[axis]):.0f} mm {names[axis][0 if shift_mm[axis] > 0 else 1]}")
    return " and ".join(parts)
