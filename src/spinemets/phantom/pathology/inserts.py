"""Pathology inserts: smooth regions of a vertebra whose tissue is replaced, with their exact volumes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import along_ray
from spinemets.phantom.shape.texture import Field

TRUTH_STEP_MM = 0.25


@dataclass(frozen=True, kw_only=True)
class Insert:
    """One lesion (or whole-marrow change) of one level.

    Attributes
    ----------
    kind
        `lytic`, `blastic`, `mixed`, `marrow_only`, `diffuse`.
    centre_mm, radii_mm
        Ellipsoid in the level's frame (left, anterior, superior from the body centre).
    edge_mm
        Width over which the tissue passes into the host (0.5 sharp, 4 ill-defined); the border is the half value.
    tissue
        What is written (for `mixed` the lytic part).
    mineral_retained
        Share of the host's mineral that stays; None = the tissue brings its own.
    breaks_cortex
        Whether the shell inside the region is replaced too.
    lytic_share
        For `mixed`: share of the region that is lytic, in islands.
    share
        For `diffuse`: share of the marrow replaced.
    """

    id: str
    kind: str
    level: str
    tissue: str
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radii_mm: tuple[float, float, float] = (8.0, 8.0, 8.0)
    edge_mm: float = 1.0
    mineral_retained: float | None = None
    breaks_cortex: bool = False
    lytic_share: float = 1.0
    share: float = 1.0
    compartments: tuple[str, ...] = ("body",)
    island_mm: float = field(default=5.0)

    def distance(self, bone: Bone) -> Array:
        """Distance to the border of the region."""
        if self.kind == "diffuse":
            return np.full(bone.outer.shape, -1e3, np.float32)
        l, a, s = (  # noqa: E741
            c - np.float32(m) for c, m in zip(bone.local, self.centre_mm, strict=True)
        )
        norm = np.sqrt(
            (l / np.float32(self.radii_mm[0])) ** 2
            + (a / np.float32(self.radii_mm[1])) ** 2
            + (s / np.float32(self.radii_mm[2])) ** 2
        )
        return along_ray(np.sqrt(l * l + a * a + s * s), norm, min(self.radii_mm))

    def membership(self, bone: Bone, reach_mm: float) -> Array:
        """Share of the tissue written at each point (0 to 1, 1/2 on the border)."""
        width = np.float32(np.hypot(self.edge_mm, reach_mm))
        return np.clip(np.float32(0.5) - self.distance(bone) / width, 0.0, 1.0) * np.float32(self.share)

    def lytic_part(self, bone: Bone, islands: Field) -> Array:
        """For `mixed`: share of the lytic tissue at each point, islands of a smooth field above its quantile."""
        from scipy.special import ndtri  # lazy: heavy import

        level = np.float32(ndtri(1.0 - self.lytic_share))
        return np.asarray(np.clip(np.float32(0.5) + (islands.at(*bone.local) - level) * 3, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class LesionMeasure:
    """Exact size of an insert.

    Attributes
    ----------
    volume_mm3
        Volume of the region inside the bone (marrow space, and shell where it is broken).
    centroid_lps_mm
        Centroid of that region.
    body_share
        Share of the level's body that it takes.
    """

    volume_mm3: float
    centroid_lps_mm: tuple[float, float, float]
    body_share: float


def measure(insert: Insert, vertebra: Vertebra) -> LesionMeasure:
    """Volume and centroid from the functions on a 0.25 mm lattice (0.5 mm for a whole body)."""
    whole = insert.kind == "diffuse"
    step = 2 * TRUTH_STEP_MM if whole else TRUTH_STEP_MM
    centre = vertebra.frame.origin if whole else vertebra.frame.lps(*insert.centre_mm)
    reach = np.array([34.0, 30.0, 24.0]) if whole else np.full(3, max(insert.radii_mm) + 1.0)
    block = lattice(centre, reach, step)
    bone = vertebra.bone(block)
    limit = bone.outer if insert.breaks_cortex else bone.inner
    inside = (np.broadcast_to(insert.distance(bone), block.shape) < 0) & (limit < 0)
    if whole:
        inside &= bone.body < 0
    volume = float(np.count_nonzero(inside)) * step**3 * (insert.share if whole else 1.0)
    index = np.argwhere(inside).mean(axis=0)
    centroid = block.affine[:3, :3] @ index + block.affine[:3, 3]
    in_body = float(np.count_nonzero(inside & (bone.body < 0))) * step**3
    share = in_body / body_volume_mm3(vertebra)
    return LesionMeasure(
        volume_mm3=volume,
        centroid_lps_mm=(float(centroid[0]), float(centroid[1]), float(centroid[2])),
        body_share=share,
    )


def body_volume_mm3(vertebra: Vertebra) -> float:
    """Volume of the body from its function on a 0.5 mm lattice."""
    block = lattice(vertebra.frame.origin, np.array([34.0, 30.0, 28.0]), 0.5)
    distance = vertebra.body.distance(*vertebra.frame.local(block)).whole
    return float(np.count_nonzero(distance < 0)) * 0.5**3


def lattice(centre: np.ndarray, reach_mm: np.ndarray, step_mm: float) -> Block:
    """Cube of points around a centre."""
    n = np.ceil(2 * reach_mm / step_mm).astype(int) + 1
    affine = np.diag([step_mm, step_mm, step_mm, 1.0])
    affine[:3, 3] = centre - (n - 1) / 2 * step_mm
    return Block(affine=affine, start=(0, 0, 0), shape=(int(n[0]), int(n[1]), int(n[2])), reach_mm=step_mm)
