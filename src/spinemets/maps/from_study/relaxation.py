"""T1 of a study's flip-angle and inversion series."""

from __future__ import annotations

import numpy as np

from spinemets.maps import inversion_recovery, t1
from spinemets.maps.from_study.flip_angle import NOT_SCALED, SCALED, scale_on
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import above_noise, counted, each_set, named, stacked
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet

KIND = "t1"
FLIPS = {
    "nonlinear": "least squares of the spoiled gradient echo's signal, M0 solved for",
    "linear": "straight line S/sin a over S/tan a",
}
INVERSIONS = "least squares of |a + b exp(-TI/T1)| over all ways the signs may lie"


def t1_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """T1 of each set of flip angles or inversion times."""
    return each_set(study, KIND, {"flip_angles": of_flip_angles, "inversion_times": of_inversions}, how)


def of_flip_angles(study: Study, group: SeriesSet, how: How) -> MapResult:
    """T1 of one set of flip angles.

    Raises
    ------
    CannotMap, UsageError
        If TR is not stated, or the volumes give no T1.
    """
    members = [study.by_uid(uid) for uid in group.members]
    tr_s, flips = members[0].acquisition.tr_s, [one.acquisition.flip_deg for one in members]
    if not tr_s:
        raise CannotMap("TR is not stated.", "State tr_s in a facts file.")
    stack = stacked(members, motion=how.motion)
    angles = np.array(flips, dtype=np.float64)
    mask, floor = above_noise(stack.values[..., 0], stack, stack.values.max(axis=-1))
    b1 = scale_on(how, stack.grid)
    fitted = t1.fit_vfa(stack.values, angles, tr_s, b1, mask=mask, method=how.t1_method)
    notes = [floor, NOT_SCALED if b1 is None else SCALED]
    if members[0].acquisition.fat_suppressed is not True:
        notes.append("fat is not suppressed: where a voxel holds fat and water the T1 is that of neither")
    return MapResult(
        kind=KIND, source=f"{members[0].label} ({group.name})", series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members), grid=stack.grid,
        maps=(
            named("T1", "t1_s", "s", fitted.t1_s),
            named("T1, 95 % interval", "t1_s_ci95", "s", fitted.ci95_s),
            named("Signal of full magnetisation", "m0", "1", fitted.m0),
            named("Sensitivity of the signals to T1", "sensitivity", "1", fitted.sensitivity),
        ),
        method=FLIPS[how.t1_method], inputs={"flip_angles_deg": flips, "tr_s": tr_s},
        rejected=counted(below_the_noise_or_no_measurement=~mask, not_told_by_the_signals=mask & ~fitted.valid),
        notes=(*group.notes, *notes, *stack.notes),
    )  # fmt: skip


def of_inversions(study: Study, group: SeriesSet, how: How) -> MapResult:
    """T1 of one set of inversion times; raises as `of_flip_angles`."""
    members = [study.by_uid(uid) for uid in group.members]
    times = [one.acquisition.ti_s for one in members]
    stack = stacked(members, motion=how.motion)
    mask, floor = above_noise(stack.values[..., 0], stack, stack.values.max(axis=-1))
    fitted = inversion_recovery.fit(stack.values, np.array(times, dtype=np.float64), mask=mask)
    return MapResult(
        kind=KIND, source=f"{members[0].label} ({group.name})", series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members), grid=stack.grid,
        maps=(
            named("T1", "t1_s", "s", fitted.t1_s),
            named("T1, 95 % interval", "t1_s_ci95", "s", fitted.ci95_s),
            named("Signal after full recovery", "recovered", "1", fitted.recovered),
        ),
        method=INVERSIONS, inputs={"inversion_times_s": times, "tr_s": members[0].acquisition.tr_s},
        rejected=counted(below_the_noise_or_no_measurement=~mask, no_recovery_fits=mask & ~fitted.valid),
        notes=(*group.notes, floor, *stack.notes),
    )  # fmt: skip
