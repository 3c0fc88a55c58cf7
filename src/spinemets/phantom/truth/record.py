"""The whole record (schemas/truth.schema.json)."""

from __future__ import annotations

from typing import Any

import spinemets
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.truth.degeneration import benign_truth
from spinemets.phantom.truth.epidural import epidural_truth
from spinemets.phantom.truth.fractures import fracture_truth
from spinemets.phantom.truth.hardware import hardware_truth
from spinemets.phantom.truth.intradural import intramedullary_truth, leptomeningeal_truth, myelogram_truth
from spinemets.phantom.truth.lesions import lesion_truth
from spinemets.phantom.truth.levels import level_truth
from spinemets.phantom.truth.soft import soft_truth
from spinemets.phantom.truth.uptake import uptake_truth

SCHEMA = "spinemets-truth/1"
LIMITS = (
    "Organs are smooth bodies without inner structure; the patient does not breathe and the heart does not beat.",
    "Fractures have no endplate step and no separate fragments.",
    "Worn facet joints do not grow; tumour beside bone only where `soft_lesions` say so.",
    "PET and SPECT see the whole patient at once, without scatter, positron range and breathing.",
    "The patient lies still unless the series says otherwise; no reduction of metal artefacts, no scatter in CT.",
    "Ribs, pelvis and sacrum hold no disease but for the balls that `soft_lesions` calls bone_focus.",
)


def truth(case: Case, seed: int, anatomy: Anatomy) -> dict[str, Any]:
    """Truth record of a case."""
    return {
        "schema": SCHEMA,
        "version": spinemets.__version__,
        "case": case.name,
        "about": case.about,
        "seed": seed,
        "day": case.day,
        "patient": {
            "age_years": case.patient.age_years,
            "sex": case.patient.sex,
            "height_cm": case.patient.height_cm,
            "weight_kg": case.patient.weight_kg,
            "variant": case.patient.variant,
        },
        "levels": [level_truth(anatomy, level, number) for number, level in enumerate(anatomy.sizes)],
        "lesions": [lesion_truth(anatomy, insert) for insert in anatomy.inserts],
        "soft_lesions": soft_truth(anatomy, len(anatomy.inserts) + 1),
        "epidural": epidural_truth(anatomy),
        "leptomeningeal": leptomeningeal_truth(case, anatomy),
        "intramedullary": intramedullary_truth(case, anatomy),
        "myelogram": myelogram_truth(case, anatomy),
        "benign": [benign_truth(anatomy, change) for change in case.benign],
        "fractures": [fracture_truth(anatomy, level, collapse) for level, collapse in case.collapses.items()],
        "hardware": hardware_truth(case),
        "uptake": uptake_truth(case, anatomy),
        "findings_expected": [
            {"criterion": criterion, "level": level, "part": part, "state": state}
            for criterion, level, part, state in case.expected
            if state != "not_assessable"
        ],
        "not_assessable_expected": [
            {"criterion": criterion, "level": level, "part": part}
            for criterion, level, part, state in case.expected
            if state == "not_assessable"
        ],
        "series": [],
        "limits": list(LIMITS),
    }
