"""Expected heights of a vertebral body from its neighbours, else from the population (FX-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.level import Level
from spinemets.model.measurement import Measurement, NotAssessable, Result

Array = NDArray[np.float64]
Table = Mapping[str, Any]

POINTS = ("ant", "mid", "post")
SEXES = {"M": "men", "F": "women"}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Parameters of FX-01 that concern the reference, and the facts about the patient that it uses.

    `instrumented`: levels with an implant or cement; they never serve as reference.
    """

    wedge_tolerance_deg: float
    middle_share: float
    middle_share_cervical: float
    reach_levels: float
    interpolation_sd: float
    ratio_sd: float
    sex: str | None
    stature_cm: float | None
    instrumented: frozenset[str]

    @property
    def column(self) -> str:
        """Column of the population table."""
        return SEXES.get(self.sex or "", "unknown")


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """Heights of one body as G-08 gave them.

    Attributes
    ----------
    heights_mm, sds_mm
        (3,) anterior, middle, posterior; nan where G-08 gave none.
    wedge_deg, depth_mm
        Wedge angle and depth.
    unfit
        Why it cannot serve as reference; None = undeformed.
    """

    level: Level
    heights_mm: Array
    sds_mm: Array
    wedge_deg: float
    depth_mm: float
    unfit: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """Expected heights with standard deviation, where they come from, and what stood in the way of better ones."""

    heights_mm: Array
    sds_mm: Array
    words: str
    notes: tuple[str, ...] = ()


def bodies_of(results: tuple[Result, ...], levels: tuple[Level, ...], table: Table, rules: Rules) -> tuple[Body, ...]:
    """One `Body` per level in view, head to feet, each with the reason why it cannot serve as reference."""
    by_level = {r.subject.level_id: r for r in results}
    return tuple(_body(level, by_level.get(level.id), table, rules) for level in levels)


def _body(level: Level, result: Result | None, table: Table, rules: Rules) -> Body:
    if not isinstance(result, Measurement):
        why = without_level(result) if isinstance(result, NotAssessable) else "its heights were not measured"
        nothing = np.full(3, np.nan)
        return Body(level=level, heights_mm=nothing, sds_mm=nothing, wedge_deg=np.nan, depth_mm=np.nan, unfit=why)
    values = [result.values[name] for name in ("ha_mm", "hm_mm", "hp_mm")]
    heights = np.array([v.value for v in values])
    wedge = result.values["wedge_deg"].value
    return Body(
        level=level,
        heights_mm=heights,
        sds_mm=np.array([v.sd or 0.0 for v in values]),
        wedge_deg=wedge,
        depth_mm=result.values["depth_mm"].value,
        unfit=_unfit(level, result, heights, wedge, table, rules),
    )


def without_level(result: NotAssessable) -> str:
    """What is missing, without the level's own name in front (the sentence around it names the level)."""
    return result.missing.split(": ", 1)[1] if _starts_with_level(result) else result.missing


def _starts_with_level(result: NotAssessable) -> bool:
    head = result.missing.split(": ", 1)[0]
    return ": " in result.missing and (head == result.subject.level_id or head.startswith("vertebra "))


def _unfit(
    level: Level, result: Measurement, heights: Array, wedge_deg: float, table: Table, rules: Rules
) -> str | None:
    """Why a body is no reference: sacrum, implant, wedge off the level's normal, or a low middle."""
    if level.region == "S":
        return "the sacrum never serves as reference"
    if level.name in rules.instrumented:
        return "it holds an implant or cement"
    off = wedge_offset_deg(level.name, wedge_deg, table, rules.column)
    if off > rules.wedge_tolerance_deg:
        return f"its wedge of {wedge_deg:.0f} degrees is {off:.0f} off the level's usual one"
    least = rules.middle_share_cervical if level.region == "C" else rules.middle_share
    share = 2.0 * heights[1] / (heights[0] + heights[2])
    if share < least:
        return f"its middle height is {share:.2f} of its rims"
    return None


def wedge_offset_deg(name: str | None, wedge_deg: float, table: Table, column: str) -> float:
    """Distance of a wedge angle from the level's usual one; without a name from the nearest usual one of any level."""
    key = column if column != "unknown" else "mean"
    rows = table["levels"]
    usual = [rows[name]["wedge"][key]] if name in rows else [row["wedge"][key] for row in rows.values()]
    return float(min(abs(wedge_deg - u) for u in usual))


def expected(body: Body, bodies: tuple[Body, ...], table: Table, rules: Rules) -> Expected | str:
    """First available of: both neighbours, one neighbour and a population ratio, the population.

    Returns
    -------
    Expected or str
        A sentence where no reference exists.
    """
    place = next(n for n, b in enumerate(bodies) if b is body)
    above, why_above = _neighbour(bodies, place, -1, rules)
    below, why_below = _neighbour(bodies, place, 1, rules)
    notes = tuple(w for w in (why_above, why_below) if w)
    if above is not None and below is not None:
        return _interpolated(place, (above, below), bodies, rules)
    near = above if above is not None else below
    if near is not None:
        by_ratio = _by_ratio(body, bodies[near], table, rules, notes)
        if by_ratio is not None:
            return by_ratio
    by_population = _by_population(body, bodies, table, rules, notes)
    if by_population is not None:
        return by_population
    why = "without a level name" if body.level.name is None else f"for {body.level.name}"
    return " ".join((*notes, f"No population value applies {why}."))


def _neighbour(bodies: tuple[Body, ...], place: int, direction: int, rules: Rules) -> tuple[int | None, str | None]:
    """Nearest undeformed body on one side within reach, else why there is none."""
    side = "above" if direction < 0 else "below"
    passed: list[str] = []
    for step in range(1, int(rules.reach_levels) + 1):
        other = place + direction * step
        if not 0 <= other < len(bodies):
            break
        if bodies[other].unfit is None:
            return other, None
        passed.append(f"{bodies[other].level.words}: {bodies[other].unfit}")
    if not passed:
        return None, f"No neighbour {side}: none in view."
    return None, f"No neighbour {side} ({'; '.join(passed)})."


def _interpolated(place: int, neighbours: tuple[int, int], bodies: tuple[Body, ...], rules: Rules) -> Expected:
    upper, lower = neighbours
    weight = (place - upper) / (lower - upper)
    first, second = bodies[upper], bodies[lower]
    heights = (1 - weight) * first.heights_mm + weight * second.heights_mm
    spread = rules.interpolation_sd * heights
    sds = np.sqrt(((1 - weight) * first.sds_mm) ** 2 + (weight * second.sds_mm) ** 2 + spread**2)
    return Expected(
        heights_mm=heights,
        sds_mm=sds,
        words=f"Expected heights: interpolated between {first.level.words} and {second.level.words}.",
    )


def _row(name: str | None, table: Table) -> Array | None:
    if name is None or name not in table["levels"]:
        return None
    return np.array([table["levels"][name][point] for point in POINTS])


def _by_ratio(body: Body, near: Body, table: Table, rules: Rules, notes: tuple[str, ...]) -> Expected | None:
    own, other = _row(body.level.name, table), _row(near.level.name, table)
    if own is None or other is None:
        return None
    heights = near.heights_mm * own / other
    sds = np.sqrt((near.sds_mm * own / other) ** 2 + (rules.ratio_sd * heights) ** 2)
    return Expected(
        heights_mm=heights,
        sds_mm=sds,
        words=f"Expected heights: {near.level.name} times the population ratio {body.level.name} / {near.level.name}.",
        notes=notes,
    )


def _by_population(
    body: Body, bodies: tuple[Body, ...], table: Table, rules: Rules, notes: tuple[str, ...]
) -> Expected | None:
    own = _row(body.level.name, table)
    if own is None:
        return None
    factor, how = size_factor(bodies, table, rules)
    heights = own * table["sex_scale"]["height"][rules.column] * factor
    who = {"men": "men", "women": "women", "unknown": "adults of unknown sex"}[rules.column]
    return Expected(
        heights_mm=heights,
        sds_mm=table["individual_sd"]["height"] * heights,
        words=f"Expected heights: population mean of {body.level.name} in {who}, {how}.",
        notes=notes,
    )


def size_factor(bodies: tuple[Body, ...], table: Table, rules: Rules) -> tuple[float, str]:
    """Patient's size: median of measured over table depth of undeformed bodies, else by stature, else 1."""
    scale = table["sex_scale"]["depth_width"][rules.column]
    ratios = [
        b.depth_mm / (table["levels"][b.level.name]["depth"] * scale)
        for b in bodies
        if b.unfit is None and b.level.name in table["levels"]
    ]
    if ratios:
        factor = float(np.median(ratios))
        bodies_used = "1 undeformed body" if len(ratios) == 1 else f"{len(ratios)} undeformed bodies"
        return factor, f"scaled by {factor:.2f} from the depth of {bodies_used}"
    if rules.stature_cm is not None:
        rule = table["stature"]
        factor = float((rules.stature_cm / rule["reference_cm"]) ** rule["exponent"])
        return factor, f"scaled by {factor:.2f} from a stature of {rules.stature_cm:.0f} cm"
    return 1.0, "not scaled to the patient (no undeformed body, no stature)"
