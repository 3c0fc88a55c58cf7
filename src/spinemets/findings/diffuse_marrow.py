"""MR-MAR-02: diffuse marrow infiltration, by all bodies of a T1 series together (bright-disc sign)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.model.measurement import Estimate, Measured, Measurement, Refused, Result, Subject
from spinemets.model.study import ClinicalFacts, PatientFacts
from spinemets.statistics.intervals import wilson
from spinemets.statistics.robust import median_mad

TO_MUSCLE, TO_DISC = "MR-T1-01", "MR-T1-02"


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """Whole-marrow ratios of one T1 series by level id."""

    to_muscle: Mapping[str, float]
    to_disc: Mapping[str, float]
    field_t: float | None


def weigh(
    *,
    results: Mapping[str, tuple[Result, ...]],
    patient: PatientFacts,
    clinical: ClinicalFacts,
    share_at_least: float,
    least_bodies: int,
    muscle_alone_field_t: list[float],
    young_years: float,
) -> tuple[tuple[Subject, Measured | Refused], ...]:
    """Share of bodies whose marrow is darker than disc and muscle (r_d < 1 and r_m < 1), 0 to 1, Wilson interval.

    `diffuse` from `share_at_least` of at least `least_bodies` bodies; in the field range `muscle_alone_field_t` muscle
    alone decides. One of the two references alone is undecided. Uses the whole marrow's ratio of each body, never that
    of a focus. Source: review, sections 2.7 and 3, figure 5.
    """
    bodies = _largest_series(results)
    answer = _decide(bodies, share_at_least, least_bodies, muscle_alone_field_t)
    if isinstance(answer, Measured):
        answer = _with_age(answer, clinical.age_years or patient.age_years, young_years)
    return ((Subject(), answer),)


def _largest_series(results: Mapping[str, tuple[Result, ...]]) -> Bodies:
    """Ratios of the T1 series that shows most bodies."""
    by_series: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: {TO_MUSCLE: {}, TO_DISC: {}})
    fields: dict[str, float] = {}
    for criterion in (TO_MUSCLE, TO_DISC):
        for result in results.get(criterion, ()):
            if not isinstance(result, Measurement) or result.subject.level_id is None:
                continue
            uid = result.series_uids[0] if result.series_uids else ""
            by_series[uid][criterion][result.subject.level_id] = result.values["marrow_ratio"].value
            if isinstance(result.context.get("field_t"), float):
                fields[uid] = float(result.context["field_t"])
    if not by_series:
        return Bodies(to_muscle={}, to_disc={}, field_t=None)
    uid = max(by_series, key=lambda u: (len(by_series[u][TO_MUSCLE]) + len(by_series[u][TO_DISC]), u))
    return Bodies(to_muscle=by_series[uid][TO_MUSCLE], to_disc=by_series[uid][TO_DISC], field_t=fields.get(uid))


def _decide(bodies: Bodies, share: float, least: int, muscle_alone_field_t: Sequence[float]) -> Measured | Refused:
    muscle, disc = bodies.to_muscle, bodies.to_disc
    muscle_alone = bodies.field_t is not None and muscle_alone_field_t[0] <= bodies.field_t <= muscle_alone_field_t[1]
    both = sorted(set(muscle) & set(disc))
    counted = sorted(muscle) if muscle_alone or len(both) < least <= len(muscle) else both
    if len(counted) < least:
        return Refused(
            code="NA-FEW",
            missing=f"{len(counted)} bodies could be compared with muscle and disc on T1, {least} are needed",
            remedy="Needs an unenhanced T1 spin-echo series over at least four bodies, with discs and muscle in view.",
        )
    shares = {
        "muscle": _share_below(muscle, counted),
        "disc": _share_below(disc, both) if len(both) >= least else None,
    }
    category = _category(shares, share, muscle_alone=muscle_alone)
    if isinstance(category, Refused):
        return category
    deciding = counted if muscle_alone else both
    dark = [n for n in deciding if muscle[n] < 1 and (muscle_alone or disc[n] < 1)]
    return _measured(bodies, counted, (len(dark), len(deciding)), shares, category)


def _category(shares: Mapping[str, float | None], share: float, *, muscle_alone: bool) -> str | Refused:
    by_muscle = (shares["muscle"] or 0.0) >= share
    if shares["disc"] is None:
        if by_muscle:
            return "diffuse" if muscle_alone else "by one reference"
        return Refused(
            code="NA-REFERENCE",
            missing=f"the discs could not be used, and marrow is darker than muscle in {shares['muscle'] or 0.0:.0%} of bodies",
            remedy="Needs at least two usable discs near each body.",
        )
    by_disc = shares["disc"] >= share
    if by_muscle and (by_disc or muscle_alone):
        return "diffuse"
    return "by one reference" if by_muscle or by_disc else "not diffuse"


def _share_below(ratios: Mapping[str, float], levels: Sequence[str]) -> float:
    return sum(ratios[n] < 1 for n in levels) / len(levels)


def _measured(
    bodies: Bodies,
    counted: Sequence[str],
    dark: tuple[int, int],
    shares: Mapping[str, float | None],
    category: str,
) -> Measured:
    k, n = dark
    ratios = np.array([bodies.to_muscle[level] for level in counted])
    values = {
        "bodies": Estimate(value=float(len(counted))),
        "ratio_to_muscle": Estimate(value=float(np.median(ratios))),
        "spread_between_bodies": Estimate(value=median_mad(ratios).spread),
        "share_darker_than_muscle": Estimate(value=shares["muscle"] or 0.0),
    }
    if n:
        values["share_dark"] = Estimate(value=k / n, ci95=wilson(k, n))
    if shares["disc"] is not None:
        values["share_darker_than_disc"] = Estimate(value=shares["disc"])
        values["ratio_to_disc"] = Estimate(value=float(np.median(list(bodies.to_disc.values()))))
    to_disc = "no usable discs" if shares["disc"] is None else f"darker than disc in {shares['disc']:.0%}"
    field = "field strength not stated" if bodies.field_t is None else f"{bodies.field_t:g} T"
    note = f"{len(counted)} bodies, darker than muscle in {shares['muscle'] or 0.0:.0%}, {to_disc}; {field}."
    return Measured(
        values=values,
        n_voxels=0,
        category=category,
        caveats=() if bodies.field_t is not None else ("CV-FIELD",),
        notes=(note,),
    )


def _with_age(answer: Measured, age_years: float | None, young_years: float) -> Measured:
    """Blood-forming marrow is the first thing to think of when dark marrow is found in the young."""
    if answer.category == "not diffuse":
        return answer
    notes = answer.notes
    if age_years is not None and age_years < young_years:
        notes = (*notes, f"Below {young_years:g} years blood-forming marrow is the first explanation of dark marrow.")
    return Measured(
        values=answer.values,
        n_voxels=answer.n_voxels,
        category=answer.category,
        caveats=("CV-REDMARROW", *answer.caveats),
        notes=notes,
    )
