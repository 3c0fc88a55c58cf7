"""The spinal canal: epidural fat, thecal sac, cord with its conus, and the cauda equina."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sacrum import Sacrum
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import ellipse

ROOT_PAIRS = 6
# Ventral and dorsal epidural space together, in front-to-back direction; the sac fills the rest of the canal.
EPIDURAL_MM = 3.4
DURA_MM = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Canal:
    """Tubes along the canal's centreline.

    Attributes
    ----------
    x, y
        Centre in LPS mm as functions of z.
    half_ap, half_width
        Half axes of the bony canal.
    cord_ap, cord_width
        Half axes of the cord, zero below the conus.
    conus_z, end_z
        Tip of the conus and end of the sac.
    """

    x: Curve
    y: Curve
    half_ap: Curve
    half_width: Curve
    cord_ap: Curve
    cord_width: Curve
    conus_z: float
    end_z: float
    box: Box

    def across(self, block: Block) -> tuple[Array, Array, Array]:
        """(x from the centre, posterior distance from the centre perpendicular to the canal, z)."""
        x, y, z = block.axes
        cosine = 1.0 / np.sqrt(1.0 + self.y.slope.at(z) ** 2)
        return x - self.x.at(z), (y - self.y.at(z)) * cosine.astype(np.float32), z

    def fat(self, block: Block) -> Array:
        """Distance to the epidural space with a millimetre beyond the bone, which is drawn over it."""
        u, v, z = self.across(block)
        return ellipse(u, v, self.half_width.at(z) + 1, self.half_ap.at(z) + np.float32(1.5))

    def flavum(self, block: Block) -> Array:
        """Distance to the ligaments that line the back of the canal."""
        u, v, z = self.across(block)
        tube = ellipse(u, v, self.half_width.at(z) + 3, self.half_ap.at(z) + np.float32(4))
        return np.maximum(tube, np.float32(1.0) - v)

    def sac(self, block: Block) -> Array:
        """Distance to the thecal sac, which lies forward in the canal and tapers below L5."""
        u, v, z = self.across(block)
        taper = np.clip((z - np.float32(self.end_z)) / 45, 0.0, 1.0) ** np.float32(0.5)
        half_v = np.maximum((self.half_ap.at(z) - np.float32(EPIDURAL_MM / 2)) * taper, np.float32(0.3))
        half_u = np.maximum(self.half_width.at(z) * np.float32(0.68) * taper, np.float32(0.3))
        tube = ellipse(u, v + np.float32(0.7), half_u, half_v)
        return np.maximum(tube, np.float32(self.end_z) - z)

    def cord(self, block: Block) -> Array:
        """Distance to the cord and conus."""
        u, v, z = self.across(block)
        half_v = np.maximum(self.cord_ap.at(z), np.float32(0.2))
        half_u = np.maximum(self.cord_width.at(z), np.float32(0.2))
        tube = ellipse(u, v + np.float32(0.2), half_u, half_v)
        return np.maximum(tube, np.float32(self.conus_z) - z)

    def roots(self, block: Block) -> Array:
        """Distance to the nearest root of the cauda equina: a dorsal fan that hangs from the conus."""
        u, v, z = self.across(block)
        radius = np.float32(table("phantom_anatomy")["neural"]["root_diameter_mm"] / 2)
        spread = np.clip((np.float32(self.conus_z + 25) - z) / 35, 0.15, 1.0)
        gather = np.clip((z - np.float32(self.end_z)) / 60, 0.0, 1.0)
        half_u = self.half_width.at(z) * np.float32(0.60) * gather
        half_v = (self.half_ap.at(z) - np.float32(2.6)) * gather
        nearest: Array | None = None
        for number in range(2 * ROOT_PAIRS):
            place = (number + 0.5) / ROOT_PAIRS - 1.0
            row = 0.80 - 0.35 * (number % 2)
            du = u - np.float32(place) * half_u * spread
            dv = v - np.float32(row * np.sqrt(1 - 0.8 * place**2)) * half_v * spread
            squared = du * du + dv * dv
            nearest = squared if nearest is None else np.minimum(nearest, squared)
        assert nearest is not None
        inside = np.maximum(np.sqrt(nearest) - radius, self.sac(block) + np.float32(DURA_MM))
        return np.maximum(inside, z - np.float32(self.conus_z + 25))


def canal(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], low: Sacrum) -> Canal:
    """Canal through all levels into the sacrum."""
    centre, ap, width, cord_ap, cord_w = [], [], [], [], []
    neural = table("phantom_anatomy")["neural"]
    for level, size in levels.items():
        frame = frames[level]
        half = size.canal[0] / 2
        for s in (-0.3, 0.3):
            point = frame.lps(0.0, -size.mean_depth / 2 - half, s * size.height[2])
            centre.append(point)
            ap.append((float(point[2]), half))
            width.append((float(point[2]), size.canal[1] / 2))
        if level in neural["cord_mm"]:
            middle = float(frame.lps(0.0, -size.mean_depth / 2 - half, 0.0)[2])
            cord_ap.append((middle, neural["cord_mm"][level][0] / 2))
            cord_w.append((middle, neural["cord_mm"][level][1] / 2))
    for frame, wall, half in [
        (low.s1_frame, 15.0, 7.5),
        *zip(low.segments[:3], (11.0, 9.0, 7.0), (5.0, 3.5, 2.5), strict=True),
    ]:
        point = frame.lps(0.0, -wall - half, 0.0)
        centre.append(point)
        ap.append((float(point[2]), half))
        width.append((float(point[2]), half * 1.7))
    conus = levels[neural["conus_level"]]
    top = frames[neural["conus_level"]].lps(0.0, 0.0, conus.height[1] * (0.5 - neural["conus_share_of_level"]))
    conus_z = float(top[2])
    end_z = float(low.segments[0].origin[2])
    cord_ap += [(conus_z + 14, 2.6), (conus_z, 0.2)]
    cord_w += [(conus_z + 14, 3.0), (conus_z, 0.2)]
    z_all = [float(p[2]) for p in centre]
    x, y = (Curve.through([(float(p[2]), float(p[a])) for p in centre]) for a in (0, 1))
    box = (
        (float(x.values.min()) - 24, float(y.values.min()) - 20, min(z_all) - 20),
        (float(x.values.max()) + 24, float(y.values.max()) + 20, max(z_all) + 60),
    )
    return Canal(
        x=x,
        y=y,
        half_ap=Curve.through(ap, 4.0),
        half_width=Curve.through(width, 4.0),
        cord_ap=Curve.through([p for p in cord_ap if p[0] >= conus_z], 4.0),
        cord_width=Curve.through([p for p in cord_w if p[0] >= conus_z], 4.0),
        conus_z=conus_z,
        end_z=end_z,
        box=box,
    )
