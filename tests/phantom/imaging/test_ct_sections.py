"""Cross-sections of the whole body: noise against the law of water cylinders, hardening between bones, places."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemets.model.grid import Grid
from spinemets.phantom.imaging import ct_sections
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.ct_beam import beam
from spinemets.phantom.imaging.ct_sections import Gantry, resampled, sections
from spinemets.physics.ct_noise import body_factor
from tests.phantom.imaging.cylinders import BODY, painter


def upright(half_mm=60.0, n_k=4, turn=None):
    """A grid about the origin, pixels of 4 mm, slices of 5 mm."""
    n = round(2 * half_mm / 4.0)
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    if turn is not None:
        affine[:3, :3] = turn @ affine[:3, :3]
    affine[:3, 3] = -affine[:3, :3] @ (np.array([n, n, n_k]) - 1) / 2
    return Grid(shape_ijk=(n, n, n_k), affine_lps_mm=affine)


@pytest.fixture
def body(monkeypatch):
    """Function: put upright cylinders (material, radius, centre) in place of the patient; later ones replace earlier ones."""

    def put(*cylinders):
        monkeypatch.setattr(ct_sections, "paint", painter(*cylinders))

    return put


def middle(values):
    """Of a map (level, u, v)."""
    return float(values[values.shape[0] // 2, values.shape[1] // 2, values.shape[2] // 2])


@pytest.mark.parametrize("diameter_cm", [20.0, 30.0, 38.0])
def test_noise_in_the_middle_of_a_cylinder_follows_the_law(body, diameter_cm):
    """1 in the reference cylinder, ``exp(mu (d - 20)/2)`` in others; water is not hardened."""
    body((0, 5.0 * diameter_cm, (0.0, 0.0)))
    found = sections(BODY, default("ct"), upright())
    its = beam(120.0)
    mu = float(its.attenuation(30.0, 0.0) - its.attenuation(20.0, 0.0)) / 10
    law = float(body_factor(diameter_cm=diameter_cm, reference_cm=20.0, mu_per_cm=mu))
    assert middle(found.factor) == pytest.approx(law, rel=0.04)
    assert np.abs(found.hardening_hu[:, 10:-10, 10:-10]).max() < 2.0
    assert np.abs(middle(found.hardening_hu)) < 1.0


def test_noise_falls_towards_the_skin(body):
    """Half of the rays through a place near the border are short."""
    body((0, 150.0, (0.0, 0.0)))
    found = sections(BODY, default("ct"), upright(140.0)).factor[0]
    row = found[found.shape[0] // 2]
    half = row[len(row) // 2 :]
    assert np.all(np.diff(half) < 0.02) and half[-1] < 0.8 * half[0]


def test_a_dark_band_lies_between_two_bones(body):
    """Between them on the line through both, not beside it."""
    body((0, 150.0, (0.0, 0.0)), (1, 20.0, (-45.0, 0.0)), (1, 20.0, (45.0, 0.0)))
    found = sections(BODY, default("ct"), upright(100.0))
    values = found.hardening_hu[1]
    u, v = (found.first_mm[axis] + np.arange(values.shape[axis]) * found.step_mm[axis] for axis in (0, 1))
    between = values[np.abs(u) < 15][:, np.abs(v) < 8].mean()
    beside = values[np.abs(u) < 15][:, np.abs(v - 60) < 8].mean()
    assert between < -6.0 and abs(beside) < abs(between) / 3
    assert found.factor[1][np.abs(u) < 15][:, np.abs(v) < 8].mean() > 1.3 * math.exp(0.19 * 10 / 2)


def test_lengths_of_rays(body):
    """Of any angle and place, between those that were followed."""
    body((0, 120.0, (0.0, 0.0)), (1, 15.0, (0.0, 50.0)))
    found = sections(BODY, default("ct"), upright())
    angles, at_mm = np.array([0.3, 1.1, math.pi / 2]), np.array([0.0, 20.0, 50.0])
    water, bone = found.lengths_cm(3.0, angles, at_mm)
    s = at_mm - 50.0 * np.sin(angles)
    expected = 0.2 * np.sqrt(np.maximum(15.0**2 - s**2, 0.0))
    assert bone == pytest.approx(expected, abs=0.35)
    assert water + bone == pytest.approx(0.2 * np.sqrt(120.0**2 - at_mm**2), rel=0.02)


@pytest.mark.parametrize(
    "turn",
    [None, Rotation.from_euler("x", 15, degrees=True).as_matrix(), Rotation.from_euler("xz", (90, 20), degrees=True).as_matrix()],
    ids=["axial", "tilted", "reformatted"],
)  # fmt: skip
def test_maps_are_read_where_the_pixels_lie(turn):
    """A map that is linear in space comes back as that at every pixel, however the grid lies."""
    grid = upright(40.0, 3, turn)
    gantry = Gantry.of(BODY, grid)
    assert gantry.of_pictures == (turn is None or abs(turn[2, 2]) > 0.8)
    first, step = np.array([-90.0, -90.0, -90.0]), np.array([6.0, 5.0, 4.0])
    w, u, v = (np.arange(n) for n in (46, 31, 37))
    values = (
        2.0 * (first[0] + u * step[0])[None, :, None]
        - (first[1] + v * step[1])[None, None, :]
        + 0.5 * (first[2] + w * step[2])[:, None, None]
    ).astype(np.float32)
    i, j = np.indices(grid.shape_ijk[:2])
    for k in range(3):
        places = gantry.to(grid.to_lps_mm(np.stack([i, j, np.full_like(i, k)], axis=-1)))
        found = resampled(values, (gantry, first, step), grid, k)
        assert found == pytest.approx(places @ [2.0, -1.0, 0.5], abs=1e-2)


def test_other_voltages_are_noisier_behind_bodies(body):
    """At 80 kVp a large body costs a larger share of the photons than at 140 kVp."""
    body((0, 180.0, (0.0, 0.0)))
    factors = [middle(sections(BODY, replace(default("ct"), kvp=kvp), upright()).factor) for kvp in (80.0, 140.0)]
    assert factors[0] > 1.1 * factors[1]
