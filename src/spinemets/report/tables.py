"""Rows of the report's tables, as plain values: series, levels, lesions, what was not assessed, clinical facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spinemets.model.assessment import Assessment, LesionSummary, LevelAssessment, SeriesSummary
from spinemets.model.finding import Finding, State
from spinemets.report import cards, lexicon, wording


@dataclass(frozen=True, kw_only=True)
class NotAssessedRow:
    """One question without an answer: criterion, levels, reason in words, remedy, ids of the records."""

    criterion: str
    title: str
    levels: str
    reason: str
    short: str
    remedy: str
    finding_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of the level table; `state` gives it shape and weight beside its words."""

    text: str
    state: str = "plain"


def not_assessed(assessment: Assessment) -> tuple[NotAssessedRow, ...]:
    """All records without an answer, grouped by question, reason and remedy, heaviest first; every record is in one row."""
    groups: dict[tuple[str, str | None, str], list[Finding]] = {}
    for finding in assessment.not_assessable:
        key = (finding.criterion, finding.reason, finding.remedy or "")
        groups.setdefault(key, []).append(finding)
    rows = [_not_assessed_row(records, assessment) for records in groups.values()]
    return tuple(sorted(rows, key=lambda r: lexicon.clinical_weight(r.criterion)))


def _not_assessed_row(records: list[Finding], assessment: Assessment) -> NotAssessedRow:
    first = records[0]
    level_ids = [f.subject.level_id for f in records if f.subject.level_id]
    levels = lexicon.level_list(level_ids, list(assessment.levels)) or "study"
    if len(records) > max(1, len(set(level_ids))):
        levels += f" ({wording.count(len(records), 'record')})"
    details = list(dict.fromkeys(cards.reason(f, assessment) for f in records))
    more = f"; {len(details) - 1} more like it at the levels" if len(details) > 1 else ""
    return NotAssessedRow(
        criterion=first.criterion,
        title=first.title,
        levels=levels,
        reason=f"{details[0]}{more}",
        short=lexicon.short_reason(first.reason),
        remedy=first.remedy or "nothing in this study would answer it",
        finding_ids=tuple(f.id for f in records),
    )


def level_columns(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Columns of the level table for which this assessment has any record."""
    seen = {f.criterion for level in assessment.levels.values() for f in level.findings.values()}
    return {key: c for key, c in lexicon.lexicon()["columns"].items() if seen & set(c["criteria"])}


def columns_without_records(assessment: Assessment) -> tuple[str, ...]:
    """Titles of columns left out because no criterion of this run answers them: said below the table."""
    present = level_columns(assessment)
    return tuple(c["title"] for key, c in lexicon.lexicon()["columns"].items() if key not in present)


def level_row(level: LevelAssessment, assessment: Assessment) -> dict[str, Cell]:
    """One line of the level table, a cell for each column and for lesions and SINS."""
    row = {"lesions": lesion_cell(level, assessment)}
    for key, column in level_columns(assessment).items():
        row[key] = _column_cell(level, column)
    row["sins"] = score_cell(level)
    return row


def lesion_cell(level: LevelAssessment, assessment: Assessment) -> Cell:
    """Letters and sizes of a level's lesions; without one, whether any search was possible."""
    own = [x for x in assessment.lesions if x.id in level.lesions]
    if own:
        letter = lexicon.lesion_kind(level.lesion_type)["letter"] + " " if level.lesion_type else ""
        return Cell(text=letter + ", ".join(f"{x.id} {volume(x)}" for x in own), state="present")
    searched = [f for f in level.findings.values() if f.criterion in lexicon.lexicon()["lesion_criteria"]]
    if any(f.state is State.ABSENT for f in searched):
        return Cell(text="negative", state="absent")
    undecided = [f for f in searched if f.state is not State.NOT_ASSESSABLE]
    if undecided:
        return Cell(text=cards.cell(undecided[0]), state=undecided[0].state.value)
    code = searched[0].reason if searched else "no search"
    return Cell(text=f"not assessed ({code})", state="not_assessable")


def volume(lesion: LesionSummary) -> str:
    """Volume with interval."""
    return wording.quantity(lesion.volume_ml, "mL", lesion.volume_ci95_ml)


def score_cell(level: LevelAssessment) -> Cell:
    """SINS as a range with its category."""
    score = next((s for s in level.scores.values() if s.name.upper().startswith("SINS")), None)
    if score is None:
        return Cell(text="no lesion to score", state="plain")
    return Cell(text=f"{wording.points(score.low, score.high)}, {score.category}", state="present")


def _column_cell(level: LevelAssessment, column: dict[str, Any]) -> Cell:
    records = [f for name in column["criteria"] for f in level.findings.values() if f.criterion == name]
    if not records:
        return Cell(text="no record", state="plain")
    if len(records) == 1 and records[0].subject.part is None:
        return Cell(text=cards.cell(records[0]), state=records[0].state.value)
    return _parts_cell(records)


def _parts_cell(records: list[Finding]) -> Cell:
    """Cell over walls or sides: what is found by part, else negative or not assessed for all."""
    found = [f for f in records if f.state in (State.PRESENT, State.INDETERMINATE)]
    refused = [f for f in records if f.state is State.NOT_ASSESSABLE]
    pieces = [f"{_part(f)}: {cards.cell(f)}" for f in found]
    if not found and not refused:
        shown = [f for f in records if f.state is State.MEASURED]
        pieces = [f"{_part(f)}: {cards.cell(f)}" for f in shown] or ["negative"]
    elif len(refused) == len(records):
        pieces = [f"not assessed ({refused[0].reason})"]
    elif refused:
        if not found:
            pieces = [f"negative in {len(records) - len(refused)} of {len(records)}"]
        pieces.append(f"{', '.join(_part(f) for f in refused)}: not assessed ({refused[0].reason})")
    state = found[0].state if found else refused[0].state if refused else records[0].state
    return Cell(text="; ".join(pieces), state=state.value)


def _part(finding: Finding) -> str:
    return lexicon.words_of_part(finding.subject.part or "whole")


def body_size(level: LevelAssessment) -> str:
    """Width, depth and height of the body, as far as they were measured."""
    sizes = {name.removesuffix("_mm"): value for name, value in level.size_mm.items()}
    return ", ".join(f"{n} {sizes[n]:.1f} mm" for n in ("width", "depth", "height") if n in sizes)


def level_naming(level: LevelAssessment) -> str:
    """How the level got its name, how sure that is, and the next best name."""
    value = level.level
    if value.name is None:
        return "place only: nothing in view names a level"
    sure = "confidence not computed" if value.confidence is None else f"{value.confidence:.2f}"
    text = f"{value.method}, {sure}"
    if value.runner_up:
        runner = "" if value.runner_up_confidence is None else f" {value.runner_up_confidence:.2f}"
        text += f" (next: {value.runner_up}{runner})"
    else:
        text += " (no other name offered)"
    return text


def series_rows(assessment: Assessment) -> tuple[dict[str, str], ...]:
    """Series table: what it is, why we think so, how it was made, what it was used for."""
    return tuple(_series_row(s) for s in assessment.series)


def _series_row(series: SeriesSummary) -> dict[str, str]:
    recognition = series.recognition
    runner = f"; next: {recognition.runner_up[0]} {recognition.runner_up[1]:.2f}" if recognition.runner_up else ""
    evidence = "; ".join((*recognition.evidence, *(f"Conflict: {c}" for c in recognition.conflicts)))
    used = ", ".join(series.used_for) or f"not used: {series.not_used_because or 'no criterion asked for it'}"
    geometry = " ".join((series.geometry.verdict + ".", *series.geometry.notes, *series.warnings))
    sides = "known" if series.sides_known else "side unknown"
    return {
        "number": str(series.number),
        "label": series.label,
        "kind": lexicon.series_kind(recognition.kind),
        "confidence": f"{recognition.confidence:.2f}, {recognition.method}{runner}",
        "evidence": evidence or "no evidence recorded",
        "made": acquisition(series),
        "images": f"{series.n_images}; {series.grid or 'no volume'}",
        "geometry": geometry,
        "sides": sides,
        "used": used,
    }


def acquisition(series: SeriesSummary) -> str:
    """How the images were made, from the header; stated items are marked, silent ones are said to be silent."""
    a = series.acquisition
    parts = [
        f"{a.kvp:g} kVp" if a.kvp else "",
        f"kernel {a.kernel}" if a.kernel else "",
        f"{a.field_t:g} T" if a.field_t else "",
        f"TR {1e3 * a.tr_s:.0f} ms" if a.tr_s else "",
        f"TE {1e3 * a.te_s:.0f} ms" if a.te_s else "",
        f"TI {1e3 * a.ti_s:.0f} ms" if a.ti_s else "",
        f"slice {a.slice_thickness_mm:g} mm" if a.slice_thickness_mm else "",
        {True: "with contrast medium", False: "without contrast medium", None: "contrast medium not stated"}[
            a.contrast_agent
        ],
    ]
    stated = f"stated by user: {', '.join(a.stated_by_user)}" if a.stated_by_user else ""
    return ", ".join(p for p in (*parts, stated) if p)


def lesion_rows(assessment: Assessment) -> tuple[dict[str, str], ...]:
    """Lesion table."""
    return tuple(_lesion_row(lesion, assessment) for lesion in assessment.lesions)


def _lesion_row(lesion: LesionSummary, assessment: Assessment) -> dict[str, str]:
    kind = lexicon.lexicon()["candidate_words"].get(lesion.kind, lesion.kind.replace("_", " "))
    diameters = ", ".join(f"{name.replace('_', ' ')} {value:.1f} mm" for name, value in lesion.diameters_mm.items())
    parts = sorted(lesion.compartments.items(), key=lambda item: -item[1])
    notes = [*(lexicon.caveat_words(c, assessment) for c in lesion.caveats), *lesion.notes]
    if lesion.tiny:
        notes.insert(0, "Close to the smallest size that is kept.")
    return {
        "id": lesion.id,
        "level": lesion.level_id,
        "kind": kind,
        "volume": volume(lesion),
        "diameters": diameters or "not measured",
        "share": wording.percent(lesion.share_of_body) if lesion.share_of_body is not None else "body not measured",
        "parts": ", ".join(f"{lexicon.words_of_part(n)} {wording.percent(v)}" for n, v in parts) or "not assigned",
        "numbers": ", ".join(f"{cards.value_name(n)} {_lesion_number(n, v)}" for n, v in lesion.values.items())
        or "none",
        "series": cards.series_name(assessment, lesion.series_uid),
        "position": cards.position(lesion.centroid_lps_mm),
        "criterion": lesion.criterion,
        "notes": " ".join(notes) or "no caveat",
    }


def _lesion_number(name: str, value: float) -> str:
    """Named number of a lesion; its unit is in its name."""
    units = {"_ml": "mL", "_mm": "mm", "_hu": "[hnsf'U]"}
    unit = next((u for suffix, u in units.items() if name.endswith(suffix)), "1")
    return wording.with_unit(value, unit)


def patient_rows(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Head of the page: who and when, blanks said."""
    patient, clinical = assessment.patient, assessment.clinical
    age = patient.age_years if patient.age_years is not None else clinical.age_years
    modalities = sorted({_modality(s) for s in assessment.series} - {""})
    return (
        ("Patient", patient.pseudonym or "not supplied"),
        ("Age", f"{age:.0f} years" if age is not None else "not supplied"),
        ("Sex", patient.sex or clinical.sex or "not supplied"),
        ("Study date", patient.study_date or "not supplied"),
        ("Study", patient.study_description or "no description"),
        ("Accession", patient.accession or "not supplied"),
        ("Modality", " + ".join(modalities) or "not stated"),
        ("Prior studies used", "none supplied"),
    )


def _modality(series: SeriesSummary) -> str:
    """Modality of the header, else of the recognised kind; "" if neither says it."""
    if series.acquisition.modality:
        return series.acquisition.modality
    kind = series.recognition.kind
    return "" if kind == "unknown" else "CT" if kind.startswith("ct") else "MR"


def clinical_rows(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Clinical facts exactly as supplied."""
    c = assessment.clinical
    treatments = "; ".join(_event(t.kind, t.date, t.levels) for t in c.treatments)
    devices = "; ".join(_event(d.kind, None, d.levels) for d in c.devices)
    facts = (
        ("Primary", "primary", c.primary),
        ("Pain", "pain", c.pain),
        ("Neurology", "neurology", c.neurology),
        ("Prior therapy", "treatments", treatments),
        ("Implants", "devices", devices),
        ("Alignment", "alignment", c.alignment),
        ("Height", "height_cm", f"{c.height_cm:g} cm" if c.height_cm else None),
    )
    return tuple(
        (label, v or ("none, as stated" if key in c.none_stated else "not supplied")) for label, key, v in facts
    )


def _event(kind: str, date: str | None, levels: tuple[str, ...]) -> str:
    return " ".join(p for p in (kind, f"at {', '.join(levels)}" if levels else "", date or "") if p)
