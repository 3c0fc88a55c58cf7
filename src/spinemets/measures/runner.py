"""Runs the catalogue: finds the needs, calls each criterion by keyword, writes down why one could not be called.

The runner knows no criterion: an entry's `module` is imported by name, its `needs` say what to bring (design 4).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from spinemets.knowledge.catalogue import Catalogue, Criterion
from spinemets.lesions.contrast import eroded
from spinemets.measures.supply import Supply, lesion_arguments, series_facts
from spinemets.model.lesion import Focus, Found
from spinemets.model.measurement import (
    Estimate,
    Measured,
    Measurement,
    NotAssessable,
    Refused,
    Result,
    Subject,
    Value,
)
from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import Study

WALLS = ("anterior", "posterior", "superior", "inferior")
OPEN_VERDICTS = ("ok", "limited")
LABELS_REMEDY = "Give a label map of the vertebrae with --labels."
Measure = Callable[..., Measured | Refused]


def run(catalogue: Catalogue, study: Study, spine: Spine, found: Found) -> tuple[Result, ...]:
    """Measure every entry of kind `gate` and `measure` on every subject it is about.

    Returns
    -------
    tuple of Result
        One `Measurement` or `NotAssessable` for each (criterion, subject), gates first. None is left out.
    """
    supply = Supply(study=study, spine=spine, found=found)
    results: list[Result] = []
    for entry in catalogue.values():
        if entry.kind not in ("gate", "measure"):
            continue
        if spine.absent is not None and entry.per not in ("study", "series"):
            code, sentence = spine.absent
            results.append(refusal(entry, Subject(), Refused(code=code, missing=sentence, remedy=LABELS_REMEDY)))
        for subject, vertebra, only in subjects(entry, study, spine):
            if entry.kind == "gate" and vertebra is not None:
                results.extend(_gate_each_series(entry, subject, vertebra, supply))
            else:
                results.append(_one(entry, subject, vertebra, only, supply, results))
    return tuple(results)


def _gate_each_series(entry: Criterion, subject: Subject, vertebra: Vertebra, supply: Supply) -> list[Result]:
    """Judge every series that may serve: criteria choose among them, and each choice needs its own verdict."""
    candidates = supply.candidates(next(iter(entry.needs.volumes.values())), vertebra)
    if isinstance(candidates, Refused):
        return [refusal(entry, subject, candidates)]
    return [_call(entry, replace(subject, series_uid=s.uid), vertebra, s, supply) for s in candidates]


def load_measure(entry: Criterion, room: str = "measures", function: str = "measure") -> Measure:
    """Public function of an entry's module."""
    measure: Measure = getattr(importlib.import_module(f"spinemets.{room}.{entry.module}"), function)
    return measure


def subjects(entry: Criterion, study: Study, spine: Spine) -> Iterator[tuple[Subject, Vertebra | None, Series | None]]:
    """Everything an entry is about: (subject, vertebra or None, series if the subject is one)."""
    if entry.per == "study":
        yield Subject(), None, None
    elif entry.per == "series":
        kinds = {k for accepted in entry.needs.volumes.values() for k in accepted}
        for series in study.series:
            asked = not kinds and series.computed is None and _modality(series) in entry.modalities
            if series.measurable and (series.kind in kinds or asked):
                yield Subject(series_uid=series.uid), None, series
    else:
        parts: tuple[str | None, ...] = (None,)
        if entry.per == "wall":
            parts = WALLS + spine.sides
        elif entry.per == "side":
            parts = spine.sides
        for vertebra in spine.vertebrae:
            for part in parts:
                yield Subject(level_id=vertebra.level.id, part=part), vertebra, None


def _one(
    entry: Criterion,
    subject: Subject,
    vertebra: Vertebra | None,
    only: Series | None,
    supply: Supply,
    done: list[Result],
) -> Result:
    """Try the candidate series in order until one passes its gates and gives an answer."""
    if not entry.needs.volumes:
        return _call(entry, subject, vertebra, only, supply)
    if only is not None:
        candidates: tuple[Series, ...] | Refused = (only,)
    else:
        kinds = next(iter(entry.needs.volumes.values()))
        candidates = supply.candidates(kinds, vertebra)
    if isinstance(candidates, Refused):
        return refusal(entry, subject, candidates)
    first: NotAssessable | None = None
    for series in candidates:
        blocked = gate_refusal(entry, subject, series, done)
        result = refusal(entry, subject, blocked) if blocked else _call(entry, subject, vertebra, series, supply)
        if isinstance(result, Measurement):
            return result
        first = first or result
    assert first is not None
    return first


def gate_refusal(entry: Criterion, subject: Subject, series: Series, done: list[Result]) -> Refused | None:
    """Why a gate forbids this use of this series here, None if all gates are open.

    A gate that was not evaluated counts as failed (signs.md 0.6).
    """
    for gate, use in entry.needs.gates.items():
        mine = [r for r in done if r.criterion == gate and _concerns(r, subject, series)]
        if not mine:
            return Refused(code="NA-META", missing=f"gate {gate} was not evaluated for {series.label}")
        for result in mine:
            if isinstance(result, NotAssessable):
                return Refused(code=result.code, missing=f"gate {gate}: {result.missing}", remedy=result.remedy)
            verdict = result.verdicts.get(use, "NA-META")
            if verdict not in OPEN_VERDICTS:
                why = "; ".join(result.notes) or f"not fit for this use ({use.replace('_', ' ')})"
                return Refused(code=verdict, missing=f"gate {gate} on {series.label}: {why}", remedy=entry.remedy)
    return None


def _concerns(result: Result, subject: Subject, series: Series) -> bool:
    about = result.subject
    if about.level_id is not None and about.level_id != subject.level_id:
        return False
    if about.series_uid is not None:
        return about.series_uid == series.uid
    return not isinstance(result, Measurement) or not result.series_uids or series.uid in result.series_uids


def _call(
    entry: Criterion, subject: Subject, vertebra: Vertebra | None, series: Series | None, supply: Supply
) -> Result:
    arguments = gather(entry, subject, vertebra, series, supply)
    if isinstance(arguments, Refused):
        return refusal(entry, subject, arguments)
    measure = load_measure(entry)
    answer = measure(**arguments, **entry.values())
    if isinstance(answer, Refused):
        return refusal(entry, subject, answer)
    again: Measured | Refused | None = None
    if entry.needs.repeat == "eroded":
        smaller = {n: eroded(arguments[n]) for n in entry.needs.regions}
        again = measure(**{**arguments, **smaller}, **entry.values())
    return to_measurement(entry, subject, answer, again, _context(entry, vertebra, series, arguments))


def gather(
    entry: Criterion, subject: Subject, vertebra: Vertebra | None, series: Series | None, supply: Supply
) -> dict[str, Any] | Refused:
    """Arguments of a measure by name, or the first need that cannot be met."""
    needs = entry.needs
    arguments: dict[str, Any] = {}
    if series is not None:
        arguments.update(dict.fromkeys(needs.volumes, series.pixels()))
        arguments.update(series_facts(series, needs.acquisition))
    if vertebra is None:
        return arguments
    for name in needs.anatomy:
        value = getattr(vertebra, name)
        if value is None:
            code, sentence = vertebra.missing.get(name, ("NA-SEGMENTATION", f"{name} could not be fitted"))
            return Refused(code=code, missing=f"{vertebra.level.words}: {sentence}")
        arguments[name] = value
    if series is None:
        return arguments
    for argument, value in _vertebra_needs(entry, subject, vertebra, series, supply):
        if isinstance(value, Refused) and argument not in needs.optional:
            return value
        arguments[argument] = None if isinstance(value, Refused) else value
    if needs.focus:
        arguments["focus"] = supply.focus(vertebra, needs.focus, series)
    lesions = lesion_arguments(entry, supply.found, vertebra.level.id, series)
    if isinstance(lesions, Refused):
        return lesions
    return {**arguments, **lesions}


def _vertebra_needs(
    entry: Criterion, subject: Subject, vertebra: Vertebra, series: Series, supply: Supply
) -> Iterator[tuple[str, Any]]:
    needs = entry.needs
    for name in needs.regions:
        stored = f"{name}_{subject.part}" if entry.per == "side" and name == "pedicle" else name
        yield name, supply.region(vertebra, stored, series)
    for tissue in needs.references:
        yield tissue, supply.reference(vertebra, tissue, series)
    normal = supply.normal(vertebra, series) if needs.normal or needs.cortex else None
    if needs.normal:
        yield "normal", normal
    if needs.cortex:
        assert subject.part is not None
        ct = series.pixels()
        yield "cortex", supply.cortex(vertebra, subject.part, entry.per, series, ct)
        members = () if normal is None or isinstance(normal, Refused) else normal.members
        yield "neighbour_cortex", supply.neighbour_cortex(members, subject.part, entry.per, series, ct)


def _context(
    entry: Criterion, vertebra: Vertebra | None, series: Series | None, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Facts the judge may need, and the evidence of the record."""
    facts: dict[str, float | str] = {}
    if vertebra is not None and vertebra.level.name is not None:
        facts["level"] = vertebra.level.name
    if series is not None:
        facts["series_kind"] = series.kind
        for name in ("kvp", "field_t"):
            value = getattr(series.acquisition, name)
            if value is not None:
                facts[name] = float(value)
    lesions = tuple(x.id for a in entry.needs.lesions for x in arguments[a])
    lesions += tuple(f.lesion_id for f in arguments.values() if isinstance(f, Focus) and f.lesion_id)
    region = next((a for a in arguments.values() if isinstance(a, Region)), None)
    return {
        "context": facts,
        "series_uids": () if series is None else (series.uid,),
        "regions": tuple(entry.needs.regions),
        "references": tuple(entry.needs.references) + (("normal_marrow",) if entry.needs.normal else ()),
        "lesions": lesions,
        "region": region,
    }


def to_measurement(
    entry: Criterion,
    subject: Subject,
    answer: Measured,
    again: Measured | Refused | None,
    context: Mapping[str, Any],
) -> Result:
    """Give the numbers their units and put the record together."""
    values = with_units(entry, answer.values)
    if any(not math.isfinite(v.value) for v in values.values()):
        return refusal(entry, subject, Refused(code="NA-FEW", missing="the result is not a finite number"))
    notes = answer.notes
    smaller: dict[str, Value] = {}
    if isinstance(again, Measured):
        smaller = with_units(entry, again.values)
    elif isinstance(again, Refused):
        notes = (*notes, "The region is too small to be repeated one voxel smaller.")
    return Measurement(
        criterion=entry.id,
        version=entry.version,
        subject=subject,
        values=values,
        judged=entry.judge.of if entry.judge.of in values else None,
        eroded=smaller,
        n_voxels=answer.n_voxels,
        category=answer.category,
        verdicts=answer.verdicts,
        caveats=tuple(dict.fromkeys((*entry.caveats, *answer.caveats))),
        notes=notes,
        series_uids=context["series_uids"],
        regions=context["regions"],
        references=context["references"],
        lesions=context["lesions"],
        context=context["context"],
        outline=answer.outline if answer.outline is not None else context["region"],
    )


def with_units(entry: Criterion, estimates: Mapping[str, Estimate]) -> dict[str, Value]:
    """Units come from the entry's `gives`; a name it does not list is a programming error."""
    return {
        name: Value(value=float(e.value), unit=entry.gives[name].unit, ci95=e.ci95, sd=e.sd)
        for name, e in estimates.items()
    }


def refusal(entry: Criterion, subject: Subject, refused: Refused) -> NotAssessable:
    """The record of a refusal; what the entry says would help stands in where the measure says nothing."""
    return NotAssessable(
        criterion=entry.id,
        version=entry.version,
        subject=subject,
        code=refused.code,
        missing=refused.missing,
        remedy=refused.remedy or entry.remedy,
    )


def _modality(series: Series) -> str:
    return "CT" if series.kind.startswith("ct") else "MR"
