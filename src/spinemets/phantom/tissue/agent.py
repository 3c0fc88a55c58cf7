"""Tissue after an injection of gadolinium."""

from __future__ import annotations

from functools import cache

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.properties import Perfusion
from spinemets.phantom.tissue.tissues import Tissue, tissue
from spinemets.physics import relaxivity
from spinemets.physics.arterial_input import ParkerInput
from spinemets.physics.tissue_kinetics import extended_tofts

STEP_MIN = 1.0 / 60.0
# Blood is a tissue of its own after an injection.
BLOOD = {"aorta_blood_pre": "aorta_blood_post_gd"}


@cache
def concentration_mmol_per_l(perfusion: Perfusion, minutes: float) -> float:
    """Agent in a tissue so long after the injection of a usual dose: extended Tofts model, population input (Parker)."""
    time_min = np.arange(0.0, minutes + STEP_MIN / 2, STEP_MIN)
    plasma = ParkerInput.POPULATION_2006.plasma_mmol_per_l(time_min)
    found = extended_tofts(
        time_min=time_min, plasma_mmol_per_l=plasma, ktrans_per_min=perfusion.ktrans_per_min, ve=perfusion.ve,
        vp=perfusion.vp,
    )  # fmt: skip
    return float(np.asarray(found)[..., -1])


def with_agent(of: Tissue, *, minutes: float, field_t: float, first_pass: bool = False) -> float:
    """T1 [ms] of the water protons after an injection.

    Parameters
    ----------
    of
        Tissue at that field strength.
    minutes
        Since the injection reached the arteries.
    field_t
        Decides the relaxivity.
    first_pass
        Whether blood follows the input curve; else it is as some minutes later, all the time.
    """
    r1 = table("tissues")["relaxivity_per_mmol_per_s"][field_t]
    if of.name in BLOOD and not first_pass:
        return tissue(BLOOD[of.name], field_t).t1_ms
    if of.name in BLOOD:
        conc = float(ParkerInput.POPULATION_2006.blood_mmol_per_l(minutes))
    else:
        conc = concentration_mmol_per_l(of.perfusion, minutes)
    return float(relaxivity.t1_with_agent_ms(t10_ms=of.t1_ms, conc_mmol_per_l=conc, r1_per_mmol_per_s=r1))
