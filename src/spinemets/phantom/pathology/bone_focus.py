"""Foci in bones away from the vertebrae: ribs, sternum, pelvis, sacrum, limbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.sacrum import Sacrum
from spinemets.phantom.anatomy.trunk import Bone
from spinemets.phantom.pathology.canal.region import Layer, Region
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import Rod

SACRUM = "sacrum"


@dataclass(frozen=True, kw_only=True)
class BoneFocus:
    """A ball inside a bone.

    Attributes
    ----------
    bone
        Name of a bone of the trunk (`rib_T6_left`, `hip_bone_right`), or `sacrum`.
    at
        Share of the way along the bars that the bone is made of, from its first one; in the sacrum (left, anterior, superior) in mm from
        the middle of S1, in its frame.
    """

    id: str
    bone: str
    at: float | tuple[float, float, float]
    radius_mm: float
    tissue: str = "blastic_tumour"

    def region(self, site: Site, bones: Mapping[str, Bone], low: Sacrum) -> Region:
        """What it fills; its level is the one at its height, below the last vertebra that one.

        Raises
        ------
        UsageError
            For a bone that the patient lacks, a place that does not suit the bone, or one outside it.
        """
        found = low if self.bone == SACRUM else bones.get(self.bone)
        if found is None:
            raise UsageError(
                f"focus: the patient has no bone {self.bone!r}; choose {SACRUM} or one of: {', '.join(bones)}."
            )
        centre = self._centre(found)
        reach = self.radius_mm + 1.0
        (x0, y0, z0), (x1, y1, z1) = (centre - reach).tolist(), (centre + reach).tolist()

        def distance(block: Block) -> Array:
            x, y, z = (axis - np.float32(c) for axis, c in zip(block.axes, centre, strict=True))
            ball = np.sqrt(x * x + y * y + z * z) - np.float32(self.radius_mm)
            return np.asarray(np.maximum(ball, found.distance(block)), np.float32)

        names = tuple(site.sizes)
        level = site.at(min(max(float(centre[2]), site.z((names[-1], -0.9))), site.z((names[0], 0.9))))
        return Region(
            id=self.id,
            kind="bone_focus",
            level=level,
            levels=(level,),
            layers=(Layer(tissue=self.tissue),),
            distance=distance,
            box=((x0, y0, z0), (x1, y1, z1)),
            # It replaces bone, however deep, wherever the bone is that it lies in.
            erosion_mm=2 * self.radius_mm,
        )

    def _centre(self, bone: Bone | Sacrum) -> NDArray[np.float64]:
        """LPS mm."""
        if isinstance(bone, Sacrum) != isinstance(self.at, tuple):
            raise UsageError(
                f"focus in {self.bone}: give three millimetres in the sacrum, a share of the way in other bones."
            )
        if isinstance(self.at, tuple):
            assert isinstance(bone, Sacrum)
            centre = np.asarray(bone.s1_frame.lps(*self.at), float)
        else:
            assert isinstance(bone, Bone)
            centre = _along(bone.rods, self.at)
        affine = np.eye(4)
        affine[:3, 3] = centre
        if float(bone.distance(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=1.0)).max()) > 0:
            raise UsageError(f"focus in {self.bone}: its middle lies outside the bone.")
        return centre


def _along(rods: tuple[Rod, ...], share: float) -> NDArray[np.float64]:
    """Point at a share of the length of bars, one after the other."""
    if not rods:
        raise UsageError("focus: that bone is not made of bars; no place along it can be given.")
    starts, ends = (np.array([getattr(rod, end) for rod in rods], float) for end in ("start", "end"))
    lengths = np.linalg.norm(ends - starts, axis=1)
    passed = np.concatenate([[0.0], np.cumsum(lengths)])
    way = np.clip(share, 0.0, 1.0) * passed[-1]
    n = min(int(np.searchsorted(passed, way, side="right")) - 1, len(rods) - 1)
    return np.asarray(starts[n] + (way - passed[n]) / lengths[n] * (ends[n] - starts[n]))
