"""Turns a measurement and its catalogue entry into a finding (signs.md 0.5). Knows no criterion by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spinemets.knowledge.catalogue import Band, Criterion, Cut, Judge, Validity
from spinemets.knowledge.kinds import words as kind_words
from spinemets.knowledge.phrases import first_capital, in_sentence
from spinemets.knowledge.units import shown, shown_words
from spinemets.model.finding import Cutoff, Evidence, Finding, State
from spinemets.model.level import Level
from spinemets.model.measurement import Measurement, NotAssessable, Result, Value

STRENGTH_WORDS = {3: "strong", 2: "moderate", 1: "weak"}


def judge(result: Result, entry: Criterion, level: Level | None, finding_id: str) -> Finding:
    """Judge one result.

    Parameters
    ----------
    result
        Measurement or refusal.
    entry
        Its catalogue entry.
    level
        Level of the subject, None for study and series subjects.
    finding_id
        `L3-02`.

    Returns
    -------
    Finding
        `present` if the whole interval lies on the positive side of every cut, `absent` if on the other side,
        `indeterminate` if it straddles or if erosion by one voxel changes the state; `measured` without a cut-off.
    """
    if isinstance(result, NotAssessable):
        return _not_assessable(result, entry, level, finding_id)
    state, category, notes = _state(result, entry)
    invalid = _invalid(entry.judge, result)
    reason = missing = None
    caveats = list(result.caveats)
    if invalid is not None and state is not State.NOT_ASSESSABLE:
        state, category = State(invalid.otherwise), None
        if state is State.NOT_ASSESSABLE:
            reason, missing = invalid.code, _validity_words(invalid, result)
        else:
            caveats.append(invalid.code)
        notes = (*notes, f"No cut-off applies: {_validity_words(invalid, result)}.")
    if state is State.ABSENT:
        caveats.extend(entry.absent_caveats)
    judged = result.values.get(result.judged) if result.judged else None
    finding = Finding(
        id=finding_id,
        criterion=entry.id,
        version=entry.version,
        title=entry.title,
        subject=result.subject,
        state=state,
        statement="",
        category=category,
        value=None if judged is None else judged.value,
        unit=None if judged is None else judged.unit,
        ci95=None if judged is None else judged.ci95,
        values=dict(result.values),
        verdicts=dict(result.verdicts),
        cutoffs=_cutoffs(entry),
        caveats=tuple(dict.fromkeys(caveats)),
        notes=(*result.notes, *notes),
        evidence=_evidence(result),
        reason=reason,
        missing=missing,
        remedy=entry.remedy if state in (State.NOT_ASSESSABLE, State.INDETERMINATE) else None,
        counts_for=_counts_for(entry, state),
    )
    return replace(finding, statement=_statement(finding, entry, level))


def _not_assessable(result: NotAssessable, entry: Criterion, level: Level | None, finding_id: str) -> Finding:
    where = first_capital(level.words) if level is not None else "The study"
    return Finding(
        id=finding_id,
        criterion=entry.id,
        version=result.version,
        title=entry.title,
        subject=result.subject,
        state=State.NOT_ASSESSABLE,
        statement=f"{where}: {in_sentence(entry.title)} not assessed because {in_sentence(result.missing)}.",
        cutoffs=_cutoffs(entry),
        reason=result.code,
        missing=result.missing,
        remedy=result.remedy or None,
    )


def _state(result: Measurement, entry: Criterion) -> tuple[State, str | None, tuple[str, ...]]:
    rule = entry.judge
    state, category = _judge_values(result.values, result.category, rule)
    if not result.eroded or state not in (State.PRESENT, State.ABSENT):
        return state, category, ()
    smaller, _ = _judge_values({**result.values, **result.eroded}, result.category, rule)
    if smaller is state:
        return state, category, ()
    note = f"With the region one voxel smaller the answer would be {smaller.value}: held as indeterminate."
    return State.INDETERMINATE, category, (note,)


def _judge_values(values: Mapping[str, Value], category: str | None, rule: Judge) -> tuple[State, str | None]:
    if rule.by in ("none", "verdict"):
        return State.MEASURED, category
    if rule.by == "category":
        return (State(rule.categories[category]), category) if category else (State.MEASURED, None)
    if rule.of is None or rule.of not in values:
        return State.MEASURED, category
    interval = _interval(values[rule.of], rule.interval)
    if rule.by == "bands":
        return judge_bands(interval, rule.bands)
    return judge_cuts(interval, rule.cuts), category


def _interval(value: Value, which: str) -> tuple[float, float]:
    # The central 68 % of a normal distribution reach one standard deviation to either side.
    if which == "ci68" and value.sd is not None:
        return (value.value - value.sd, value.value + value.sd)
    return value.ci95 if value.ci95 is not None else (value.value, value.value)


def judge_cuts(interval: tuple[float, float], cuts: list[Cut]) -> State:
    """State of an interval against one or more cuts; cuts that disagree give `indeterminate`."""
    states = {_judge_cut(interval, cut) for cut in cuts}
    return states.pop() if len(states) == 1 else State.INDETERMINATE


def _judge_cut(interval: tuple[float, float], cut: Cut) -> State:
    low, high = interval
    if cut.side == "below":
        low, high, limit = -high, -low, -cut.value
    else:
        limit = cut.value
    if low >= limit and not (cut.side == "below" and low == limit):
        return State.PRESENT
    if high < limit or (cut.side == "below" and high <= limit):
        return State.ABSENT
    return State.INDETERMINATE


def judge_bands(interval: tuple[float, float], bands: list[Band]) -> tuple[State, str]:
    """Band of an interval; if it spans several, all are named, and the state stands only if they share it."""
    touched = [band for band, below in _with_lower(bands) if interval[1] > below and interval[0] <= _top(band)]
    names = touched[0].name if len(touched) == 1 else f"{touched[0].name} to {touched[-1].name}"
    states = {band.state for band in touched}
    return (State(states.pop()) if len(states) == 1 else State.INDETERMINATE), names


def _with_lower(bands: list[Band]) -> list[tuple[Band, float]]:
    lower = [float("-inf"), *[_top(b) for b in bands[:-1]]]
    return list(zip(bands, lower, strict=True))


def _top(band: Band) -> float:
    return float("inf") if band.up_to is None else band.up_to


def _invalid(rule: Judge, result: Measurement) -> Validity | None:
    """The first validity condition that does not hold; a fact the header does not give does not hold."""
    for condition in rule.valid_when:
        if condition.levels is not None and result.context.get("level") not in condition.levels:
            return condition
        if condition.kinds is not None and result.context.get("series_kind") not in condition.kinds:
            return condition
        if condition.kvp is not None and not _within(result.context.get("kvp"), [condition.kvp]):
            return condition
        if condition.field_t is not None and not _within(result.context.get("field_t"), condition.field_t):
            return condition
    return None


def _within(value: float | str | None, ranges: list[tuple[float, float]]) -> bool:
    return isinstance(value, float) and any(low <= value <= high for low, high in ranges)


def _validity_words(condition: Validity, result: Measurement) -> str:
    if condition.levels is not None:
        known = result.context.get("level", "a level without a name")
        return f"the cut-off is for {', '.join(condition.levels)}, this is {known}"
    if condition.kinds is not None:
        known = kind_words(str(result.context.get("series_kind", "unknown")))
        return f"the cut-off is for {' or '.join(kind_words(kind) for kind in condition.kinds)}, this is {known}"
    name, unit, limits = ("kvp", "kVp", [condition.kvp]) if condition.kvp else ("field_t", "T", condition.field_t)
    ranges = " or ".join(f"{low:g}" if low == high else f"{low:g}-{high:g}" for low, high in (limits or []) if limits)
    value = result.context.get(name)
    stated = f"this series has {value:g} {unit}" if isinstance(value, float) else "the header does not say it"
    return f"the cut-off is for {ranges} {unit} and {stated}"


def _cutoffs(entry: Criterion) -> tuple[Cutoff, ...]:
    unit = entry.gives[entry.judge.of].unit if entry.judge.of else ""
    cuts = [
        Cutoff(
            value=c.value, direction=c.side, unit=unit, mark=c.mark, source=c.source,
            population=c.population, caveat=c.caveat, name=c.name,
        )
        for c in entry.judge.cuts
    ]  # fmt: skip
    bands = [
        Cutoff(
            value=b.up_to, direction="up to", unit=unit, mark=b.mark, source=b.source,
            population=b.population, caveat=b.caveat, name=b.name,
        )
        for b in entry.judge.bands
        if b.up_to is not None
    ]  # fmt: skip
    return (*cuts, *bands)


def _evidence(result: Measurement) -> Evidence:
    position = None
    if result.outline is not None and result.outline.n_voxels:
        x, y, z = (round(float(v), 1) for v in result.outline.centroid_lps_mm)
        position = (x, y, z)
    return Evidence(
        series_uids=result.series_uids,
        regions=result.regions,
        references=result.references,
        lesions=result.lesions,
        n_voxels=result.n_voxels,
        position_lps_mm=position,
    )


def _counts_for(entry: Criterion, state: State) -> str | None:
    weights = entry.weights.get(state.value, [])
    words_ = [
        f"{w.hypothesis} ({'for' if w.strength > 0 else 'against'}, {STRENGTH_WORDS[min(3, abs(w.strength))]})"
        for w in weights
        if w.strength
    ]
    return "; ".join(words_) or None


def _statement(finding: Finding, entry: Criterion, level: Level | None) -> str:
    where = first_capital(level.words) if level is not None else "Study"
    if finding.state is State.NOT_ASSESSABLE:
        return f"{where}: {in_sentence(entry.title)} measured but not judged: {finding.missing}."
    states = {str(state): text for state, text in entry.statements.items()}
    template = states.get(finding.state.value) or "{level}: " + in_sentence(entry.title) + ": {state}."
    unit = finding.unit or "1"
    value = None if finding.value is None else shown(finding.value, unit)
    low, high = (value, value) if finding.ci95 is None else (shown(end, unit) for end in finding.ci95)
    part = (finding.subject.part or "").replace("_", " ")
    return template.format(
        level=where,
        part=part,
        state=finding.state.value.replace("_", " "),
        value=value,
        low=low,
        high=high,
        unit=shown_words(unit),
        category=finding.category,
        n=finding.evidence.n_voxels,
        values={name: shown(v.value, v.unit) for name, v in finding.values.items()},
        ci={name: v.ci95 for name, v in finding.values.items()},
    )
