"""The door of the room: every series of a study gets its kind, with the reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.knowledge import catalogue, kinds
from spinemets.model.errors import UsageError
from spinemets.model.series import Recognition, Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume
from spinemets.series import confidence, conflicts, ct, localizer, mr, other
from spinemets.series.classes import ct_table, kernel_table, known_kinds, mr_table
from spinemets.series.companions import Company
from spinemets.series.physics_facts import facts_of
from spinemets.series.picture import image_check
from spinemets.series.picture.looked import NOTHING, Looked
from spinemets.series.picture.looking import Eye

STATED = "stated by user"
CONTENT = "image content"


def recognise(study: Study, *, look: bool = True) -> Study:
    """Recognise every series (MR-GEN-01, CT-01, CTM-01, PET-01, NM-01).

    Physics first: sequence, times, flip angle, b-values, contrast and kernel name a series; the description only raises
    conflicts. A kind the user states wins, and physics that contradicts it is reported. A few slices are looked at as a
    check: they confirm, lower or contradict what the header says, and never name an MR series.

    Parameters
    ----------
    look
        Whether pixels may be decoded for the check.

    Raises
    ------
    UsageError
        If the user states a kind that does not exist.
    """
    eye, company = Eye(open_=look), Company(study.series)
    return replace(study, series=tuple(_recognised(s, company, eye) for s in study.series))


def _recognised(series: Series, company: Company, eye: Eye) -> Series:
    found = _recognise(series, company, eye)
    known = series.with_recognition(found)
    return replace(known, load=_as_attenuation(series)) if found.method == CONTENT and found.kind == "ct" else known


def _as_attenuation(series: Series) -> Callable[[], Volume]:
    """Pixels of a series whose values alone say that they are Hounsfield units, under that name."""
    requantified = getattr(series.load, "requantified", None)
    if requantified is not None:
        renamed: Callable[[], Volume] = requantified("attenuation", "[hnsf'U]")
        return renamed

    def load() -> Volume:
        return replace(series.load(), quantity="attenuation", unit="[hnsf'U]")

    return load


def _recognise(series: Series, company: Company, eye: Eye) -> Recognition:
    stated = series.acquisition.stated_kind
    if stated is not None:
        return _stated(series, stated.strip().lower(), company)
    if not header_speaks(series):
        return _from_values(series, eye)
    special = planned(series, company)
    if special is not None:
        return _finished(series, special, NOTHING)
    looked = eye.look(series, other.modality_of(series.acquisition, ct_table()))
    return _finished(series, measured(series, company, looked), looked)


def header_speaks(series: Series) -> bool:
    """Whether a header states what made the images."""
    return other.modality_of(series.acquisition, ct_table()) is not None


def planned(series: Series, company: Company) -> Recognition | None:
    """What is never measured, by its header: nothing of it needs to be looked at."""
    special = other.classify(series.acquisition, ct_table(), mr_table())
    if special is None and other.modality_of(series.acquisition, ct_table()) == "MR":
        return localizer.classify(series, company.grids(series), mr_table().localizer)
    return special


def from_header(series: Series, company: Company) -> Recognition:
    """Recognise by header facts alone."""
    special = planned(series, company)
    return measured(series, company, NOTHING) if special is None else special


def measured(series: Series, company: Company, looked: Looked) -> Recognition:
    """Recognise what may be measured, by header facts with the picture as a check."""
    acquisition = series.acquisition
    modality = other.modality_of(acquisition, ct_table())
    if modality == "CT":
        return ct.classify(acquisition, ct_table(), kernel_table(), looked)
    if modality == "MR":
        return _mr(series, company, looked)
    if modality:
        return Recognition(evidence=(f"modality {modality} is not read by this version",))
    return Recognition(evidence=("no modality and no sequence facts are stated",))


def _mr(series: Series, company: Company, looked: Looked) -> Recognition:
    table = mr_table()
    limits = catalogue.entry("MR-GEN-01").values()
    facts = facts_of(series.acquisition, table, company.of(series))
    shift = image_check.shift_of(looked, table, confidence.confidence_table().picture)
    found = mr.classify(facts, table, limits["score_min"], limits["margin_min"], shift)
    settled = _settled(series, found, facts.contrast)
    if (series.acquisition.complex_component or "").upper() == "REAL":
        settled = replace(settled, doubts=(*settled.doubts, "real part: the signal has a sign"))
    against = image_check.against(looked, found.kind, table)
    return _with_phase(series, replace(settled, conflicts=(*settled.conflicts, *against)))


def _settled(series: Series, found: Recognition, contrast: bool | None) -> Recognition:
    """Take back what a description settles that names the sequence in full: no contrast in it, and no diffusion."""
    if not found.doubts or not conflicts.speaks_of(series.acquisition, found.kind, mr_table().description_words):
        return found
    settled = ["dwi"]
    if contrast is None:
        settled += [name for name, row in mr_table().classes.items() if row.rule.contrast]
    doubts = tuple(d for d in found.doubts if not d.startswith(tuple(f"{name} is not ruled out" for name in settled)))
    said = "its description names the sequence and nothing else"
    return found if doubts == found.doubts else replace(found, doubts=doubts, evidence=(*found.evidence, said))


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


def _stated(series: Series, kind: str, company: Company) -> Recognition:
    known = known_kinds()
    if kind not in known:
        raise UsageError(
            f"{series.label}: the kind {kind!r} does not exist.", f"Use one of: {', '.join(sorted(known))}."
        )
    header = from_header(series, company)
    found = Recognition(
        kind=kind,
        score=1.0,
        method=STATED,
        evidence=(f"the user states that this series is {kind} ({known[kind]})",),
        conflicts=_contradictions(series, kind, header, company),
    )
    return replace(_with_words(series, found, NOTHING), confidence=1.0)


def _contradictions(series: Series, kind: str, header: Recognition, company: Company) -> tuple[str, ...]:
    """Where physics speaks against what the user states."""
    said: list[str] = []
    table = mr_table()
    if header.kind not in ("unknown", kind) and not _same_family(kind, header.kind):
        said.append(f"the user states {kind}, the header reads as {header.kind}: {'; '.join(header.evidence)}")
    elif kind in table.classes and (series.acquisition.modality or "").upper() == "MR":
        facts = facts_of(series.acquisition, table, company.of(series))
        cells = mr.score(kind, table.classes[kind], facts).cells
        outside = [c.sentence for c in cells if c.verdict == mr.OUTSIDE]
        if outside:
            said.append(f"the user states {kind}, the header does not fit: {'; '.join(outside)}")
    return tuple(said)


def _same_family(stated: str, read: str) -> bool:
    """A stated class does not contradict a CT of unknown kernel or a PET of unknown correction, nor the reverse."""
    return any(
        plain in (stated, read) and stated.startswith(plain) and read.startswith(plain) for plain in ("ct", "pet")
    )


def _from_values(series: Series, eye: Eye) -> Recognition:
    """A file without a header: only values that are unmistakably Hounsfield units name it."""
    silent = Recognition(evidence=("no modality and no sequence facts are stated",))
    if not series.measurable or not eye.open_:
        return _finished(series, silent, NOTHING)
    check = ct_table().values_check
    like_ct, said = image_check.hounsfield_like(series.pixels(), check)
    if not like_ct:
        remedy = "state its kind in a facts file"
        return _finished(series, replace(silent, evidence=(*silent.evidence, said, remedy), method=CONTENT), NOTHING)
    evidence = (said, "no header facts: kernel, tube voltage and contrast are not known")
    looked = eye.look(series, "CT")
    found = Recognition(
        kind="ct", score=check.confidence, evidence=evidence, method=CONTENT,
        doubts=("that it is a CT rests on its values alone",),
    )  # fmt: skip
    return _finished(series, found, looked)


def _finished(series: Series, found: Recognition, looked: Looked) -> Recognition:
    """Words, body part and confidence added."""
    spoken = _with_words(series, found, looked)
    return confidence.with_confidence(spoken, contradicted=len(spoken.conflicts) > len(_of_the_body(series, looked)[1]))


def _of_the_body(series: Series, looked: Looked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Evidence and conflicts about the body part; they say nothing of the kind."""
    table = ct_table()
    evidence, clashes = conflicts.body_part(
        series.acquisition, table.body_words, table.compatible_regions, looked=looked.region is not None
    )
    seen = conflicts.against_picture(series.acquisition, looked, table.body_words, table.compatible_regions)
    return evidence, (*clashes, *seen)


def _with_words(series: Series, found: Recognition, looked: Looked) -> Recognition:
    """Add what the words of the header say: conflicts for an image of signal, a hint for all others."""
    acquisition = series.acquisition
    is_ct = found.kind.startswith("ct") or other.modality_of(acquisition, ct_table()) == "CT"
    words = ct_table().description_words if is_ct else mr_table().description_words
    evidence, clashes = _of_the_body(series, looked)
    known = kinds.kinds()[found.kind]
    hints: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    if known.image is None and found.kind != "adc":
        hints = conflicts.description_hints(acquisition, words) if found.kind != "localizer" else ()
    else:
        against = conflicts.description_conflicts(acquisition, found.kind, words, known.about)
    return replace(
        found, evidence=(*found.evidence, *looked.sentences, *hints, *evidence),
        conflicts=(*found.conflicts, *against, *clashes),
        body_region=looked.region, body_confidence=looked.region_confidence,
    )  # fmt: skip
