"""Percent enhancement of a pair of series before and after contrast agent (MR-CE-01)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import above_noise, counted, named, stacked
from spinemets.model.parametric_map import MapResult
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.likeness import same_lattice

METHOD = "100 (after - before)/before"
FAT_SUPPRESSED = ("t1_fs", "t1_gd_fs", "t1_gre_fs")


def of_pair(study: Study, group: SeriesSet, how: How) -> MapResult:
    """Enhancement [%] of a pair on one lattice; gain is compared in fat, and corrected where it differs.

    Raises
    ------
    CannotMap
        If the two do not lie on one lattice, or moved too far.
    """
    members = [study.by_uid(uid) for uid in group.members]
    first, second = members
    if not same_lattice(first, second):
        raise CannotMap("The two series do not lie on one lattice.", "Compare them level by level with `analyze`.")
    stack = stacked(members, motion=how.motion)
    before, after = stack.values[..., 0], stack.values[..., 1]
    mask, floor = above_noise(before, stack)
    gain, about_gain = _gain(first, before, after, mask)
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100.0 * (after / np.float32(gain) / before - 1.0)
    return MapResult(
        kind="enhancement", source=f"{first.label} ({group.name})", series_uids=tuple(one.uid for one in members),
        number=min(one.number for one in members), grid=stack.grid,
        maps=(named("Enhancement", "percent", "%", np.where(mask, percent, np.float32(np.nan))),), method=METHOD,
        inputs={"volumes": [one.label for one in members], "gain_after_over_before": gain},
        rejected=counted(no_signal_before_the_agent=~mask), notes=(*group.notes, floor, about_gain, *stack.notes),
    )  # fmt: skip


def _gain(first: Series, before: NDArray[Any], after: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[float, str]:
    """What the second series is divided by, and a sentence: fat takes up no agent, so that its change is the scanner's."""
    if first.kind in FAT_SUPPRESSED or first.acquisition.fat_suppressed or not mask.any():
        return 1.0, "that both series have one receiver gain was not checked: fat, which would tell, is suppressed"
    rules = {
        name: float(table("contrast_pair")[name]["value"]) for name in ("fat_share", "fat_over_tissue", "gain_within")
    }
    bright = np.percentile(before[mask], 100.0 * (1.0 - rules["fat_share"]))
    if bright < rules["fat_over_tissue"] * np.median(before[mask]):
        return 1.0, "that both series have one receiver gain was not checked: fat, which would tell, does not stand out"
    fat = mask & (before >= bright)
    change = float(np.median(after[fat] / before[fat])) - 1.0
    if abs(change) < rules["gain_within"]:
        return 1.0, f"the brightest voxels before contrast, fat, change by {change:+.0%}: one receiver gain"
    return (
        1.0 + change,
        f"the brightest voxels before contrast, fat, change by {change:+.0%}: the gain was corrected by it",
    )
