"""The door of the room: every series of a study gets its kind, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from spinemets.knowledge import catalogue
from spinemets.model.errors import UsageError
from spinemets.model.series import Recognition, Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume
from spinemets.series import conflicts, ct, image_check, mr, other
from spinemets.series.classes import ct_table, kernel_table, known_kinds, mr_table
from spinemets.series.physics_facts import companions_of, facts_of

STATED = "stated by user"
CONTENT = "image content"


def recognise(study: Study) -> Study:
    """Recognise every series (MR-GEN-01, CT-01).

    Physics first: sequence, times, flip angle, b-values, contrast and kernel name a series; the description only raises
    conflicts. A kind the user states wins, and physics that contradicts it is reported. Voxel values are asked only
    where there is no header at all.

    Raises
    ------
    UsageError
        If the user states a kind that does not exist.
    """
    return replace(study, series=tuple(_recognised(s, study.series) for s in study.series))


def _recognised(series: Series, all_series: Sequence[Series]) -> Series:
    found = _recognise(series, all_series)
    known = series.with_recognition(found)
    return replace(known, load=_as_attenuation(series)) if found.method == CONTENT and found.kind == "ct" else known


def _as_attenuation(series: Series) -> Callable[[], Volume]:
    """Pixels of a series whose values alone say that they are Hounsfield units, under that name."""

    def load() -> Volume:
        return replace(series.load(), quantity="attenuation", unit="[hnsf'U]")

    return load


def _recognise(series: Series, all_series: Sequence[Series]) -> Recognition:
    stated = series.acquisition.stated_kind
    if stated is not None:
        return _stated(series, stated.strip().lower(), all_series)
    found = from_header(series, all_series)
    if found.kind == "unknown" and series.acquisition.modality is None and series.measurable:
        return _from_values(series, found)
    return _with_words(series, found)


def from_header(series: Series, all_series: Sequence[Series]) -> Recognition:
    """Recognise by header facts alone."""
    acquisition = series.acquisition
    special = other.classify(acquisition, ct_table(), mr_table())
    if special is not None:
        return special
    modality = (acquisition.modality or "").upper()
    if modality == "CT":
        return ct.classify(acquisition, ct_table(), kernel_table())
    if modality == "MR":
        limits = catalogue.load()["MR-GEN-01"].values()
        facts = facts_of(acquisition, mr_table(), companions_of(series, all_series))
        found = mr.classify(facts, mr_table(), limits["score_min"], limits["margin_min"])
        return _with_phase(series, found)
    if modality:
        return Recognition(evidence=(f"modality {modality} is not read by this version",))
    return Recognition(evidence=("no modality and no sequence facts are stated",))


def _with_phase(series: Series, found: Recognition) -> Recognition:
    """Say which phase a gradient echo has: the same 2.3 ms is opposed phase at 1.5 T and in phase at 3 T."""
    acquisition = series.acquisition
    if found.kind not in ("t1_gre", "ip_op", "dixon", "t1_gre_fs") or acquisition.te_s is None:
        return found
    phase = mr.phase_of_echo(acquisition.te_s * 1e3, acquisition.field_t, mr_table())
    if phase is None:
        return found
    said = f"TE {acquisition.te_s * 1e3:.4g} ms at {acquisition.field_t:g} T is {phase}"
    return replace(found, evidence=(*found.evidence, said))


def _stated(series: Series, kind: str, all_series: Sequence[Series]) -> Recognition:
    kinds = known_kinds()
    if kind not in kinds:
        raise UsageError(
            f"{series.label}: the kind {kind!r} does not exist.", f"Use one of: {', '.join(sorted(kinds))}."
        )
    header = from_header(series, all_series)
    found = Recognition(
        kind=kind,
        confidence=1.0,
        method=STATED,
        evidence=(f"the user states that this series is {kind} ({kinds[kind]})",),
    )
    contradictions = _contradictions(series, kind, header, all_series)
    return replace(_with_words(series, found), conflicts=(*contradictions, *_with_words(series, found).conflicts))


def _contradictions(series: Series, kind: str, header: Recognition, all_series: Sequence[Series]) -> tuple[str, ...]:
    """Where physics speaks against what the user states."""
    said: list[str] = []
    table = mr_table()
    if header.kind not in ("unknown", kind) and not _same_family(kind, header.kind):
        said.append(f"the user states {kind}, the header reads as {header.kind}: {'; '.join(header.evidence)}")
    elif kind in table.classes and (series.acquisition.modality or "").upper() == "MR":
        facts = facts_of(series.acquisition, table, companions_of(series, all_series))
        cells = mr.score(kind, table.classes[kind], facts).cells
        outside = [c.sentence for c in cells if c.verdict == mr.OUTSIDE]
        if outside:
            said.append(f"the user states {kind}, the header does not fit: {'; '.join(outside)}")
    return tuple(said)


def _same_family(stated: str, read: str) -> bool:
    """A stated CT kernel class does not contradict a CT of unknown kernel, nor the reverse."""
    return "ct" in (stated, read) and stated.startswith("ct") and read.startswith("ct")


def _from_values(series: Series, found: Recognition) -> Recognition:
    check = ct_table().values_check
    like_ct, said = image_check.hounsfield_like(series.pixels(), check)
    if not like_ct:
        remedy = "state its kind in a facts file"
        return replace(found, evidence=(*found.evidence, said, remedy), method=CONTENT)
    evidence = (said, "no header facts: kernel, tube voltage and contrast are not known")
    return _with_words(series, Recognition(kind="ct", confidence=check.confidence, evidence=evidence, method=CONTENT))


def _with_words(series: Series, found: Recognition) -> Recognition:
    """Add what the words of the header say: conflicts for a measured class, a hint for all others."""
    acquisition = series.acquisition
    is_ct = found.kind.startswith("ct") or (acquisition.modality or "").upper() == "CT"
    words = ct_table().description_words if is_ct else mr_table().description_words
    evidence, clashes = conflicts.body_part(acquisition, ct_table().body_words)
    if found.kind in ct_table().other_kinds:
        hints = conflicts.description_hints(acquisition, words)
        return replace(found, evidence=(*found.evidence, *hints, *evidence), conflicts=(*found.conflicts, *clashes))
    against = conflicts.description_conflicts(acquisition, found.kind, words, known_kinds()[found.kind])
    return replace(found, evidence=(*found.evidence, *evidence), conflicts=(*found.conflicts, *against, *clashes))
