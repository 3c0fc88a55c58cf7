"""How large the trunk of a patient is, and where on it something lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.measures import fat_factor, size_factor
from spinemets.phantom.shape.curves import Curve

# Where the trunk is: the table may name these places besides the levels.
HIP, THIGH = "hip", "thigh"
# Half width of the smoothing of its midline against that of the column: a curved spine takes the trunk along in part.
MIDLINE_SMOOTH_MM = 40.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Habitus:
    """Sizes of one trunk against the table, and its landmarks.

    Attributes
    ----------
    size
        Factor of lengths: sex and stature.
    fat
        Factor of the thickness of fat under the skin.
    hip
        Middle between the centres of the femoral heads, LPS mm.
    midline
        x of the middle of the trunk against z.
    """

    col: Column
    patient: Patient
    size: float
    fat: float
    hip: tuple[float, float, float]
    midline: Curve

    def z(self, level: str) -> float:
        """Height of a level, of the hips or of the thighs."""
        if level == HIP:
            return self.hip[2]
        if level == THIGH:
            return self.hip[2] - self.size * float(table("phantom_trunk")["habitus"]["thigh_below_hip_mm"])
        return self.col.z_of[level]

    def y(self, level: str) -> float:
        """Centre of the body of a level, or of the hips."""
        return self.hip[1] if level in (HIP, THIGH) else float(self.col.y.at(np.asarray(self.z(level))))

    def point(self, level: str, left_mm: float, behind_mm: float, up_mm: float) -> NDArray[np.float64]:
        """A place by a level, stated as in the table: LPS mm."""
        z = self.z(level) + self.size * up_mm
        x = float(self.midline.at(np.asarray(z)))
        return np.array([x + self.size * left_mm, self.y(level) + self.size * behind_mm, z])

    def widths(self, rows: Mapping[str, float], factor: float | None = None) -> Curve:
        """A row of the table as lengths against z; factor = that of sizes unless given."""
        scale = self.size if factor is None else factor
        return Curve.through([(self.z(level), scale * value) for level, value in self._held(rows)], 10.0)

    def depths(self, rows: Mapping[str, float], factor: float = 1.0) -> Curve:
        """A row of distances behind the body centres as LPS y against z."""
        scale = self.size * factor
        return Curve.through([(self.z(level), self.y(level) + scale * v) for level, v in self._held(rows)], 10.0)

    def _held(self, rows: Mapping[str, float]) -> list[tuple[str, float]]:
        """The places of a row that the patient has: with eleven ribs none is called T12, but its height is known."""
        return [(level, value) for level, value in rows.items() if level in (HIP, THIGH) or level in self.col.z_of]


def habitus(col: Column, s1: Place, patient: Patient) -> Habitus:
    """Sizes and landmarks of a patient's trunk."""
    pelvis, size = table("phantom_trunk")["habitus"]["pelvis"], size_factor(patient)
    slope = np.degrees(np.arctan2(-s1.superior[1], s1.superior[2]))
    tilt = np.radians(np.clip(pelvis["incidence_deg"] - slope, *pelvis["tilt_deg"]))
    below = size * pelvis["sacrofemoral_mm"]
    x, y, z = s1.origin - below * np.array([0.0, np.sin(tilt), np.cos(tilt)])
    return Habitus(
        col=col,
        patient=patient,
        size=size,
        fat=fat_factor(patient),
        hip=(float(x), float(y), float(z)),
        midline=Curve.through(list(zip(col.x.z.tolist(), col.x.values.tolist(), strict=True)), MIDLINE_SMOOTH_MM),
    )
