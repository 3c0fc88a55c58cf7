"""PET and nuclear medicine series (PET-01, NM-01): corrected or not, tomography or planar, bone tracer or another."""

from __future__ import annotations

import re

from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition
from spinemets.series.classes import Nuclear
from spinemets.series.conflicts import said
from spinemets.series.physics_facts import words_of

BY_TAG, BY_DESCRIPTION = 1.0, 0.8


def classify(acquisition: Acquisition, modality: str | None, table: Nuclear) -> Recognition:
    """Recognise a PET or nuclear medicine series."""
    return _pet(acquisition, table) if modality == "PT" else _scintigram(acquisition, table)


def _pet(acquisition: Acquisition, table: Nuclear) -> Recognition:
    """`pet_ac` or `pet_nac` by CorrectedImage; `pet` where it is not stated. The description only raises a doubt."""
    tracer = acquisition.tracer
    corrections = () if tracer is None else tuple(word.strip().upper() for word in tracer.corrections)
    evidence = "modality PT"
    if not corrections:
        return Recognition(
            kind="pet", score=BY_TAG, evidence=(evidence, "the corrections of the image are not stated (0028,0051)")
        )
    corrected = table.attenuation_word in corrections
    text = said(acquisition)
    denied = bool(re.search(table.uncorrected_pattern, text))
    claimed = not denied and bool(re.search(table.corrected_pattern, text))
    conflicts: tuple[str, ...] = ()
    if (corrected and denied) or (not corrected and claimed):
        says = "not corrected" if denied else "corrected"
        conflicts = (f"its description says {says} for attenuation, its corrections are {', '.join(corrections)}",)
    return Recognition(
        kind="pet_ac" if corrected else "pet_nac", score=BY_TAG,
        evidence=(evidence, f"corrections {', '.join(corrections)}"), conflicts=conflicts,
    )  # fmt: skip


def _scintigram(acquisition: Acquisition, table: Nuclear) -> Recognition:
    words = words_of(acquisition.image_type)
    tomography = sorted(words & set(table.tomography_words))
    if tomography:
        return Recognition(
            kind="spect",
            score=BY_TAG,
            evidence=("modality NM", f"image type {', '.join(tomography)}", _agent(acquisition)),
        )
    planar = sorted(words & set(table.planar_words))
    agent = (acquisition.tracer.agent if acquisition.tracer else None) or ""
    evidence = (
        "modality NM",
        f"image type {', '.join(planar) or 'without a word for its geometry'}",
        _agent(acquisition),
    )
    if planar and re.search(table.bone_tracers, agent.lower()):
        return Recognition(kind="bone_scan", score=BY_TAG, evidence=evidence)
    if planar and not agent and re.search(table.bone_pattern, said(acquisition)):
        said_so = "the tracer is not stated; the description speaks of bone"
        return Recognition(kind="bone_scan", score=BY_DESCRIPTION, evidence=evidence, doubts=(said_so,))
    return Recognition(kind="nm", score=BY_TAG, evidence=evidence)


def _agent(acquisition: Acquisition) -> str:
    agent = acquisition.tracer.agent if acquisition.tracer else None
    return f"tracer {agent}" if agent else "tracer not stated"
