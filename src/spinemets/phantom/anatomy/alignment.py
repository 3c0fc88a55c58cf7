"""Where the vertebrae stand: bodies and discs stacked from the sacrum upwards, in LPS mm.

The tilt of a level is the angle of its superior axis in the sagittal plane, positive towards the back. Going up, the
tilt falls by the kyphotic wedge of each body and disc, so that lordosis (negative wedge) raises it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.sizes import LevelSize, Patient
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import project
from spinemets.phantom.shape.texture import stream

# The inferior endplate of a body is the deeper bowl (1.5 mm against 0.7 mm, table source wang2012).
INFERIOR_BOWL_SHARE = 1.5 / 2.2
# Centre of L3: anywhere but the origin, so that an ignored offset shows.
L3_CENTRE_LPS_MM = (3.5, -12.0, 140.0)
# On the back, as in CT and MR, or on the feet, as in radiographs of the spine.
Posture = Literal["lying", "standing"]
# Lateral tilt and axial rotation by level.
Turns = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Local frame: origin and orthonormal axes (left, anterior, superior) in LPS."""

    origin: NDArray[np.float64]
    left: NDArray[np.float64]
    anterior: NDArray[np.float64]
    superior: NDArray[np.float64]

    def local(self, block: Block) -> tuple[Array, Array, Array]:
        """(l, a, s) in mm of a block's points."""
        return project(block, self.origin, (self.left, self.anterior, self.superior))

    def lps(self, l_mm: float, a_mm: float, s_mm: float) -> NDArray[np.float64]:
        """LPS of one local point."""
        point: NDArray[np.float64] = self.origin + l_mm * self.left + a_mm * self.anterior + s_mm * self.superior
        return point

    def tilted(self, degrees: float) -> Place:
        """The frame turned in its sagittal plane, superior towards posterior for positive angles."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        superior = c * self.superior - s * self.anterior
        return Place(
            origin=self.origin, left=self.left, anterior=c * self.anterior + s * self.superior, superior=superior
        )


def place(origin: NDArray[np.float64], tilt_deg: float, lateral_deg: float, rotation_deg: float = 0.0) -> Place:
    """Frame with a sagittal and a lateral tilt (superior axis towards patient left for positive values).

    A positive rotation turns the front to the patient's left.
    """
    t, b, r = np.radians(tilt_deg), np.radians(lateral_deg), np.radians(rotation_deg)
    superior = np.array([np.sin(b), np.sin(t) * np.cos(b), np.cos(t) * np.cos(b)])
    left = np.array([1.0, 0.0, 0.0]) - superior[0] * superior
    left /= np.linalg.norm(left)
    anterior = np.cross(left, superior)
    left, anterior = np.cos(r) * left - np.sin(r) * anterior, np.cos(r) * anterior + np.sin(r) * left
    return Place(origin=np.asarray(origin, float), left=left, anterior=anterior, superior=superior)


def bowls_mm(size: LevelSize) -> tuple[float, float]:
    """Depth of the superior and the inferior endplate bowl at the centre."""
    total = (size.height[0] + size.height[2]) / 2.0 - size.height[1]
    return total * (1.0 - INFERIOR_BOWL_SHARE), total * INFERIOR_BOWL_SHARE


def stack(sizes: Mapping[str, LevelSize], patient: Patient, seed: int, posture: Posture = "lying") -> dict[str, Place]:
    """Frames of all levels with a body and of the superior endplate of S1 (key `S1`), head to feet."""
    discs = _disc_wedges(sizes, curvature(seed, posture))
    turns = _scoliosis(tuple(sizes), patient, seed)
    upright = _stacked(sizes, discs, turns, 0.0)
    ahead = _curves(posture)["t1_before_s1_mm"]
    chord = upright["T1"].origin - upright["S1"].origin
    lean = np.degrees(np.arctan2(-chord[1], chord[2]))
    found = _stacked(sizes, discs, turns, float(lean - np.degrees(np.arcsin(ahead / np.hypot(chord[1], chord[2])))))
    shift = np.asarray(L3_CENTRE_LPS_MM) - found["L3"].origin
    moved = {
        name: Place(origin=f.origin + shift, left=f.left, anterior=f.anterior, superior=f.superior)
        for name, f in found.items()
    }
    return {name: moved[name] for name in (*sizes, "S1")}


def _stacked(
    sizes: Mapping[str, LevelSize], discs: Mapping[str, float], turns: Turns, s1_tilt_deg: float
) -> dict[str, Place]:
    """Frames from the sacrum upwards, the endplate of S1 at the origin with that tilt."""
    frames: dict[str, Place] = {}
    tilt, point = s1_tilt_deg, np.zeros(3)
    frames["S1"] = place(point, tilt, 0.0)
    for level in reversed(tuple(sizes)):
        size = sizes[level]
        side, turn = turns[level]
        below = tilt
        tilt = below - discs[level]
        point = point + size.disc[1] * place(point, (below + tilt) / 2.0, side).superior
        _, inf_bowl = bowls_mm(size)
        rim = (size.height[0] + size.height[2]) / 4.0
        tilt -= size.wedge_deg / 2.0
        frame = place(point, tilt, side, turn)
        frames[level] = place(point + (rim - inf_bowl) * frame.superior, tilt, side, turn)
        point = point + size.height[1] * frame.superior
        tilt -= size.wedge_deg / 2.0
    return frames


@dataclass(frozen=True, kw_only=True)
class Curvature:
    """Sagittal curves of one patient in a posture, in degrees, kyphosis positive."""

    lumbar_t12_s1: float
    thoracic_t4_t12: float
    cervical_c2_c7: float


def _curves(posture: Posture) -> Mapping[str, Any]:
    """Row of a posture: the table states lying, and what is different standing."""
    rows: Mapping[str, Any] = table("phantom_anatomy")["curvature"]
    return {**rows, **rows["standing"]} if posture == "standing" else rows


def curvature(seed: int, posture: Posture = "lying") -> Curvature:
    """Curves drawn for a patient: each from a stream of its own, the same in both postures."""
    rows = _curves(posture)

    def drawn(name: str) -> float:
        return float(rows["sd"]) * float(np.clip(stream(seed, name).standard_normal(), -1.5, 1.5))

    return Curvature(
        lumbar_t12_s1=-(rows["lordosis_t12_s1_deg"] + drawn("alignment")),
        thoracic_t4_t12=rows["kyphosis_t4_t12_deg"] + drawn("kyphosis"),
        cervical_c2_c7=-(rows["cervical_lordosis_c2_c7_deg"] + drawn("neck")),
    )


def _scoliosis(names: tuple[str, ...], patient: Patient, seed: int) -> Turns:
    """Lateral tilt and axial rotation of each level in degrees.

    The tilt is greatest five levels above and below the apex, half of the Cobb angle each way, and fades beyond, so that the
    head stands over the pelvis. Rotation follows the curve: the front turns to the convex side.
    """
    rows = table("phantom_anatomy")["curvature"]
    cobb, apex = patient.cobb_deg, patient.apex
    if cobb is None:
        generator = stream(seed, "scoliosis")
        cobb = float(rows["cobb_sd_deg"] * np.clip(generator.standard_normal(), -2, 2))
        apex = ("T8", "L2")[int(generator.integers(2))]
    # Counted downwards: above the apex of a curve convex to the left the column leans back to the right.
    apart = (np.arange(len(names)) - names.index(apex)) / 5.0
    lateral = cobb / 2 * apart * np.exp(0.5 - apart**2 / 2)
    rotation = rows["rotation_per_cobb"] * cobb * np.exp(-(apart**2) / 2)
    return dict(zip(names, zip(lateral.tolist(), rotation.tolist(), strict=True), strict=True))


def before_deg(size: LevelSize) -> float:
    """Wedge of a body before its collapse."""
    return float(np.degrees(np.arctan((size.before[2] - size.before[0]) / size.mean_depth)))


def _disc_wedges(sizes: Mapping[str, LevelSize], curve: Curvature) -> dict[str, float]:
    """Wedge of the disc below each level: of its heights, shifted equally so that each region holds its curve.

    Undeformed bodies keep the wedge of the table and the discs take the whole difference. A collapse adds its own
    kyphosis; the stated share of it is made up for by all discs alike (the patient lies on a table).
    """
    names = tuple(sizes)
    wedges = {n: float(np.degrees(np.arctan((s.disc[2] - s.disc[0]) / s.mean_depth))) for n, s in sizes.items()}
    last = max(n for n in range(len(names)) if names[n].startswith("T"))
    thoracic, neck = (names.index("T4"), last), (names.index("C2"), names.index("C7"))
    for bodies, discs, wanted in (
        (names[last:], names[last:], curve.lumbar_t12_s1),
        (names[thoracic[0] : thoracic[1] + 1], names[thoracic[0] : thoracic[1]], curve.thoracic_t4_t12),
        (names[neck[0] + 1 : neck[1] + 1], names[neck[0] : neck[1]], curve.cervical_c2_c7),
    ):
        lacking = wanted - sum(before_deg(sizes[n]) for n in bodies) - sum(wedges[n] for n in discs)
        for name in discs:
            wedges[name] += lacking / len(discs)
    gained = sum(size.wedge_deg - before_deg(size) for size in sizes.values())
    back = table("phantom_anatomy")["curvature"]["collapse_compensation"] * gained / len(names)
    return {name: wedge - back for name, wedge in wedges.items()}
