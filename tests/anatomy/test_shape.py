"""Canal, posterior wall, body and frame of one vertebra, found together (G-03, G-04)."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.instances import Instance
from spinemets.anatomy.settings import load
from spinemets.anatomy.shape import body_alone, first_canal, whole
from spinemets.geometry.planes import angle_deg
from spinemets.geometry.resampling import SoftMask

SETTINGS = load()
UP = np.array([0.0, 0.0, 1.0])


def one(analytic, solid=None, turn=None, *, body_only: bool = False):
    placed = analytic.column(1, solid=solid, turn=turn)[0]
    builder = analytic.Builder()
    inside = placed.solid.body if body_only else placed.solid.whole
    return placed, builder.region(builder.grid([placed]), placed, inside, "vertebra")


@pytest.mark.parametrize("angles", [(0, 0, 0), (14, -8, 5), (-25, 5, -10)])
def test_a_single_vertebra_without_neighbours(analytic, angles):
    placed, region = one(analytic, turn=analytic.rotation(*angles))
    canal = first_canal(SoftMask.of(region, 0.6), region, UP, SETTINGS)
    assert canal is not None
    found = whole(Instance(name=None, vertebra=region, body=None), canal, UP, SETTINGS, own=True)
    assert found.frame is not None
    assert max(angle_deg(found.frame.axes[:, n], placed.axes[:, n]) for n in range(3)) < 1.0
    assert found.body is not None
    assert found.body.volume_mm3 < 0.85 * region.volume_mm3


def test_a_labelled_body_is_taken_as_it_is(analytic):
    placed, region = one(analytic)
    body = analytic.Builder().region(region.grid, placed, placed.solid.body, "body")
    canal = first_canal(SoftMask.of(region, 0.6), region, UP, SETTINGS)
    assert canal is not None
    found = whole(Instance(name=None, vertebra=region, body=body), canal, UP, SETTINGS, own=True)
    assert found.body is body


def test_a_mask_without_any_body(analytic):
    """Only posterior elements in view: no frame, no body, nothing invented."""

    class ArchOnly(analytic.Solid):
        def body(self, p):
            return np.zeros(p.shape[:-1], bool)

    _, region = one(analytic, ArchOnly())
    canal = first_canal(SoftMask.of(region, 0.6), region, UP, SETTINGS)
    if canal is not None:
        found = whole(Instance(name=None, vertebra=region, body=None), canal, UP, SETTINGS, own=True)
        assert found.body is None or found.body.volume_mm3 < 0.5 * region.volume_mm3


@pytest.mark.parametrize("canal", [None, np.array([3.3, 27.9, 5.7])])
def test_a_body_alone(analytic, canal):
    placed, region = one(analytic, turn=analytic.rotation(10, 0, 0), body_only=True)
    found = body_alone(Instance(name=None, vertebra=None, body=region), canal, UP, SETTINGS)
    assert found.frame is not None
    assert found.canal is None
    assert angle_deg(found.frame.superior, placed.axes[:, 2]) < 0.3
    assert any("no canal" in f for f in found.frame.flags) is (canal is None)


def test_a_sharply_tilted_body_is_found(analytic):
    placed, region = one(analytic, turn=analytic.rotation(40, 0, 0), body_only=True)
    found = body_alone(Instance(name=None, vertebra=None, body=region), None, UP, SETTINGS)
    assert found.frame is not None
    assert angle_deg(found.frame.superior, placed.axes[:, 2]) < 1.0
