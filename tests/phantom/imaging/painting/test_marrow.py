"""One structure of a patient's marrow in all contrasts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.painting.marrow import textures
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.inserts import lattice

NAMES = ("fat", "mineral", "marrow")


@cache
def anatomy():
    return phantom.build("normal-60-f", 1).anatomy


def core(level, half_mm=10.0):
    """Block of points well inside a body, its bone and the vertebra."""
    vertebra = anatomy().vertebra(level)
    block = lattice(vertebra.frame.origin, np.array([half_mm, half_mm, 8.0]), 1.0)
    bone = vertebra.bone(block)
    return block, bone, vertebra


def fields(level):
    _, bone, vertebra = core(level)
    return textures(NAMES, anatomy().texture, (bone, bone.inner < -1.0), vertebra)[:, bone.inner < -1.0]


def test_texture_changes_no_mean():
    """Over the bodies of a patient: 1 within 2 %, with the spread of the age."""
    found = np.concatenate([fields(level) for level in ("T10", "T12", "L1", "L2", "L3", "L4", "L5")], axis=1)
    for name, values in zip(NAMES, found, strict=True):
        assert values.mean() == pytest.approx(1.0, abs=0.02), name
        assert values.std() == pytest.approx(anatomy().texture.cv[name], rel=0.3), name


def test_no_two_levels_look_alike():
    """Fields are read in each level's own frame: without a shift all bodies would hold the same pattern."""
    block, bone, one = core("L2")
    everywhere = np.ones(block.shape, bool)
    (a,), (b,) = (textures(("fat",), anatomy().texture, (bone, everywhere), v) for v in (one, anatomy().vertebra("L3")))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.5


def test_middle_of_a_body_is_richer_in_fat():
    """Than what lies by the endplates, by what the table says, other things (an even field) equal."""
    _, bone, vertebra = core("L3")
    even = replace(anatomy().texture, cv=dict.fromkeys(NAMES, 0.0))
    made = textures(NAMES, even, (bone, bone.inner < -1.0), vertebra)
    middle = np.abs(bone.local[2]) < 0.6
    centre = table("phantom_anatomy")["texture"]["centre"]
    for name, values in zip(NAMES, made, strict=True):
        assert values[np.broadcast_to(middle, values.shape)].max() == pytest.approx(
            1 + centre.get(name, 0) / 3, abs=1e-3
        )
    heights = np.linspace(-1, 1, 2001)
    assert np.mean(1 / 3 - heights**2) == pytest.approx(0.0, abs=1e-3)


def test_all_contrasts_show_the_same_patient():
    """Where there is more fat, T1 and T2 are brighter and STIR darker; where trabeculae are dense, CT is bright and MR dark."""
    block, bone, _ = core("L3")
    contrasts = (*(MrContrast(default(name)) for name in ("t1", "t2", "stir")), CtContrast())
    inside = bone.inner < -1.0
    channels = paint(anatomy(), block, *contrasts)[:, inside]
    t1, t2, stir = (np.abs(channels[2 * n] + channels[2 * n + 1]) for n in range(3))
    ct = channels[6]
    fat, _, marrow = fields("L3")
    assert np.corrcoef(t1, fat)[0, 1] > 0.4
    assert np.corrcoef(t2, fat)[0, 1] > 0.5
    assert np.corrcoef(stir, fat)[0, 1] < -0.5
    assert np.corrcoef(ct, marrow)[0, 1] < -0.8
    assert np.corrcoef(t1, ct)[0, 1] < -0.2


def test_lesions_are_not_thinned_by_the_trabeculae():
    """What replaces marrow is no marrow: only its own texture is left in it."""
    made = phantom.build("first-light", 1).anatomy
    insert = made.inserts[0]
    vertebra = made.vertebra(insert.level)
    block = lattice(vertebra.frame.lps(*insert.centre_mm), np.array([3.0, 3.0, 3.0]), 1.0)
    contrast = MrContrast(default("t1"))
    (base, _), (slope, _) = (contrast.spongy(insert.all_parts[0].written, 0.0)[n] for n in (0, 1))
    water = paint(made, block, contrast)[0]
    fat = textures(("fat",), made.texture, (vertebra.bone(block), np.ones(block.shape, bool)), vertebra)[0]
    assert water == pytest.approx(base + slope * fat, rel=1e-3)
