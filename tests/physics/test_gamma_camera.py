"""Views of a gamma camera against the columns of the forward model, and counts that are not lost."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.physics import planar_scintigraphy as columns
from spinemets.physics.gamma_camera import leaving, view, views

MU, STEP_CM = 0.12, 0.25
SPACING_MM = (2.0, 10 * STEP_CM, 2.0)


@pytest.fixture
def body():
    """Uptake in a body of water 40 planes deep with air before and behind it."""
    uptake, mu = np.zeros((40, 50, 44), np.float32), np.zeros((40, 50, 44), np.float32)
    mu[:, 6:46] = MU
    uptake[18:21, 6 + 28 : 6 + 32, 20:23] = 5.0
    return uptake, mu


def test_a_column_is_that_of_the_layers(body):
    """Sum over the planes: `layer_counts`, to both sides (its depths run from behind)."""
    uptake, mu = body
    front = leaving(uptake, mu, STEP_CM).sum(axis=1)
    back = leaving(uptake[:, ::-1], mu[:, ::-1], STEP_CM).sum(axis=1)
    thick = 40 * STEP_CM
    one = columns.Layers(z0_cm=[thick - 32 * STEP_CM], z1_cm=[thick - 28 * STEP_CM], uptake=[5.0])
    expected = columns.layer_views(one, mu_per_cm=MU, thickness_cm=thick)
    assert front[19, 21] == pytest.approx(float(expected.anterior), rel=1e-4)
    assert back[19, 21] == pytest.approx(float(expected.posterior), rel=1e-4)
    assert front[0, 0] == 0.0


def test_uneven_attenuation_is_the_path_before():
    """Bone in front of a source weakens it, bone behind it does not."""
    uptake, mu = np.zeros((1, 6, 1), np.float32), np.full((1, 6, 1), 0.1, np.float32)
    uptake[0, 3], mu[0, 1], mu[0, 5] = 2.0, 0.3, 0.3
    found = float(leaving(uptake, mu, 1.0)[0, 3, 0])
    assert found == pytest.approx(2.0 * np.exp(-0.5) * (1 - np.exp(-0.1)) / 0.1)


def test_counts_are_conserved(body):
    """Without attenuation both views hold all uptake; with it they hold what leaves the planes; blur takes nothing."""
    uptake, mu = body
    whole = uptake.sum() * STEP_CM
    nothing = views(uptake, np.zeros_like(mu), SPACING_MM)
    assert [float(v.sum()) for v in nothing] == pytest.approx([whole] * 2, rel=1e-4)
    front, back = views(uptake, mu, SPACING_MM)
    assert front.sum() == pytest.approx(leaving(uptake, mu, STEP_CM).sum(), rel=1e-4)
    assert front.sum() < back.sum() < whole


def test_geometric_mean_removes_the_depth():
    """A thin source at any depth: sqrt(A P) stays."""
    found = []
    for plane in (8, 20, 40):
        uptake, mu = np.zeros((3, 50, 3), np.float32), np.full((3, 50, 3), MU, np.float32)
        uptake[:, plane] = 1.0
        front, back = views(uptake, mu, SPACING_MM)
        found.append(float(np.sqrt(front.sum() * back.sum())))
    assert found == pytest.approx([found[0]] * 3, rel=1e-4)


@pytest.mark.parametrize("plane", [5, 30])
def test_blur_grows_with_the_distance(plane):
    """FWHM of 4 + 0.04 z mm, z from the surface of the body, whatever air lies before it."""
    planes = np.zeros((81, 50, 81), np.float32)
    planes[40, plane, 40] = 1.0
    seen = view(planes, (1.0, 5.0, 1.0), 2)
    x = np.arange(81) - 40.0
    sd = np.sqrt((seen.sum(axis=1) * x**2).sum())
    assert sd * 2.3548 == pytest.approx(4.0 + 0.04 * (plane - 2 + 0.5) * 5.0, rel=0.02)
    assert seen.sum() == pytest.approx(1.0, rel=1e-4)


def test_sides_are_kept(body):
    """Both views in the order of i and k; the camera behind is near to what lies behind."""
    uptake, mu = body
    for seen in views(uptake, mu, SPACING_MM):
        assert np.unravel_index(seen.argmax(), seen.shape) == (19, 21)
    empty = views(np.zeros_like(uptake), np.zeros_like(mu), SPACING_MM)
    assert not any(v.any() for v in empty)
