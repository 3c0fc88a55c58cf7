"""Findings to the Assessment: the only place that puts levels, lesions, scores and sentences together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.impression import methods
from spinemets.impression.instability import sins
from spinemets.impression.lesion_type import lesion_type
from spinemets.impression.protocol import completeness
from spinemets.impression.reading import differential
from spinemets.impression.statement import level_statement, study_summary
from spinemets.impression.urgent import urgent_lines
from spinemets.knowledge import catalogue as knowledge
from spinemets.knowledge.catalogue import Catalogue
from spinemets.knowledge.figures import sentence as figure_sentence
from spinemets.knowledge.phrases import in_sentence
from spinemets.model.assessment import Assessment, LesionSummary, LevelAssessment, SeriesSummary
from spinemets.model.finding import Finding, State
from spinemets.model.lesion import Found, Lesion
from spinemets.model.provenance import Provenance
from spinemets.model.series import Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import Study


def form(
    study: Study, spine: Spine, found: Found, findings: Sequence[Finding], catalogue: Catalogue, made: Provenance
) -> Assessment:
    """Put the answer together.

    Parameters
    ----------
    study, spine, found, findings
        What the earlier rooms returned.
    catalogue
        Weights of the reading model live in its entries.
    made
        Provenance of the run.
    """
    lesions = _standing_lesions(found, findings)
    levels = {v.level.id: _level(v, findings, lesions, study, catalogue) for v in spine.vertebrae}
    study_findings = {_study_key(f, study): f for f in findings if f.subject.level_id is None}
    answered = sorted({f.criterion for f in findings if f.state is not State.NOT_ASSESSABLE})
    has_ct = any(s.kind.startswith("ct") for s in study.series)
    return Assessment(
        study_uid=study.uid,
        patient=study.patient,
        clinical=study.clinical,
        provenance=made,
        levels=levels,
        series=tuple(_series_row(s, findings, study) for s in study.series),
        unread=study.unread,
        study_findings=study_findings,
        lesions=lesions,
        urgent=urgent_lines(levels, knowledge.table("urgent")),
        summary=study_summary(levels, lesions, has_ct),
        protocol=completeness(study, findings),
        context=_context(answered),
        sentences=_sentences(findings, lesions),
        methods=methods.paragraph(study, spine, findings, catalogue, made),
        references=methods.references(answered, catalogue),
        warnings=(*study.warnings, *spine.warnings, *_not_mapped(study), *([spine.absent[1]] if spine.absent else [])),
        label_sources=spine.sources,
        ignored_labels=spine.ignored,
        sides=spine.sides,
    )


def _not_mapped(study: Study) -> tuple[str, ...]:
    """A line for each map that could not be made of a series."""
    return tuple(
        " ".join(f"No map ({one.kind}) of {one.source}: {in_sentence(one.reason)} {one.remedy}".split())
        for one in study.not_mapped
    )


def _standing_lesions(found: Found, findings: Sequence[Finding]) -> tuple[LesionSummary, ...]:
    """Candidates as data, without those whose criterion was withdrawn at that level (its reference was invalid)."""
    withdrawn = {
        (f.subject.level_id, f.criterion) for f in findings if f.state is State.NOT_ASSESSABLE and f.subject.level_id
    }
    tiny_mm = knowledge.table("reading")["tiny_long_axis_mm"]["value"]
    return tuple(_summary(x, tiny_mm) for x in found.lesions if (x.level_id, x.criterion) not in withdrawn)


def _summary(lesion: Lesion, tiny_mm: float) -> LesionSummary:
    return LesionSummary(
        id=lesion.id,
        level_id=lesion.level_id,
        series_uid=lesion.series_uid,
        criterion=lesion.criterion,
        kind=lesion.kind,
        volume_ml=lesion.volume_ml,
        volume_ci95_ml=lesion.volume_ci95_ml,
        diameters_mm=dict(lesion.diameters_mm),
        share_of_body=lesion.share_of_body,
        compartments=dict(lesion.compartments),
        values=dict(lesion.values),
        centroid_lps_mm=_rounded(lesion.centroid_lps_mm),
        tiny=max(lesion.diameters_mm.values(), default=0.0) < tiny_mm,
        caveats=lesion.caveats,
        notes=lesion.notes,
    )


def _level(
    vertebra: Vertebra,
    findings: Sequence[Finding],
    lesions: Sequence[LesionSummary],
    study: Study,
    catalogue: Catalogue,
) -> LevelAssessment:
    level = vertebra.level
    mine = _by_key([f for f in findings if f.subject.level_id == level.id], study)
    here = tuple(x for x in lesions if x.level_id == level.id)
    counted = [x for x in here if not x.tiny]
    ranked = differential(mine, catalogue, knowledge.table("reading"), lesion=bool(counted))
    scores = {"SINS": sins(level, mine, study.clinical, knowledge.table("sins"))} if counted else {}
    dark = knowledge.table("reading")["fluid_sensitive_low_contrast"]["value"]
    whole = vertebra.completeness
    centroid = vertebra.frame.origin_lps_mm if vertebra.frame is not None else None
    return LevelAssessment(
        level=level,
        findings=mine,
        lesions=tuple(x.id for x in here),
        lesion_type=lesion_type(counted, mine, dark),
        statement=level_statement(level, mine, here, ranked, scores),
        coverage="complete" if whole.complete else "partial",
        coverage_note=" ".join(whole.notes),
        differential=ranked,
        scores=scores,
        flags=(*vertebra.flags, *(vertebra.frame.flags if vertebra.frame is not None else ())),
        centroid_lps_mm=None if centroid is None else _rounded(centroid),
        size_mm={name: round(float(v), 2) for name, v in vertebra.size_mm.items()},
    )


def _by_key(findings: Sequence[Finding], study: Study) -> dict[str, Finding]:
    """Findings of one level by `criterion:part`; a gate that judged several series keeps one record for each."""
    keyed: dict[str, Finding] = {}
    for finding in findings:
        key = finding.key
        if key in keyed and finding.subject.series_uid is not None:
            key = f"{key}@{study.by_uid(finding.subject.series_uid).number}"
        keyed[key] = finding
    return keyed


def _rounded(point: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (round(float(v), 1) for v in point)
    return (x, y, z)


def _study_key(finding: Finding, study: Study) -> str:
    if finding.subject.series_uid is None:
        return finding.key
    return f"{finding.key}@{study.by_uid(finding.subject.series_uid).number}"


def _series_row(series: Series, findings: Sequence[Finding], study: Study) -> SeriesSummary:
    # What was measured in a map was measured in the series that it was computed from.
    serves = {series.uid, *(m.uid for m in study.series if m.computed and series.uid in m.computed.from_uids)}
    used = dict.fromkeys(
        f.criterion for f in findings if serves & set(f.evidence.series_uids) and f.state is not State.NOT_ASSESSABLE
    )
    return SeriesSummary(
        uid=series.uid,
        number=series.number,
        label=series.label,
        recognition=series.recognition,
        acquisition=series.acquisition,
        geometry=series.geometry,
        n_images=series.n_images,
        digest=series.digest,
        grid=None if series.grid is None else series.grid.describe(),
        sides_known=series.sides_known,
        used_for=tuple(used),
        not_used_because=None if used else _why_not(series),
        warnings=series.warnings,
        computed_from=() if series.computed is None else series.computed.from_uids,
    )


def _why_not(series: Series) -> str:
    if series.geometry.verdict == "refused":
        return "; ".join(series.geometry.notes) or "its geometry could not be trusted"
    if series.kind == "unknown":
        return "; ".join(series.recognition.evidence) or "its class could not be recognised"
    return f"no criterion of this version used a {series.kind.replace('_', ' ')} series here"


def _context(answered: Sequence[str]) -> dict[str, str]:
    rows = knowledge.table("reading")["context"]
    wanted = dict.fromkeys(row for name in answered for row in rows.get(name, ()))
    return {row: figure_sentence(row) for row in wanted}


def _sentences(findings: Sequence[Finding], lesions: Sequence[LesionSummary]) -> dict[str, str]:
    """Each code that occurs, as a sentence a reader understands."""
    rows = {**knowledge.table("caveats")["codes"], **knowledge.table("reasons")["codes"]}
    codes = dict.fromkeys(c for f in findings for c in (*f.caveats, *([f.reason] if f.reason else [])))
    codes.update(dict.fromkeys(c for x in lesions for c in x.caveats))
    return {code: rows[code]["sentence"] for code in codes}
