"""Small training samples: fields of some centimetres, made once a session."""

from __future__ import annotations

import pytest

from spinemets.phantom.training.field import field_of
from spinemets.phantom.training.generator import Generator
from spinemets.phantom.training.recipe import recipe_of

# Fields of 9 x 13 x 11 cm at 1.5 mm; nothing that cuts a label off, the digital spine's own shapes.
SMALL = {
    "kinds": {
        "slab": {"shape": [5, 40, 36], "spacing_mm": [3.0, 2.0, 2.0], "field_mm": [90.0, 130.0, 110.0], "step_mm": 1.5},
        "volume": {"shape": [36, 40, 40], "spacing_mm": [2.0] * 3, "field_mm": [90.0, 130.0, 110.0], "step_mm": 1.5},
    },
    "pose": {
        "edge": 0.0, "cut_off": 0.0, "wrapped": 0.0,
        "shift_mm": {"slab": [3.0, 5.0, 5.0], "volume": [3.0, 5.0, 5.0]},
        "centre": {"lumbar": 1.0, "thoracic": 0.0, "cervical": 0.0},
    },
    "bend": {"share": 0.0},
    "arch": {"half": dict.fromkeys(recipe_of()["arch"]["half"], (1.0, 1.0)), "slant": [0.0, 0.0], "rise": [0.0, 0.0],
        "tilt": [0.0, 0.0]},
    "labels": {"disc_rim": {"mm": 0.0}},
    "samples_per_patient": 40,
    "patients_in_turn": 1,
}  # fmt: skip
HEALTHY = {**SMALL, "disease": {"share": 0.0}, "distractors": {"number": [0, 0]}}


@pytest.fixture(scope="session")
def small():
    """Function: recipe of small samples, further rows changed."""
    return lambda kind="volume", **changes: recipe_of(kind, {**SMALL, **changes})


@pytest.fixture(scope="session")
def healthy():
    """Recipe of small volumes of healthy patients with nothing scattered in them."""
    return recipe_of("volume", HEALTHY)


@pytest.fixture(scope="session")
def field(healthy):
    """Field of one healthy patient."""
    return field_of(healthy, 3, "patient")


@pytest.fixture(scope="session")
def generator(small):
    """Small volumes."""
    return Generator(small(), seed=5)
