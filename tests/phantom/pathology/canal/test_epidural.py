"""Masses around the sac."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.epidural import lobe
from spinemets.phantom.pathology.canal.epidural import EpiduralMass
from spinemets.phantom.pathology.canal.plant import plant
from spinemets.phantom.pathology.canal.region import centre
from spinemets.phantom.shape.block import Block


def _plane(canal, z, step=0.5):
    """One axial plane of the canal."""
    x, y = centre(canal, z)
    affine = np.diag([step, step, 1.0, 1.0])
    affine[:3, 3] = (x - 15, y - 15, z)
    side = round(30 / step) + 1
    return Block(affine=affine, start=(0, 0, 0), shape=(side, side, 1), reach_mm=step)


@pytest.fixture(scope="module")
def planted(normal):
    """Function: canal and region of one mass at T11 of the normal patient."""

    def make(**changes):
        mass = EpiduralMass(id="m", span=(("T11", 1.0), ("T11", -1.0)), **changes)
        canal, regions = plant(normal.anatomy.canal, normal.anatomy.site, (mass,))
        return canal, regions[0], normal.anatomy.site.z(("T11", 0.0))

    return make


@pytest.mark.parametrize(("angle", "axis", "sign"), [(0, 1, -1), (90, 0, 1), (180, 1, 1), (-90, 0, -1)])
def test_angles_run_as_a_reader_sees_them(planted, angle, axis, sign):
    """0 in front, 90 at the patient's left, 180 behind, -90 at the right."""
    canal, region, z = planted(profile=lobe(angle, 40.0, 2.0))
    block = _plane(canal, z)
    inside = region.distance(block) < 0
    across = canal.across(block)[axis]
    assert sign * np.broadcast_to(across, block.shape)[inside].mean() > 4


def test_mirror(planted):
    """A mass at the left and its mirror image have the same area."""
    areas = []
    for angle in (70.0, -70.0):
        canal, region, z = planted(profile=lobe(angle, 40.0, 2.0))
        areas.append(np.count_nonzero(region.distance(_plane(canal, z, 0.25)) < 0))
    assert areas[0] == pytest.approx(areas[1], rel=0.02)


def test_nothing_beyond_its_ends(planted):
    """Above and below its span sac and cord are as before, and the mass is not there."""
    canal, region, z = planted(profile=lobe(0, 60.0, 3.0))
    for height in (z - 20, z + 20):
        block = _plane(canal, height)
        assert (region.distance(block) > 0).all()
        assert canal.sac(block) == pytest.approx(canal.expected_sac(block))


def test_mass_and_sac_do_not_overlap(planted):
    """What the mass holds the sac has left, and between both nothing is left where the sac is pushed in."""
    canal, region, z = planted(profile=lobe(30, 60.0, 3.0))
    block = _plane(canal, z, 0.25)
    mass, sac, own = region.distance(block), canal.sac(block), canal.expected_sac(block)
    assert not ((mass < 0) & (sac < 0)).any()
    assert ((mass < 0.05) | (sac < 0.05) | (own > -0.05)).all()


def test_cord_gives_way(planted):
    """A cord that is moved to the left lies farther left, with nearly the same area."""
    canal, _, z = planted(profile=lobe(-90, 30.0, 1.0), cord_shift_mm=(0.8, 0.0))
    block = _plane(canal, z, 0.25)
    u = np.broadcast_to(canal.across(block)[0], block.shape)
    before, after = canal.expected_cord(block) < 0, canal.cord(block) < 0
    assert u[after].mean() - u[before].mean() == pytest.approx(0.8, abs=0.15)
    assert after.sum() == pytest.approx(before.sum(), rel=0.05)


def test_full_squeeze_leaves_the_cord_alone(planted):
    """A squeeze of 1: the sac lies on the cord all round."""
    canal, _, z = planted(squeeze=1.0)
    block = _plane(canal, z, 0.25)
    assert np.count_nonzero(canal.sac(block) < 0) == pytest.approx(np.count_nonzero(canal.cord(block) < 0), rel=0.03)


def test_foramen_is_filled_on_its_side():
    """fig04: the foramen below the left pedicle of L4 holds tumour, that at the right none."""
    anatomy = phantom.build("fig04", 1).anatomy
    region, frame = anatomy.soft_lesions[0], anatomy.frames["L4"]
    size = anatomy.sizes["L4"]
    held = []
    for side in (1, -1):
        affine = np.eye(4)
        affine[:3, 3] = frame.lps(side * (size.canal[1] / 2 + 4), -size.mean_depth / 2 - 3.0, -4.0)
        point = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=1.0)
        held.append(bool((region.distance(point) < 0).all()))
    assert held == [True, False]


def test_span_must_run_down(normal):
    """A span whose upper end lies below is refused."""
    mass = EpiduralMass(id="m", span=(("T12", 0.0), ("T11", 0.0)))
    with pytest.raises(ValueError, match="upwards"):
        plant(normal.anatomy.canal, normal.anatomy.site, (replace(mass),))
