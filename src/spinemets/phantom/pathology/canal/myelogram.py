"""Contrast medium in the CSF: how much iodine each place of the sac holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.leptomeningeal import csf_share
from spinemets.phantom.pathology.canal.region import Layer, Region, tube_box
from spinemets.phantom.pathology.canal.site import Mark, Site
from spinemets.phantom.shape.block import Array, Block

# The medium thins out over this length beyond a block.
EDGE_MM = 4.0


@dataclass(frozen=True, kw_only=True)
class Myelogram:
    """Contrast medium given below.

    Attributes
    ----------
    mg_per_ml
        Iodine in the CSF below a block, or everywhere.
    block
        Where the medium is held up; None = nowhere.
    completeness
        Share of the iodine that does not pass it: above it, `mg_per_ml (1 - completeness)`.
    layering
        How much more the medium weighs behind than in front, per 10 mm, in a patient on the back.
    """

    id: str = "myelogram"
    mg_per_ml: float = 8.0
    block: Mark | None = None
    completeness: float = 0.0
    layering: float = 0.0

    def iodine_mg_per_ml(self, site: Site, z: Array, behind_mm: Array | float = 0.0) -> Array:
        """Iodine at heights (LPS z), and behind the middle of the canal."""
        passed = np.ones_like(z)
        if self.block is not None:
            above = np.clip((z - np.float32(site.z(self.block))) / np.float32(EDGE_MM) + 0.5, 0.0, 1.0)
            passed = 1 - np.float32(self.completeness) * above
        weight = np.maximum(1 + np.float32(self.layering / 10) * behind_mm, 0.0)
        return np.asarray(np.float32(self.mg_per_ml) * passed * weight, np.float32)

    def region(self, canal: Canal, site: Site) -> Region:
        """The CSF of the whole sac."""
        names = tuple(site.sizes)
        low, high = canal.end_z - 2.0, site.z((names[0], 1.0))
        full = np.float32(table("phantom_disease")["myelogram_mg_per_ml"])

        def share(block: Block) -> Array:
            _, v, z = canal.across(block)
            return np.asarray(csf_share(canal, block) * self.iodine_mg_per_ml(site, z, v) / full, np.float32)

        return Region(
            id=self.id,
            kind="fluid",
            level=site.at((low + high) / 2),
            levels=site.levels(low, high),
            layers=(Layer(tissue="csf_myelogram"),),
            distance=canal.sac,
            box=tube_box(canal, low, high),
            share=share,
            labelled=False,
        )
