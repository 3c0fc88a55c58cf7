"""Tissue after iodine was given into a vein: what CT reads above the plain tissue."""

from __future__ import annotations

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.agent import concentration_mmol_per_l
from spinemets.phantom.tissue.properties import Perfusion
from spinemets.phantom.tissue.tissues import Tissue, tissue
from spinemets.phantom.tissue.tube_voltage import REFERENCE_KVP, iodine_slope

# Blood is a tissue of its own after an injection.
BLOOD = {"aorta_blood_pre": "aorta_blood_iodine"}
SECONDS_PER_MIN = 60.0
_PLASMA = Perfusion(ktrans_per_min=0.0, ve=0.0, vp=1.0)


def iodine_mg_per_ml(perfusion: Perfusion, after_s: float) -> float:
    """Iodine in a tissue so long after an injection reached the arteries.

    Tissue takes up iodine as it takes up gadolinium: its share of what plasma holds at that time is the same. Plasma
    holds what makes blood read as the table says it does in the portal phase, at whatever time it is scanned.
    """
    rows = table("phantom_ct")["iodine"]
    blood = tissue(BLOOD["aorta_blood_pre"])
    in_blood: float = (blood.hu - blood.hu_without_iodine) / iodine_slope(REFERENCE_KVP)
    in_plasma: float = in_blood / (1.0 - rows["hematocrit"])
    minutes = after_s / SECONDS_PER_MIN
    return in_plasma * concentration_mmol_per_l(perfusion, minutes) / concentration_mmol_per_l(_PLASMA, minutes)


def enhancement_hu(of: Tissue, *, kvp: float, after_s: float | None) -> float:
    """HU that iodine adds to a tissue at a tube voltage; 0 without an injection (None)."""
    if after_s is None or of.name in BLOOD or of.hu_without_iodine:
        return 0.0
    return iodine_mg_per_ml(of.perfusion, after_s) * iodine_slope(kvp)
