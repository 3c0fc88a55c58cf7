"""Words of the header held against the physics: they raise conflicts, they never name a series."""

from __future__ import annotations

import re

from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import BodyWord, DescriptionWord


def description_conflicts(
    acquisition: Acquisition, kind: str, words: list[DescriptionWord], about: str
) -> tuple[str, ...]:
    """Sentences where the series description (or, without one, the protocol name) contradicts `kind`.

    Parameters
    ----------
    about
        What `kind` is, in words.
    """
    text = (acquisition.description or acquisition.protocol or "").lower()
    conflicts = []
    for word in words:
        if re.search(word.pattern, text) and kind not in word.agrees:
            conflicts.append(f'its description says "{word.says}", its physics says {kind} ({about})')
    return tuple(conflicts)


def description_hints(acquisition: Acquisition, words: list[DescriptionWord]) -> tuple[str, ...]:
    """What the description says of a series nobody could name: shown, not used."""
    text = (acquisition.description or acquisition.protocol or "").lower()
    said = [word.says for word in words if re.search(word.pattern, text)]
    if not said:
        return ()
    return (f"the description says {', '.join(said)}; a description alone does not name a series",)


def regions_in(text: str | None, words: list[BodyWord]) -> frozenset[str]:
    """Body regions a text names."""
    lowered = (text or "").lower().replace("_", " ")
    return frozenset(word.region for word in words if re.search(word.pattern, lowered))


def body_part(acquisition: Acquisition, words: list[BodyWord]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Evidence and conflicts about the body part.

    Returns
    -------
    tuple of tuples
        Evidence: what the header states, unchecked against the image. Conflicts: header field against description.
    """
    stated = regions_in(acquisition.body_part, words)
    described = regions_in(" ".join(t for t in (acquisition.description, acquisition.protocol) if t), words)
    evidence: list[str] = []
    conflicts: list[str] = []
    if acquisition.body_part:
        evidence.append(f"the header states body part {acquisition.body_part} (not checked against the image)")
    if stated & {"head", "not spine"}:
        conflicts.append(f"the header states body part {acquisition.body_part}, which is not the spine")
    if stated and described and not stated & described:
        named = ", ".join(sorted(described))
        conflicts.append(f"the header states body part {acquisition.body_part}, its description names {named}")
    return tuple(evidence), tuple(conflicts)
