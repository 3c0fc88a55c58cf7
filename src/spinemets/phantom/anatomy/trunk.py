"""Soft tissue around the spine: skin, fat, muscles, vessels and the organs a spine examination shows in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sizes import LevelSize, Patient
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import ellipse, ellipsoid
from spinemets.phantom.shape.texture import stream

# Fat under the skin of the back against that at L4.
LAYER = {"cervical": 0.45, "thoracic": 0.55}
EVERYWHERE: Box = ((-1e4, -1e4, -1e4), (1e4, 1e4, 1e4))


@dataclass(frozen=True, kw_only=True, eq=False)
class Soft:
    """One soft structure: tissue, box, distance; `marbled` = share of streaks of the tissue `streaks` inside."""

    name: str
    tissue: str
    distance: Callable[[Block], Array]
    box: Box = EVERYWHERE
    marbled: float = 0.0
    streaks: str = "subcutaneous_fat"


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """The line of the body centres and of the back's surface.

    `x`, `y` = body centres, `back` = skin of the back (LPS y), `wall` = half depth of the bodies, all against z;
    `z_of` = height of each level's centre, and of the place of T12 where there is none.
    """

    x: Curve
    y: Curve
    back: Curve
    wall: Curve
    z_of: Mapping[str, float]

    def around(self, block: Block) -> tuple[Array, Array, Array]:
        """(left of the midline, behind the body centre, z)."""
        x, y, z = block.axes
        return x - self.x.at(z), y - self.y.at(z), z


def column(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], patient: Patient) -> Column:
    """Column of a patient."""
    fat = table("phantom_anatomy")["trunk"]["dorsal_fat_mm"][patient.sex]
    x, y, wall, tips = [], [], [], []
    for level, size in levels.items():
        frame = frames[level]
        z = float(frame.origin[2])
        x.append((z, float(frame.origin[0])))
        y.append((z, float(frame.origin[1])))
        wall.append((z, size.mean_depth / 2))
        down = np.radians(size.spinous_down_deg)
        tip = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] - size.spinous_mm * np.cos(down) - 3.0, -8.0)
        layer = fat * (LAYER[size.region] if size.region != "lumbar" else 0.75 + 0.25 * (int(level[1:]) - 1) / 3)
        tips.append((float(tip[2]), float(tip[1]) + layer))
    s1 = frames["S1"]
    for depth, behind in ((20.0, 52.0), (60.0, 58.0)):
        point = s1.origin - depth * s1.superior
        x.append((float(point[2]), float(point[0])))
        y.append((float(point[2]), float(point[1])))
        wall.append((float(point[2]), 15.0))
        tips.append((float(point[2]), float(point[1]) + behind + fat))
    heights = {level: float(frames[level].origin[2]) for level in frames}
    # Organs lie by T12; with eleven ribs they lie by the place between T11 and L1.
    heights.setdefault("T12", (heights["T11"] + heights["L1"]) / 2)
    return Column(
        x=Curve.through(x),
        y=Curve.through(y, 12.0),
        back=Curve.through(tips, 25.0),
        wall=Curve.through(wall),
        z_of=heights,
    )


def _tube_box(col: Column, at: tuple[Curve, Curve], half: tuple[Curve, Curve], side: float) -> Box:
    """Box of an upright tube over the heights of the spine."""
    z = np.arange(col.z_of["S1"] - 120, col.z_of["C2"] + 60, 4.0).astype(np.float32)
    u = col.x.at(z) + side * at[0].at(z)
    v = col.y.at(z) + at[1].at(z)
    reach_u, reach_v = half[0].at(z) + 2, half[1].at(z) + 2
    low = (float((u - reach_u).min()), float((v - reach_v).min()), -1e4)
    high = (float((u + reach_u).max()), float((v + reach_v).max()), 1e4)
    return low, high


def _tube(col: Column, at: tuple[Curve, Curve], half: tuple[Curve, Curve], side: float) -> Callable[[Block], Array]:
    """Distance to an upright tube beside the column: centre (left, behind) and half axes against z."""

    def distance(block: Block) -> Array:
        u, v, z = col.around(block)
        return ellipse(side * u - at[0].at(z), v - at[1].at(z), half[0].at(z), half[1].at(z))

    return distance


def _ellipsoid(
    centre: tuple[float, float, float], half: tuple[float, float, float]
) -> tuple[Callable[[Block], Array], Box]:
    """Distance to an ellipsoid and its box."""

    def distance(block: Block) -> Array:
        x, y, z = block.axes
        d = [axis - np.float32(c) for axis, c in zip((x, y, z), centre, strict=True)]
        return ellipsoid(d, half)

    low = (centre[0] - half[0] - 2, centre[1] - half[1] - 2, centre[2] - half[2] - 2)
    high = (centre[0] + half[0] + 2, centre[1] + half[1] + 2, centre[2] + half[2] + 2)
    return distance, (low, high)


def soft_structures(col: Column, patient: Patient, seed: int) -> list[Soft]:
    """Everything around the bones, painted in this order."""
    return [*_envelope(col), *_organs(col, seed), *_vessels(col), *_muscles(col, patient)]


def _envelope(col: Column) -> list[Soft]:
    """Skin, fat below it, and the muscle of the body wall."""
    rows = table("phantom_anatomy")["trunk"]
    half_w, half_d = rows["width_mm"] / 2, rows["depth_mm"] / 2

    def trunk(block: Block, inset: float) -> Array:
        x, y, z = block.axes
        u = x - np.float32(col.x.at(np.asarray(col.z_of["L3"])))
        v = y - (col.back.at(z) - np.float32(half_d))
        return ellipse(u, v, half_w - inset, half_d - inset)

    # The back is flatter than the ellipse: the wall of muscle follows the front and the flanks only.
    def wall(block: Block) -> Array:
        return np.maximum(trunk(block, 22.0), col.around(block)[1] - np.float32(5))

    return [
        Soft(name="skin", tissue="skin", distance=lambda b: trunk(b, 0.0)),
        Soft(name="subcutaneous_fat", tissue="subcutaneous_fat", distance=lambda b: trunk(b, rows["skin_mm"])),
        Soft(name="abdominal_wall", tissue="muscle", distance=wall, marbled=0.1),
        Soft(
            name="abdominal_fat",
            tissue="subcutaneous_fat",
            distance=lambda b: np.maximum(trunk(b, 36.0), col.around(b)[1] - np.float32(30)),
            marbled=0.07,
            streaks="bowel",
        ),
    ]


def _organs(col: Column, seed: int) -> list[Soft]:
    """Liver, spleen, kidneys with their sinus fat, lung bases, bowel with some gas."""
    z, x0 = col.z_of, float(np.mean(col.x.values))
    y = {level: float(col.y.at(np.asarray(height))) for level, height in z.items()}
    shapes: list[tuple[str, str, tuple[float, float, float], tuple[float, float, float]]] = [
        ("liver", "liver", (x0 - 78, y["T12"] - 62, z["T12"] + 6), (72, 66, 74)),
        ("spleen", "liver", (x0 + 92, y["T12"] - 4, z["T12"] + 4), (30, 34, 46)),
        ("stomach", "bowel", (x0 + 52, y["T12"] - 78, z["T12"] - 4), (38, 30, 46)),
        ("lung_right", "lung", (x0 - 66, y["T10"] + 12, z["T10"] + 26), (48, 56, 62)),
        ("lung_left", "lung", (x0 + 66, y["T10"] + 8, z["T10"] + 26), (48, 58, 66)),
        ("kidney_right", "kidney_cortex", (x0 - 62, y["L2"] + 2, z["L2"] + 6), (27, 29, 54)),
        ("sinus_right", "epidural_fat", (x0 - 52, y["L2"] - 4, z["L2"] + 6), (11, 10, 26)),
        ("kidney_left", "kidney_cortex", (x0 + 62, y["L1"] + 2, z["L1"] - 4), (27, 29, 55)),
        ("sinus_left", "epidural_fat", (x0 + 52, y["L1"] - 4, z["L1"] - 4), (11, 10, 26)),
        ("pancreas", "liver", (x0 + 14, y["L1"] - 56, z["L1"] + 2), (52, 9, 13)),
    ]
    generator = stream(seed, "bowel")
    for number in range(16):
        across = generator.uniform(-75, 75)
        front = generator.uniform(-118, -66)
        up = generator.uniform(z["S1"] - 70, z["L1"] - 10)
        radius = generator.uniform(12, 20)
        centre = (x0 + across, y["L3"] + front, up)
        shapes.append((f"bowel_{number}", "bowel", centre, (radius * 1.3, radius, radius * 1.2)))
        inside = (radius * 0.7, radius * 0.45, radius * 0.7)
        tissue = "gas" if number % 3 == 0 else "interspinous"
        shapes.append((f"content_{number}", tissue, (centre[0], centre[1] - radius * 0.3, centre[2]), inside))
    made = []
    for name, tissue, centre, half in shapes:
        distance, box = _ellipsoid(centre, half)
        made.append(Soft(name=name, tissue=tissue, distance=distance, box=box))
    return made


def _line(col: Column, *points: tuple[str, float]) -> Curve:
    """Curve through values at levels."""
    return Curve.through([(col.z_of[level], value) for level, value in points])


def _vessels(col: Column) -> list[Soft]:
    """Aorta, cava and common iliac vessels in front of the bodies; crura beside them."""
    ahead = [
        (level, -(float(col.wall.at(np.asarray(height))) + 12.5)) for level, height in col.z_of.items() if level != "S1"
    ]
    depth = _line(col, *ahead)
    constant = {r: _line(col, ("T10", r), ("L5", r)) for r in (4.0, 6.5, 8.5, 9.0, 11.0)}
    split, low = np.float32(col.z_of["L4"] - 4), np.float32(col.z_of["L2"] - 8)
    aorta = _tube(col, (_line(col, ("T10", 11.0), ("L4", 6.0)), depth), (constant[9.0], constant[9.0]), 1.0)
    cava = _tube(col, (_line(col, ("T10", 16.0), ("L5", 12.0)), depth), (constant[11.0], constant[8.5]), -1.0)
    made = [
        Soft(name="aorta", tissue="aorta_blood_pre", distance=lambda b: np.maximum(aorta(b), split - b.axes[2])),
        Soft(name="cava", tissue="aorta_blood_pre", distance=lambda b: np.maximum(cava(b), split - 12 - b.axes[2])),
    ]
    apart = _line(col, ("L4", 4.0), ("L5", 18.0), ("S1", 34.0))
    near = _line(col, ("L4", depth.at(np.asarray(col.z_of["L4"])).item()), ("L5", -24.0), ("S1", -22.0))
    for name, side in (("left", 1.0), ("right", -1.0)):
        tube = _tube(col, (apart, near), (constant[6.5], constant[6.5]), side)
        made.append(
            Soft(
                name=f"iliac_{name}",
                tissue="aorta_blood_pre",
                distance=lambda b, t=tube: np.maximum(t(b), b.axes[2] - split),  # type: ignore[misc]
            )
        )
        crus = _tube(col, (_line(col, ("T12", 19.0), ("L2", 15.0)), depth), (constant[4.0], constant[9.0]), side)
        made.append(
            Soft(name=f"crus_{name}", tissue="muscle", distance=lambda b, t=crus: np.maximum(t(b), low - b.axes[2]))  # type: ignore[misc]
        )
    return made


def _muscles(col: Column, patient: Patient) -> list[Soft]:
    """Psoas, quadratus lumborum, erector spinae and multifidus of both sides, and what fills the midline."""
    rows = table("phantom_anatomy")["trunk"]
    ps = np.sqrt(rows["psoas_cm2"][patient.sex] * 100 / np.pi)
    es = np.sqrt(rows["erector_cm2"][patient.sex] * 100 / np.pi / 0.56)

    def line(*points: tuple[str, float]) -> Curve:
        return _line(col, *points)

    psoas = (
        (line(("T12", 26.0), ("L1", 27.0), ("L3", 35.0), ("L5", 43.0), ("S1", 50.0)),
         line(("T12", 6.0), ("L2", 2.0), ("L4", -4.0), ("L5", -12.0), ("S1", -34.0))),
        (line(("T12", 1.0), ("L1", ps * 0.35), ("L3", ps * 0.92), ("L5", ps)),
         line(("T12", 2.0), ("L1", ps * 0.55), ("L3", ps * 1.05), ("L5", ps * 1.15))),
    )  # fmt: skip
    quadratus = (
        (line(("T12", 48.0), ("L3", 60.0), ("L5", 66.0)), line(("T12", 22.0), ("L3", 20.0), ("L5", 16.0))),
        (line(("T12", 10.0), ("L3", 17.0), ("L4", 18.0), ("L5", 6.0)), line(("T12", 3.0), ("L3", 8.0), ("L5", 4.0))),
    )
    erector = (
        (line(("T10", 27.0), ("L1", 33.0), ("L3", 35.0), ("L5", 30.0), ("S1", 24.0)),
         line(("T10", 43.0), ("L1", 49.0), ("L3", 51.0), ("L5", 49.0), ("S1", 44.0))),
        (line(("T10", es * 0.85), ("L1", es * 1.05), ("L3", es * 1.05), ("L5", es * 0.85), ("S1", es * 0.6)),
         line(("T10", es * 0.55), ("L1", es * 0.70), ("L3", es * 0.74), ("L5", es * 0.62), ("S1", es * 0.4))),
    )  # fmt: skip
    deep = (
        (line(("T10", 15.0), ("L3", 19.0), ("S1", 17.0)), line(("T10", 36.0), ("L3", 43.0), ("S1", 36.0))),
        (line(("T10", 14.0), ("L3", 18.0), ("S1", 16.0)), line(("T10", 16.0), ("L3", 22.0), ("S1", 18.0))),
    )
    made = []
    for name, side in (("left", 1.0), ("right", -1.0)):
        for muscle, (at, half), marbled in (
            ("psoas", psoas, 0.0),
            ("quadratus", quadratus, 0.05),
            ("erector_spinae", erector, 0.07),
            ("multifidus", deep, 0.10),
        ):
            made.append(
                Soft(
                    name=f"{muscle}_{name}",
                    tissue="muscle",
                    distance=_tube(col, at, half, side),
                    box=_tube_box(col, at, half, side),
                    marbled=marbled,
                )
            )
    middle = _tube(
        col,
        (line(("T10", 0.0), ("S1", 0.0)), line(("T10", 42.0), ("L3", 50.0), ("S1", 40.0))),
        (line(("T10", 2.2), ("S1", 2.6)), line(("T10", 14.0), ("L3", 17.0), ("S1", 14.0))),
        1.0,
    )
    made.append(Soft(name="interspinous", tissue="interspinous", distance=middle, marbled=0.3))
    return made
