"""Patients shared by the tests of this room: built and rendered once a session."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.model.grid import Grid
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.shape.block import Block


@pytest.fixture(scope="session")
def first_light():
    """The demonstration patient."""
    return phantom.build("first-light", 1)


@pytest.fixture(scope="session")
def normal():
    """The same patient without lesions."""
    return phantom.build("normal", 1)


@pytest.fixture(scope="session")
def clean():
    """Function: default protocol of a sequence without noise, saturation band or shading by the coil."""

    def protocol(sequence, **changes):
        calm = {"noise": float("inf"), "saturation_band": False, "coil_radius_mm": None, "coil_corrected": 0.0}
        return replace(default(sequence), **{**calm, **changes})

    return protocol


@pytest.fixture(scope="session")
def clean_t1(first_light, clean):
    """Noise-free T1 of the demonstration patient."""
    return first_light.render("t1", clean("t1"))


@pytest.fixture(scope="session")
def clean_stir(first_light, clean):
    """Noise-free STIR of the demonstration patient."""
    return first_light.render("stir", clean("stir"))


@pytest.fixture(scope="session")
def clean_ct(first_light, clean):
    """CT of the demonstration patient without noise and hardening."""
    return first_light.render("ct", clean("ct", hardening=False))


@pytest.fixture(scope="session")
def cube():
    """Function: isotropic grid around a point."""

    def make(centre, half_mm, step_mm):
        n = 2 * np.ceil(np.broadcast_to(half_mm, 3) / step_mm).astype(int) + 1
        affine = np.diag([step_mm, step_mm, step_mm, 1.0])
        affine[:3, 3] = np.asarray(centre) - (n - 1) / 2 * step_mm
        return Grid(shape_ijk=tuple(n), affine_lps_mm=affine)

    return make


@pytest.fixture(scope="session")
def plane(first_light, cube):
    """Axial plane of 1 mm through the middle of L3, reaching beyond the back."""
    centre = first_light.anatomy.frames["L3"].origin + np.array([0.0, 30.0, 0.0])
    return Block.of_grid(cube(centre, (80, 110, 2.0), 1.0))
