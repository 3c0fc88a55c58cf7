"""Urgent lines (URG): fixed sentences, their negative or their not-assessed form. Never a notification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinemets.model.assessment import LevelAssessment, UrgentLine

KINDS = ("urgent", "cannot be excluded", "none found", "not assessed", "always")


def urgent_lines(levels: Mapping[str, LevelAssessment], table: Mapping[str, Any]) -> tuple[UrgentLine, ...]:
    """All lines, urgent ones first, then what was not assessed; class 1 before class 2."""
    lines: list[UrgentLine] = []
    for line_id, line in table["lines"].items():
        if "at_least" in line:
            lines.extend(_instability(line_id, line, levels))
        elif "not_assessed" in line:
            lines.append(_line(line_id, "not assessed", line["not_assessed"], line))
        else:
            lines.append(_line(line_id, "always", line["always"], line))
    lines.sort(key=lambda x: (KINDS.index(x.kind), x.actionable_class or 9))
    return tuple(lines)


def _instability(line_id: str, line: Mapping[str, Any], levels: Mapping[str, LevelAssessment]) -> list[UrgentLine]:
    scored = [(lv, lv.scores["SINS"]) for lv in levels.values() if "SINS" in lv.scores]
    found = [
        UrgentLine(
            id=line_id,
            kind="urgent",
            sentence=line["present"].format(level=lv.level.words, low=score.low, high=score.high),
            actionable_class=line["class"],
            level_id=lv.level.id,
            findings=tuple(f for item in score.items for f in item.findings),
        )
        for lv, score in scored
        if score.low >= line["at_least"]
    ]
    if found:
        return found
    if not scored:
        return [_line(line_id, "none found", line["unscored"], line)]
    return [_line(line_id, "none found", line["none"].format(at_least=line["at_least"], n=len(scored)), line)]


def _line(line_id: str, kind: str, sentence: str, line: Mapping[str, Any]) -> UrgentLine:
    return UrgentLine(id=line_id, kind=kind, sentence=sentence, actionable_class=line["class"])
