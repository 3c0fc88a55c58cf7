"""The finding card: everything a reader needs to trust or doubt one record (report.md, section 3, item 7)."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.knowledge.catalogue import load
from spinemets.model.assessment import Assessment, Picture, SeriesSummary
from spinemets.model.finding import Cutoff, Finding, State
from spinemets.model.measurement import Value
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
    level_pictures: tuple[Picture, ...]


def card(finding: Finding, assessment: Assessment) -> Card:
    """Card of one record."""
    own = tuple(p for p in assessment.pictures if p.finding_id == finding.id)
    level_id = finding.subject.level_id
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
        cuts=tuple(_cut_line(finding, c) for c in finding.cutoffs),
        counts_for=finding.counts_for or "no hypothesis by itself",
        against=tuple(lexicon.caveat_words(code, assessment) for code in finding.caveats),
        notes=finding.notes,
        where=where(finding, assessment),
        rests_on=_rests_on(finding),
        missing=reason(finding, assessment) if finding.reason or finding.missing else "",
        remedy=finding.remedy or "",
        pictures=own,
        level_pictures=() if own or level_id is None else _level_pictures(level_id, assessment),
    )


def _level_pictures(level_id: str, assessment: Assessment) -> tuple[Picture, ...]:
    """Pictures of the level itself, which stand in for a record without an outline of its own."""
    return tuple(p for p in assessment.pictures if p.level_id == level_id and p.finding_id is None)


def title(finding: Finding) -> str:
    """Title with the part it is about."""
    part = finding.subject.part
    return finding.title if part is None else f"{finding.title}: {lexicon.words_of_part(part)}"


def value_text(finding: Finding) -> str:
    """Judged value with interval and unit; in words where there is none."""
    if finding.value is None:
        return "not assessed" if finding.state is State.NOT_ASSESSABLE else "no number for this record"
    return amount(finding, judged(finding))


def judged(finding: Finding) -> str | None:
    """Name of the judged value, by the catalogue entry or by its number; None if it has none."""
    entry = load().get(finding.criterion)
    if entry is not None and entry.judge.of in finding.values:
        return entry.judge.of
    same = (n for n, v in finding.values.items() if (v.value, v.unit) == (finding.value, finding.unit))
    return next(same, entry.judge.of if entry is not None else None)


def amount(finding: Finding, name: str | None) -> str:
    """A value of a record as printed, by name; None or an unknown name = the judged number."""
    value = finding.values.get(name or "")
    if value is None:
        value = Value(value=finding.value or 0.0, unit=finding.unit or "1", ci95=finding.ci95)
    if not is_share(finding.criterion, name, value.unit):
        return wording.quantity(value.value, value.unit, value.ci95)
    ends = None if value.ci95 is None else (100 * value.ci95[0], 100 * value.ci95[1])
    return wording.quantity(100 * value.value, "%", ends)


def is_share(criterion: str, name: str | None, unit: str) -> bool:
    """Whether a pure number is a share, which readers know in per cent (the catalogue entry says so)."""
    entry = load().get(criterion)
    given = None if entry is None or name is None else entry.gives.get(name)
    return unit == "1" and given is not None and given.quantity == "fraction"


def cell(finding: Finding | None) -> str:
    """One table cell: a value with interval, "negative", or "not assessed (code)"; never empty."""
    if finding is None:
        return "no record"
    if finding.state is State.NOT_ASSESSABLE:
        return f"not assessed ({finding.reason or 'no code'})"
    number = None if finding.value is None else value_text(finding)
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
    """Further numbers of the record (name, text); the judged one is not repeated, numbers without interval come last."""
    own = judged(finding)
    others = [(n, v) for n, v in finding.values.items() if n != own]
    ranged = [(_about(finding, n), amount(finding, n)) for n, v in others if v.ci95 is not None]
    bare = [
        f"{_about(finding, n)} {amount(finding, n).removesuffix(' (no interval)')}" for n, v in others if v.ci95 is None
    ]
    return (*ranged, *((("without interval:", ", ".join(bare)),) if bare else ()))


def _about(finding: Finding, name: str) -> str:
    """What a value is, in the words of its catalogue entry, else its name in words."""
    entry = load().get(finding.criterion)
    given = None if entry is None else entry.gives.get(name)
    return given.about.partition(",")[0] if given is not None and given.about else value_name(name)


def value_name(name: str) -> str:
    """`height_anterior_mm` as `height anterior`: the unit stands behind the number already."""
    for suffix in ("_mm2", "_mm3", "_mm", "_ml", "_hu", "_percent", "_deg"):
        name = name.removesuffix(suffix)
    return name.replace("_", " ")


def _cut_line(finding: Finding, cut: Cutoff) -> CutLine:
    share = is_share(finding.criterion, judged(finding), cut.unit or "1")
    limit = wording.with_unit(100 * cut.value if share else cut.value, "%" if share else cut.unit or "1")
    origin = lexicon.mark_words(cut.mark)
    # Many sources of engineering choices say no more than the mark itself.
    source = "" if cut.source.lower().startswith(origin.lower()) else cut.source or "no source recorded"
    return CutLine(
        text=f"{cut.name}: {cut.direction} {limit}" if cut.name else f"{cut.direction} {limit}",
        mark=cut.mark,
        mark_words=origin,
        published=lexicon.published(cut.mark),
        source=source,
        population=cut.population or "population not stated",
        caveat=cut.caveat,
    )


def _rests_on(finding: Finding) -> str:
    """Other records and lesions the record was made from."""
    names = [*finding.evidence.lesions, *finding.evidence.findings]
    return wording.listed(list(dict.fromkeys(names)))
