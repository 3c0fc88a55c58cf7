"""Patients drawn from a recipe (PHA-71): who they are, and what they have.

Every patient is drawn from streams of its own: the same recipe, seed and number give the same patient, however many there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.levels import column
from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.cases.case import Case
from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, MARROW_ONLY, MIXED
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.texture import stream

KINDS = {usual.kind: usual for usual in (LYTIC, BLASTIC, MIXED, MARROW_ONLY)}
# A lesion's centre lies within this share of the half axes of a body (left, anterior, superior; half axes in mm).
CENTRE_SHARE, HALF_AXES_MM = 0.6, (18.0, 13.0, 11.0)

DRAWN = "drawn: its truth says what must be found"

Recipe = Mapping[str, Any]
Draw = np.random.Generator


def recipe_of(changes: Recipe | None = None) -> dict[str, Any]:
    """The recipe of the table `phantom_cohort`, with what a file changes; nested rows are merged.

    Raises
    ------
    UsageError
        If a changed row does not exist, or the groups do not add to 1.
    """
    recipe = _merged(table("phantom_cohort"), changes or {}, "")
    total = sum(recipe["groups"].values())
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        raise UsageError(f"The groups of the recipe add to {total:g}.", "Their shares must add to 1.")
    if recipe["groups"]["mimic"] > 0 and not recipe["mimics"]:
        raise UsageError("The recipe has a group `mimic` but names no mimics.", "Name cases under `mimics`.")
    return recipe


def _merged(base: Recipe, changes: Recipe, where: str) -> dict[str, Any]:
    made = dict(base)
    for name, value in changes.items():
        if name not in base:
            raise UsageError(f"The recipe has no row {where + name!r}.", f"Rows there: {', '.join(map(str, base))}.")
        # Shares of kinds and groups are replaced as a whole: a kind left out has no share.
        nested = isinstance(value, Mapping) and isinstance(base[name], Mapping)
        made[name] = _merged(base[name], value, f"{where}{name}.") if nested else value
    return made


def drawn_case(recipe: Recipe, seed: int, number: int) -> Case:
    """Case of one patient.

    Parameters
    ----------
    number
        Which patient of the cohort, from 0.
    """
    draw = stream(seed, f"cohort/{number}")
    group = _choice(draw, recipe["groups"])
    patient = _patient(recipe["patient"], draw)
    name = f"cohort-{number:04d}"
    series = tuple(recipe["imaging"]["series"])
    if group == "mimic":
        kind = recipe["mimics"][int(draw.integers(len(recipe["mimics"])))]
        found = case_of(kind)
        patient = replace(found.patient, age_years=patient.age_years, sex=patient.sex, height_cm=patient.height_cm)
        return replace(
            found, name=name, about=f"Mimic: {found.about}", patient=patient, expected=(), awaits=DRAWN, series=series
        )
    levels = [level for level in recipe["levels"] if level in column(patient.variant)]
    inserts = drawn_lesions(recipe["lesions"], levels, draw) if group == "metastatic" else ()
    collapses = _fractures(recipe["fractures"], levels, draw) if group == "fracture" else {}
    about = {
        "normal": "No lesion and no fracture.",
        "metastatic": f"{len(inserts)} lesions.",
        "fracture": f"{len(collapses)} healed fractures without tumour.",
    }
    planted: dict[str, Any] = {"inserts": inserts, "collapses": collapses}
    return Case(name=name, about=about[group], patient=patient, **planted, series=series, awaits=DRAWN)


def _choice(draw: Draw, shares: Mapping[str, float]) -> str:
    names = list(shares)
    weights = np.array([shares[name] for name in names], float)
    return str(names[int(draw.choice(len(names), p=weights / weights.sum()))])


def _between(draw: Draw, limits: tuple[float, float]) -> float:
    return float(draw.uniform(*limits))


def _patient(row: Recipe, draw: Draw) -> Patient:
    sex = "female" if draw.uniform() < row["female"] else "male"
    height = float(np.clip(draw.normal(*row["height_cm"][sex]), 140, 205))
    index = float(np.clip(draw.normal(*row["body_mass_index"]), 17, 45))
    return Patient(
        age_years=round(_between(draw, row["age_years"]), 1),
        sex=sex,
        height_cm=round(height, 1),
        weight_kg=round(index * (height / 100) ** 2, 1),
        variant=_choice(draw, row["variants"] or _published_variants()),
    )


def _published_variants() -> dict[str, float]:
    """Shares of the numbers of levels."""
    return {name: float(row["p"]) for name, row in table("phantom_anatomy")["variants"].items()}


def drawn_lesions(row: Recipe, levels: list[str], draw: Draw) -> tuple[Insert, ...]:
    low, high = row["number"]
    n = int(np.clip(round(math.exp(draw.uniform(math.log(low), math.log(high + 0.5)))), low, high))
    return tuple(_lesion(row, levels[int(draw.integers(len(levels)))], k, draw) for k in range(1, n + 1))


def _lesion(row: Recipe, level: str, number: int, draw: Draw) -> Insert:
    size = row["radius_mm"]
    radius = float(np.clip(size["median"] * math.exp(size["log_sd"] * draw.standard_normal()), *size["range"]))
    kind = _choice(draw, row["kinds"])
    retained = row["mineral_retained"].get(kind)
    centre = [CENTRE_SHARE * half * draw.uniform(-1, 1) for half in HALF_AXES_MM]
    radii = [radius * _between(draw, row["elongation"]) for _ in range(3)]
    return replace(
        KINDS[kind],
        id=f"{kind.replace('_', '-')}-{number}",
        level=level,
        centre_mm=(centre[0], centre[1], centre[2]),
        radii_mm=(radii[0], radii[1], radii[2]),
        edge_mm=_between(draw, row["edge_mm"]),
        mineral_retained=None if retained is None else _between(draw, retained),
        lytic_share=_between(draw, row["lytic_share"]) if kind == "mixed" else 1.0,
    )


def _fractures(row: Recipe, levels: list[str], draw: Draw) -> dict[str, Collapse]:
    n = int(draw.integers(row["number"][0], row["number"][1] + 1))
    chosen = draw.choice(len(levels), min(n, len(levels)), replace=False)
    made = {}
    for place in sorted(int(c) for c in chosen):
        loss = _between(draw, row["loss"])
        middle, posterior = (loss * _between(draw, row[part]) for part in ("middle_share", "posterior_share"))
        made[levels[place]] = Collapse(anterior=loss, middle=min(middle, 0.75), posterior=posterior)
    return made
