"""Instability scores with every item known, and lesions by sector of a vertebra for planning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.fractures import RIM_SHARE
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.metastases import arch_lesion, lytic, sphere
from spinemets.phantom.pathology.shapes import Ellipsoid

Expectations = list[tuple[str, str, str | None, str]]
SIDES = ("left", "right")
SLIP_MM = 6.0
# Loss at the front that gives the points of the item.
LOSS_OF_POINTS = {2: 0.38, 3: 0.62}
# A lesion of more than half of a body of T12, collapsed or not, that ends before the roots of the pedicles.
MOST_OF_BODY = Ellipsoid(centre_mm=(0.0, 2.5, 0.0), radii_mm=(17.0, 13.0, 16.0))


@dataclass(frozen=True, kw_only=True)
class Items:
    """Points by item, in the order of the published score."""

    location: int
    pain: int
    bone: int
    alignment: int
    collapse: int
    posterolateral: int

    @property
    def total(self) -> int:
        """0 to 18."""
        return self.location + self.pain + self.bone + self.alignment + self.collapse + self.posterolateral


def _items(digits: str) -> Items:
    location, pain, bone, alignment, collapse, posterolateral = (int(d) for d in digits)
    return Items(
        location=location, pain=pain, bone=bone, alignment=alignment, collapse=collapse, posterolateral=posterolateral
    )


SCORES = {
    "02": ("L3", "200000"), "07": ("T12", "302011"), "12": ("T12", "332031"), "13": ("T12", "332023"),
    "14": ("T12", "332033"), "18": ("T12", "332433"),
}  # fmt: skip


def _sins(_: float | None, name: str) -> Case:
    level, digits = SCORES[name]
    items = _items(digits)
    sides = SIDES if items.posterolateral == 3 else SIDES[: items.posterolateral]
    inserts: tuple[Insert, ...] = tuple(arch_lesion(level, f"pedicle_{side}") for side in sides)
    if items.bone == 2:
        inserts = (lytic(level, MOST_OF_BODY), *inserts)
    else:
        inserts = (metastases.nodule(level, sphere(7.5, (-7.0, 1.0, -0.5))), *inserts)
    expected: Expectations = [("CT-02", level, None, "present")]
    # In a body that has lost more than half, the reading counts a part of the body's lesion to a whole pedicle.
    promised = sides if items.collapse == 3 else SIDES
    expected += [("CT-05", level, side, "present" if side in sides else "absent") for side in promised]
    collapses: dict[str, Collapse] = {}
    if items.collapse in LOSS_OF_POINTS:
        loss = LOSS_OF_POINTS[items.collapse]
        collapses = {level: Collapse(anterior=RIM_SHARE * loss, middle=0.8 * loss, posterior=0.4 * loss)}
        expected.append(("FX-01", level, None, "present"))
    return Case(
        name=f"sins-{name}",
        about=f"{level}: instability score {items.total} (items {digits}).",
        inserts=inserts,
        collapses=collapses,
        slips_mm={level: SLIP_MM} if items.alignment == 4 else {},
        clinical={"pain": "mechanical" if items.pain == 3 else "none"},
        expected=tuple(expected),
    )


def _part_of_body() -> tuple[Insert, ...]:
    return (lytic("L3", sphere(8.0, (0.0, 4.0, 0.0))),)


def _left_of_body() -> tuple[Insert, ...]:
    return (lytic("L3", sphere(8.0, (11.0, 0.0, 0.0))),)


def _arch(*parts: str) -> tuple[Insert, ...]:
    return tuple(arch_lesion("L3", part) for part in parts)


BOTH_SIDES = ("pedicle_left", "pedicle_right", "transverse_left", "transverse_right")
SECTORS: tuple[tuple[str, Callable[[], tuple[Insert, ...]]], ...] = (
    ("part of the body", _part_of_body),
    ("left half of the body", _left_of_body),
    ("body and left pedicle", lambda: (*_left_of_body(), *_arch("pedicle_left"))),
    ("body, both pedicles and transverse processes", lambda: (*_part_of_body(), *_arch(*BOTH_SIDES))),
    ("left pedicle", lambda: _arch("pedicle_left")),
    ("left lamina", lambda: _arch("lamina_left")),
    ("spinous process", lambda: _arch("spinous")),
)


def _sectors(_: float | None, number: int) -> Case:
    about, make = SECTORS[number - 1]
    inserts = make()
    in_body = any("body" in insert.compartments for insert in inserts)
    pedicles = [side for side in SIDES if any(f"pedicle_{side}" in insert.compartments for insert in inserts)]
    expected: Expectations = [("CT-02", "L3", None, "present")] if in_body else []
    # Tumour of another part of the same side may reach into a pedicle by a part of a voxel.
    beside = [side for side in SIDES if any(part.endswith(side) for insert in inserts for part in insert.compartments)]
    expected += [("CT-05", "L3", side, "present") for side in pedicles]
    expected += [("CT-05", "L3", side, "absent") for side in SIDES if side not in beside]
    return Case(
        name=f"plan-sectors-{number}",
        about=f"Tumour in L3: {about}.",
        inserts=inserts,
        expected=tuple(expected),
        series=("ct",),
    )


CASES: Group = {
    **{f"sins-{name}": partial(_sins, name=name) for name in SCORES},
    **{f"plan-sectors-{number}": partial(_sectors, number=number) for number in range(1, len(SECTORS) + 1)},
}
