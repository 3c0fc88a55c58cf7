"""Factors of one patient's trunk against the tables."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.sizes import Patient


def size_factor(patient: Patient) -> float:
    """Factor of lengths: sex, and stature against the usual one of that sex."""
    rows, stature = table("phantom_trunk")["habitus"], table("phantom_anatomy")["stature"]
    usual = stature["reference_height_cm"] + stature["sex_difference_cm"] / 2 * (1 if patient.sex == "male" else -1)
    return float(rows["sex_scale"][patient.sex] * (patient.height_cm / usual) ** stature["exponent"])


def fat_factor(patient: Patient) -> float:
    """Factor of the thickness of fat under the skin: body mass index against the reference."""
    rows = table("phantom_trunk")["habitus"]
    bmi = patient.weight_kg / (patient.height_cm / 100.0) ** 2
    fat = rows["fat"]
    return float(np.clip((bmi / rows["reference_bmi"]) ** fat["exponent"], fat["least"], fat["most"]))


def muscle_fat(patient: Patient) -> float:
    """Share of fat streaks in the muscles behind the column, by age.

    Source: table `tissues`, `muscle_fat`. What the tissue `muscle` holds itself is taken off; beyond the ages of the line its
    end holds.
    """
    rows = table("tissues")["muscle_fat"]["paraspinal"]
    held = table("tissues_normal")["tissues"]["muscle"]["fat"]
    share = float(np.interp(patient.age_years, rows["age_years"], rows["fat"]))
    return max(share - float(held), float(table("phantom_trunk")["muscles"]["least_streaks"]))
