"""Truth of a case as plain data (schemas/truth.schema.json): every number from the functions, none from an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.pathology.inserts import body_volume_mm3, measure

SCHEMA = "spinemets-truth/1"
LIMITS = (
    "Ribs end at the posterior arc, the pelvis at the iliac wings; no skull.",
    "Collapse is old: no oedema, no fracture line, no endplate step.",
    "No degeneration, no soft-tissue extension of tumour, no contrast agent.",
    "No motion, no beam hardening, no coil shading; metal shows its density without streaks.",
)
HEIGHT_POINTS = ("anterior", "middle", "posterior")


def truth(case: Case, seed: int, anatomy: Anatomy) -> dict[str, Any]:
    """Truth record of a case."""
    return {
        "schema": SCHEMA,
        "case": case.name,
        "about": case.about,
        "seed": seed,
        "patient": {
            "age_years": case.patient.age_years,
            "sex": case.patient.sex,
            "height_cm": case.patient.height_cm,
            "weight_kg": case.patient.weight_kg,
        },
        "levels": [_level(anatomy, level, number) for number, level in enumerate(anatomy.sizes)],
        "lesions": [_lesion(anatomy, insert) for insert in case.inserts],
        "fractures": [_fracture(anatomy, level) for level in case.collapses],
        "hardware": [
            {"level": s.level, "side": s.side, "diameter_mm": s.diameter_mm, "length_mm": s.length_mm}
            for s in case.screws
        ],
        "findings_expected": [
            {"criterion": criterion, "level": level, "part": part, "state": state}
            for criterion, level, part, state in case.expected
        ],
        "series": [],
        "limits": list(LIMITS),
    }


def _heights(body: Body) -> dict[str, float]:
    """Heights by name, rounded to a micrometre."""
    return {name: round(value, 3) for name, value in zip(HEIGHT_POINTS, body.heights_mm(), strict=True)}


def _before(body: Body) -> Body:
    """The same body before its collapse."""
    return Body(size=replace(body.size, height=body.size.before))


def _point(values: Any) -> list[float]:
    """LPS position, rounded to a micrometre."""
    return [round(float(v), 3) for v in values]


def _level(anatomy: Anatomy, level: str, number: int) -> dict[str, Any]:
    """One vertebra."""
    size, vertebra, host = anatomy.sizes[level], anatomy.vertebra(level), anatomy.hosts[level]
    frame = vertebra.frame
    return {
        "name": level,
        "index_from_top": number,
        "verse_id": verse_id(level),
        "present": True,
        "body_centre_lps_mm": _point(frame.origin),
        "left_lps": _point(frame.left),
        "anterior_lps": _point(frame.anterior),
        "superior_lps": _point(frame.superior),
        "heights_mm": _heights(vertebra.body),
        "heights_before_mm": _heights(_before(vertebra.body)),
        "wedge_deg": round(size.wedge_deg, 3),
        "depth_mm": round(size.mean_depth, 3),
        "width_mm": round(size.mean_width, 3),
        "body_volume_mm3": round(body_volume_mm3(vertebra), 1),
        "canal_ap_mm": round(size.canal[0], 3),
        "canal_width_mm": round(size.canal[1], 3),
        "disc_below_mm": {n: round(v, 3) for n, v in zip(HEIGHT_POINTS, size.disc, strict=True)},
        "mineral_mg_per_ml": round(host.mineral_mg_per_ml, 3),
        "fat_fraction": round(host.fat_fraction, 4),
        "marrow_hu_120kvp": round(host.hu, 2),
    }


def _lesion(anatomy: Anatomy, insert: Any) -> dict[str, Any]:
    """One insert."""
    found = measure(insert, anatomy.vertebra(insert.level))
    return {
        "id": insert.id,
        "kind": insert.kind,
        "level": insert.level,
        "compartments": list(insert.compartments),
        "tissue": insert.tissue,
        "centroid_lps_mm": _point(found.centroid_lps_mm),
        "volume_mm3": round(found.volume_mm3, 1),
        "body_share": round(found.body_share, 4),
        "radii_mm": [round(r, 3) for r in insert.radii_mm],
        "edge_mm": insert.edge_mm,
        "mineral_retained": insert.mineral_retained,
        "breaks_cortex": insert.breaks_cortex,
        "lytic_share": insert.lytic_share,
    }


def _fracture(anatomy: Anatomy, level: str) -> dict[str, Any]:
    """One collapse: loss at each point against the height before."""
    body = anatomy.vertebra(level).body
    after, before = body.heights_mm(), _before(body).heights_mm()
    losses = {n: round(1 - a / b, 4) for n, a, b in zip(HEIGHT_POINTS, after, before, strict=True)}
    worst = max(losses.values())
    grade = sum(worst >= limit for limit in (0.20, 0.25, 0.40))
    return {"level": level, "age": "old", "tumour": False, "loss": losses, "genant_grade": grade}
