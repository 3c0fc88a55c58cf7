"""Made-up body heights (results of G-08), and the losses that FX-01 weighs from them: for tests of what weighs heights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spinemets.findings.height_loss import weigh
from spinemets.knowledge.catalogue import load, table
from spinemets.model.level import Level
from spinemets.model.measurement import Measured, Measurement, NotAssessable, Refused, Result, Subject, Value
from spinemets.model.study import ClinicalFacts, PatientFacts


def levels_of(*names: str | None) -> tuple[Level, ...]:
    """Levels head to feet; None is a vertebra without a name."""
    return tuple(Level(name=n, position=p + 1, of=len(names), method="label map") for p, n in enumerate(names))


def heights(
    level: Level, ant: float, mid: float, post: float, sd: float = 0.0, depth: float = 33.0, **more: Any
) -> Measurement:
    """G-08 of one body [mm]; `wedge` [deg] follows from the heights unless given, the rest goes to the record."""
    spread = 5 / 6 * depth
    wedge = float(np.degrees(np.arctan2(post - ant, spread)))
    numbers = {"ha_mm": ant, "hm_mm": mid, "hp_mm": post}
    values = {k: Value(value=v, unit="mm", sd=sd) for k, v in numbers.items()}
    values["wedge_deg"] = Value(value=more.pop("wedge", wedge), unit="deg")
    values["depth_mm"] = Value(value=depth, unit="mm")
    return Measurement(
        criterion="G-08", version="1", subject=Subject(level_id=level.id), values=values, judged="hm_mm", **more
    )


def usual(level: Level, scale: float = 1.0, **more: Any) -> Measurement:
    """G-08 of a body with the population's mean size times `scale`."""
    row = table("morphometry")["levels"][level.name]
    return heights(
        level, scale * row["ant"], scale * row["mid"], scale * row["post"], depth=scale * row["depth"],
        wedge=row["wedge"]["mean"], **more,
    )  # fmt: skip


def cut(level: Level) -> NotAssessable:
    """G-08 of a body that the border of the image cuts."""
    return NotAssessable(
        criterion="G-08",
        version="1",
        subject=Subject(level_id=level.id),
        code="NA-COVERAGE",
        missing="the border of the image cuts the superior endplate: no heights",
    )


def run(
    results: Iterable[Result],
    levels: tuple[Level, ...],
    clinical: ClinicalFacts | None = None,
    patient: PatientFacts | None = None,
    **changes: Any,
) -> dict[str | None, Measured | Refused]:
    """FX-01 by level id, with the catalogue's parameters and `changes` to them."""
    answers = weigh(
        results={"G-08": tuple(results)},
        levels=levels,
        patient=patient or PatientFacts(),
        clinical=clinical or ClinicalFacts(),
        morphometry=table("morphometry"),
        **{**load()["FX-01"].values(), **changes},
    )
    return {subject.level_id: answer for subject, answer in answers}
