"""Kinds of metastases: what is written where."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.inserts import widened
from spinemets.phantom.pathology.metastases import grown, sphere
from spinemets.phantom.pathology.shapes import lattice


@pytest.fixture(scope="module")
def l3(normal):
    return normal.anatomy.vertebra("L3")


def _shares(normal, l3, insert):
    """Share of each part along the left axis through the body's centre, 0.25 mm apart, and that of the host."""
    block = lattice(l3.frame.origin, np.full(3, 16.0), 0.5)
    bone = l3.bone(block)
    laid = insert.fitted(l3).shares(bone, normal.anatomy.fields, 0.5)
    left = 1.0
    kept = []
    for share in reversed(laid):
        kept.append(np.broadcast_to(share, block.shape) * left)
        left = left * (1 - share)
    radius = np.sqrt(sum(np.broadcast_to(c, block.shape) ** 2 for c in bone.local))
    return list(reversed(kept)), left, radius


def test_rim_lies_around_its_core(normal, l3):
    """Sclerosis between core and host only."""
    (rim, core), host, radius = _shares(normal, l3, metastases.lytic("L3", sphere(9.0), rim_mm=2.0))
    assert core[radius < 6.3].min() > 0.99
    assert rim[(radius > 7.7) & (radius < 8.3)].min() > 0.95
    assert host[radius > 9.8].min() == 1.0


def test_shares_leave_what_the_border_says(normal, l3):
    """Of the host 1 - membership is left, whatever the parts' pattern."""
    insert = metastases.mottled("L3", sphere(9.0), share=0.45)
    (between, grains), host, radius = _shares(normal, l3, insert)
    deep = radius < 7.0
    assert host[deep].max() < 1e-5
    assert (between + grains)[deep] == pytest.approx(1.0, abs=1e-5)
    assert 0.3 < grains[deep].mean() < 0.6


def test_sclerosis_adds_mineral(normal):
    """PHA-21: mineral of the host and what is added, everywhere."""
    host = normal.anatomy.hosts["L3"]
    (part,) = metastases.sclerosis("L3", mineral_added_mg_per_ml=150.0).all_parts
    assert part.mineral_mg_per_ml(host) == pytest.approx(host.mineral_mg_per_ml + 150.0)


def test_diffuse_disease_is_patchy_or_even(normal, l3):
    """PHA-24: the same share either way."""
    (even,), host, _ = _shares(normal, l3, metastases.replaced("L3", share=0.6, patchy=False))
    assert np.ptp(even) < 1e-6
    assert host.mean() == pytest.approx(0.4, abs=1e-3)
    (patchy,), _, _ = _shares(normal, l3, metastases.replaced("L3", share=0.6))
    assert patchy.std() > 0.15


def test_expansion_widens_the_part(l3):
    """PHA-27: the pedicle's section grows by the expansion on each side."""
    lesion = metastases.arch_lesion("L3", "pedicle_left", expansion_mm=3.0)
    before, after = l3.arch, widened(l3.arch, (lesion,))
    (a,), (b,) = before.rods["pedicle_left"], after.rods["pedicle_left"]
    assert np.subtract(b.half_mm, a.half_mm) == pytest.approx(3.0)
    assert after.rods["pedicle_right"] == before.rods["pedicle_right"]


def test_scallop_reaches_its_depth(l3):
    """From the back wall so far and no farther."""
    lesion = metastases.scallop("L3", depth_mm=4.0).fitted(l3)
    bone = l3.bone(lattice(l3.frame.origin, np.array([10.0, 24.0, 6.0]), 0.5))
    inside = (lesion.distance(bone) < 0) & (bone.body < 0)
    assert -bone.body[inside].min() == pytest.approx(4.0, abs=0.3)
    assert np.broadcast_to(bone.local[1], inside.shape)[inside].max() < 0


def test_grown_by_the_same_length():
    assert grown(sphere(8.0), 3.0).radii_mm == (11.0, 11.0, 11.0)


def test_nodule_is_dense():
    (part,) = metastases.nodule("L3", sphere(5.0)).all_parts
    assert part.written.mineral_mg_per_ml > 400
