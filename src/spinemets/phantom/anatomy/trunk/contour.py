"""Skin, the fat below it, the muscle of the wall and the fat of the abdominal cavity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.trunk.habitus import HIP, Habitus
from spinemets.phantom.anatomy.trunk.structures import Soft
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import smooth_max, superellipse

# Skin, what is under it, and what is under that.
LAYERS = (("skin", "skin"), ("subcutaneous_fat", "subcutaneous_fat"), ("body_wall", "muscle"))
Layers = tuple[Soft, Soft, Soft]
# Sections between which a box of a profile is looked for.
STEP_MM = 8.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """A trunk of superelliptic sections between two heights.

    Attributes
    ----------
    middle, half_width
        Of the section, against z.
    front, back
        LPS y of its surfaces.
    span
        Lower and upper end.
    furrow
        Depth of the groove along the back.
    round_mm
        How far the edges of its ends are rounded.
    """

    middle: Curve
    half_width: Curve
    front: Curve
    back: Curve
    exponent: float
    span: tuple[float, float]
    furrow: Curve | None = None
    furrow_half_width_mm: float = 1.0
    round_mm: float = 0.0

    @property
    def box(self) -> Box:
        """Box in LPS mm."""
        z = np.arange(self.span[0], self.span[1] + STEP_MM, STEP_MM)
        x, half = self.middle.at(z), self.half_width.at(z)
        return (
            (float((x - half).min()) - 2, float(self.front.at(z).min()) - 2, self.span[0] - 2),
            (float((x + half).max()) + 2, float(self.back.at(z).max()) + 2, self.span[1] + 2),
        )

    def section(self, block: Block) -> Array:
        """Distance to the sections, open above and below."""
        x, y, z = block.axes
        front, back = self.front.at(z), self.back.at(z)
        u = x - self.middle.at(z)
        v = y - (front + back) / 2
        if self.furrow is not None:
            # What lies in the groove is farther out than it looks, in the midline and behind only.
            groove = np.exp(-((u / np.float32(self.furrow_half_width_mm)) ** 2))
            v = v + self.furrow.at(z) * groove * np.clip(v / np.float32(20.0), 0.0, 1.0)
        return superellipse(u, v, self.half_width.at(z), (back - front) / 2, self.exponent)[0]

    def distance(self, block: Block) -> Array:
        """Distance to the trunk."""
        z = block.axes[2]
        ends = np.maximum(np.float32(self.span[0]) - z, z - np.float32(self.span[1]))
        section = self.section(block)
        if self.round_mm:
            return smooth_max(section, np.broadcast_to(ends, section.shape), self.round_mm)
        return np.maximum(section, ends)

    def inset(self, thickness_mm: float) -> Profile:
        """The profile under a layer of one thickness, between the same heights."""
        z = self.half_width.z
        return replace(
            self,
            half_width=_curve(z, self.half_width.at(z) - thickness_mm),
            front=_curve(z, self.front.at(z) + thickness_mm),
            back=_curve(z, self.back.at(z) - thickness_mm),
        )

    def layered(self, side: Curve, front: Curve, back: Curve) -> Profile:
        """The profile with a layer of these thicknesses around it, between the same heights."""
        z = self.half_width.z
        return replace(
            self,
            half_width=_curve(z, self.half_width.at(z) + side.at(z)),
            front=_curve(z, self.front.at(z) - front.at(z)),
            back=_curve(z, self.back.at(z) + back.at(z)),
        )


def _curve(z: Array, values: Array) -> Curve:
    return Curve(z=np.asarray(z, np.float64), values=np.asarray(values, np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Contours:
    """Nested profiles of the trunk and the neck: skin, fat below it, the muscle of the wall, what that encloses.

    Attributes
    ----------
    cage
        The line of the ribs' middle.
    neck
        Skin, fat and muscle of the neck.
    """

    skin: Profile
    fat: Profile
    wall: Profile
    cage: Profile
    cavity: Profile
    neck: tuple[Profile, Profile, Profile]

    def layers(self) -> list[Layers]:
        """Skin, fat and muscle of the trunk and of the neck, whose muscles lie in fat."""
        made = []
        for part, profiles in (("", (self.skin, self.fat, self.wall)), ("_neck", self.neck)):
            skin, fat, inside = (
                Soft(name=name + part, tissue=tissue, distance=profile.distance, box=profile.box)
                for (name, tissue), profile in zip(LAYERS, profiles, strict=True)
            )
            if part:
                inside = replace(inside, tissue="subcutaneous_fat", marbled=0.2, streaks="muscle")
            made.append((skin, fat, replace(inside, marbled=inside.marbled or 0.05)))
        return made

    def contents(self) -> list[Soft]:
        """Fat of the chest and the belly, between and around what lies in them."""
        return [
            Soft(
                name="cavity_fat",
                tissue="subcutaneous_fat",
                distance=self.cavity.distance,
                box=self.cavity.box,
                marbled=0.05,
                streaks="bowel",
            )
        ]


def contours(h: Habitus) -> Contours:
    """Profiles of a patient."""
    rows, skin_mm = table("phantom_trunk"), table("phantom_anatomy")["trunk"]["skin_mm"]
    wall = _wall(h)
    skin = _around(wall, h)
    cage = _cage(h)
    neck = _neck(h)
    under = rows["neck"]["fat_mm"] * h.fat
    return Contours(
        skin=skin,
        fat=skin.inset(skin_mm),
        wall=wall,
        cage=cage,
        cavity=_cavity(h, cage.inset(rows["cage"]["inside_mm"])),
        neck=(neck, neck.inset(skin_mm), neck.inset(skin_mm + under)),
    )


def _wall(h: Habitus) -> Profile:
    """Muscle and bone of the trunk under the fat of the skin."""
    rows = table("phantom_trunk")["wall"]
    belly = 1.0 + table("phantom_trunk")["habitus"]["belly"] * (h.fat - 1.0)
    levels = [(level, z) for level, z in h.col.z_of.items() if level not in ("C2", "C3", "C4", "C5", "S1")]
    furrow = h.widths(rows["furrow_mm"])
    at = [np.asarray(z) for _, z in levels]
    back = [(float(z), float(h.col.back.at(z) - h.col.layer.at(z) + furrow.at(z))) for z in at]
    back += [(h.z(level), h.y(level) + h.size * v) for level, v in rows["back_mm"].items()]
    return Profile(
        middle=h.midline,
        half_width=h.widths(rows["half_width_mm"], h.size * belly),
        front=h.depths(rows["front_mm"], belly),
        back=Curve.through(back, 14.0),
        exponent=rows["exponent"],
        span=(h.z(HIP) - h.size * rows["crotch_below_hip_mm"], h.z("C7") + 8.0),
        furrow=furrow,
        furrow_half_width_mm=h.size * rows["furrow_half_width_mm"],
    )


def _around(wall: Profile, h: Habitus) -> Profile:
    """Skin of the trunk: the wall with its fat."""
    rows = table("phantom_trunk")["wall"]
    front = h.widths(rows["fat_front_mm"], h.fat)
    if h.patient.sex == "female":
        z = front.z
        front = _curve(z, front.at(z) + h.widths(rows["women_front_mm"], h.fat).at(z))
    levels = [(level, z) for level, z in h.col.z_of.items() if level not in ("C2", "C3", "C4", "C5", "S1")]
    back = [(z, float(h.col.layer.at(np.asarray(z)))) for _, z in levels]
    back += [(h.z(level), h.fat * v) for level, v in rows["fat_back_mm"].items()]
    return wall.layered(h.widths(rows["fat_side_mm"], h.fat), front, Curve.through(back, 14.0))


def _neck(h: Habitus) -> Profile:
    """Skin of the neck."""
    rows = table("phantom_trunk")["neck"]
    return Profile(
        middle=h.midline,
        half_width=h.widths(rows["half_width_mm"]),
        front=h.depths(rows["front_mm"]),
        back=h.col.back,
        exponent=2.0,
        span=(h.z("T2"), h.z("C2") + h.size * rows["above_c2_mm"]),
    )


def _cage(h: Habitus) -> Profile:
    """Line of the ribs' middle."""
    rows = table("phantom_trunk")["cage"]
    return Profile(
        middle=h.midline,
        half_width=h.widths(rows["half_width_mm"]),
        front=h.depths(rows["front_mm"]),
        back=h.depths(rows["back_mm"]),
        exponent=rows["exponent"],
        span=(h.z("L3"), h.z("T1") + 6.0),
    )


def _cavity(h: Habitus, chest: Profile) -> Profile:
    """What ribs and wall enclose: the chest to T11, the belly from L2 on, the pelvis to its floor."""
    rows = table("phantom_trunk")["cavity"]
    belly = 1.0 + table("phantom_trunk")["habitus"]["belly"] * (h.fat - 1.0)
    heights = [h.z(f"T{n}") for n in range(1, 12)]

    def joined(inside: Curve, below: Curve) -> Curve:
        low = [h.z(level) for level in rows["half_width_mm"]]
        points = [(z, float(inside.at(np.asarray(z)))) for z in heights]
        points += [(z, float(below.at(np.asarray(z)))) for z in low]
        return Curve.through(points, 8.0)

    return Profile(
        middle=h.midline,
        half_width=joined(chest.half_width, h.widths(rows["half_width_mm"], h.size * belly)),
        front=joined(chest.front, h.depths(rows["front_mm"], belly)),
        back=joined(chest.back, h.depths(rows["back_mm"])),
        exponent=rows["exponent"],
        span=(h.z(HIP) - h.size * rows["pelvic_floor_mm"], h.z("T1") - 4.0),
        round_mm=rows["round_mm"],
    )
