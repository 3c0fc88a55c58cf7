"""`measurements.csv`: one row per value, and one per record that has none, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from spinemets.exports.atomic import write_text
from spinemets.model.assessment import Assessment
from spinemets.model.finding import Cutoff, Finding
from spinemets.model.measurement import Value

COLUMNS = (
    "finding_id", "level", "level_position", "level_confidence", "part", "lesion", "criterion", "version", "title",
    "state", "category", "quantity", "judged", "value", "unit", "ci95_low", "ci95_high", "sd", "n_voxels",
    "series_number", "series_label", "cutoffs", "caveats", "reason", "missing", "remedy",
)  # fmt: skip

# A cell that begins with one of these is run as a formula by spreadsheet programs; texts come from file names too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(assessment: Assessment, path: Path) -> None:
    """Write every value of every finding, level by level (comma separated, UTF-8, decimal point)."""
    write_text(path, csv_text(assessment))


def csv_text(assessment: Assessment) -> str:
    """The table as text."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(assessment):
        writer.writerow(row)
    return buffer.getvalue()


def rows(assessment: Assessment) -> Iterator[dict[str, str]]:
    """Rows of the table: one per named value, or one without a value where a record has none.

    Numbers are written with all their digits: rounding is for people. An empty cell in `value` never stands for 0.
    """
    for finding in assessment.all_findings():
        fixed = _fixed(assessment, finding)
        values = dict(finding.values)
        judged = _judged_name(finding)
        if judged is None and finding.value is not None:
            judged = "value"
            values[judged] = Value(value=finding.value, unit=finding.unit or "", ci95=finding.ci95)
        if not values:
            yield fixed
        for name, value in values.items():
            yield {**fixed, "quantity": name, "judged": "yes" if name == judged else "no", **_number_cells(value)}


def _judged_name(finding: Finding) -> str | None:
    """Name of the value that was compared with the cut-off: the one equal to the record's own number."""
    for name, value in finding.values.items():
        if finding.value is not None and (value.value, value.unit) == (finding.value, finding.unit):
            return name
    return None


def _number_cells(value: Value) -> dict[str, str]:
    low, high = value.ci95 if value.ci95 is not None else (None, None)
    return {
        "value": _number(value.value),
        "unit": value.unit,
        "ci95_low": _number(low),
        "ci95_high": _number(high),
        "sd": _number(value.sd),
    }


def _fixed(assessment: Assessment, finding: Finding) -> dict[str, str]:
    """Cells that are the same for all values of one finding."""
    subject = finding.subject
    entry = assessment.levels.get(subject.level_id) if subject.level_id else None
    level = entry.level if entry else None
    uids = [subject.series_uid] if subject.series_uid else list(finding.evidence.series_uids)
    series = [s for s in assessment.series if s.uid in uids]
    return {
        **dict.fromkeys(COLUMNS, ""),
        "finding_id": finding.id,
        "level": subject.level_id or "study",
        "level_position": f"{level.position} of {level.of}" if level else "",
        "level_confidence": _number(level.confidence) if level else "",
        "part": subject.part or "",
        "lesion": " ".join((subject.lesion_id,) if subject.lesion_id else finding.evidence.lesions),
        "criterion": finding.criterion,
        "version": finding.version,
        "title": _text(finding.title),
        "state": finding.state.value,
        "category": _text(finding.category or ""),
        "n_voxels": str(finding.evidence.n_voxels) if finding.evidence.n_voxels else "",
        "series_number": " ".join(str(s.number) for s in series),
        "series_label": _text("; ".join(s.label for s in series)),
        "cutoffs": _text("; ".join(_cut(c) for c in finding.cutoffs)),
        "caveats": " ".join(finding.caveats),
        "reason": finding.reason or "",
        "missing": _text(finding.missing or ""),
        "remedy": _text(finding.remedy or ""),
    }


def _cut(cut: Cutoff) -> str:
    """One cut-off with its mark of origin: `cut 0.8 below 1 [V Key]`."""
    origin = f"{cut.mark} {cut.source}".strip()
    return f"{cut.name} {cut.direction} {cut.value:g} {cut.unit} [{origin}]".strip()


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _text(text: str) -> str:
    """A text cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
