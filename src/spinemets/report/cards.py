"""The finding card: everything a reader needs to trust or doubt one record (report.md, section 3, item 7)."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.assessment import Assessment, Picture, SeriesSummary
from spinemets.model.finding import Cutoff, Finding, State
from spinemets.report import lexicon, wording


@dataclass(frozen=True, kw_only=True)
class CutLine:
    """A cut-off as printed: the comparison, what its mark means, source and population."""

    text: str
    mark: str
    mark_words: str
    published: bool
    source: str
    population: str
    caveat: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One record, every cell filled."""

    id: str
    criterion: str
    version: str
    title: str
    state: str
    state_word: str
    sign: str
    category: str
    statement: str
    value: str
    others: tuple[tuple[str, str], ...]
    cuts: tuple[CutLine, ...]
    counts_for: str
    against: tuple[str, ...]
    notes: tuple[str, ...]
    where: str
    rests_on: str
    missing: str
    remedy: str
    pictures: tuple[Picture, ...]


def card(finding: Finding, assessment: Assessment) -> Card:
    """Card of one record."""
    return Card(
        id=finding.id,
        criterion=finding.criterion,
        version=finding.version,
        title=title(finding),
        state=finding.state.value,
        state_word=lexicon.state_word(finding.state),
        sign=lexicon.state_sign(finding.state),
        category=(finding.category or "").replace("_", " "),
        statement=finding.statement,
        value=value_text(finding),
        others=_other_values(finding),
        cuts=tuple(_cut_line(c) for c in finding.cutoffs),
        counts_for=finding.counts_for or "no hypothesis by itself",
        against=tuple(lexicon.caveat_words(code, assessment) for code in finding.caveats),
        notes=finding.notes,
        where=where(finding, assessment),
        rests_on=_rests_on(finding),
        missing=reason(finding, assessment) if finding.reason or finding.missing else "",
        remedy=finding.remedy or "",
        pictures=tuple(p for p in assessment.pictures if p.finding_id == finding.id),
    )


def title(finding: Finding) -> str:
    """Title with the part it is about."""
    part = finding.subject.part
    return finding.title if part is None else f"{finding.title}: {lexicon.words_of_part(part)}"


def value_text(finding: Finding) -> str:
    """Judged value with interval and unit; in words where there is none."""
    if finding.value is None:
        return "not assessed" if finding.state is State.NOT_ASSESSABLE else "no number for this record"
    return wording.quantity(finding.value, finding.unit or "1", finding.ci95)


def cell(finding: Finding | None) -> str:
    """One table cell: a value with interval, "negative", or "not assessed (code)"; never empty."""
    if finding is None:
        return "no record"
    if finding.state is State.NOT_ASSESSABLE:
        return f"not assessed ({finding.reason or 'no code'})"
    number = None if finding.value is None else wording.quantity(finding.value, finding.unit or "1", finding.ci95)
    if finding.state is State.ABSENT:
        return "negative" if number is None else f"negative, {number}"
    if finding.state is State.MEASURED:
        return number or finding.category or "measured"
    what = (finding.category or lexicon.state_word(finding.state)).replace("_", " ")
    mark = "? " if finding.state is State.INDETERMINATE else ""
    return f"{mark}{what}" if number is None else f"{mark}{what}, {number}"


def where(finding: Finding, assessment: Assessment) -> str:
    """Series, position, regions and voxel count the record rests on."""
    evidence = finding.evidence
    pieces = [series_name(assessment, uid) for uid in series_uids(finding)]
    if evidence.position_lps_mm is not None:
        pieces.append(position(evidence.position_lps_mm))
    if evidence.regions:
        pieces.append("region " + wording.listed([r.replace("_", " ") for r in evidence.regions]))
    if evidence.references:
        pieces.append("against " + wording.listed([r.replace("_", " ") for r in evidence.references]))
    if evidence.n_voxels:
        pieces.append(wording.count(evidence.n_voxels, "voxel"))
    return "; ".join(pieces) or "no image position recorded"


def series_uids(finding: Finding) -> tuple[str, ...]:
    """Series of a record: those of its evidence, else that of its subject."""
    uids = finding.evidence.series_uids
    return uids or ((finding.subject.series_uid,) if finding.subject.series_uid else ())


def series_name(assessment: Assessment, uid: str) -> str:
    """Name of a series as in the series table."""
    series = series_by_uid(assessment, uid)
    return (
        f"series {series.number} ({lexicon.series_kind(series.recognition.kind)})" if series else "a series not listed"
    )


def series_by_uid(assessment: Assessment, uid: str) -> SeriesSummary | None:
    """Row of the series table, None if the assessment has none for this uid."""
    return next((s for s in assessment.series if s.uid == uid), None)


def position(lps_mm: tuple[float, float, float]) -> str:
    """Patient position as printed below pictures and in cards."""
    return f"LPS ({lps_mm[0]:.1f}, {lps_mm[1]:.1f}, {lps_mm[2]:.1f}) mm"


def reason(finding: Finding, assessment: Assessment) -> str:
    """Why a record has no answer: the code in words and the sentence of the record."""
    words = lexicon.reason_words(finding.reason, assessment)
    detail = (finding.missing or "").rstrip(".")
    code = f" ({finding.reason})" if finding.reason else ""
    if not detail or detail.lower() == words.lower().rstrip("."):
        return f"{words.rstrip('.')}{code}"
    return f"{words.rstrip('.')}{code}: {detail}"


def _other_values(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Further numbers of the record (name, text); the judged one is not repeated."""
    rows = []
    for name, value in finding.values.items():
        if finding.value is not None and (value.value, value.unit) == (finding.value, finding.unit):
            continue
        rows.append((value_name(name), wording.quantity(value.value, value.unit, value.ci95)))
    return tuple(rows)


def value_name(name: str) -> str:
    """`height_anterior_mm` as `height anterior`: the unit stands behind the number already."""
    for suffix in ("_mm2", "_mm3", "_mm", "_ml", "_hu", "_percent", "_deg"):
        name = name.removesuffix(suffix)
    return name.replace("_", " ")


def _cut_line(cut: Cutoff) -> CutLine:
    comparison = f"{cut.direction} {wording.with_unit(cut.value, cut.unit or '1')}"
    return CutLine(
        text=f"{cut.name}: {comparison}" if cut.name else comparison,
        mark=cut.mark,
        mark_words=lexicon.mark_words(cut.mark),
        published=lexicon.published(cut.mark),
        source=cut.source or "no source recorded",
        population=cut.population or "population not stated",
        caveat=cut.caveat,
    )


def _rests_on(finding: Finding) -> str:
    """Other records and lesions the record was made from."""
    names = [*finding.evidence.lesions, *finding.evidence.findings]
    return wording.listed(list(dict.fromkeys(names)))
