"""Arches of the neck: short oblique pedicles, articular pillars, transverse processes around the vertebral artery, the dens."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES, Arch, ArchPlan, Point
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.distance import Rod

# Half thickness of a lamina, and of the bars around the transverse foramen.
LAMINA_MM, BAR_MM = 1.9, 2.2
# The foramen of the vertebral artery: its middle stands this far outside the body.
FORAMEN_MM = 6.0


def cervical_arch(size: LevelSize, frame: Place) -> Arch:
    """Arch of C2 to C7, with the uncinate processes, for C2 with the dens."""
    plan = ArchPlan(size=size, frame=frame)
    axis = size.level == "C2"
    rods: dict[str, tuple[Rod, ...]] = {}
    for name, side in SIDES.items():
        rods[f"pedicle_{name}"] = (_pedicle(plan, side),)
        rods[f"superior_articular_{name}"] = (_shoulder(plan, side) if axis else _pillar(plan, side, upper=True),)
        rods[f"inferior_articular_{name}"] = (_pillar(plan, side, upper=False),)
        rods[f"lamina_{name}"] = (_lamina(plan, side),)
        rods[f"transverse_{name}"] = _transverse(plan, side)
        if not axis:
            rods[f"uncinate_{name}"] = (_uncinate(plan, side),)
    rods["spinous"] = _spinous(plan)
    if axis:
        rods["dens"] = (_dens(plan),)
    return Arch(rods=rods)


def _pillar_l(plan: ArchPlan) -> float:
    """Left coordinate of the articular pillar: beside the canal."""
    return float(plan.size.canal[1] / 2 + 6.5)


def _middle(plan: ArchPlan) -> Point:
    """Middle of the articular pillar on the left."""
    return (_pillar_l(plan), plan.wall - 6.5, -1.0)


def _pedicle(plan: ArchPlan, side: float) -> Rod:
    """From the back corner of the body outwards and backwards to the pillar."""
    width, height, _ = plan.size.pedicle
    l, a, s = _middle(plan)  # noqa: E741
    start = (side * (plan.size.mean_width / 2 - 3.0), plan.wall + 3.0, s + 1.5)
    return plan.rod(
        start, (side * (l - 2), a + 1, s + 0.5), (0, 0, 1), ((height / 2, width / 2), (height / 2, width / 2))
    )


def _pillar(plan: ArchPlan, side: float, *, upper: bool) -> Rod:
    """Half of the pillar: its upper end lies in front of the neighbour's lower end, so that the joint slopes back and down."""
    l, a, s = _middle(plan)  # noqa: E741
    reach = plan.size.before[2] / 2 + 0.4 * plan.size.disc[2] + 1.5
    end = (side * l, a + 2.5, s + reach) if upper else (side * l, a - 3.5, s - reach)
    return plan.rod((side * l, a, s), end, (1, 0, 0), ((6.0, 5.0), (5.4, 3.6)))


def _shoulder(plan: ArchPlan, side: float) -> Rod:
    """Upper joint of the axis: a flat shoulder beside the dens, on which the atlas turns."""
    top = plan.size.before[2] / 2
    start = (side * (plan.size.width[0] / 2 - 1.0), -2.0, top - 5.0)
    return plan.rod(
        start, (side * (plan.size.width[0] / 2 + 7.5), -3.5, top - 3.5), (0, 1, 0), ((7.5, 5.0), (7.0, 4.0))
    )


def _lamina(plan: ArchPlan, side: float) -> Rod:
    """From the pillar to the midline behind the canal."""
    l, a, s = _middle(plan)  # noqa: E741
    back = plan.wall - plan.size.canal[0] - LAMINA_MM
    tall = 0.36 * plan.size.before[2]
    start, end = (side * (l - 3.0), a - 4.0, s - 2.0), (0.0, back, s - 3.0)
    return plan.rod(start, end, (0, 0, 1), ((tall, LAMINA_MM), (tall * 1.05, LAMINA_MM)))


def _transverse(plan: ArchPlan, side: float) -> tuple[Rod, ...]:
    """Front and back bar around the foramen, joined at the tip."""
    half = plan.size.mean_width / 2
    tip = plan.size.transverse_mm / 2
    outer = (side * (tip - BAR_MM), -3.0, -3.0)
    front = plan.rod((side * (half - 1.5), 1.0, -1.5), outer, (0, 0, 1), ((3.0, BAR_MM), (2.6, BAR_MM)))
    l, a, s = _middle(plan)  # noqa: E741
    behind = plan.rod((side * (l - 1), a + 3.0, s), outer, (0, 0, 1), ((3.4, BAR_MM), (2.6, BAR_MM)))
    return (front, behind)


def _uncinate(plan: ArchPlan, side: float) -> Rod:
    """Lip on the side of the upper endplate."""
    high = table("phantom_anatomy")["uncinate_mm"]
    l = side * (plan.size.width[0] / 2 + 0.5)  # noqa: E741
    top = plan.size.before[2] / 2
    half = ((1.6, high), (1.6, high))
    return plan.rod((l, 3.5, top - 1.0), (l, -plan.size.mean_depth / 2 + 2.5, top - 0.5), (1, 0, 0), half)


def _spinous(plan: ArchPlan) -> tuple[Rod, ...]:
    """Short and split at the tip; that of C7 long and whole."""
    size = plan.size
    down = np.radians(size.spinous_down_deg)
    back = plan.wall - size.canal[0] - LAMINA_MM
    length = max(size.spinous_mm - 4.0, 8.0)
    s0 = -4.0
    tip = (0.0, back - length * np.cos(down), s0 - length * np.sin(down))
    if size.level == "C7":
        return (plan.rod((0.0, back, s0), tip, (1, 0, 0), ((2.8, 5.0), (3.4, 4.0))),)
    fork = (0.0, back - 0.6 * length * np.cos(down), s0 - 0.6 * length * np.sin(down))
    stem = plan.rod((0.0, back, s0), fork, (1, 0, 0), ((2.2, 4.2), (2.6, 3.6)))
    ends = [
        plan.rod(fork, (side * 4.5, tip[1], tip[2]), (1, 0, 0), ((2.0, 3.2), (2.0, 2.6))) for side in SIDES.values()
    ]
    return (stem, *ends)


def _dens(plan: ArchPlan) -> Rod:
    """Tooth on the body of the axis, leaning a little back."""
    row = table("phantom_anatomy")["dens"]
    across, deep = (d / 2 for d in row["diameter_mm"])
    top = plan.size.before[2] / 2
    end = (0.0, -1.5, top + row["height_mm"] - 4.0)
    return plan.rod((0.0, 0.0, top - 4.0), end, (1, 0, 0), ((across, deep), (across * 0.95, deep * 0.9)))
