"""Sizes of one patient's vertebrae: the level table times sex, stature and one individual factor, plus collapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy import levels
from spinemets.phantom.anatomy.degeneration import HEALTHY, Wanted, grades, wear
from spinemets.phantom.shape.texture import stream

# Levels with a body: all but the atlas.
LEVELS = levels.column()[1:]
# Share of the largest loss from which the loss of the back wall makes a wedge or a biconcave body a crushed one. A choice.
CRUSH_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who the synthetic patient is.

    Attributes
    ----------
    variant
        Number of levels (`anatomy.levels.column`).
    cobb_deg, apex
        Lateral curve, convex to the left for positive angles, and the level of its apex; None = drawn, as in people without
        scoliosis.
    degeneration
        Grades (1 to 5) of discs by the level above, `by_age` to draw them, or None: no disc is worn.
    arms
        `above` the head, or `beside` the body.
    """

    age_years: float = 52.0
    sex: str = "female"
    height_cm: float = 166.0
    weight_kg: float = 68.0
    variant: str = levels.USUAL
    cobb_deg: float | None = None
    apex: str = "T8"
    degeneration: Wanted = None
    arms: str = "above"


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """Height loss of a body as shares of the height before, at the front, middle and back, and what its back wall does.

    Attributes
    ----------
    convex_mm
        How far the middle of the back wall bulges into the canal beyond the line between its corners.
    retropulsion_mm
        How far the posterosuperior corner is pushed into the canal as an angular piece.
    age
        `acute`, `subacute` or `old` (healed).
    """

    anterior: float
    middle: float
    posterior: float = 0.0
    convex_mm: float = 0.0
    retropulsion_mm: float = 0.0
    age: str = "old"

    @property
    def kind(self) -> str:
        """`crush` where the back has lost most of what front and middle have, `biconcave` where the middle has, else `wedge`."""
        if self.posterior >= CRUSH_SHARE * max(self.anterior, self.middle):
            return "crush"
        return "biconcave" if self.middle > self.anterior else "wedge"


@dataclass(frozen=True, kw_only=True)
class LevelSize:
    """Sizes of one level in mm.

    Attributes
    ----------
    width, depth
        Superior and inferior endplate; depth mid-sagittal.
    height
        Anterior rim, centre, posterior rim.
    before
        The same heights before a collapse (equal where there is none).
    disc
        Disc below: anterior, middle, posterior.
    convex_mm, retropulsion_mm
        Back wall of a broken body, as in `Collapse`.
    disc_grade, grade_above
        Wear of the disc below and of the disc above.
    sacralised
        Whether broad transverse processes meet the wings of the sacrum.
    """

    level: str
    width: tuple[float, float]
    depth: tuple[float, float]
    height: tuple[float, float, float]
    before: tuple[float, float, float]
    pedicle: tuple[float, float, float]
    canal: tuple[float, float]
    disc: tuple[float, float, float]
    spinous_mm: float
    spinous_down_deg: float
    transverse_mm: float
    convex_mm: float = 0.0
    retropulsion_mm: float = 0.0
    disc_grade: int = HEALTHY
    grade_above: int = HEALTHY
    sacralised: bool = False

    @property
    def region(self) -> str:
        """`cervical`, `thoracic` or `lumbar`; the sacrum counts as lumbar."""
        return levels.region(self.level) if self.level[0] in levels.REGIONS else "lumbar"

    @property
    def thoracic(self) -> bool:
        """Whether this is a thoracic vertebra."""
        return self.region == "thoracic"

    @property
    def wedge_deg(self) -> float:
        """Angle between the endplate rims, positive where the front is lower."""
        return float(np.degrees(np.arctan((self.height[2] - self.height[0]) / np.mean(self.depth))))

    @property
    def mean_depth(self) -> float:
        """Depth at mid-height."""
        return float(np.mean(self.depth))

    @property
    def mean_width(self) -> float:
        """Width at mid-height, before the waist."""
        return float(np.mean(self.width))


def sizes(patient: Patient, seed: int, collapses: Mapping[str, Collapse]) -> dict[str, LevelSize]:
    """Sizes of every level that has a body, head to feet."""
    rows = table("phantom_anatomy")
    scale = _factors(patient, seed, rows)
    named = levels.column(patient.variant)[1:]
    worn = grades(patient.degeneration, age_years=patient.age_years, names=named, seed=seed)
    found, least = {}, table("phantom_anatomy")["degeneration"]["least_mm"]
    for level, above in zip(named, (None, *named), strict=False):
        size = _level(level, _row(level, named), scale, collapses.get(level))
        # A thin disc collapses to this, not to less: bodies do not meet.
        joined = level == named[-1] and levels.sacralised(patient.variant)
        share = float(rows["sacralised"]["disc_share"]) if joined else 1.0
        height = max(wear(worn[level]).height * share, min(1.0, least / min(size.disc)))
        found[level] = replace(
            size,
            disc=(size.disc[0] * height, size.disc[1] * height, size.disc[2] * height),
            disc_grade=worn[level],
            grade_above=HEALTHY if above is None else worn[above],
            sacralised=joined,
        )
    return found


def _row(level: str, named: tuple[str, ...]) -> Mapping[str, list[float]]:
    """Row of the table. A level too many is shaped between its neighbours; the last lumbar one is always shaped as L5."""
    rows = table("phantom_anatomy")["levels"]
    if level == named[-1]:
        return dict(rows["L5"])
    if level == "T13":
        return _between(rows["T12"], rows["L1"])
    if level == "L5":
        return _between(rows["L4"], rows["L5"])
    if level == "T11" and "T12" not in named:
        return _between(rows["T11"], rows["T12"])
    return dict(rows[level])


def _between(first: Mapping[str, list[float]], second: Mapping[str, list[float]]) -> dict[str, list[float]]:
    names = ("width", "depth", "height", "pedicle", "canal", "disc", "processes")
    return {name: [(a + b) / 2 for a, b in zip(first[name], second[name], strict=True)] for name in names}


def _factors(patient: Patient, seed: int, rows: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Factor of each group of sizes: sex x stature x individual."""
    stature = rows["stature"]
    tall = (patient.height_cm / stature["reference_height_cm"]) ** stature["exponent"]
    generator = stream(seed, "sizes")
    sd = rows["individual_sd"]
    drawn = {name: 1.0 + sd[name] * float(np.clip(generator.standard_normal(), -2, 2)) for name in sorted(sd)}
    sex: Mapping[str, float] = rows["sex_scale"][patient.sex]  # type: ignore[assignment]
    # The table is the mean of both sexes, whose mean stature is the reference; sex factors already hold the usual
    # difference in stature, so only the deviation from the sex's own mean height may act (7 cm either side).
    usual = stature["reference_height_cm"] + (6.5 if patient.sex == "male" else -6.5)
    tall *= (stature["reference_height_cm"] / usual) ** stature["exponent"]
    return {
        "plane": sex["depth_width"] * tall * drawn["depth_width"],
        "height": sex["height"] * tall * drawn["height"],
        "canal": sex["canal"] * drawn["canal"],
        "processes": sex["depth_width"] * tall * drawn["processes"],
    }


def _level(
    level: str, row: Mapping[str, list[float]], scale: Mapping[str, float], collapse: Collapse | None
) -> LevelSize:
    """One row of the table, scaled."""
    before = tuple(h * scale["height"] for h in row["height"])
    height = before
    if collapse is not None:
        losses = (collapse.anterior, collapse.middle, collapse.posterior)
        height = tuple(h * (1.0 - loss) for h, loss in zip(before, losses, strict=True))
    spinous, down, transverse = row["processes"]
    return LevelSize(
        level=level,
        width=(row["width"][0] * scale["plane"], row["width"][1] * scale["plane"]),
        depth=(row["depth"][0] * scale["plane"], row["depth"][1] * scale["plane"]),
        height=(height[0], height[1], height[2]),
        before=(before[0], before[1], before[2]),
        pedicle=(row["pedicle"][0] * scale["plane"], row["pedicle"][1] * scale["height"], row["pedicle"][2]),
        canal=(row["canal"][0] * scale["canal"], row["canal"][1] * scale["canal"]),
        disc=(row["disc"][0] * scale["height"], row["disc"][1] * scale["height"], row["disc"][2] * scale["height"]),
        spinous_mm=spinous * scale["processes"],
        spinous_down_deg=down,
        transverse_mm=transverse * scale["processes"],
        convex_mm=0.0 if collapse is None else collapse.convex_mm,
        retropulsion_mm=0.0 if collapse is None else collapse.retropulsion_mm,
    )
