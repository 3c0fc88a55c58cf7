"""Sacrum and coccyx."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place, bowls_mm
from spinemets.phantom.anatomy.arch import SIDES, ArchPlan
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import FAR_MM, Rod, ellipse, smooth_min, union

# Tilt, length, half width and half depth of S2 to S5: the sacrum is hollow in front.
SEGMENTS = ((-44.0, 25.0, 21.0, 10.5), (-28.0, 21.0, 17.0, 8.0), (-8.0, 18.0, 13.0, 6.5), (14.0, 15.0, 9.0, 5.0))

# Half width of the first foramina, the others in proportion to their segment.
FORAMEN_MM = 4.6
# Further tilt, length, half width and half depth of the coccyx; gap of the joint with S5.
COCCYX, COCCYX_GAP_MM = ((10.0, 13.0, 7.5, 4.0), (22.0, 10.0, 5.0, 3.2), (34.0, 9.0, 3.6, 2.8)), 1.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Sacrum:
    """S1 as a body, S2 to S5 and the wings as rods, canal and foramina through them, a remnant of the first disc, the coccyx."""

    s1: Body
    s1_frame: Place
    rods: tuple[Rod, ...]
    segments: tuple[Place, ...]
    remnant: Rod
    foramina: tuple[Rod, ...]
    coccyx: tuple[Rod, ...]

    @property
    def box(self) -> Box:
        """Box in LPS mm."""
        boxes = [rod.box for rod in self.rods]
        low = np.minimum(np.min([b[0] for b in boxes], axis=0), self.s1_frame.origin - 32)
        high = np.maximum(np.max([b[1] for b in boxes], axis=0), self.s1_frame.origin + 32)
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def distance(self, block: Block) -> Array:
        """Distance to the bone, canal and foramina taken out."""
        outer = union(block, self.rods, 4.0)
        body = self.s1.distance(*self.s1_frame.local(block)).whole
        outer = smooth_min(outer, np.broadcast_to(body, block.shape), 4.0)
        outer = np.maximum(outer, -self._canal(block))
        return np.maximum(outer, -union(block, self.foramina, 0.5))

    @property
    def coccyx_box(self) -> Box:
        """Box in LPS mm of the coccyx."""
        boxes = [rod.box for rod in self.coccyx]
        low, high = np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def coccyx_distance(self, block: Block) -> Array:
        """Distance to the coccyx, which a joint keeps apart from S5."""
        return np.maximum(union(block, self.coccyx, 1.0), np.float32(COCCYX_GAP_MM) - self.distance(block))

    def _canal(self, block: Block) -> Array:
        """Distance to the sacral canal: behind S1 down to S4."""
        rows = table("phantom_anatomy")["sacrum"]
        joined = np.full(block.shape, FAR_MM, np.float32)
        depth = rows["s1_depth"] / 2.0
        canals = [(self.s1_frame, depth, rows["canal"][0] / 2, rows["canal"][1] / 2)]
        canals += [
            (frame, half, wide * 0.42, wide * 0.42 * 1.6)
            for frame, half, wide in zip(self.segments[:2], (10.5, 8.0), (13.0, 9.0), strict=True)
        ]
        for frame, wall, half_a, half_l in canals:
            l, a, s = frame.local(block)  # noqa: E741  # left, anterior, superior
            tube = ellipse(l, a + np.float32(wall + half_a), half_l, half_a)
            joined = np.minimum(joined, np.maximum(tube, np.abs(s) - np.float32(17.0)))
        return joined


def sacrum(endplate: Place, scale: float) -> Sacrum:
    """Sacrum below the superior endplate of S1."""
    rows = table("phantom_anatomy")["sacrum"]
    width, depth = rows["s1_width"] * scale, rows["s1_depth"] * scale
    front, back = (h * scale for h in rows["s1_height"])
    size = LevelSize(
        level="S1",
        width=(width, width * 0.86),
        depth=(depth, depth * 0.8),
        height=(front, (front + back) / 2 - 1.2, back),
        before=(front, (front + back) / 2 - 1.2, back),
        pedicle=(16.0, 14.0, 30.0),
        canal=(rows["canal"][0], rows["canal"][1]),
        disc=(2.0, 2.0, 2.0),
        spinous_mm=15.0,
        spinous_down_deg=20.0,
        transverse_mm=90.0,
    )
    # From the middle between the rims to the centre of the bowl above, on which the disc rests.
    half = (front + back) / 4.0 - bowls_mm(size)[0]
    # The endplate of S1 is the upper rim of its body, tilted against the body's mid-plane by half of its wedge.
    body_frame = endplate.tilted(size.wedge_deg / 2.0)
    body_frame = Place(
        origin=endplate.origin - half * body_frame.superior,
        left=body_frame.left,
        anterior=body_frame.anterior,
        superior=body_frame.superior,
    )
    segments, rods = _lower(body_frame, half)
    remnant = ArchPlan(size=_ANY, frame=body_frame).rod(
        (-12.0 * scale, 0.0, -half - 1.0), (12.0 * scale, 0.0, -half - 1.0), (0, 1, 0), ((7.0, 1.6), (7.0, 1.6))
    )
    rods += _wings(body_frame) + _behind(body_frame, segments, depth / 2)
    return Sacrum(
        s1=Body(size=size),
        s1_frame=body_frame,
        rods=tuple(rods),
        segments=tuple(segments),
        remnant=remnant,
        foramina=_foramina(segments),
        coccyx=_coccyx(segments[-1]),
    )


def _lower(s1: Place, half: float) -> tuple[list[Place], list[Rod]]:
    """Frames and bodies of S2 to S5."""
    point = s1.origin - half * s1.superior
    frames: list[Place] = []
    rods: list[Rod] = []
    base = np.degrees(np.arctan2(s1.superior[1], s1.superior[2]))
    for tilt, length, half_l, half_a in SEGMENTS:
        turned = s1.tilted(tilt - base)
        centre = point - length / 2 * turned.superior
        frame = Place(origin=centre, left=turned.left, anterior=turned.anterior, superior=turned.superior)
        plan = ArchPlan(size=_ANY, frame=frame)
        reach = length / 2 - 3.0
        section = (half_l, half_a)
        rods.append(plan.rod((0, 0, reach), (0, 0, -reach), (1, 0, 0), (section, section)))
        frames.append(frame)
        point = point - length * turned.superior
    return frames, rods


def _foramina(segments: list[Place]) -> tuple[Rod, ...]:
    """Four pairs of channels for the roots, between one segment and the next, from the canal forwards and outwards."""
    rods = []
    for frame, (_, length, half_l, half_a) in zip(segments, SEGMENTS, strict=True):
        plan, size = ArchPlan(size=_ANY, frame=frame), half_l / SEGMENTS[0][2]
        for side in SIDES.values():
            start = (side * 0.45 * half_l, -half_a - 3.0, length / 2)
            end = (side * 0.95 * half_l, half_a + 6.0, length / 2 - 1.0)
            half = FORAMEN_MM * size
            rods.append(plan.rod(start, end, (1, 0, 0), ((half, half), (half * 1.15, half * 1.15))))
    return tuple(rods)


def _coccyx(s5: Place) -> tuple[Rod, ...]:
    """Three small segments below S5, each turned further forward than the one above."""
    point, rods = s5.origin - (SEGMENTS[-1][1] / 2 + COCCYX_GAP_MM) * s5.superior, []
    for turn, length, half_l, half_a in COCCYX:
        frame = s5.tilted(turn)
        end = point - length * frame.superior
        across = frame.left
        rods.append(
            Rod(
                start=_point(point - half_a * frame.superior),
                end=_point(end + half_a * frame.superior),
                across=_point(across),
                half_mm=((half_l, half_a), (half_l * 0.8, half_a * 0.9)),
            )
        )
        point = end
    return tuple(rods)


def _point(values: Array) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))


def _wings(s1: Place) -> list[Rod]:
    """Alae: from the sides of S1 and S2 to the sacroiliac joints."""
    plan = ArchPlan(size=_ANY, frame=s1)
    rods = []
    for side in SIDES.values():
        rods.append(plan.rod((side * 18, -4, 0), (side * 44, -10, -8), (0, 0, 1), ((12, 10), (15, 13))))
        rods.append(plan.rod((side * 16, -8, -24), (side * 36, -16, -26), (0, 0, 1), ((11, 8), (12, 9))))
    return rods


def _behind(s1: Place, segments: list[Place], wall: float) -> list[Rod]:
    """Roof of the canal with its median crest, and the facets for L5."""
    plan = ArchPlan(size=_ANY, frame=s1)
    back = -wall - 19.5
    rods = [
        plan.rod((0, back, -4), (0, back + 3, -22), (1, 0, 0), ((17, 3.2), (14, 3.0))),
        plan.rod((0, back - 5, -6), (0, back - 3, -22), (1, 0, 0), ((3.0, 5.0), (2.8, 5.0))),
    ]
    for side in SIDES.values():
        rods.append(plan.rod((side * 24, -wall - 4, -4), (side * 24, -wall - 13, 12), (1, 0, 0), ((8, 5), (6.5, 3.6))))
        rods.append(plan.rod((side * 22, -wall - 2, -6), (side * 20, back + 1, -12), (0, 0, 1), ((8, 4), (7, 3.4))))
    lower = ArchPlan(size=_ANY, frame=segments[0])
    rods.append(lower.rod((0, -26, 8), (0, -20, -14), (1, 0, 0), ((14, 3.0), (10, 2.6))))
    rods.append(lower.rod((0, -29, 6), (0, -22, -16), (1, 0, 0), ((2.6, 4.0), (2.4, 3.0))))
    return rods


_ANY = LevelSize(
    level="S2",
    width=(40.0, 40.0),
    depth=(22.0, 22.0),
    height=(26.0, 25.0, 22.0),
    before=(26.0, 25.0, 22.0),
    pedicle=(10.0, 10.0, 0.0),
    canal=(12.0, 25.0),
    disc=(2.0, 2.0, 2.0),
    spinous_mm=10.0,
    spinous_down_deg=20.0,
    transverse_mm=80.0,
)
