"""Runs the entries of kind `weigh`, judges everything, and numbers the findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spinemets.findings.judge import judge
from spinemets.knowledge import catalogue as knowledge
from spinemets.knowledge.catalogue import Catalogue, Criterion
from spinemets.knowledge.phrases import in_sentence
from spinemets.measures.runner import LABELS_REMEDY, load_measure, refusal, to_measurement
from spinemets.model.finding import Finding, State
from spinemets.model.level import Level
from spinemets.model.measurement import Measured, Measurement, NotAssessable, Refused, Result, Subject
from spinemets.model.region import Region
from spinemets.model.spine import Spine
from spinemets.model.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighed:
    """All findings, and the outlines they were measured in (by finding id, for the pictures)."""

    findings: tuple[Finding, ...]
    outlines: Mapping[str, Region] = field(default_factory=dict)


def weigh(results: tuple[Result, ...], catalogue: Catalogue, study: Study, spine: Spine) -> Weighed:
    """Weigh and judge.

    Parameters
    ----------
    results
        Everything the room `measures` returned.
    catalogue, study, spine
        As there; `weigh` entries get their facts by name (`patient`, `clinical`, `levels`, `study`).

    Returns
    -------
    Weighed
        One finding for each result, ids running per level in catalogue order.
    """
    everything = list(results)
    for entry in catalogue.values():
        if entry.kind == "weigh":
            everything.extend(_weigh_one(entry, everything, study, spine))
    everything = _invalidate(everything, catalogue)
    return _judge_all(everything, catalogue, spine)


def _weigh_one(entry: Criterion, done: list[Result], study: Study, spine: Spine) -> list[Result]:
    by_criterion: dict[str, list[Result]] = defaultdict(list)
    for result in done:
        by_criterion[result.criterion].append(result)
    facts: dict[str, Any] = {
        "patient": study.patient,
        "clinical": study.clinical,
        "levels": tuple(v.level for v in spine.vertebrae),
        "study": study,
    }
    arguments: dict[str, Any] = {name: facts[name] for name in entry.needs.facts}
    arguments.update({name: knowledge.table(name) for name in entry.needs.tables})
    function: Any = load_measure(entry, room="findings", function="weigh")
    needed = {name: tuple(by_criterion[name]) for name in entry.needs.results}
    answers: tuple[tuple[Subject, Measured | Refused], ...] = function(results=needed, **arguments, **entry.values())
    if not answers and spine.absent is not None:
        code, sentence = spine.absent
        answers = ((Subject(), Refused(code=code, missing=sentence, remedy=LABELS_REMEDY)),)
    return [_as_result(entry, subject, answer, needed) for subject, answer in answers]


def _as_result(
    entry: Criterion, subject: Subject, answer: Measured | Refused, needed: Mapping[str, tuple[Result, ...]]
) -> Result:
    if isinstance(answer, Refused):
        return refusal(entry, subject, answer)
    rests_on = [
        r
        for results in needed.values()
        for r in results
        if isinstance(r, Measurement) and (subject.level_id is None or r.subject.level_id == subject.level_id)
    ]
    facts: dict[str, float | str] = {}
    for result in rests_on:
        facts.update({k: v for k, v in result.context.items() if k != "level" or subject.level_id is not None})
    context = {
        "context": facts,
        "series_uids": tuple(dict.fromkeys(u for r in rests_on for u in r.series_uids)),
        "regions": tuple(dict.fromkeys(n for r in rests_on for n in r.regions)),
        "references": (),
        "lesions": (),
        "region": next((r.outline for r in rests_on if r.outline is not None), None) if subject.level_id else None,
    }
    return to_measurement(entry, subject, answer, None, context)


def _invalidate(everything: list[Result], catalogue: Catalogue) -> list[Result]:
    """Withdraw criteria whose reference a present finding has shown not to exist (MR-MAR-02 and G-07)."""
    withdrawn: dict[str, str] = {}
    for result in everything:
        entry = catalogue[result.criterion]
        if entry.invalidates and judge(result, entry, None, "").state is State.PRESENT:
            withdrawn.update(dict.fromkeys(entry.invalidates, entry.id))
    return [
        replace_with_refusal(r, withdrawn[r.criterion], catalogue)
        if r.criterion in withdrawn and isinstance(r, Measurement)
        else r
        for r in everything
    ]


def replace_with_refusal(result: Measurement, because: str, catalogue: Catalogue) -> NotAssessable:
    """Turn a measurement whose reference is invalid into the reason why."""
    return NotAssessable(
        criterion=result.criterion,
        version=result.version,
        subject=result.subject,
        code="NA-REFERENCE",
        missing=f"{in_sentence(catalogue[because].title)} is present ({because}): no marrow can serve as reference",
        remedy="Diffusion, in/opposed phase or Dixon series judge marrow without a reference vertebra.",
    )


def _judge_all(everything: list[Result], catalogue: Catalogue, spine: Spine) -> Weighed:
    levels: dict[str, Level] = {v.level.id: v.level for v in spine.vertebrae}
    order = {name: n for n, name in enumerate(catalogue)}
    counter: dict[str, int] = defaultdict(int)
    findings: list[Finding] = []
    outlines: dict[str, Region] = {}
    for result in sorted(everything, key=lambda r: order[r.criterion]):
        home = result.subject.level_id or "S"
        counter[home] += 1
        finding_id = f"{home}-{counter[home]:02d}"
        level = levels.get(result.subject.level_id or "")
        finding = judge(result, catalogue[result.criterion], level, finding_id)
        if level is not None and level.assumed:
            finding = replace(finding, caveats=(*finding.caveats, "CV-LEVEL"))
        findings.append(finding)
        if isinstance(result, Measurement) and result.outline is not None:
            outlines[finding_id] = result.outline
    return Weighed(findings=tuple(findings), outlines=outlines)
