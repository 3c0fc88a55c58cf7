"""Head: its skin, the skull with its base, mandible, air spaces, and the brain down to the medulla."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.trunk.contour import LAYERS, Layers
from spinemets.phantom.anatomy.trunk.structures import Bone, Distance, Soft, bone_of, chain, point, soft_of, turned
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, ellipse, smooth_max, smooth_min

# Fillets: of the edge between vault and base, and between the parts of the skin.
EDGE_MM, SKIN_BLEND_MM = 14.0, 26.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """Layers under the skin, bones, what lies outside the skull and what lies in it."""

    layers: Layers
    bones: tuple[Bone, ...]
    outside: tuple[Soft, ...]
    brain: tuple[Soft, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """Frame and size of a head."""

    frame: Place
    size: float

    def at(self, place: list[float], side: float = 1.0) -> NDArray[np.float64]:
        l, a, s = (self.size * v for v in place)  # noqa: E741
        return self.frame.lps(side * l, a, s)

    @property
    def axes(self) -> NDArray[np.float64]:
        return np.stack([self.frame.left, self.frame.anterior, self.frame.superior])

    def ellipsoid(self, row: dict[str, Any], side: float = 1.0, more_mm: float = 0.0) -> tuple[Distance, Box]:
        a, b, c = (self.size * v + more_mm for v in row["half_mm"])
        return turned(self.at(row["at"], side), (a, b, c), self.axes)

    def bars(self, row: dict[str, Any], side: float = 1.0) -> tuple[Rod, ...]:
        l, a, s = row["across"]  # noqa: E741
        across = side * l * self.frame.left + a * self.frame.anterior + s * self.frame.superior
        halves = [(self.size * u, self.size * v) for u, v in row["half_mm"]]
        return chain([self.at(place, side) for place in row["path"]], halves, across)


def head(atlas: Place, size: float, fat: float) -> Head:
    """Head on an atlas.

    Parameters
    ----------
    size, fat
        Factors of lengths and of the thickness of fat.
    """
    rows = table("phantom_trunk")["head"]
    plan = _Plan(frame=atlas.tilted(rows["tilt_deg"]), size=size)
    return Head(layers=_layers(plan, fat), bones=_bones(plan), outside=_outside(plan), brain=_brain(plan))


def _layers(plan: _Plan, fat: float) -> Layers:
    """Skin of scalp, face and nose, and what is under it."""
    rows = table("phantom_trunk")["head"]
    skin = table("phantom_anatomy")["trunk"]["skin_mm"]
    made = []
    for (name, tissue), under in zip(LAYERS, (0.0, skin, skin + fat * rows["fat_mm"]), strict=True):
        scalp, box = plan.ellipsoid(rows["cranium"], more_mm=rows["scalp_mm"] - min(under, rows["scalp_mm"] - 1.0))
        parts = [(scalp, box), plan.ellipsoid(rows["face"], more_mm=-under)]
        parts += [plan.ellipsoid(row, more_mm=-under) for row in rows["features"].values()]
        low, high = np.min([b[0] for _, b in parts], axis=0) - 6, np.max([b[1] for _, b in parts], axis=0) + 6
        distance = _blended([of for of, _ in parts])
        of_face = {"marbled": 0.3, "streaks": "subcutaneous_fat"} if name == "body_wall" else {}
        made.append(
            Soft(
                name=f"{name}_head", tissue=tissue, distance=distance, box=(point(low), point(high)),
                **of_face,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return made[0], made[1], made[2]


def _blended(parts: list[Distance]) -> Distance:
    """Distance to joined shapes: the first two with a wide fillet, the small ones with less."""

    def distance(block: Block) -> Array:
        joined = parts[0](block)
        for number, part in enumerate(parts[1:]):
            joined = smooth_min(joined, part(block), SKIN_BLEND_MM / (1 if number == 0 else 3))
        return joined

    return distance


def _cranium(plan: _Plan) -> Distance:
    """Distance to the outside of the brain's case: an ellipsoid on a base that rises towards the front."""
    rows = table("phantom_trunk")["head"]
    around, _ = plan.ellipsoid(rows["cranium"])
    height, slope = plan.size * rows["base"]["height_mm"], rows["base"]["slope"]
    steep = np.float32(1.0 / np.hypot(1.0, slope))

    def distance(block: Block) -> Array:
        _, a, s = plan.frame.local(block)
        base = (np.float32(height) + np.float32(slope) * a - s) * steep
        return smooth_max(around(block), base, EDGE_MM)

    return distance


def _bones(plan: _Plan) -> tuple[Bone, ...]:
    """Case of the brain with the foramen magnum, then the base, the face and the mandible."""
    rows = table("phantom_trunk")["head"]
    cranium, (u, v), (half_u, half_v) = _cranium(plan), rows["foramen"]["at"], rows["foramen"]["half_mm"]
    size, thick = np.float32(plan.size), np.float32(plan.size * rows["bone_mm"])

    def case(block: Block) -> Array:
        outside = cranium(block)
        l, a, s = plan.frame.local(block)  # noqa: E741
        hole = ellipse(l - size * u, a - size * v, float(size * half_u), float(size * half_v))
        hole = np.maximum(hole, np.abs(s - size * 20) - size * 24)
        return np.maximum(np.maximum(outside, -thick - outside), -hole)

    bones = [Bone(name="skull", distance=case, box=plan.ellipsoid(rows["cranium"])[1], shell_mm=1.6)]
    for name, row in rows["bones"].items():
        for where, side in _sides(row):
            bone = bone_of(f"{name}{where}", plan.bars(row, side), 3.0)
            bones.append(bone.thick(row["cortex_mm"]) if "cortex_mm" in row else bone)
    return tuple(bones)


def _sides(row: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Endings of names and sides of a row."""
    return tuple((f"_{name}", side) for name, side in SIDES.items()) if row.get("sides") == "both" else (("", 1.0),)


def _ellipsoids(plan: _Plan, rows: dict[str, Any]) -> list[Soft]:
    made = []
    for name, row in rows.items():
        for where, side in _sides(row):
            distance, box = plan.ellipsoid(row, side)
            extra = {key: row[key] for key in ("marbled", "streaks") if key in row}
            made.append(Soft(name=f"{name}{where}", tissue=row["tissue"], distance=distance, box=box, **extra))
    return made


def _outside(plan: _Plan) -> tuple[Soft, ...]:
    """Tongue, glands, eyes and air spaces."""
    return tuple(_ellipsoids(plan, table("phantom_trunk")["head"]["soft"]))


def _brain(plan: _Plan) -> tuple[Soft, ...]:
    """CSF, cortex, white matter, cerebellum, brain stem: all of it inside the bone, the medulla going down into the canal."""
    rows, cranium = table("phantom_trunk")["head"], _cranium(plan)
    thick, box, made = plan.size * rows["bone_mm"], plan.ellipsoid(rows["cranium"])[1], []

    def under(depth: float) -> Distance:
        return lambda block: cranium(block) + np.float32(depth)

    for name, tissue, depth, marbled, streaks in (
        ("csf_head", "csf", 0.0, 0.0, "csf"),
        ("brain_grey", "brain_grey", rows["brain"]["csf_mm"], 0.12, "csf"),
        ("brain_white", "brain_white", rows["brain"]["white_mm"], 0.2, "brain_grey"),
    ):
        made.append(
            Soft(name=name, tissue=tissue, distance=under(thick + depth), box=box, marbled=marbled, streaks=streaks)
        )
    inside = under(thick)
    for part in _ellipsoids(plan, rows["brain"]["parts"]):
        made.append(_clipped(part, inside))
    made.append(soft_of("medulla", "brain_white", plan.bars(rows["brain"]["medulla"])))
    return tuple(made)


def _clipped(part: Soft, inside: Distance) -> Soft:
    """What of a structure lies inside another."""
    return Soft(
        name=part.name,
        tissue=part.tissue,
        box=part.box,
        marbled=part.marbled,
        streaks=part.streaks,
        distance=lambda block: np.maximum(part.distance(block), inside(block)),
    )
