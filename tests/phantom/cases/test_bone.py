"""Lesions of bone."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.pathology.inserts import lattice
from spinemets.phantom.shape.block import Block


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_breach_takes_its_share_of_the_wall(share):
    """PHA-26: the breached area of the back wall between the pedicle roots is the stated share, within a quarter."""
    patient = phantom.build(f"cortex-frac-{share:.2f}", 1)
    vertebra = patient.anatomy.vertebra("L3")
    (insert,) = patient.case.inserts
    wall = -vertebra.body.size.mean_depth / 2
    block = lattice(vertebra.frame.lps(0, wall, 0), np.array([24.0, 6.0, 16.0]), 0.5)
    bone = vertebra.bone(block)
    l, a, s = bone.local  # noqa: E741
    shell = (np.abs(bone.outer + 0.2) < 0.35) & (a < wall + 1.5) & (np.abs(l) < 13) & (np.abs(s) < 11.5)
    broken = shell & (insert.distance(bone) < 0)
    assert broken.sum() / shell.sum() == pytest.approx(share, rel=0.25)


def test_no_breach():
    """A share of 0 has no lesion and expects an intact wall."""
    case = case_of("cortex-frac-0.00")
    assert case.inserts == ()
    assert case.expected == (("CT-04", "L3", "posterior", "absent"),)


def test_pedicle_case_is_on_the_left(cube):
    """The destroyed pedicle is the patient's left one: larger x in LPS."""
    patient = phantom.build("pedicle-l", 1)
    lesion = patient.truth["lesions"][0]
    assert lesion["centroid_lps_mm"][0] > patient.anatomy.frames["L3"].origin[0] + 10
    vertebra = patient.anatomy.vertebra("L3")
    (insert,) = patient.case.inserts
    shares = {}
    for side in ("left", "right"):
        (rod,) = vertebra.arch.rods[f"pedicle_{side}"]
        block = Block.of_grid(cube((np.add(rod.start, rod.end)) / 2, 14, 1.0))
        bone = vertebra.bone(block)
        inside = (np.broadcast_to(rod.distance(block), block.shape) < 0) & (bone.body > 0)
        shares[side] = (insert.distance(bone)[inside] < 0).mean()
    assert shares["left"] > 0.5
    assert shares["right"] == 0.0
