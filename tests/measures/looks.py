"""Small volumes with a focus in marrow, for criteria that look at maps."""

from __future__ import annotations

import numpy as np

from spinemets.model.grid import Grid
from spinemets.model.lesion import Focus
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume

SHAPE = (16, 16, 16)
GRID = Grid(shape_ijk=SHAPE, affine_lps_mm=np.eye(4))
BLOCK = np.s_[4:12, 4:12, 4:12]
SEARCHED = ("MR-T1-03", "MR-STIR-01")


def region(name: str, block=np.s_[:, :, :]) -> Region:
    mask = np.zeros(SHAPE, bool)
    mask[block] = True
    return Region.from_mask(name, mask, GRID)


MARROW = region("marrow")
FOCUS = Focus(lesion_id="L3-1t1", region=region("focus", BLOCK), kinds=frozenset({"t1_dark"}), searched=SEARCHED)
DENSE = Focus(lesion_id="L3-1", region=region("focus", BLOCK), kinds=frozenset({"blastic"}), searched=("CT-02",))
NO_FOCUS = Focus(searched=SEARCHED)


def volume(marrow: float, focus: float, spread: float = 0.02, quantity: str = "map") -> Volume:
    """Values with a relative noise of `spread`."""
    array = np.full(SHAPE, marrow, np.float64)
    array[BLOCK] = focus
    array *= 1 + spread * np.random.default_rng(2).standard_normal(SHAPE)
    return Volume(array=array.astype(np.float32), grid=GRID, quantity=quantity, unit="1")


def normal(median: float, error: float = 0.01, **more) -> Reference:
    facts = {"spread": 10 * error, "n_voxels": 3000, "n_effective": 1300.0, "members": ("L2", "L4"), **more}
    return Reference(tissue="normal_marrow", median=median, standard_error=error, **facts)
