"""Mimics: none is tumour."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases import mimics
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.shape.block import Block


@pytest.mark.parametrize("name", mimics.CASES)
def test_no_mimic_is_malignant(name):
    case = case_of(name)
    assert case.inserts
    assert not any(insert.malignant for insert in case.inserts)


def test_infected_disc_is_bright(cube):
    """On STIR the disc L3-L4 outshines its neighbour L2-L3, and both bodies beside it outshine L1."""
    patient = phantom.build("mim-discitis", 1)

    def at(point):
        block = Block.of_grid(cube(point, 1.0, 1.0))
        return float(np.abs(paint(patient.anatomy, block, MrContrast(default("stir"))).sum(axis=0)).mean())

    frames = patient.anatomy.frames
    discs = [(frames[a].origin + frames[b].origin) / 2 for a, b in (("L3", "L4"), ("L2", "L3"))]
    assert at(discs[0]) > 1.3 * at(discs[1])
    near, far = at(frames["L3"].lps(0.0, 4.0, -6.0)), at(frames["L1"].lps(0.0, 4.0, -6.0))
    assert near > 2 * far


def test_cement_and_its_leak():
    """4 ml in the body, a drop in front of it."""
    truth = phantom.build("mim-cement", 1).truth
    assert truth["lesions"][0]["volume_mm3"] == pytest.approx(4000, rel=0.02)
    (leak,) = truth["hardware"]
    assert (leak["kind"], leak["material"]) == ("leak", "cement")


def test_field_covers_its_levels():
    """T11 to L1 whole, the ends in part."""
    shares = {x["level"]: x["body_share"] for x in phantom.build("mim-rt-field", 1).truth["lesions"]}
    assert list(shares) == ["T10", "T11", "T12", "L1", "L2"]
    assert min(shares[level] for level in ("T11", "T12", "L1")) > 0.85
    assert 0.5 < shares["L2"] < 0.8
