"""The arch of a vertebra: pedicles, articular processes, laminae, transverse and spinous processes, as joined rods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.distance import Rod

SIDES = {"left": 1.0, "right": -1.0}
Point = tuple[float, float, float]
Half = tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Arch:
    """Rods of one arch by part name (`pedicle_left`, `lamina_right`, `spinous`, ...)."""

    rods: dict[str, tuple[Rod, ...]]

    @property
    def all_rods(self) -> tuple[Rod, ...]:
        """Every rod."""
        return tuple(rod for part in self.rods.values() for rod in part)

    def of(self, *names: str) -> tuple[Rod, ...]:
        """Rods of the parts whose name begins so."""
        return tuple(rod for part, rods in self.rods.items() if part.startswith(names) for rod in rods)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArchPlan:
    """Landmarks of the arch in the local frame, from the level's sizes."""

    size: LevelSize
    frame: Place

    @property
    def wall(self) -> float:
        """Anterior coordinate of the back wall of the body."""
        return -self.size.mean_depth / 2.0

    @property
    def pedicle_l(self) -> float:
        """Left coordinate of the pedicle's axis at its root."""
        return (self.size.canal[1] + self.size.pedicle[0]) / 2.0

    @property
    def pedicle_s(self) -> float:
        """Superior coordinate of the pedicle's axis: it springs from the upper part of the body."""
        high = self.size.before[2] / 2.0 - self.size.pedicle[1] / 2.0 - 1.0
        return max(high, 0.5) - (self.size.before[2] - self.size.height[2]) / 4.0

    def rod(self, start: Point, end: Point, across: Point, half_mm: tuple[Half, Half]) -> Rod:
        """A rod given in local coordinates."""
        f = self.frame
        p, q = f.lps(*start), f.lps(*end)
        direction = across[0] * f.left + across[1] * f.anterior + across[2] * f.superior
        return Rod(
            start=(float(p[0]), float(p[1]), float(p[2])),
            end=(float(q[0]), float(q[1]), float(q[2])),
            across=(float(direction[0]), float(direction[1]), float(direction[2])),
            half_mm=half_mm,
        )


def arch(size: LevelSize, frame: Place) -> Arch:
    """Arch of one vertebra."""
    plan = ArchPlan(size=size, frame=frame)
    rods: dict[str, tuple[Rod, ...]] = {}
    for name, side in SIDES.items():
        rods[f"pedicle_{name}"] = (_pedicle(plan, side),)
        rods[f"superior_articular_{name}"] = (_superior_articular(plan, side),)
        rods[f"inferior_articular_{name}"] = (_inferior_articular(plan, side),)
        rods[f"lamina_{name}"] = _lamina(plan, side)
        rods[f"transverse_{name}"] = _transverse(plan, side)
    rods["spinous"] = _spinous(plan)
    return Arch(rods=rods)


def _pedicle(plan: ArchPlan, side: float) -> Rod:
    """From inside the body to the articular mass, diverging backwards by the transverse angle."""
    width, height, angle = plan.size.pedicle
    out = 12.0 * np.tan(np.radians(np.clip(angle, -10, 20)))
    start = (side * (plan.pedicle_l - 0.2 * out), plan.wall + 4.0, plan.pedicle_s)
    end = (side * (plan.pedicle_l + 0.6 * out), plan.wall - 9.0, plan.pedicle_s)
    return plan.rod(start, end, (1, 0, 0), ((width / 2, height / 2), (width / 2 + 0.5, height / 2 - 1)))


def _mass(plan: ArchPlan) -> Point:
    """Centre of the articular mass (pars) on the left: where pedicle, lamina and processes meet."""
    return (plan.size.canal[1] / 2 + 3.0, plan.wall - plan.size.canal[0] * 0.75, plan.pedicle_s - 4.0)


def _superior_articular(plan: ArchPlan, side: float) -> Rod:
    """Upwards behind the disc above, lateral to the inferior process of the neighbour."""
    l, a, _ = _mass(plan)  # noqa: E741
    reach = plan.size.before[2] / 2 + 5.0
    across = (1, 0, 0) if plan.size.thoracic else (0.35, -0.94, 0)
    # Lumbar joints stand further out: real ones of L3 are about 2 ml a process.
    out = 0.0 if plan.size.thoracic else 1.5
    start = (side * (l + 1.0 + out), a + 2.0, plan.pedicle_s - 2.0)
    end = (side * (l + 2.5 + out), a + (0.5 if plan.size.thoracic else 2.0), reach)
    half = ((5.0, 3.6), (4.6, 3.0)) if plan.size.thoracic else ((7.4, 5.2), (7.4, 4.4))
    return plan.rod(start, end, (side * across[0], across[1], across[2]), half)


def _inferior_articular(plan: ArchPlan, side: float) -> Rod:
    """Downwards from the lamina, medial and behind the superior process of the vertebra below."""
    l, a, s = _mass(plan)  # noqa: E741
    # Behind a lordotic disc the arches stand closer than the bodies: the posterior disc height counts.
    reach = -plan.size.before[2] / 2 - 0.6 * plan.size.disc[2]
    across = (1, 0, 0) if plan.size.thoracic else (0.35, -0.94, 0)
    start = (side * (l - 1.0), a - 2.0, s - 3.0)
    end = (side * (l - 1.5), a - 6.5, reach)
    half = ((5.6, 3.8), (5.2, 3.2)) if plan.size.thoracic else ((6.8, 4.8), (6.6, 4.2))
    return plan.rod(start, end, (side * across[0], across[1], across[2]), half)


def _lamina(plan: ArchPlan, side: float) -> tuple[Rod, ...]:
    """Plate from the articular mass to the midline behind the canal, sloping down and back."""
    l, a, s = _mass(plan)  # noqa: E741
    back = plan.wall - plan.size.canal[0] - 3.2
    tall = plan.size.before[1] * (0.42 if plan.size.thoracic else 0.36)
    # The plate's flat side faces the canal: its long section axis follows s.
    across = (0, 0, 1)
    upper = plan.rod((side * l, a - 1, s), (0.0, back, s - 3), across, ((tall * 0.9, 3.2), (tall * 0.8, 2.8)))
    lower = plan.rod(
        (side * (l - 1.5), a - 3, s - 8), (0.0, back - 1.5, s - 9), across, ((tall * 0.5, 3.0), (tall * 0.6, 2.8))
    )
    return (upper, lower)


def _transverse(plan: ArchPlan, side: float) -> tuple[Rod, ...]:
    """Sideways from the articular mass."""
    l, a, _ = _mass(plan)  # noqa: E741
    tip = plan.size.transverse_mm / 2.0
    start = (side * l, a + 2.5, plan.pedicle_s - 1.0)
    if plan.size.thoracic:
        end = (side * tip, a - 8.0, plan.pedicle_s)
        return (plan.rod(start, end, (0, 0, 1), ((5.0, 4.0), (4.2, 3.6))),)
    end = (side * tip, a - 2.0, plan.pedicle_s + 0.5)
    if plan.size.sacralised:
        return _joined_to_sacrum(plan, start, end)
    return (plan.rod(start, end, (0, 0, 1), ((6.6, 4.2), (5.2, 3.0))),)


def _joined_to_sacrum(plan: ArchPlan, start: Point, end: Point) -> tuple[Rod, ...]:
    """A transverse process that broadens at its end and runs down and forwards to the wing of the sacrum (which cuts it back)."""
    row = table("phantom_anatomy")["sacralised"]
    wide, deep = row["process_mm"] / 2, row["process_half_depth_mm"]
    out = end[0] * (1 - wide / abs(end[0]))
    high = (out, end[1] + row["forward_mm"] / 3, end[2])
    low = (out, end[1] + row["forward_mm"], row["end_above_mm"] - plan.size.height[1] / 2 - plan.size.disc[1])
    return (
        plan.rod(start, high, (0, 0, 1), ((6.6, 4.2), (6.0, deep))),
        plan.rod(high, low, (1, 0, 0), ((wide, deep), (wide, deep))),
    )


def root_way(size: LevelSize, frame: Place, side: float) -> tuple[Point, Point, Point]:
    """LPS points of a root: on the sac's side, in the middle of the foramen under the pedicle, and outside."""
    plan = ArchPlan(size=size, frame=frame)
    low = plan.pedicle_s - size.pedicle[1] / 2 - 3.0
    start = (side * size.canal[1] * 0.33, plan.wall - size.canal[0] * 0.45, low + 5.0)
    middle = (side * (plan.pedicle_l + 2.0), plan.wall - 3.0, low - 1.0)
    end = (side * (plan.pedicle_l + 20.0), plan.wall + 6.0, low - 16.0)
    a, b, c = ((float(x), float(y), float(z)) for x, y, z in (frame.lps(*p) for p in (start, middle, end)))
    return a, b, c


def exiting_roots(size: LevelSize, frame: Place) -> tuple[Rod, ...]:
    """Nerve roots of one level, from the canal under the pedicle through the foramen, forwards and down."""
    ways = [root_way(size, frame, side) for side in SIDES.values()]
    return tuple(_bar(frame, p, q, ((2.0, 2.0), (2.2, 2.2))) for a, b, c in ways for p, q in ((a, b), (b, c)))


def ganglia(size: LevelSize, frame: Place) -> tuple[Rod, ...]:
    """Dorsal root ganglia of one level, left and right: where the root passes under the middle of the pedicle."""
    width, length = table("phantom_anatomy")["ganglion_mm"][size.region]
    made = []
    for side in SIDES.values():
        start, middle, end = (np.array(p) for p in root_way(size, frame, side))
        before, after = (p - middle for p in (start, end))
        # Its rounded ends belong to its length.
        reach = (length - width) / 2
        p = middle + before * reach / np.linalg.norm(before)
        q = middle + after * reach / np.linalg.norm(after)
        made.append(_bar(frame, _point(p), _point(q), ((width / 2, width / 2),) * 2))
    return tuple(made)


def _point(p: NDArray[np.float64]) -> Point:
    return float(p[0]), float(p[1]), float(p[2])


def _bar(frame: Place, start: Point, end: Point, half_mm: tuple[Half, Half]) -> Rod:
    """A round bar between two LPS points."""
    across = _point(frame.anterior)
    return Rod(start=start, end=end, across=across, half_mm=half_mm)


def _spinous(plan: ArchPlan) -> tuple[Rod, ...]:
    """Plate in the midline, thicker at its tip."""
    size = plan.size
    down = np.radians(size.spinous_down_deg)
    back = plan.wall - size.canal[0] - 3.5
    length = max(size.spinous_mm - 8.0, 10.0)
    s0 = plan.pedicle_s - (7.0 if size.thoracic else 11.0)
    tip = (0.0, back - length * np.cos(down), s0 - length * np.sin(down))
    tall = 6.0 if size.thoracic else (9.5 if size.level != "L5" else 7.5)
    plate = plan.rod((0.0, back - 1.0, s0), tip, (1, 0, 0), ((3.0, tall), (2.6, tall * 0.95)))
    knob_start = (0.0, tip[1] + 3.0, tip[2] + tall * 0.45)
    knob_end = (0.0, tip[1] - 1.0, tip[2] - tall * 0.6)
    knob = plan.rod(knob_start, knob_end, (1, 0, 0), ((3.2, 4.0), (4.2, 4.5)))
    return (plate, knob)
