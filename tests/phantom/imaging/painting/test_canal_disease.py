"""Disease painted into the canal and beside it."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.canal.region import centre, held
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def _plane(anatomy, mark, step=0.5, half=16.0):
    z = anatomy.site.z(mark)
    x, y = centre(anatomy.canal, z)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = (x - half, y - half, z)
    side = round(2 * half / step) + 1
    return Block(affine=affine, start=(0, 0, 0), shape=(side, side, 1), reach_mm=step)


def _deep(anatomy, region, block):
    """Samples well inside a region, without bone."""
    return held(region, block, anatomy.vertebrae, anatomy.discs) & (region.distance(block) < -0.8)


def test_mass_has_the_value_of_its_tissue():
    """epi-escc-3 on T2: tumour where the mass is, cord inside it, and no CSF left between both."""
    anatomy = phantom.build("epi-escc-3", 1).anatomy
    block, contrast = _plane(anatomy, ("T6", 0.0)), MrContrast(default("t2"))
    water = paint(anatomy, block, contrast)[0]
    tumour, cord, csf = (contrast.tissue(tissue(n))[0] for n in ("epidural_tumour", "cord_white", "csf"))
    assert np.median(water[_deep(anatomy, anatomy.soft_lesions[0], block)]) == pytest.approx(tumour, rel=0.01)
    assert np.median(water[anatomy.canal.cord(block) < -0.6]) == pytest.approx(cord, rel=0.02)
    near = np.abs(anatomy.canal.sac(block)) < 0.5
    assert water[near].max() < tumour + 0.1 * (csf - tumour)


def test_rim_and_core_of_an_abscess():
    """mim-abscess after gadolinium: the rim takes up agent, the core does not."""
    anatomy = phantom.build("mim-abscess", 1).anatomy
    block, contrast = _plane(anatomy, ("L3", -1.1), 0.25), MrContrast(default("t1_gd"))
    water, distance = paint(anatomy, block, contrast)[0], anatomy.soft_lesions[0].distance(block)
    clear = held(anatomy.soft_lesions[0], block, anatomy.vertebrae, anatomy.discs)
    core, rim = water[clear & (distance < -2.3)], water[clear & (distance < -0.3) & (distance > -1.7)]
    assert np.median(rim) > 1.5 * np.median(core)


def test_film_brightens_with_gadolinium():
    """lm-film: a millimetre around the cord is brighter after gadolinium than before; the CSF beyond is not."""
    anatomy = phantom.build("lm-film", 1).anatomy
    block = _plane(anatomy, ("T11", 0.0))
    before, after = (paint(anatomy, block, MrContrast(default(s)))[0] for s in ("t1", "t1_gd"))
    cord, sac = anatomy.canal.cord(block), anatomy.canal.sac(block)
    film, beyond = (cord > 0.2) & (cord < 0.8), (cord > 1.5) & (sac < -0.5)
    assert np.median(after[film]) > 1.3 * np.median(before[film])
    assert np.median(after[beyond]) == pytest.approx(np.median(before[beyond]), rel=0.02)


def test_mass_beside_bone_spares_what_it_does_not_eat():
    """par-mass on CT: its tissue outside bone; the middle of the body keeps its marrow."""
    anatomy = phantom.build("par-mass", 1).anatomy
    (region,) = anatomy.soft_lesions
    block = _plane(anatomy, ("T10", 0.0), 1.0, 50.0)
    image = paint(anatomy, block, CtContrast())[0]
    normal = paint(phantom.build("normal", 1).anatomy, block, CtContrast())[0]
    assert np.median(image[_deep(anatomy, region, block)]) == pytest.approx(tissue(region.layers[0].tissue).hu, abs=2)
    body = anatomy.vertebra("T10").bone(block).body < -6
    assert np.array_equal(image[body], normal[body])


def test_patients_without_disease_do_not_change(normal):
    """No inserts: nothing is painted."""
    assert normal.anatomy.soft_lesions == ()
