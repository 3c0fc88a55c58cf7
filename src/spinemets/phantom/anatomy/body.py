"""The vertebral body: a superellipse prism with a waist, a concave back wall and bowl-shaped endplates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import bowls_mm
from spinemets.phantom.anatomy.degeneration import wear
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import smooth_max, superellipse

EDGE_ROUNDING_MM = 1.0
# Back wall: the concavity spans this share of the half width; outside it the body reaches further back.
CONCAVE_SHARE = 0.75
# Heights (share of the rims' distance) between which the wall of a retropulsed corner leaves the old wall: an angle, no curve.
ANGLE_FROM, ANGLE_TO = 0.50, 0.72


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyDistance:
    """Distances of a body's points: whole body, side wall, upper and lower endplate (positive outside)."""

    whole: Array
    side: Array
    top: Array
    bottom: Array


@dataclass(frozen=True, kw_only=True)
class Body:
    """Shape of one body in its local frame (l, a, s), origin between the rims."""

    size: LevelSize

    @property
    def concavity_mm(self) -> float:
        """Depth of the back wall's concavity: lumbar only."""
        return 0.5 if self.size.thoracic else float(table("phantom_anatomy")["body"]["posterior_concavity_mm"])

    def rim_mm(self, a: Array) -> Array:
        """Height between the rims at a depth: linear from front to back."""
        slope = np.float32((self.size.height[0] - self.size.height[2]) / self.size.mean_depth)
        middle = np.float32((self.size.height[0] + self.size.height[2]) / 2.0)
        return np.asarray(np.maximum(middle + slope * a, np.float32(2.0)))

    def footprint(
        self,
        l: Array,  # noqa: E741  # left, the frame's letter
        a: Array,
        s: Array,
        *,
        beaks: bool = True,
    ) -> tuple[Array, Array]:
        """Distance to the side wall, and the superellipse norm (1 on the wall); osteophytes may be left out."""
        rows = table("phantom_anatomy")["body"]
        size = self.size
        t = np.clip(s / self.rim_mm(a) + np.float32(0.5), 0.0, 1.0)
        waist = 1 - np.float32(rows["waist"]) * (1 - (2 * t - 1) ** 2)
        half_w = np.float32(0.5) * (np.float32(size.width[1]) + t * np.float32(size.width[0] - size.width[1])) * waist
        half_d = np.float32(0.5) * (np.float32(size.depth[1]) + t * np.float32(size.depth[0] - size.depth[1]))
        central = np.clip(1 - (l / (np.float32(CONCAVE_SHARE) * half_w)) ** 2, 0.0, None)
        back = half_d + np.float32(self.concavity_mm) * (1 - central)
        if size.convex_mm or size.retropulsion_mm:
            back = back + central * self._into_the_canal(t)
        # the front keeps part of the waist: real bodies are hollow in front, less behind
        front = half_d * (np.float32(0.35) * waist + np.float32(0.65))
        half_a = np.where(a > 0, front, back)
        if beaks and self.beaks_mm:
            beak = self._beaks(l / half_w, a / half_a, t)
            half_w, half_a = half_w + beak, half_a + beak
        return superellipse(l, a, half_w, half_a, rows["exponent"])

    @property
    def beaks_mm(self) -> float:
        """Longest osteophyte of either rim."""
        size = self.size
        return max(wear(size.disc_grade).osteophyte_mm, wear(size.grade_above).osteophyte_mm)

    def _beaks(self, u: Array, v: Array, t: Array) -> Array:
        """How far the rims stand out as osteophytes: claws that thin out away from the endplate, least at the back."""
        row = table("phantom_anatomy")["degeneration"]["beak"]
        root = np.float32(row["root_mm"] / np.mean(self.size.height))
        up, down = (np.float32(wear(g).osteophyte_mm) for g in (self.size.grade_above, self.size.disc_grade))
        claw = up * np.clip(1 - (1 - t) / root, 0.0, 1.0) ** 2 + down * np.clip(1 - t / root, 0.0, 1.0) ** 2
        ahead = v / np.maximum(np.hypot(u, v), np.float32(1e-3))
        lobes = 1 - np.float32(row["lobes"]) * (1 - np.cos(np.float32(3.0) * np.arctan2(u, v))) / 2
        back = np.float32(row["back_share"])
        return np.asarray(claw * (back + (1 - back) * (1 + ahead) / 2) * lobes)

    def _into_the_canal(self, t: Array) -> Array:
        """How far a broken back wall stands behind the old one at a share of the height, in the midline."""
        bulge = np.float32(self.size.convex_mm) * (1 - (2 * t - 1) ** 2)
        corner = np.clip((t - np.float32(ANGLE_FROM)) / np.float32(ANGLE_TO - ANGLE_FROM), 0.0, 1.0)
        return np.asarray(bulge + np.float32(self.size.retropulsion_mm) * corner)

    def endplates(self, norm: Array, a: Array) -> tuple[Array, Array]:
        """Height of the superior and the inferior endplate surface along s."""
        share = np.float32(table("phantom_anatomy")["body"]["endplate_bowl_share"])
        bowl = np.clip(1 - (norm / share) ** 2, 0.0, None)
        sup, inf = bowls_mm(self.size)
        half = self.rim_mm(a) / 2
        above, below = half - np.float32(sup) * bowl, np.float32(inf) * bowl - half
        up, down = wear(self.size.grade_above).ripple_mm, wear(self.size.disc_grade).ripple_mm
        if up or down:
            above = above - np.float32(up) * _ripple(norm, a, 0.0) * bowl
            below = below + np.float32(down) * _ripple(norm, a, 1.0) * bowl
        return above, below

    def distance(self, l: Array, a: Array, s: Array) -> BodyDistance:  # noqa: E741
        """Signed distance at local points."""
        side, norm = self.footprint(l, a, s)
        above, below = self.endplates(norm, a)
        top, bottom = s - above, below - s
        ends = np.maximum(top, bottom)
        return BodyDistance(whole=smooth_max(side, ends, EDGE_ROUNDING_MM), side=side, top=top, bottom=bottom)

    def heights_mm(self) -> tuple[float, float, float]:
        """Anterior, middle and posterior height as a reader measures them (G-08).

        Median distance between the endplates along s over the anterior, middle and posterior sixth of the depth and the
        middle half of the width.
        """
        half_w, half_d = self.size.mean_width / 2.0, self.size.mean_depth / 2.0
        l = np.linspace(-half_w / 2, half_w / 2, 41, dtype=np.float32)[:, None]  # noqa: E741
        found = []
        for centre in (5.0 / 6.0, 0.0, -5.0 / 6.0):
            a = (np.float32(centre) + np.linspace(-1, 1, 21, dtype=np.float32)[None, :] / 6) * np.float32(half_d)
            _, norm = self.footprint(l, a, np.zeros((1, 1), np.float32))
            above, below = self.endplates(norm, a)
            found.append(float(np.median(above - below)))
        return found[0], found[1], found[2]


def _ripple(norm: Array, a: Array, phase: float) -> Array:
    """Pits of an irregular endplate, 0 to 1, a few mm wide, the same on both sides of the midline."""
    waves = np.sin(a * np.float32(1.1) + np.float32(phase)) * np.sin(norm * np.float32(11.0) + np.float32(2 * phase))
    return np.asarray(np.clip(waves, 0.0, 1.0))
