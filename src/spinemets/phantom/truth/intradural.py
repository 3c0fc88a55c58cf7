"""Truth of disease in the CSF and in the cord, and of contrast medium given into the CSF."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.pathology.canal.deformation import DeformedCanal
from spinemets.phantom.pathology.canal.intramedullary import Intramedullary
from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal
from spinemets.phantom.pathology.canal.myelogram import Myelogram
from spinemets.phantom.pathology.canal.region import section_plane
from spinemets.phantom.truth.levels import point

STEP_MM = 0.25


def leptomeningeal_truth(case: Case, anatomy: Anatomy) -> list[dict[str, Any]]:
    """Disease in the CSF as it is stated, with the places of its nodules."""
    return [_film(anatomy, insert) for insert in case.canal if isinstance(insert, Leptomeningeal)]


def _film(anatomy: Anatomy, insert: Leptomeningeal) -> dict[str, Any]:
    low, high = anatomy.site.heights(insert.span)
    return {
        "id": insert.id,
        "levels": list(anatomy.site.levels(low, high)),
        "length_mm": round(high - low, 3),
        "film_mm": insert.film_mm,
        "nodules": [
            {"diameter_mm": diameter, "centre_lps_mm": point(insert.nodule(anatomy.canal, (low, high), number))}
            for number, diameter in enumerate(insert.nodules_mm)
        ],
        "root_factor": insert.root_factor,
        "csf_enhancing": insert.enhancing,
        "layering_mm": insert.layering_mm,
    }


def intramedullary_truth(case: Case, anatomy: Anatomy) -> list[dict[str, Any]]:
    """Lesions of the cord: lengths as stated, growth of the cord's section as it is; volumes are in `soft_lesions`."""
    return [_cord(anatomy, insert) for insert in case.canal if isinstance(insert, Intramedullary)]


def _cord(anatomy: Anatomy, insert: Intramedullary) -> dict[str, Any]:
    z = anatomy.site.z(insert.at)
    return {
        "id": insert.id,
        "level": anatomy.site.at(z),
        "z_mm": round(z, 3),
        "lesion_length_mm": max((spot.length_mm for spot in insert.spots), default=0.0),
        "oedema_length_mm": insert.oedema_mm,
        "tissues": [layer.tissue for spot in insert.spots for layer in spot.layers],
        "vessels_length_mm": insert.vessels_mm,
        "cord_area_ratio": round(area_ratio(anatomy, z), 4),
    }


def area_ratio(anatomy: Anatomy, z: float) -> float:
    """Area of the cord at a height over that expected, counted at a quarter of a millimetre."""
    canal = anatomy.canal
    if not isinstance(canal, DeformedCanal):
        return 1.0
    block = section_plane(canal, z, STEP_MM)
    return float(np.count_nonzero(canal.cord(block) < 0) / np.count_nonzero(canal.expected_cord(block) < 0))


def myelogram_truth(case: Case, anatomy: Anatomy) -> list[dict[str, Any]]:
    """Iodine in the middle of the sac at each level."""
    return [
        {
            "id": insert.id,
            "block_level": None if insert.block is None else insert.block[0],
            "completeness": insert.completeness,
            "layering_per_10_mm": insert.layering,
            "iodine_mg_per_ml": {
                level: round(float(insert.iodine_mg_per_ml(anatomy.site, np.asarray(anatomy.site.z((level, 0.0))))), 3)
                for level in anatomy.sizes
            },
        }
        for insert in case.canal
        if isinstance(insert, Myelogram)
    ]
