"""Truth of the tracers: what normal marrow and liver hold, and how the whole patient differs from the table."""

from __future__ import annotations

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.tissue.tissues import tissue

# The level whose marrow stands for all: uptake does not change along the spine.
LEVEL = "L3"


def uptake_truth(case: Case, anatomy: Anatomy) -> dict[str, float]:
    """SUV by body weight of the host marrow and of liver; factors on the uptake of a bone-seeking tracer."""
    marrow, avid = anatomy.hosts[LEVEL].uptake, case.avidity
    return {
        "marrow_fdg_suv_g_per_ml": round(marrow.fdg_suv_g_per_ml, 4),
        "liver_fdg_suv_g_per_ml": tissue("liver").uptake.fdg_suv_g_per_ml,
        "marrow_bone_scan_suv_g_per_ml": round(avid.bone_factor * marrow.bone_scan_suv_g_per_ml, 4),
        "bone_factor": avid.bone_factor,
        "soft_factor": avid.soft_factor,
    }
