"""Options of the reading stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What the user may say about reading.

    Attributes
    ----------
    study_uid
        StudyInstanceUID, or an unambiguous beginning of it, where the input holds several studies.
    facts
        YAML or JSON file with what the headers do not say (schema `schemas/facts.schema.json`).
    leave_out
        Files inside the input that are no images of the study (label maps given elsewhere).
    """

    study_uid: str | None = None
    facts: Path | None = None
    leave_out: tuple[Path, ...] = ()
