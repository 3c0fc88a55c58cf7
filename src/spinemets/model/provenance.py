"""`Provenance`: what was done to arrive at a value."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """One stage of one run.

    Attributes
    ----------
    stage, version
        Room and its version.
    seconds, peak_memory_mb
        Cost; peak resident memory of the process at the end of the stage.
    warnings
        Sentences.
    """

    stage: str
    version: str
    seconds: float
    peak_memory_mb: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Everything needed to repeat a run and to tell two runs apart."""

    software_version: str
    parameter_hash: str
    options_digest: str
    options: dict[str, str] = field(default_factory=dict)
    input_digests: dict[str, str] = field(default_factory=dict)
    stages: tuple[StageRecord, ...] = ()
    run_id: str = ""
    created: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
