"""FX-01: height loss of a vertebral body against its expected heights, and its Genant grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.findings.expected_height import Body, Expected, Rules, bodies_of, expected, without_level
from spinemets.model.level import Level
from spinemets.model.measurement import Estimate, Measured, NotAssessable, Refused, Result, Subject
from spinemets.model.study import ClinicalFacts, PatientFacts

Array = NDArray[np.float64]

SHAPES = ("wedge", "biconcave", "crush")
LOOKALIKES = "Below 25 % loss a short or wedged body from growth, Scheuermann disease or a Schmorl node looks the same."
NO_REFERENCE = "A prior study or undeformed neighbours in view would give one."


def weigh(
    *,
    results: Mapping[str, tuple[Result, ...]],
    levels: tuple[Level, ...],
    patient: PatientFacts,
    clinical: ClinicalFacts,
    morphometry: Mapping[str, Any],
    wedge_tolerance_deg: float,
    middle_share: float,
    middle_share_cervical: float,
    reach_levels: float,
    interpolation_sd: float,
    ratio_sd: float,
    grade_limits: Sequence[float],
) -> tuple[tuple[Subject, Measured | Refused], ...]:
    """Losses of anterior, middle and posterior height of every level, grade and shape.

    loss = 1 - H / E with the expected height E of `expected_height`; sd(loss) = H / E sqrt((sd_H / H)^2 + (sd_E / E)^2).
    The grade belongs to the largest loss, its range to loss -+ sd (68 %). Shape by the largest loss: anterior wedge, middle
    biconcave; a posterior loss from the first limit on is crush.

    Grades from 20, 25 and 40 %: Genant HK et al. 1993, as quoted in Quant Imaging Med Surg 2019.
    """
    rules = Rules(
        wedge_tolerance_deg=wedge_tolerance_deg,
        middle_share=middle_share,
        middle_share_cervical=middle_share_cervical,
        reach_levels=reach_levels,
        interpolation_sd=interpolation_sd,
        ratio_sd=ratio_sd,
        sex=clinical.sex or patient.sex,
        stature_cm=clinical.height_cm,
        instrumented=frozenset(name for device in clinical.devices for name in device.levels),
    )
    bodies = bodies_of(results["G-08"], levels, morphometry, rules)
    answers: list[tuple[Subject, Measured | Refused]] = []
    for result in results["G-08"]:
        subject = Subject(level_id=result.subject.level_id)
        if isinstance(result, NotAssessable):
            answers.append((subject, Refused(code=result.code, missing=without_level(result), remedy=result.remedy)))
            continue
        body = next(b for b in bodies if b.level.id == subject.level_id)
        reference = expected(body, bodies, morphometry, rules)
        if isinstance(reference, str):
            answers.append((subject, Refused(code="NA-REFERENCE", missing=reference, remedy=NO_REFERENCE)))
        else:
            answers.append((subject, _measured(body, reference, tuple(grade_limits))))
    return tuple(answers)


def losses(heights: Array, height_sds: Array, reference: Expected) -> tuple[Array, Array]:
    """Relative losses and their standard deviations by error propagation."""
    ratio = heights / reference.heights_mm
    relative = np.sqrt((height_sds / heights) ** 2 + (reference.sds_mm / reference.heights_mm) ** 2)
    return 1.0 - ratio, ratio * relative


def grade(loss: float, limits: Sequence[float]) -> int:
    """Genant grade of a loss: number of limits it reaches."""
    return sum(loss >= limit for limit in limits)


def shape(loss: Array, first_limit: float) -> str:
    """`wedge`, `biconcave` or `crush`."""
    if loss[2] >= first_limit:
        return "crush"
    return SHAPES[int(np.argmax(loss))]


def category(loss: Array, sd: Array, limits: Sequence[float]) -> str:
    """Grade, as a range where the 68 % interval crosses a limit, and shape unless it is surely grade 0."""
    worst = int(np.argmax(loss))
    low, high = (grade(float(loss[worst] + sign * sd[worst]), limits) for sign in (-1, 1))
    words = f"grade {low}" if low == high else f"grade {low}-{high}"
    return words if high == 0 else f"{words} {shape(loss, limits[0])}"


def _measured(body: Body, reference: Expected, limits: Sequence[float]) -> Measured | Refused:
    loss, sd = losses(body.heights_mm, body.sds_mm, reference)
    worst = int(np.argmax(loss))
    if loss[worst] + 1.96 * sd[worst] < 0:
        # A body cannot have grown: neighbours that are themselves low, or a population that is not this patient's.
        said = f"even its lowest point exceeds the expected height, by {-100 * loss[worst]:.0f} %: the reference does not fit"
        return Refused(code="NA-REFERENCE", missing=f"{said} ({reference.words})", remedy=NO_REFERENCE)
    values = {
        name: _estimate(float(loss[n]), float(sd[n])) for n, name in enumerate(("loss_ant", "loss_mid", "loss_post"))
    }
    values["loss_max"] = _estimate(float(loss[worst]), float(sd[worst]))
    for n, name in enumerate(("expected_ant_mm", "expected_mid_mm", "expected_post_mm")):
        values[name] = _estimate(float(reference.heights_mm[n]), float(reference.sds_mm[n]))
    notes = [reference.words, *reference.notes]
    if loss[worst] + sd[worst] >= limits[0] and loss[worst] < limits[1]:
        notes.append(LOOKALIKES)
    return Measured(values=values, category=category(loss, sd, limits), notes=tuple(notes))


def _estimate(value: float, sd: float) -> Estimate:
    return Estimate(value=value, ci95=(value - 1.96 * sd, value + 1.96 * sd), sd=sd)
