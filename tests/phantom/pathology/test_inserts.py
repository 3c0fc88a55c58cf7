"""Inserts: volumes and places that are exactly known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.ingredients import LYTIC
from spinemets.phantom.pathology.inserts import body_volume_mm3, lattice
from spinemets.phantom.pathology.measure import measure
from spinemets.phantom.shape.block import Block


def test_sphere_inside_the_body(first_light):
    """A sphere that lies in the marrow has the volume of a sphere: 8.5 mm -> 2572 mm3, within 0.5 %."""
    found = measure(LYTIC, first_light.anatomy.vertebra("L2"), {})
    assert found.volume_mm3 == pytest.approx(4 / 3 * np.pi * 8.5**3, rel=0.005)
    centre = first_light.anatomy.frames["L2"].lps(*LYTIC.centre_mm)
    assert found.centroid_lps_mm == pytest.approx(centre, abs=0.1)
    assert found.body_share == pytest.approx(
        found.volume_mm3 / body_volume_mm3(first_light.anatomy.vertebra("L2")), rel=0.01
    )


@pytest.mark.parametrize("number", [0, 1])
def test_volume_from_a_label_map(first_light, cube, number):
    """Acceptance of PHA section 5: lesion volume from the 0.5 mm label map within 1 % of truth (>= 500 mm3)."""
    truth = first_light.truth["lesions"][number]
    grid = cube(truth["centroid_lps_mm"], 14, 0.5)
    labels = first_light.lesion_labels(grid)
    volume = np.count_nonzero(labels == number + 1) * grid.voxel_volume_mm3
    assert truth["volume_mm3"] >= 500
    assert volume == pytest.approx(truth["volume_mm3"], rel=0.01)


def test_a_region_ends_where_the_bone_ends(first_light):
    """A region that reaches beyond the body counts only inside the marrow; with broken cortex the shell counts too."""
    vertebra = first_light.anatomy.vertebra("L2")
    outside = replace(LYTIC, centre_mm=(0.0, 15.0, 0.0))
    kept = measure(outside, vertebra, {}).volume_mm3
    with_shell = measure(replace(outside, breaks_cortex=True), vertebra, {}).volume_mm3
    whole = 4 / 3 * np.pi * 8.5**3
    assert 0.3 * whole < kept < 0.75 * whole
    assert kept < with_shell < kept * 1.2


def test_membership_is_half_on_the_border(first_light):
    """The border is the half-value contour; the edge width sets how fast the host returns."""
    vertebra = first_light.anatomy.vertebra("L2")
    block = lattice(vertebra.frame.lps(*LYTIC.centre_mm), np.full(3, 13.0), 0.5)
    bone = vertebra.bone(block)
    distance = LYTIC.distance(bone)
    for edge in (0.5, 4.0):
        member = replace(LYTIC, edge_mm=edge).membership(bone, 0.5)
        near = np.abs(distance) < 0.05
        assert member[near].mean() == pytest.approx(0.5, abs=0.05)
        assert member[distance < -edge].min() > 0.99
        assert member[distance > edge].max() < 0.01


def test_islands_take_their_share(first_light):
    """PHA-22: the lytic part of a mixed lesion takes the stated share of the region."""
    mixed = phantom.build("ct-mixed", 1)
    (insert,) = mixed.case.inserts
    vertebra = mixed.anatomy.vertebra("L3")
    block = lattice(vertebra.frame.origin, np.full(3, 16.0), 1.0)
    part = insert.all_parts[1].pattern.share_at(vertebra.bone(block), mixed.anatomy.fields, 1.0)
    assert part.mean() == pytest.approx(insert.lytic_share, abs=0.12)
    assert 0 <= part.min() <= part.max() <= 1


def test_diffuse_change_covers_the_body():
    """PHA-24: the stated share of every body's marrow."""
    diffuse = phantom.build("diffuse", 1)
    found = measure(next(i for i in diffuse.case.inserts if i.level == "L1"), diffuse.anatomy.vertebra("L1"), {})
    body = body_volume_mm3(diffuse.anatomy.vertebra("L1"))
    assert 0.75 * body < found.volume_mm3 < 0.92 * body
    assert found.centroid_lps_mm == pytest.approx(diffuse.anatomy.frames["L1"].origin, abs=2.0)


def test_lattice_is_centred():
    """Truth is counted on a lattice around a centre."""
    block = lattice(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]), 0.5)
    assert isinstance(block, Block)
    assert [float(a.mean()) for a in block.axes] == pytest.approx([1.0, 2.0, 3.0])
    assert [float(np.ptp(a)) for a in block.axes] == pytest.approx([4.0, 6.0, 8.0])
