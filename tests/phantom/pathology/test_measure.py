"""Exact sizes: composition, parts, breaches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.cases.ingredients import LYTIC
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.measure import arch_shares, breaches, held, measure
from spinemets.phantom.pathology.metastases import sphere
from spinemets.phantom.pathology.shapes import lattice


@pytest.fixture(scope="module")
def l2(normal):
    return normal.anatomy.vertebra("L2")


def test_later_ones_win(l2):
    """Two equal balls: nothing is left of the first; half a ball is left where the second is shifted by its share."""
    whole = measure(LYTIC, l2, {}).volume_mm3
    inner = replace(LYTIC, id="inner", radii_mm=(4.0, 4.0, 4.0))
    left = measure(LYTIC, l2, {}, later=(inner,)).volume_mm3
    assert left == pytest.approx(whole - 4 / 3 * np.pi * 4**3, rel=0.005)


def test_core_and_rim_volumes(normal):
    """PHA-25: a core of 8 mm in a rim of 3 mm: 2145 of 5575 mm3."""
    vertebra = normal.anatomy.vertebra("L3")
    halo = metastases.halo("L3", sphere(8.0, (0.0, 1.0, 0.0)), rim_mm=3.0).fitted(vertebra)
    rim, core = measure(halo, vertebra, {}).part_volumes_mm3
    assert core == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.01)
    assert rim == pytest.approx(4 / 3 * np.pi * (11**3 - 8**3), rel=0.02)


def test_parts_add_up(normal):
    """PHA-22: volumes of both parts of a mixed lesion make the whole."""
    from spinemets.phantom.cases.ingredients import MIXED

    vertebra = normal.anatomy.vertebra("L3")
    found = measure(MIXED, vertebra, normal.anatomy.fields)
    assert sum(found.part_volumes_mm3) == pytest.approx(found.volume_mm3, rel=1e-6)
    assert found.part_volumes_mm3[1] / found.volume_mm3 == pytest.approx(MIXED.lytic_share, abs=0.12)


@pytest.mark.parametrize("wall", ["posterior", "superior", "right"])
def test_breach_of_a_wall(normal, wall):
    """The measured share is the stated one, and no other wall is broken over more than a tenth."""
    vertebra = normal.anatomy.vertebra("L3")
    found = {b.wall: b for b in breaches(metastases.breach("L3", wall, 0.25).fitted(vertebra), vertebra)}
    assert found[wall].share == pytest.approx(0.25, abs=0.01)
    assert all(b.share < 0.1 for name, b in found.items() if name != wall)


def test_back_wall_is_not_the_arch(normal):
    """What lies behind the canal stays whole when the back wall is broken."""
    vertebra = normal.anatomy.vertebra("L3")
    lesion = metastases.breach("L3", "posterior", 0.35).fitted(vertebra)
    bone = vertebra.bone(lattice(vertebra.frame.lps(0.0, -30.0, -5.0), np.full(3, 30.0), 1.0))
    behind = np.broadcast_to(bone.local[1] < -vertebra.body.size.mean_depth / 2 - 5, bone.outer.shape)
    assert ((bone.outer < 0) & behind).sum() > 1000
    assert not (held(lesion, bone) & behind).any()


def test_whole_cortex_has_no_breach(l2):
    assert breaches(LYTIC, l2) == ()


def test_arch_parts(normal):
    """A destroyed left pedicle touches no right part."""
    vertebra = normal.anatomy.vertebra("L3")
    shares = arch_shares(metastases.arch_lesion("L3", "pedicle_left").fitted(vertebra), vertebra)
    assert shares["pedicle_left"] == pytest.approx(1.0, abs=0.01)
    assert not [part for part in shares if part.endswith("right")]
    assert arch_shares(LYTIC, vertebra) == {}
