"""`report.txt`: the report to be read aloud or pasted, 80 columns, same order as the page (REP-02)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from spinemets.model.assessment import Assessment, LevelAssessment
from spinemets.model.finding import Finding, State
from spinemets.report import cards, html, lexicon, tables, wording
from spinemets.report.page_one import PageOne, page_one
from spinemets.report.writing import write_whole

COLUMNS = 80


def write_text(assessment: Assessment, path: Path) -> None:
    """Write the text report; the file appears whole or not at all."""
    write_whole(Path(path), render(assessment))


def render(assessment: Assessment) -> str:
    """Text of the report, every line at most 80 columns."""
    one = page_one(assessment)
    blocks = [
        [lexicon.notice()],
        _head(assessment),
        _section("URGENT", _urgent(assessment, one)),
        _section("SUMMARY", _summary(one)),
        _section("TECHNIQUE", _technique(assessment)),
        _section("COMPARISON", ["None supplied."]),
        _section("CLINICAL DATA, AS SUPPLIED", [f"{k}: {v}." for k, v in tables.clinical_rows(assessment)]),
        _section("LEVELS", [line for lv in assessment.levels.values() for line in _level(lv, assessment)]),
        _section("SCORES", _scores(assessment)),
        _section("NOT ASSESSED", _not_assessed(assessment)),
        _section("METHODS", [assessment.methods or "No methods text was written for this run."]),
        _section("REFERENCES", [f"{n}. {r}" for n, r in enumerate(html.references(assessment), start=1)] or ["None."]),
        [f"spinemets {assessment.provenance.software_version}, parameters {assessment.provenance.parameter_hash}."],
        [lexicon.notice()],
    ]
    return "\n\n".join("\n".join(_wrapped(block)) for block in blocks) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *(lines or ["None."])]


def _head(assessment: Assessment) -> list[str]:
    return [f"Spine study {assessment.patient.study_date or 'without date'}"] + [
        f"{label}: {value}" for label, value in tables.patient_rows(assessment) if label != "Study date"
    ]


def _urgent(assessment: Assessment, one: PageOne) -> list[str]:
    lines = [f"! {u.sentence}" for u in one.urgent] + [u.sentence for u in one.other_urgent]
    return [*(lines or ["Not assessed: no urgent item was evaluated in this run."]), lexicon.lexicon()["notified"]]


def _summary(one: PageOne) -> list[str]:
    lines = [one.worst.text, *(s.text for s in one.sentences)]
    lines += [f"{label}: {value}." for label, value in one.key_rows]
    lines.append(
        f"Not assessed: {wording.count(one.not_assessed_count, 'question')}. {'; '.join(one.not_assessed_top)}."
    )
    return [*lines, one.naming, f"In view: {one.coverage}."]


def _technique(assessment: Assessment) -> list[str]:
    lines = [f"Series {s['number']}: {s['kind']}. {s['made']}. {s['used']}." for s in tables.series_rows(assessment)]
    lines += [f"File not in a series: {u.file}: {u.reason}." for u in assessment.unread]
    return lines + [f"{q.question}: {q.verdict}, {q.why}." for q in assessment.protocol]


def _level(level: LevelAssessment, assessment: Assessment) -> Iterator[str]:
    """One line for a level without positive records; statement and records for the others."""
    lesions = tables.lesion_cell(level, assessment).text
    if not level.abnormal:
        yield f"{level.level.words}: {level.statement or f'lesions: {lesions}'}"
        return
    yield f"{level.level.words} ({tables.level_naming(level)}): {level.statement or f'lesions: {lesions}'}"
    for finding in level.findings.values():
        if finding.state in (State.PRESENT, State.INDETERMINATE):
            yield f"  - [{finding.id}] {_finding(finding, assessment)}"


def _finding(finding: Finding, assessment: Assessment) -> str:
    made = cards.card(finding, assessment)
    cuts = "; ".join(f"{c.text}, {c.mark_words}" for c in made.cuts) or "none applies"
    against = " ".join(made.against + made.notes) or "No caveat recorded."
    return f"{made.title}: {made.state_word}. {made.value}. Cut-off: {cuts}. {against} {finding.criterion} v{finding.version}."


def _scores(assessment: Assessment) -> list[str]:
    lines = []
    for level in assessment.levels.values():
        for score in level.scores.values():
            lines.append(
                f"{score.name} at {level.level.words}: {wording.points(score.low, score.high)}, {score.category}."
            )
            lines += [
                f"  - {i.name}: {wording.points(i.low, i.high)}; {i.unknown_because or i.known}" for i in score.items
            ]
    return lines or ["No score was computed: no level has a lesion to score."]


def _not_assessed(assessment: Assessment) -> list[str]:
    return [
        f"{r.title} ({r.criterion}), {r.levels}: {r.reason}. Would help: {r.remedy.rstrip('.')}."
        for r in tables.not_assessed(assessment)
    ]


def _wrapped(lines: list[str]) -> Iterator[str]:
    for line in lines:
        indent = "    " if line.startswith("  - ") else "  " if line.startswith(("! ", "[")) else ""
        yield from textwrap.wrap(line, COLUMNS, subsequent_indent=indent, break_on_hyphens=False) or [""]
