"""A stated section of sac and cord, in place of what the patient would have there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.pathology.canal.site import Site, Span
from spinemets.phantom.shape.block import Array


@dataclass(frozen=True, kw_only=True)
class StatedSection:
    """Levels at which sac and cord have the stated section of the table `phantom_disease`."""

    span: Span

    def placed(self, site: Site) -> Section:
        """The section at its heights."""
        row = table("phantom_disease")["stated_section"]
        low, high = site.heights(self.span)
        front = -row["sac_mm"][0] / 2 - row["sac_forward_mm"]
        return Section(
            low=low,
            high=high,
            blend_mm=row["blend_mm"],
            sac_mm=tuple(row["sac_mm"]),
            cord_mm=tuple(row["cord_mm"]),
            ventral_csf_mm=row["ventral_csf_mm"],
            centre_mm=front + row["ventral_csf_mm"] + row["cord_mm"][0] / 2,
        )


@dataclass(frozen=True, kw_only=True)
class Section:
    """Sac and cord between two heights.

    The sac is widest beside the middle of the cord: half an ellipse in front of it, half another one behind.

    Attributes
    ----------
    sac_mm, cord_mm
        Front to back, width.
    centre_mm
        Centre of the cord behind the centre of the canal.
    """

    low: float
    high: float
    blend_mm: float
    sac_mm: tuple[float, ...]
    cord_mm: tuple[float, ...]
    ventral_csf_mm: float
    centre_mm: float

    def share(self, z: Array) -> Array:
        """1 at the stated levels, 0 where the patient's own section is kept."""
        beyond = np.maximum(np.float32(self.low) - z, z - np.float32(self.high))
        s = np.clip(1 - beyond / np.float32(self.blend_mm), 0.0, 1.0)
        return np.asarray(s * s * (3 - 2 * s), np.float32)

    def _joined(self, own: Array, stated: Array, z: Array) -> Array:
        share = self.share(z)
        return np.asarray(own + share * (stated - own), np.float32)

    def sac(self, own: Array, across: tuple[Array, Array, Array]) -> Array:
        """Distance to the sac, given the patient's own."""
        u, v, z = across
        behind = v - np.float32(self.centre_mm)
        front = self.ventral_csf_mm + self.cord_mm[0] / 2
        half_v = np.where(behind < 0, np.float32(front), np.float32(self.sac_mm[0] - front))
        return self._joined(own, _along_rays(u, behind, self.sac_mm[1] / 2, half_v), z)

    def cord(self, own: Array, across: tuple[Array, Array, Array]) -> Array:
        """Distance to the cord, given the patient's own."""
        u, v, z = across
        stated = _along_rays(
            u, v - np.float32(self.centre_mm), self.cord_mm[1] / 2, np.asarray(self.cord_mm[0] / 2, np.float32)
        )
        return self._joined(own, stated, z)


def _along_rays(u: Array, v: Array, half_u: float, half_v: Array) -> Array:
    """Distance to an ellipse along rays from its middle, to the middle itself: masses reach in that far."""
    radius = np.maximum(np.hypot(u, v), np.float32(1e-3))
    border = 1 / np.hypot(u / radius / np.float32(half_u), v / radius / half_v)
    return np.asarray(radius - border, np.float32)
