"""Words of the header held against the physics: they raise conflicts, they never name a series."""

from __future__ import annotations

import re

from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import BodyWord, DescriptionWord
from spinemets.series.picture.looked import Looked

NOT_SPINE = frozenset({"head", "not spine"})
# What the picture can say -> the regions such a field of view may be called.
REGIONS_SHOWN = {
    "head": frozenset({"head"}),
    "neck": frozenset({"head", "cervical", "thoracic"}),
    "thorax": frozenset({"thoracic"}),
    "lumbar spine": frozenset({"lumbar", "thoracic", "abdomen", "pelvis"}),
}


def said(acquisition: Acquisition) -> str:
    """Series description, or without one the protocol name, in lower case."""
    return (acquisition.description or acquisition.protocol or "").lower()


def description_conflicts(
    acquisition: Acquisition, kind: str, words: list[DescriptionWord], about: str
) -> tuple[str, ...]:
    """Sentences where the series description (or, without one, the protocol name) contradicts `kind`.

    Parameters
    ----------
    about
        What `kind` is, in words.
    """
    text = said(acquisition)
    return tuple(
        f'its description says "{word.says}", its physics says {kind} ({about})'
        for word in words
        if word.found_in(text) and kind not in word.agrees
    )


def description_hints(acquisition: Acquisition, words: list[DescriptionWord]) -> tuple[str, ...]:
    """What the description says of a series nobody could name: shown, not used."""
    found = [word.says for word in words if word.found_in(said(acquisition))]
    if not found:
        return ()
    return (f"the description says {', '.join(found)}; a description alone does not name a series",)


def speaks_of(acquisition: Acquisition, kind: str, words: list[DescriptionWord]) -> bool:
    """Whether the description names the sequence and every word of it agrees with `kind`.

    Only then is its silence about something else (a contrast agent) worth anything.
    """
    found = [word for word in words if word.found_in(said(acquisition))]
    return bool(found) and all(kind in word.agrees for word in found)


def regions_in(text: str | None, words: list[BodyWord]) -> frozenset[str]:
    """Body regions a text names."""
    lowered = (text or "").lower().replace("_", " ")
    return frozenset(word.region for word in words if re.search(word.pattern, lowered))


def compatible(first: frozenset[str], second: frozenset[str], pairs: list[tuple[str, str]]) -> bool:
    """Whether two sets of regions may lie in one field of view."""
    together = {*pairs, *((b, a) for a, b in pairs)}
    return bool(first & second) or any((a, b) in together for a in first for b in second)


def body_part(
    acquisition: Acquisition, words: list[BodyWord], pairs: list[tuple[str, str]], *, looked: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Evidence and conflicts about the body part, words against words.

    Parameters
    ----------
    looked
        Whether the picture said which region it shows; without that, the header is quoted as unchecked.

    Returns
    -------
    tuple of tuples
        Evidence: what the header states. Conflicts: header field against description.
    """
    stated = regions_in(acquisition.body_part, words)
    described = regions_in(" ".join(t for t in (acquisition.description, acquisition.protocol) if t), words)
    evidence: list[str] = []
    conflicts: list[str] = []
    if acquisition.body_part:
        unchecked = "" if looked else " (not checked against the image)"
        evidence.append(f"the header states body part {acquisition.body_part}{unchecked}")
    if stated and stated <= NOT_SPINE:
        conflicts.append(f"the header states body part {acquisition.body_part}, which is not the spine")
    if stated and described and not compatible(stated, described, pairs):
        named = ", ".join(sorted(described))
        conflicts.append(f"the header states body part {acquisition.body_part}, its description names {named}")
    return tuple(evidence), tuple(conflicts)


def against_picture(
    acquisition: Acquisition, looked: Looked, words: list[BodyWord], pairs: list[tuple[str, str]]
) -> tuple[str, ...]:
    """Conflicts between the regions the header names and the one the picture shows."""
    if looked.region is None:
        return ()
    shown = REGIONS_SHOWN[looked.region]
    conflicts = []
    for what, text in (("its body part", acquisition.body_part), ("its description", said(acquisition))):
        named = regions_in(text, words)
        if named and not _fits(looked.region, named, shown, pairs):
            conflicts.append(f"{what} says {', '.join(sorted(named))}, the picture shows: {looked.region}")
    return tuple(conflicts)


def _fits(region: str, named: frozenset[str], shown: frozenset[str], pairs: list[tuple[str, str]]) -> bool:
    """A skull alone is no neck; elsewhere a neighbour may lie in the same field of view."""
    return bool(named & shown) if region == "head" else compatible(named, shown, pairs)
