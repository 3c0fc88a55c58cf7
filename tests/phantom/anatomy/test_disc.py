"""Discs between endplates."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.shape.block import Block


@pytest.fixture(params=["C5", "T6", "T12", "L2", "L5"])
def disc(request, first_light):
    """Disc below that level."""
    return next(d for d in first_light.anatomy.discs if d.level == request.param)


def test_there_is_a_disc_below_every_level(first_light):
    """As many discs as bodies, the last one on the sacrum."""
    assert [d.level for d in first_light.anatomy.discs] == list(first_light.anatomy.sizes)
    assert first_light.anatomy.discs[-1].lower is first_light.anatomy.sacrum.s1


def test_middle_height_as_requested(disc):
    """The disc's height at mid-depth is the table's (scaled): sampled along its axis, within 0.6 mm."""
    size = disc.upper.size
    down = np.arange(0, 45, 0.05)
    affine = np.eye(4)
    affine[:3, 2] = -0.05 * disc.upper_frame.superior
    affine[:3, 3] = disc.upper_frame.origin
    block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, len(down)), reach_mm=0.05)
    outer, _ = disc.distance(block)
    height = 0.05 * np.count_nonzero(np.broadcast_to(outer, block.shape) < 0)
    assert height == pytest.approx(size.disc[1], abs=0.6)


def test_disc_and_bodies_do_not_overlap(disc, cube):
    """A disc ends where its endplates begin."""
    centre = disc.upper_frame.lps(0.0, 0.0, -disc.upper.size.height[1] / 2 - disc.upper.size.disc[1] / 2)
    block = Block.of_grid(cube(centre, (28, 24, 20), 1.0))
    inside = np.broadcast_to(disc.distance(block)[0] < 0, block.shape)
    assert inside.any()
    for body, frame in ((disc.upper, disc.upper_frame), (disc.lower, disc.lower_frame)):
        assert not (inside & (body.distance(*frame.local(block)).whole < 0)).any()


def test_nucleus_lies_inside_and_takes_under_half(disc, cube):
    """Nucleus: about 45 % of the area, inside the annulus, off the endplates."""
    centre = disc.upper_frame.lps(0.0, 0.0, -disc.upper.size.height[1] / 2 - disc.upper.size.disc[1] / 2)
    block = Block.of_grid(cube(centre, (28, 24, 20), 0.8))
    outer, nucleus = (np.broadcast_to(d < 0, block.shape) for d in disc.distance(block))
    assert not (nucleus & ~outer).any()
    assert 0.15 < nucleus.sum() / outer.sum() < 0.5


def test_nucleus_takes_45_percent_of_the_plane(first_light):
    """PHA-12: share of the area half-way between the endplates, and its middle behind that of the body."""
    disc = next(d for d in first_light.anatomy.discs if d.level == "L3")
    frame, size = disc.upper_frame, disc.upper.size
    affine = np.eye(4)
    affine[:3, :3] = 0.5 * np.stack([frame.left, frame.anterior, frame.superior], axis=1)
    affine[:3, 3] = frame.lps(-30.0, -25.0, -size.height[1] / 2 - size.disc[1] / 2)
    block = Block(affine=affine, start=(0, 0, 0), shape=(121, 101, 1), reach_mm=0.5)
    outer, nucleus = (np.broadcast_to(d < 0, block.shape) for d in disc.distance(block))
    assert nucleus.sum() / outer.sum() == pytest.approx(0.45, abs=0.04)
    middles = [np.argwhere(part).mean(axis=0)[1] * 0.5 - 25.0 for part in (nucleus, outer)]
    assert middles[0] < middles[1] - 2.0


def test_nucleus_is_a_lens_with_round_ends(first_light, cube):
    """Higher in the middle than near its rim, and wider half-way between the endplates than near them."""
    disc = next(d for d in first_light.anatomy.discs if d.level == "L3")
    block = Block.of_grid(cube(disc.centre_lps_mm, (26, 22, 8), 0.5))
    inside = np.broadcast_to(disc.distance(block)[1] < 0, block.shape)
    heights = inside.sum(axis=2)[:, inside.shape[1] // 2]
    columns = np.flatnonzero(heights)
    assert heights[columns[len(columns) // 2]] > 1.2 * heights[columns[3]]
    areas = inside.sum(axis=(0, 1))
    rows = np.flatnonzero(areas)
    assert areas.max() > 1.3 * areas[rows[0]]
    assert areas.max() > 1.3 * areas[rows[-1]]


def test_cleft_lies_in_the_middle_of_the_nucleus(disc, cube):
    """A flat band inside the nucleus, half-way between the endplates, of the stated share of the height."""
    row = table("phantom_anatomy")["degeneration"]["cleft"]
    affine = np.eye(4)
    affine[:3, 2] = -0.05 * disc.upper_frame.superior
    affine[:3, 3] = disc.upper_frame.origin
    block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 900), reach_mm=0.05)
    outer, nucleus, cleft = (
        np.broadcast_to(d, block.shape).ravel() for d in (*disc.distance(block), disc.cleft(block))
    )
    inside, band = np.flatnonzero(outer < 0), np.flatnonzero((cleft < 0) & (outer < 0))
    assert (nucleus[band] < 0).all()
    assert len(band) / len(inside) == pytest.approx(row["height_share"], abs=0.04)
    assert band.mean() == pytest.approx(inside.mean(), abs=4)


def test_box_holds_the_disc(disc, cube):
    """Painting by box loses nothing."""
    low, high = (np.asarray(c) for c in disc.box)
    grid = cube((low + high) / 2, (high - low) / 2 + 6, 1.0)
    inside = np.broadcast_to(disc.distance(Block.of_grid(grid))[0] < 0, grid.shape_ijk)
    points = grid.to_lps_mm(np.argwhere(inside))
    assert (points >= low).all()
    assert (points <= high).all()
