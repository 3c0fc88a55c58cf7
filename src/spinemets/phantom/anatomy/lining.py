"""What lines the spinal canal around the sac: posterior longitudinal ligament, septum, flava, dorsal fat, veins, ganglia."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES, Arch, ArchPlan, ganglia
from spinemets.phantom.anatomy.canal import DURA_MM, Canal
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import Rod

Point = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Lining:
    """Structures between the canal's walls and the sac, in the coordinates of the canal.

    Attributes
    ----------
    from_middle
        Distance along z to the nearest middle of a body, and that over half the body's height (1 at its edges, more at discs).
    vein_beside, vein_depth, vein_radius
        Anterior internal veins: places beside the midline and behind the canal's front wall, radius.
    flava, pads, ganglia, supraspinous
        Bars by (level above, side), by level above, by (level, side), by level above.
    """

    canal: Canal
    from_middle: Curve
    share_of_body: Curve
    vein_beside: Curve
    vein_depth: Curve
    vein_radius: Curve
    flava: Mapping[tuple[str, str], Rod]
    pads: Mapping[str, Rod]
    ganglia: Mapping[tuple[str, str], Rod]
    supraspinous: Mapping[str, Rod]

    def near(self, block: Block) -> Near:
        """What lies at a block's points."""
        return Near(lining=self, block=block)

    def longitudinal(self, block: Block) -> Array:
        """Distance to the posterior longitudinal ligament."""
        return self.near(block).longitudinal

    def septum(self, block: Block) -> Array:
        """Distance to the septum."""
        return self.near(block).septum

    def veins(self, block: Block) -> Array:
        """Distance to the anterior internal plexus."""
        return self.near(block).veins

    def dura(self, block: Block) -> Array:
        """Distance to the outside of the dura."""
        return self.near(block).dura

    def flavum(self, rod: Rod, block: Block) -> Array:
        """Distance to one half of a ligamentum flavum."""
        return self.near(block).outside_sac(rod.distance(block))


@dataclass(frozen=True, kw_only=True, eq=False)
class Near:
    """The lining at a block's points: what several structures ask for is worked out once."""

    lining: Lining
    block: Block

    @cached_property
    def dura(self) -> Array:
        """Distance to the outside of the dura."""
        return np.asarray(self.lining.canal.sac(self.block) - np.float32(DURA_MM))

    @cached_property
    def _across(self) -> tuple[Array, Array, Array]:
        """To the side, behind the canal's front wall, and height."""
        u, v, z = self.lining.canal.across(self.block)
        return np.abs(u), v + self.lining.canal.half_ap.at(z), z

    @cached_property
    def _share(self) -> Array:
        """0 behind the middle of a body, 1 at its edges, more behind the disc."""
        return self.lining.share_of_body.at(self._across[2])

    @cached_property
    def longitudinal(self) -> Array:
        """Distance to the posterior longitudinal ligament: broad on discs, narrow and off the bone behind bodies."""
        row = table("phantom_anatomy")["lining"]["pll"]
        side, depth, _ = self._across
        edge = np.minimum(self._share, np.float32(1.0))
        narrow, broad = row["half_width_mm"]
        half_u = np.float32(narrow) + np.float32(broad - narrow) * edge**2
        front = np.float32(row["apart_mm"]) * (1 - edge)
        band = np.maximum(front - depth, depth - np.float32(row["thickness_mm"]))
        return self.outside_sac(np.maximum(band, side - half_u))

    @cached_property
    def septum(self) -> Array:
        """Distance to the septum that ties the ligament to the middle of each body."""
        rows = table("phantom_anatomy")["lining"]
        side, depth, _ = self._across
        band = np.maximum(-np.float32(1.0) - depth, depth - np.float32(rows["pll"]["apart_mm"]))
        beyond = (self._share - np.float32(rows["septum"]["share"])) * 10
        return self.outside_sac(np.maximum(band, np.maximum(side - np.float32(rows["septum"]["half_mm"]), beyond)))

    @cached_property
    def veins(self) -> Array:
        """Distance to the anterior internal plexus: a vein on each side, joined behind each body where its own vein leaves it."""
        side, depth, z = self._across
        own = self.lining
        beside = side - own.vein_beside.at(z)
        along = np.hypot(beside, depth - own.vein_depth.at(z)) - own.vein_radius.at(z)
        thin = np.float32(table("phantom_anatomy")["lining"]["veins"]["crossing_mm"])
        off = np.hypot(depth - thin / 2, own.from_middle.at(z))
        crossing = np.hypot(np.maximum(beside, np.float32(0.0)), off) - thin
        return self.outside_sac(np.minimum(along, crossing))

    def outside_sac(self, distance: Array) -> Array:
        """Distance to what lies outside the dura."""
        return np.asarray(np.maximum(distance, -self.dura), np.float32)


def lining(
    levels: Mapping[str, LevelSize], frames: Mapping[str, Place], arches: Mapping[str, Arch], canal: Canal
) -> Lining:
    """Lining of a patient's canal; `canal` without disease tells where the veins lie."""
    veins = _veins(levels, frames, canal)
    names = tuple(levels)
    flava: dict[tuple[str, str], Rod] = {}
    pads: dict[str, Rod] = {}
    for upper, lower in pairwise(names):
        gap = _Gap(size=levels[upper], frame=frames[upper], above=arches[upper], below=arches[lower])
        for side in SIDES:
            flava[upper, side] = gap.flavum(side)
        if table("phantom_anatomy")["lining"]["fat_pad"]["behind_mm"][levels[upper].region]:
            pads[upper] = gap.pad()
    found = {
        (level, side): rod
        for level in names
        for side, rod in zip(SIDES, ganglia(levels[level], frames[level]), strict=True)
    }
    behind = _supraspinous(levels, frames, arches)
    return Lining(canal=canal, flava=flava, pads=pads, ganglia=found, supraspinous=behind, **veins)


def _supraspinous(
    levels: Mapping[str, LevelSize], frames: Mapping[str, Place], arches: Mapping[str, Arch]
) -> dict[str, Rod]:
    """Bands from tip to tip of the spinous processes, behind them."""
    row = table("phantom_anatomy")["lining"]["supraspinous_mm"]
    names = [level for level, size in levels.items() if size.region != "cervical"]
    tips: dict[str, Point] = {}
    for level in names[: names.index(row["last"]) + 1]:
        knob = arches[level].rods["spinous"][-1]
        middle = (np.array(knob.start) + np.array(knob.end)) / 2
        tips[level] = middle - (knob.half_mm[1][1] + row["half_depth"] / 2) * frames[level].anterior
    half = ((row["half_width"], row["half_depth"]),) * 2
    return {
        upper: Rod(start=_point(tips[upper]), end=_point(tips[lower]), across=_point(frames[upper].left), half_mm=half)
        for upper, lower in pairwise(tips)
    }


def _veins(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], canal: Canal) -> dict[str, Curve]:
    """Curves of the veins, and of the place along each body."""
    row = table("phantom_anatomy")["lining"]["veins"]
    z = canal.half_ap.z
    middles, halves, radii = [], [], []
    for level, size in levels.items():
        behind = -size.mean_depth / 2 - size.canal[0] / 2
        middles.append(float(frames[level].lps(0.0, behind, 0.0)[2]))
        halves.append(size.height[2] / 2)
        radii.append(row["radius_mm"][size.region])
    nearest = np.abs(z[:, None] - np.array(middles)).argmin(axis=1)
    off = np.abs(z - np.array(middles)[nearest])
    share = off / np.array(halves)[nearest]
    edge = np.clip(share, 0.0, 1.0) ** 2
    at_body, at_disc = row["beside"]
    beside = canal.half_width.values * (at_body + (at_disc - at_body) * edge)
    # Half-way between the bone and the sac at that place.
    sac_front = canal.sac_middle.values - canal.sac_ap.values * np.sqrt(
        np.clip(1 - (beside / np.maximum(canal.sac_width.values, 0.3)) ** 2, 0.0, 1.0)
    )
    room = sac_front - DURA_MM + canal.half_ap.values
    radius = np.minimum(np.array(radii)[nearest] * (1 + (row["at_disc"] - 1) * edge), np.maximum(room / 2, 0.2))
    return {
        "from_middle": Curve(z=z, values=off),
        "share_of_body": Curve(z=z, values=share),
        "vein_beside": Curve(z=z, values=beside),
        "vein_depth": Curve(z=z, values=np.minimum(room / 2, radius + 0.4)),
        "vein_radius": Curve(z=z, values=radius),
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gap:
    """The space between the laminae of two levels."""

    size: LevelSize
    frame: Place
    above: Arch
    below: Arch

    def _edge(self, arch: Arch, side: str, end: int, down: bool) -> Point:
        """Middle of the lower or upper edge of a lamina at its lateral (0) or medial (1) end, LPS."""
        rods = arch.rods[f"lamina_{side}"]
        points = []
        for rod in rods:
            point = np.array(rod.start if end == 0 else rod.end)
            up = rod.directions[1] * np.sign(rod.directions[1] @ self.frame.superior)
            points.append(point + (-1.0 if down else 1.0) * rod.half_mm[end][0] * up)
        heights = [float(p @ self.frame.superior) for p in points]
        found: Point = points[int(np.argmin(heights) if down else np.argmax(heights))]
        return found

    def _medial(self) -> tuple[Point, Point]:
        """Edges of the laminae in the midline: of the upper one, of the lower one."""
        return self._edge(self.above, "left", 1, down=True), self._edge(self.below, "left", 1, down=False)

    def _half_height(self) -> float:
        top, bottom = self._medial()
        overlap = table("phantom_anatomy")["lining"]["flavum_overlap_mm"][self.size.region]
        return max(float(np.linalg.norm(top - bottom)) / 2, 1.0) + float(overlap)

    def flavum(self, side: str) -> Rod:
        """From the midline to the front of the joint, as high as the gap and a part of both laminae."""
        row = table("phantom_anatomy")["lining"]
        top, bottom = self._medial()
        plan = ArchPlan(size=self.size, frame=self.frame)
        middle = (top + bottom) / 2
        up = (top - bottom) / np.linalg.norm(top - bottom)
        local = middle - self.frame.origin
        # In front of the joint, behind the root.
        lateral = self.frame.lps(
            SIDES[side] * self.size.canal[1] / 2,
            plan.wall - 0.62 * self.size.canal[0],
            float(local @ self.frame.superior),
        )
        half = (self._half_height(), row["flavum_mm"][self.size.region] / 2)
        outer = (half[0] * 0.8, half[1])
        return Rod(start=_point(middle), end=_point(lateral), across=_point(up), half_mm=(half, outer))

    def pad(self) -> Rod:
        """Fat behind the canal in the midline, from one lamina to the next."""
        row = table("phantom_anatomy")["lining"]["fat_pad"]
        top, bottom = self._medial()
        behind = float(row["behind_mm"][self.size.region])
        half_u = self.size.canal[1] / 2 * row["half_width_share"]
        plan = ArchPlan(size=self.size, frame=self.frame)
        ends = []
        for point in (top, bottom):
            local = point - self.frame.origin
            ends.append(self.frame.lps(0.0, plan.wall - self.size.canal[0] + 1.0, float(local @ self.frame.superior)))
        # Rounded ends would reach beyond the laminae's edges.
        inset = min(2.0, 0.3 * float(np.linalg.norm(ends[0] - ends[1])))
        way = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        half = (half_u, behind + 1.0)
        start, end = _point(ends[0] + inset * way), _point(ends[1] - inset * way)
        return Rod(start=start, end=end, across=_point(self.frame.left), half_mm=(half, half))


def _point(p: Point) -> tuple[float, float, float]:
    return float(p[0]), float(p[1]), float(p[2])
