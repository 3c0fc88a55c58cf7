"""Page 1: urgent lines, the worst finding first, the key table, what was not assessed (REP-05)."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.assessment import Assessment, LevelAssessment, Score, Statement, UrgentLine
from spinemets.model.finding import Finding, State
from spinemets.report import cards, lexicon, tables, wording

MOST_SENTENCES = 7
MOST_NOT_ASSESSED = 3


@dataclass(frozen=True, kw_only=True)
class PageOne:
    """What page 1 says, in the order in which it says it."""

    urgent: tuple[UrgentLine, ...]
    other_urgent: tuple[UrgentLine, ...]
    worst: Statement
    sentences: tuple[Statement, ...]
    key_rows: tuple[tuple[str, str], ...]
    not_assessed_count: int
    not_assessed_records: int
    not_assessed_top: tuple[str, ...]
    naming: str
    coverage: str


def page_one(assessment: Assessment) -> PageOne:
    """Gather page 1. Nothing here is not also in a level entry or a table further down."""
    summary = assessment.summary or (Statement(text=_no_statement(assessment)),)
    rows = tables.not_assessed(assessment)
    return PageOne(
        urgent=tuple(u for u in assessment.urgent if lexicon.is_urgent(u)),
        other_urgent=tuple(u for u in assessment.urgent if not lexicon.is_urgent(u)),
        worst=summary[0],
        sentences=summary[1:MOST_SENTENCES],
        key_rows=key_rows(assessment),
        not_assessed_count=len(rows),
        not_assessed_records=len(assessment.not_assessable),
        not_assessed_top=tuple(_heaviest(rows)),
        naming=naming(assessment),
        coverage=coverage(assessment),
    )


def _heaviest(rows: tuple[tables.NotAssessedRow, ...]) -> list[str]:
    """The questions that matter most, each once, with the first reason."""
    first = {r.criterion: r for r in reversed(rows)}
    kept = [r for r in rows if first[r.criterion] is r][:MOST_NOT_ASSESSED]
    return [f"{r.title} ({r.levels.partition(' (')[0]}): {r.short}" for r in kept]


def key_rows(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Key table: levels involved, epidural, height loss, SINS, response."""
    return (
        ("Levels involved", levels_involved(assessment)),
        ("Epidural", epidural(assessment)),
        ("Height loss", height_loss(assessment)),
        ("SINS", sins(assessment)),
        ("Response", "not assessed: no prior study was supplied"),
    )


def levels_involved(assessment: Assessment) -> str:
    """Levels with a lesion candidate, of how many searched; the denominator is part of the sentence."""
    order = list(assessment.levels)
    involved = [level_id for level_id, level in assessment.levels.items() if level.lesions]
    searched = [level_id for level_id, level in assessment.levels.items() if _searched(level)]
    if not searched and not involved:
        return "not assessed: no level could be searched"
    doubtful = [i for i in searched if i not in involved and _undecided(assessment.levels[i])]
    text = (
        f"{lexicon.level_list(involved, order) or 'no lesion seen'} (of {len(set(searched) | set(involved))} searched)"
    )
    if doubtful:
        text += f"; indeterminate at {lexicon.level_list(doubtful, order)}"
    return text


def epidural(assessment: Assessment) -> str:
    """Worst epidural answers, or why there is none."""
    wanted = lexicon.lexicon()["epidural_criteria"]
    records = [f for f in assessment.all_findings() if f.criterion in wanted]
    return _worst_of(records, "not assessed: no criterion of this run looks for it")


def height_loss(assessment: Assessment) -> str:
    """Levels with height loss; a height loss is not called a fracture here."""
    wanted = lexicon.lexicon()["columns"]["height"]["criteria"]
    records = [f for f in assessment.all_findings() if f.criterion in wanted]
    return _worst_of(records, "not assessed: no criterion of this run looks for it")


def sins(assessment: Assessment) -> str:
    """Score range of the worst levels."""
    scores = worst_scores(assessment)
    if not scores:
        return "no lesion to score" if assessment.levels else "not assessed: no level in view"
    lines = [f"{s.level_id} {wording.points(s.low, s.high)}, {s.category}" for s in scores[:2]]
    more = f" (and {len(scores) - 2} more)" if len(scores) > 2 else ""
    return "; ".join(lines) + more


def worst_scores(assessment: Assessment) -> list[Score]:
    """SINS of all levels, worst first by highest possible total."""
    scores = [s for level in assessment.levels.values() for s in level.scores.values()]
    wanted = [s for s in scores if s.name.upper().startswith("SINS")]
    return sorted(wanted, key=lambda s: (-s.high, -s.low))


def naming(assessment: Assessment) -> str:
    """One line on how the levels are named, and the way out where they are not."""
    levels = [level.level for level in assessment.levels.values()]
    if not levels:
        return "No vertebra was found: no level is named."
    named = [x for x in levels if x.name is not None]
    if not named:
        return (
            f"No level is named: nothing in the images or labels anchors the count. {len(levels)} vertebrae are "
            "numbered from above. Analyse again with --anchor to name them."
        )
    methods = sorted({x.method for x in named})
    sure = [x.confidence for x in named if x.confidence is not None]
    text = f"{len(named)} of {len(levels)} levels named by {wording.listed(methods)}"
    if sure:
        text += f", lowest confidence {min(sure):.2f}"
    conflicts = sorted({x.conflict for x in levels if x.conflict})
    return ". ".join((text, *(c.rstrip(".") for c in conflicts))) + "."


def coverage(assessment: Assessment) -> str:
    """Which levels are in view."""
    ids = list(assessment.levels)
    if not ids:
        return "no vertebra in view"
    partial = [i for i, level in assessment.levels.items() if level.coverage != "complete"]
    text = f"{ids[0]} to {ids[-1]}, {wording.count(len(ids), 'vertebra', 'vertebrae')}"
    return f"{text}; cut by the border: {lexicon.level_list(partial, ids)}" if partial else text


def _worst_of(records: list[Finding], nothing: str) -> str:
    """Present and undecided records by level, else the negative with its denominator, else the reason."""
    found = [f for f in records if f.state in (State.PRESENT, State.INDETERMINATE)]
    found.sort(key=lambda f: (f.state is not State.PRESENT, -(f.value or 0.0)))
    absent = [f for f in records if f.state in (State.ABSENT, State.MEASURED)]
    refused = [f for f in records if f.state is State.NOT_ASSESSABLE]
    if found:
        pieces = [f"{f.subject.level_id or 'study'} {cards.cell(f)}" for f in found[:3]]
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        return "; ".join(pieces) + more
    if absent:
        tail = f", not assessed at {len(refused)}" if refused else ""
        return f"negative at {wording.count(len(absent), 'level')}{tail}"
    return f"not assessed at {wording.count(len(refused), 'level')} ({refused[0].reason})" if refused else nothing


def _searched(level: LevelAssessment) -> bool:
    wanted = lexicon.lexicon()["lesion_criteria"]
    return any(f.criterion in wanted and f.state is not State.NOT_ASSESSABLE for f in level.findings.values())


def _undecided(level: LevelAssessment) -> bool:
    wanted = lexicon.lexicon()["lesion_criteria"]
    return any(f.criterion in wanted and f.state is State.INDETERMINATE for f in level.findings.values())


def _no_statement(assessment: Assessment) -> str:
    if not assessment.levels:
        return "No vertebra was found: nothing could be assessed."
    ill = [level_id for level_id, level in assessment.levels.items() if level.abnormal]
    if ill:
        return (
            f"Positive or indeterminate records at {lexicon.level_list(ill, list(assessment.levels))}; see the levels."
        )
    return "No abnormality was found by the criteria assessed; see what was not assessed."
