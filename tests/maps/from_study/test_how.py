"""What the user may state: defaults that ask for nothing."""

from __future__ import annotations

import numpy as np

from spinemets.maps.from_study.how import CannotMap, How, Vessel
from spinemets.model.grid import Grid


def test_defaults():
    how = How()
    assert how.motion and how.model is None and how.delay == "fit" and how.aif == "parker"
    assert how.t10_s is None and how.baseline is None and how.vessel is None and how.spectrum is None


def test_a_refusal_carries_its_remedy():
    error = CannotMap("No echo.", "Acquire one.")
    assert error.what == "No echo." and error.remedy == "Acquire one."


def test_vessel():
    grid = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    assert Vessel(mask=np.ones((2, 2, 2), bool), grid=grid).grid is grid
