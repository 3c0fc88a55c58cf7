"""What a fracture does to the marrow of a collapsed body: compacted band, oedema, cleft, tumour.

Regions lie in the body's own coordinates: depth beneath the superior endplate, so that they follow it however it bends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.pathology.shapes import lattice
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import coverage, ellipsoid, union
from spinemets.phantom.shape.texture import Field, islands

TRUTH_STEP_MM = 0.5
# Distance that lies inside any region: a whole body.
EVERYWHERE_MM = -1e3


@dataclass(frozen=True, kw_only=True)
class Fracture(Collapse):
    """A collapse whose marrow shows it.

    Attributes
    ----------
    band_mm
        Thickness of the compacted band below the superior endplate; 0 = none.
    oedema
        Share of the body's height, from the superior endplate, that oedema takes; 1 = the whole body.
    spared
        Share of the oedematous region that keeps its marrow, in islands.
    pedicles
        Sides whose pedicle is oedematous, or in tumour replaced.
    cleft_ml, gas
        Volume of a cleft behind the superior endplate, full of fluid or of gas.
    tumour
        Whether the marrow of the body is replaced by tumour; no oedema then.
    """

    age: str = "acute"
    band_mm: float = 0.0
    oedema: float = 0.0
    spared: float = 0.0
    pedicles: tuple[str, ...] = ()
    cleft_ml: float = 0.0
    gas: bool = False
    tumour: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Regions:
    """Distances of the parts of a broken body at a block's points (positive outside), and the share of spared marrow."""

    body: Array
    marrow: Array
    band: Array
    changed: Array
    cleft: Array
    spared: Array


def regions(fracture: Fracture, vertebra: Vertebra, block: Block, field: Field) -> Regions:
    """Parts of a broken body at a block's points."""
    rows = table("phantom_anatomy")["fracture"]
    body, local = vertebra.body, vertebra.frame.local(block)
    distance = body.distance(*local)
    _, norm = body.footprint(*local)
    above, below = body.endplates(norm, local[1])
    beneath, height = above - local[2], np.maximum(above - below, np.float32(1.0))
    shape, far = block.shape, np.full(block.shape, -EVERYWHERE_MM, np.float32)
    noise = field.at(*local)
    middle = np.float32(rows["margin_mm"] + fracture.band_mm / 2)
    band = np.abs(beneath - middle) - np.float32(fracture.band_mm / 2) if fracture.band_mm else far
    changed = far
    if fracture.tumour or fracture.oedema >= 1.0:
        changed = np.full(shape, EVERYWHERE_MM, np.float32)
    elif fracture.oedema > 0.0:
        changed = beneath - np.float32(fracture.oedema) * height + np.float32(rows["wobble_mm"]) * noise
    cleft = _cleft(fracture, body, local, beneath) if fracture.cleft_ml else far
    return Regions(
        body=np.broadcast_to(distance.whole, shape),
        marrow=np.broadcast_to(distance.whole, shape) + np.float32(table("phantom_anatomy")["shell_mm"]["endplate"]),
        band=np.broadcast_to(band, shape),
        changed=np.broadcast_to(changed, shape),
        cleft=np.broadcast_to(cleft, shape),
        spared=islands(noise, fracture.spared) if fracture.spared else np.zeros_like(noise),
    )


def _cleft(fracture: Fracture, body: Body, local: tuple[Array, Array, Array], beneath: Array) -> Array:
    """Lens that follows the endplate; shearing it along the body's axis keeps its volume."""
    rows = table("phantom_anatomy")["fracture"]
    shares = rows["cleft"]
    half_l, half_a = shares["width_share"] * body.size.mean_width, shares["depth_share"] * body.size.mean_depth
    half_s = fracture.cleft_ml * 1000.0 / (4.0 / 3.0 * np.pi * half_l * half_a)
    l = local[0]  # noqa: E741  # left, the frame's letter
    a = local[1] - np.float32(shares["forward_share"] * body.size.mean_depth)
    s = beneath - np.float32(rows["margin_mm"] + half_s)
    return ellipsoid((l, a, s), (half_l, half_a, half_s))


def pedicle(vertebra: Vertebra, side: str, block: Block, body: Array) -> Array:
    """Distance to a pedicle behind the body."""
    return np.asarray(np.maximum(union(block, vertebra.arch.of(f"pedicle_{side}"), 1.0), -body))


def before(body: Body) -> Body:
    """The same body before its collapse."""
    return Body(size=replace(body.size, height=body.size.before, convex_mm=0.0, retropulsion_mm=0.0))


@dataclass(frozen=True, kw_only=True)
class FractureMeasure:
    """Exact sizes of a fracture, from its functions on a lattice of 0.5 mm.

    Attributes
    ----------
    before_mm3, after_mm3
        Marrow space of the body before and after.
    band_mm3, cleft_mm3
        Volume of the compacted band (without the cleft) and of the cleft.
    changed_share
        Share of the body that oedema or tumour takes, spared islands and cleft left out.
    """

    before_mm3: float
    after_mm3: float
    band_mm3: float
    cleft_mm3: float
    changed_share: float

    def band_gain(self, mineral_kept: float = 1.0) -> float:
        """Mineral density of the band relative to the host before, so that the body keeps that share of its mineral."""
        rest = self.after_mm3 - self.band_mm3 - self.cleft_mm3
        held = mineral_kept * (self.before_mm3 - rest)
        return held / self.band_mm3 if self.band_mm3 else 1.0


def measure(fracture: Fracture, vertebra: Vertebra, field: Field) -> FractureMeasure:
    """Volumes of a fracture's parts."""
    size, step = vertebra.body.size, TRUTH_STEP_MM
    behind = size.mean_depth / 2 + 4 + size.convex_mm + size.retropulsion_mm
    reach = np.array([size.mean_width / 2 + 3, behind, max(size.before) / 2 + 2])
    local = lattice(np.zeros(3), reach, step)
    # A block in the body's own frame: its axes are the local ones, whichever way the body is turned.
    frame = vertebra.frame
    turn = np.eye(4)
    turn[:3, :3] = np.stack([frame.left, frame.anterior, frame.superior], axis=1)
    turn[:3, 3] = frame.origin
    block = Block(affine=turn @ local.affine, start=(0, 0, 0), shape=local.shape, reach_mm=step)
    found = regions(fracture, vertebra, block, field)
    inside = coverage(found.marrow, step)
    shell = np.float32(table("phantom_anatomy")["shell_mm"]["endplate"])
    earlier = coverage(
        np.broadcast_to(before(vertebra.body).distance(*frame.local(block)).whole, block.shape) + shell, step
    )
    cleft = coverage(found.cleft, step) * inside
    band = coverage(found.band, step) * (inside - cleft)
    changed = coverage(found.changed, step) * (1 - found.spared) * (inside - cleft)
    unit = step**3

    def volume(shares: Array) -> float:
        return float(shares.sum(dtype=np.float64)) * unit

    return FractureMeasure(
        before_mm3=volume(earlier),
        after_mm3=volume(inside),
        band_mm3=volume(band),
        cleft_mm3=volume(cleft),
        changed_share=volume(changed) / volume(inside),
    )
