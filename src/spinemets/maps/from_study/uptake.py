"""SUV of a study's PET series (PET-01)."""

from __future__ import annotations

from functools import partial

import numpy as np

from spinemets.maps import suv
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import attempt, counted, named, stacked
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.series import Series
from spinemets.model.study import Study

KIND = "suv"
METHOD = (
    "value x factor; the factor from dose, decay, weight and scan time of the header (QIBA's vendor-neutral recipe)"
)
MAPS = (
    ("bw", "SUV by body weight", "suv_bw_g_per_ml", "g/mL"),
    ("lbm_janma", "SUV by lean body mass (Janmahasatian)", "suv_lbm_g_per_ml", "g/mL"),
    ("bsa", "SUV by body surface (Du Bois)", "suv_bsa_cm2_per_ml", "cm2/mL"),
)


def suv_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """SUV of each PET series, or the element that its header lacks."""
    return [
        attempt(KIND, one.label, partial(_mapped, study, one))
        for one in study.series
        if (one.acquisition.modality or "").upper() == "PT"
    ]


def _mapped(study: Study, one: Series) -> MapResult:
    if one.acquisition.tracer is None:
        raise CannotMap("The header says nothing of the tracer.", "SUV needs dose, time of injection and weight.")
    factors = suv.of_series(one.acquisition.tracer, study.patient)
    if isinstance(factors, suv.Refused):
        raise CannotMap(
            f"SUV cannot be computed: {_said(factors)}.", "Complete the header, or ask for the missing element."
        )
    stack = stacked([one], motion=False)
    values = stack.values[..., 0]
    maps, scales, notes = [], {}, list(factors.notes)
    for field, title, name, unit in MAPS:
        factor = getattr(factors, field)
        if isinstance(factor, suv.Refused):
            notes.append(f"no {title}: {_said(factor)}")
            continue
        scales[f"{name}_per_value"] = factor
        maps.append(named(title, name, unit, np.where(stack.measured, values * np.float32(factor), np.float32(np.nan))))
    return MapResult(
        kind=KIND, source=one.label, series_uids=(one.uid,), number=one.number, grid=stack.grid, maps=tuple(maps), method=METHOD,
        inputs={"units_of_the_file": one.acquisition.tracer.units, **scales}, rejected=counted(no_measurement_in_the_file=~stack.measured),
        notes=tuple(notes),
    )  # fmt: skip


def _said(refused: suv.Refused) -> str:
    """The reason, with the element that it lies with where the reason does not name it."""
    unnamed = [tag for tag in refused.tags if tag not in refused.reason]
    return f"{refused.reason} ({', '.join(unnamed)})" if unnamed else refused.reason
