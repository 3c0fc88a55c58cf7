"""Patients for training samples: who they are, where the field lies, and what half of them have (PHA-95)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.levels import USUAL, column
from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.cases.case import Case
from spinemets.phantom.cases.drawn import drawn_lesions
from spinemets.phantom.cases.drawn import recipe_of as cohort_recipe
from spinemets.phantom.pathology import benign, metastases
from spinemets.phantom.pathology.degenerative import MODIC, SCHMORL, BenignChange
from spinemets.phantom.pathology.fracture import Fracture
from spinemets.phantom.pathology.hardware import Bar, Cage
from spinemets.phantom.pathology.screw import Screw
from spinemets.phantom.pathology.shapes import Ellipsoid, Whole
from spinemets.phantom.training.recipe import Draw, Recipe, Row, between, chosen, happens, whole

# Levels whose middle a field may have, by region.
MIDDLES = {
    "lumbar": ("T10", "T11", "L1", "L2", "L3", "L4", "L5"),
    "thoracic": ("T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"),
    "cervical": ("C3", "C4", "C5", "C6", "C7", "T1"),
}
SIDES = ("left", "right")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A patient, the level that the field is centred on, and the names of what they have."""

    case: Case
    middle: str
    diseases: tuple[str, ...]


def drawn_patient(recipe: Recipe, draw: Draw) -> Drawn:
    """One patient."""
    person = _person(recipe["patient"], draw)
    names = column(person.variant)[1:]
    region = chosen(draw, recipe["pose"]["centre"])
    middles = [level for level in MIDDLES[region] if level in names]
    middle = middles[whole(draw, (0, len(middles) - 1))]
    row = recipe["disease"]
    found = tuple(name for name, share in row["kinds"].items() if happens(draw, share))
    if not happens(draw, row["share"]):
        found = ()
    case = Case(name="training", about="Drawn for training samples.", patient=person, awaits="nothing: no reading")
    near = _near(names, middle)
    for name in found:
        case = _DISEASES[name](case, row, near, draw)
    return Drawn(case=case, middle=middle, diseases=found)


def _person(row: Row, draw: Draw) -> Patient:
    sex = "female" if happens(draw, row["female"]) else "male"
    height = float(np.clip(draw.normal(*row["height_cm"][sex]), 140, 205))
    index = float(np.clip(draw.normal(*row["body_mass_index"]), 17, 45))
    variants = {name: float(v["p"]) for name, v in table("phantom_anatomy")["variants"].items() if name != USUAL}
    variant = USUAL if happens(draw, row["usual_variant"]) else chosen(draw, variants)
    return Patient(
        age_years=between(draw, row["age_years"]),
        sex=sex,
        height_cm=height,
        weight_kg=index * (height / 100) ** 2,
        variant=variant,
        cobb_deg=between(draw, row["mild_scoliosis_deg"]),
        degeneration="by_age",
    )


def _near(names: tuple[str, ...], middle: str) -> tuple[str, ...]:
    """Levels that a field around that level shows."""
    at = names.index(middle)
    reach = {"C": 6, "T": 5, "L": 4}[middle[0]]
    return names[max(at - reach, 0) : at + reach + 1]


def _some(row: Row, name: str, near: tuple[str, ...], draw: Draw) -> list[str]:
    """Levels that have it, in order."""
    number = min(whole(draw, row["number"][name]), len(near))
    places = sorted(draw.choice(len(near), number, replace=False).tolist())
    return [near[place] for place in places]


def _one(near: tuple[str, ...], draw: Draw, lowest: int = 1) -> str:
    """A level, not among the last of them."""
    return near[whole(draw, (0, max(len(near) - 1 - lowest, 0)))]


def _with(case: Case, *inserts: Any) -> Case:
    return replace(case, inserts=(*case.inserts, *inserts))


def _lesions(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    lesions = {**cohort_recipe()["lesions"], "number": row["number"]["lesions"]}
    return _with(case, *drawn_lesions(lesions, list(near), draw))


def _collapse(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    """Wedges, biconcave and crushed bodies down to a fifth of their height, some fresh or malignant."""
    found: dict[str, Collapse] = dict(case.collapses)
    for level in _some(row, "collapse", near, draw):
        loss = between(draw, row["loss"])
        middle = min(loss * draw.uniform(0.6, 1.1), max(row["loss"]))
        lost = {"anterior": loss, "middle": middle, "posterior": loss * draw.uniform(0.0, 0.9)}
        if happens(draw, 0.5):
            found[level] = Collapse(**lost, convex_mm=draw.uniform(0, 3))
        else:
            tumour = happens(draw, 0.4)
            seen: dict[str, Any] = {"tumour": True, "convex_mm": draw.uniform(0, 4)} if tumour else {
                "oedema": draw.uniform(0.3, 1.0), "retropulsion_mm": draw.uniform(0, 5)
            }  # fmt: skip
            found[level] = Fracture(**lost, **seen)
    return replace(case, collapses=found)


def _destroyed(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    """A vertebra without mineral and without its shell: it stays in the labels."""
    del row
    level = _one(near, draw)
    lesion = metastases.lytic(level, Whole(), mineral_retained=draw.uniform(0.0, 0.15))
    parts = ("body", "posterior_elements") if happens(draw, 0.4) else ("body",)
    return _with(case, replace(lesion, id=f"destroyed-{level}", breaks_cortex=True, compartments=parts))


def _sclerosis(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    added = draw.uniform(60, 350)
    levels = _some(row, "sclerosis", near, draw)
    return _with(case, *(metastases.sclerosis(level, mineral_added_mg_per_ml=added) for level in levels))


def _diffuse(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    del row
    share = draw.uniform(0.3, 0.95)
    patchy = happens(draw, 0.5)
    return _with(case, *(metastases.replaced(level, share=share, patchy=patchy) for level in near))


def _cement(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    levels = _some(row, "cement", near, draw)
    return _with(case, *(benign.cement(level, volume_ml=_fitting_ml(level, row, draw)) for level in levels))


def _fitting_ml(level: str, row: Row, draw: Draw) -> float:
    """Cement that a body of that region can hold."""
    return between(draw, row["cement_ml"]) * {"C": 0.15, "T": 0.5, "L": 1.0}[level[0]]


def _screws(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    """Screws of neighbouring levels with their rods, below the neck."""
    able = [level for level in near if level[0] != "C"]
    if not able:
        return case
    number = min(whole(draw, row["number"]["screws"]), len(able))
    first = whole(draw, (0, len(able) - number))
    levels = tuple(able[first : first + number])
    material = ("titanium", "cobalt_chrome")[whole(draw, (0, 1))]
    length = draw.uniform(30, 50)
    screws = tuple(Screw(level=v, side=s, length_mm=length, material=material) for v in levels for s in SIDES)
    bars = tuple(Bar(side=side, levels=levels, material=material) for side in SIDES) if number > 1 else ()
    return replace(case, screws=(*case.screws, *screws), fixtures=(*case.fixtures, *bars))


def _cage(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    del row
    material = ("peek", "titanium")[whole(draw, (0, 1))]
    return replace(case, fixtures=(*case.fixtures, Cage(level=_one(near, draw), material=material)))


def _scoliosis(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    angle = between(draw, row["cobb_deg"]) * (1 if happens(draw, 0.5) else -1)
    apexes = [level for level in near if level[0] != "C"] or ["T8"]
    return replace(case, patient=replace(case.patient, cobb_deg=angle, apex=apexes[len(apexes) // 2]))


def _modic(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    changes = []
    for above, below in zip(near, near[1:], strict=False):
        if happens(draw, max(row["number"]["modic"]) / len(near)):
            kind, depth = MODIC[whole(draw, (0, 2))], draw.uniform(4, 12)
            changes.append(BenignChange(kind=kind, level=above, part="inferior", depth_mm=depth))
            changes.append(BenignChange(kind=kind, level=below, part="superior", depth_mm=depth * draw.uniform(0.5, 1)))
    return replace(case, benign=(*case.benign, *changes))


def _schmorl(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    changes = tuple(
        BenignChange(
            kind=SCHMORL,
            level=level,
            part=("superior", "inferior")[whole(draw, (0, 1))],
            depth_mm=draw.uniform(3, 8),
            centre_mm=(draw.uniform(-6, 6), draw.uniform(-6, 4)),
            radius_mm=draw.uniform(3, 7),
        )
        for level in _some(row, "schmorl", near, draw)
    )
    return replace(case, benign=(*case.benign, *changes))


def _haemangioma(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    del row
    size = draw.uniform(0.5, 1.2)
    shape = Ellipsoid(centre_mm=(draw.uniform(-4, 4), 1.0, 0.0), radii_mm=(13.0 * size, 11.0 * size, 10.0 * size))
    kind = ("typical", "atypical")[whole(draw, (0, 1))]
    return _with(case, benign.haemangioma(_one(near, draw), kind, shape))


def _infection(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    del row
    level = _one(near, draw)
    below = near[near.index(level) + 1]
    depth, eroded = draw.uniform(8, 22), draw.uniform(1, 4)
    inserts = (
        *benign.infected(level, "inferior", depth_mm=depth, eroded_mm=eroded),
        *benign.infected(below, "superior", depth_mm=depth, eroded_mm=eroded),
    )
    return replace(_with(case, *inserts), discs={**case.discs, level: "discitis_disc"})


def _slip(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    return replace(case, slips_mm={**case.slips_mm, _one(near, draw): between(draw, row["slip_mm"])})


def _irradiated(case: Case, row: Row, near: tuple[str, ...], draw: Draw) -> Case:
    del row
    first = whole(draw, (0, len(near) - 2))
    return _with(case, *(benign.irradiated(level) for level in near[first : first + 4]))


_DISEASES = {
    "lesions": _lesions, "collapse": _collapse, "destroyed": _destroyed, "sclerosis": _sclerosis, "diffuse": _diffuse,
    "cement": _cement, "screws": _screws, "cage": _cage, "scoliosis": _scoliosis, "modic": _modic, "schmorl": _schmorl,
    "haemangioma": _haemangioma, "infection": _infection, "slip": _slip, "irradiated": _irradiated,
}  # fmt: skip
