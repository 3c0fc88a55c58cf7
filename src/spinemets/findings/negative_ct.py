"""CT-10: what a CT without a focus means for a level."""

from __future__ import annotations

from collections.abc import Mapping

from spinemets.model.measurement import Estimate, Measured, Measurement, Refused, Result, Subject
from spinemets.model.study import Study
from spinemets.statistics.intervals import wilson

MARROW_KINDS = ("t1", "stir")


def weigh(
    *, results: Mapping[str, tuple[Result, ...]], study: Study, found: int, affected: int, least_ml: float
) -> tuple[tuple[Subject, Measured | Refused], ...]:
    """Sensitivity found / affected with its Wilson interval, for each level whose CT-02 volume lies wholly below `least_ml`.

    Dimensionless; context beside a finding, never a probability for the patient (signs.md 0.10). Source: Buhmann2009.
    """
    absent = [r for r in results["CT-02"] if isinstance(r, Measurement) and _below(r, least_ml)]
    estimate = Estimate(value=found / affected, ci95=wilson(found, affected))
    note = _note(study)
    return tuple(
        (
            Subject(level_id=r.subject.level_id),
            Measured(values={"sensitivity": estimate}, n_voxels=r.n_voxels, notes=note),
        )
        for r in absent
    )


def _below(result: Measurement, least_ml: float) -> bool:
    volume = result.values["volume_ml"]
    return (volume.ci95 or (volume.value, volume.value))[1] < least_ml


def _note(study: Study) -> tuple[str, ...]:
    """What would show lesions that CT misses, unless this study has it."""
    missing = [kind.upper() for kind in MARROW_KINDS if not any(s.kind == kind for s in study.series)]
    if not missing:
        return ("This study has T1 and STIR: their records say more about the marrow.",)
    return (f"{' and '.join(missing)} MR would show marrow lesions that CT misses.",)
