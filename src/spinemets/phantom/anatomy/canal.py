"""The spinal canal: epidural space, thecal sac, cord with its grey matter and conus, and the cauda equina."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import root_way
from spinemets.phantom.anatomy.cauda import Cauda, cauda
from spinemets.phantom.anatomy.grey import butterfly, growth
from spinemets.phantom.anatomy.sacrum import Sacrum
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import ellipse

# Ventral and dorsal epidural space together, in front-to-back direction; the sac fills the rest of the canal.
EPIDURAL_MM = 3.4
DURA_MM = 0.4
# Middle of the cord behind the centre of the canal, and length over which the sac thins out to its end.
CORD_MIDDLE_MM = -0.2
TAPER_MM = 45.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Canal:
    """Tubes along the canal's centreline.

    Attributes
    ----------
    x, y
        Centre in LPS mm as functions of z.
    half_ap, half_width
        Half axes of the bony canal.
    sac_ap, sac_width, sac_middle
        Half axes of the sac, and its middle behind the centre.
    cord_ap, cord_width
        Half axes of the cord, zero below the conus.
    grey_growth
        How far the butterfly has grown to its share of the cord.
    cauda
        Roots below the conus.
    conus_z, end_z
        Tip of the conus and end of the sac.
    """

    x: Curve
    y: Curve
    half_ap: Curve
    half_width: Curve
    sac_ap: Curve
    sac_width: Curve
    sac_middle: Curve
    cord_ap: Curve
    cord_width: Curve
    grey_growth: Curve
    cauda: Cauda
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

    def sac(self, block: Block) -> Array:
        """Distance to the thecal sac, which lies forward in the canal, reaches back under the laminae and tapers below L5."""
        u, v, z = self.across(block)
        tube = ellipse(u, v - self.sac_middle.at(z), self.sac_width.at(z), self.sac_ap.at(z))
        return np.maximum(tube, np.float32(self.end_z) - z)

    def cord(self, block: Block) -> Array:
        """Distance to the cord and conus."""
        u, v, z = self.across(block)
        half_v = np.maximum(self.cord_ap.at(z), np.float32(0.2))
        half_u = np.maximum(self.cord_width.at(z), np.float32(0.2))
        tube = ellipse(u, v - np.float32(CORD_MIDDLE_MM), half_u, half_v)
        return np.maximum(tube, np.float32(self.conus_z) - z)

    def cord_middle(self, z: Array) -> tuple[Array, Array]:
        """Middle of the cord (to the left of the canal's centre, behind it)."""
        return np.zeros_like(z), np.full_like(z, CORD_MIDDLE_MM)

    def grey(self, block: Block) -> Array:
        """Distance to the grey matter, which follows the cord wherever disease has pushed or pressed it.

        A place is known by its share F of the way from the cord's middle to its outline, ``F = r/(r - d)`` along the ray
        with the distance d to the outline, and by its direction between the cord's half axes.
        """
        u, v, z = self.across(block)
        u0, v0 = self.cord_middle(z)
        u, v = u - u0, v - v0
        half_u, half_v = (np.maximum(half.at(z), np.float32(0.2)) for half in (self.cord_width, self.cord_ap))
        radius = np.sqrt(u * u + v * v)
        cord = self.cord(block)
        share = radius / np.maximum(radius - cord, np.float32(0.1))
        p, q = u / half_u, v / half_v
        scale = share / np.maximum(np.sqrt(p * p + q * q), np.float32(1e-3))
        own = butterfly(p * scale, q * scale) - self.grey_growth.at(z)
        return np.asarray(np.maximum(own * np.sqrt(half_u * half_v), cord + np.float32(0.2)), np.float32)

    def roots(self, block: Block) -> Array:
        """Distance to the nearest root of the cauda equina: a dorsal fan that hangs from the conus."""
        inside = self.cauda.distance(self.across(block))
        return np.maximum(inside, self.sac(block) + np.float32(DURA_MM))


def canal(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], low: Sacrum) -> Canal:
    """Canal through all levels into the sacrum."""
    neural = table("phantom_anatomy")["neural"]
    knots = _Knots()
    for level, size in levels.items():
        knots.level(size, frames[level])
    knots.sacrum(low)
    conus = levels[neural["conus_level"]]
    top = frames[neural["conus_level"]].lps(0.0, 0.0, conus.height[1] * (0.5 - neural["conus_share_of_level"]))
    conus_z, end_z = float(top[2]), float(low.segments[0].origin[2])
    knots.add("cord_ap", (conus_z + 14, 2.6), (conus_z, 0.2))
    knots.add("cord_width", (conus_z + 14, 3.0), (conus_z, 0.2))
    points = np.array(knots.centre)
    x, y = (Curve.through([(float(p[2]), float(p[a])) for p in points]) for a in (0, 1))
    half_ap, half_width = knots.curve("ap"), knots.curve("width")
    z = half_ap.z
    taper = np.sqrt(np.clip((z - end_z) / TAPER_MM, 0.0, 1.0))
    under = knots.curve("under_lamina", 2.0).at(z)
    half_v = np.maximum(half_ap.values * knots.curve("sac_ap").at(z) * taper + under / 2, 0.3)
    half_u = np.maximum(half_width.values * knots.curve("sac_width").at(z) * taper, 0.3)
    middle = knots.curve("ventral").at(z) + half_v - half_ap.values
    exits = [*_exits(levels, frames, neural["conus_level"]), *_sacral_exits(low, end_z)]
    return Canal(
        x=x,
        y=y,
        half_ap=half_ap,
        half_width=half_width,
        sac_ap=Curve(z=z, values=half_v),
        sac_width=Curve(z=z, values=half_u),
        sac_middle=Curve(z=z, values=middle),
        cord_ap=knots.curve("cord_ap", above=conus_z),
        cord_width=knots.curve("cord_width", above=conus_z),
        grey_growth=knots.curve("grey"),
        cauda=cauda(
            z, (middle, half_u, half_v), conus_z, exits, len(exits) - table("phantom_anatomy")["cauda"]["thin_pairs"]
        ),
        conus_z=conus_z,
        end_z=end_z,
        box=(
            (float(x.values.min()) - 24, float(y.values.min()) - 20, float(points[:, 2].min()) - 20),
            (float(x.values.max()) + 24, float(y.values.max()) + 20, float(points[:, 2].max()) + 60),
        ),
    )


class _Knots:
    """Points (z, value) that the canal's curves run through."""

    def __init__(self) -> None:
        self.centre: list[Array] = []
        self.points: dict[str, list[tuple[float, float]]] = {}

    def add(self, name: str, *points: tuple[float, float]) -> None:
        """Points of a curve."""
        self.points.setdefault(name, []).extend(points)

    def curve(self, name: str, smooth_mm: float = 4.0, above: float | None = None) -> Curve:
        """The curve through its points, or through those not below a height."""
        return Curve.through([p for p in self.points[name] if above is None or p[0] >= above], smooth_mm)

    def level(self, size: LevelSize, frame: Place) -> None:
        """Points of one level."""
        neural = table("phantom_anatomy")["neural"]
        half = size.canal[0] / 2
        for s in (-0.3, 0.3):
            point = frame.lps(0.0, -size.mean_depth / 2 - half, s * size.height[2])
            z = float(point[2])
            self.centre.append(point)
            self.add("ap", (z, half))
            self.add("width", (z, size.canal[1] / 2))
            ap, width = sac_shares(size)
            self.add("sac_ap", (z, ap))
            self.add("sac_width", (z, width))
            lowest = size.level == "L5" and s < 0
            self.add("ventral", (z, neural["ventral_mm"]["L5" if lowest else size.region]))
        middle = float(frame.lps(0.0, -size.mean_depth / 2 - half, 0.0)[2])
        if size.level in neural["cord_mm"]:
            self.add("cord_ap", (middle, neural["cord_mm"][size.level][0] / 2))
            self.add("cord_width", (middle, neural["cord_mm"][size.level][1] / 2))
        if size.level in neural["grey_share"]:
            self.add("grey", (middle, growth(neural["grey_share"][size.level])))
        deep = -size.mean_depth / 2 - size.canal[0]
        reach = size.before[2] / 2
        for s, back in ((0.5 * reach, 1.0), (-0.3 * reach, 1.0), (-0.9 * reach, 0.0)):
            at = float(frame.lps(0.0, deep, s)[2])
            self.add("under_lamina", (at, back * neural["under_lamina_mm"][size.region]))

    def sacrum(self, low: Sacrum) -> None:
        """Points of the sacral canal."""
        neural = table("phantom_anatomy")["neural"]
        for frame, wall, half in [
            (low.s1_frame, 15.0, 7.5),
            *zip(low.segments[:3], (11.0, 9.0, 7.0), (5.0, 3.5, 2.5), strict=True),
        ]:
            point = frame.lps(0.0, -wall - half, 0.0)
            z = float(point[2])
            self.centre.append(point)
            self.add("ap", (z, half))
            self.add("width", (z, half * 1.7))
            self.add("sac_ap", (z, 1 - EPIDURAL_MM / 2 / max(half, 4.0)))
            self.add("sac_width", (z, neural["sac_width_share"]["lumbar"]))
            self.add("ventral", (z, neural["ventral_mm"]["S1"]))
            self.add("under_lamina", (z, 0.0))


def sac_shares(size: LevelSize) -> tuple[float, float]:
    """Sac over the canal's depth and width: as measured where it was, below T4 the room that the epidural space leaves."""
    rows = table("phantom_anatomy")
    if size.level in rows["neural"]["sac_mm"]:
        deep, wide, _ = rows["neural"]["sac_mm"][size.level]
        bony = rows["levels"][size.level]["canal"]
        return deep / bony[0], wide / bony[1]
    return 1 - EPIDURAL_MM / size.canal[0], float(rows["neural"]["sac_width_share"][size.region])


def _exits(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], conus_level: str) -> list[float]:
    """Heights at which the roots below the conus leave the sac: that of the level above it, and of all below."""
    names = tuple(levels)
    return [float(root_way(levels[n], frames[n], 1.0)[0][2]) for n in names[names.index(conus_level) - 1 :]]


def _sacral_exits(low: Sacrum, end_z: float) -> list[float]:
    """Of S1 to S5 and the coccygeal pair; the last ones run to the end of the sac."""
    first = float(low.s1_frame.lps(0.0, -15.0, -6.0)[2])
    return [first, (first + end_z) / 2, *[end_z + 1.0] * 4]
