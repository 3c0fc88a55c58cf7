"""Sacrum and coccyx."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spinemets.phantom.shape.block import Block


def _inside(anatomy, cube, step=1.5):
    """Sacrum on a cube."""
    low, high = (np.asarray(c) for c in anatomy.sacrum.box)
    grid = cube((low + high) / 2, (high - low) / 2, step)
    return grid, anatomy.sacrum.distance(Block.of_grid(grid)) < 0


def test_one_piece(first_light, cube):
    """S1 to S5 and the wings hang together."""
    _, inside = _inside(first_light.anatomy, cube)
    labels, n = ndimage.label(inside)
    sizes = ndimage.sum_labels(inside, labels, range(1, n + 1))
    assert max(sizes) / sum(sizes) > 0.98


def test_endplate_is_where_the_disc_ends(first_light):
    """The superior endplate of S1 is at the frame that the column stands on."""
    anatomy = first_light.anatomy
    low, top = anatomy.sacrum, anatomy.frames["S1"]
    assert low.s1_frame.origin @ top.superior < top.origin @ top.superior
    tilt = np.degrees(np.arccos(low.s1_frame.superior @ top.superior))
    assert tilt < 8


def test_canal_runs_through_it(first_light, cube):
    """Behind S1 there is a canal with bone behind it."""
    grid, inside = _inside(first_light.anatomy, cube)
    frame = first_light.anatomy.sacrum.s1_frame
    wall = first_light.anatomy.sacrum.s1.size.mean_depth / 2
    for behind, bone in ((wall + 9.0, False), (wall + 21.0, True), (0.0, True)):
        index = tuple(np.round(grid.to_ijk(frame.lps(0.0, -behind, -9.0))).astype(int))
        assert inside[index] == bone, behind


def test_wings_reach_sideways_symmetrically(first_light, cube):
    """Both alae, mirror images about the midline of S1."""
    grid, inside = _inside(first_light.anatomy, cube)
    points = grid.to_lps_mm(np.argwhere(inside))
    frame = first_light.anatomy.sacrum.s1_frame
    across = (points - frame.origin) @ frame.left
    assert across.max() > 45
    assert abs(across.max() + across.min()) < 3


def test_foramina_open_in_front(first_light):
    """Four pairs: the axis of each channel runs outside the bone, which stands on both sides of it."""
    low = first_light.anatomy.sacrum
    assert len(low.foramina) == 8
    for rod in low.foramina[:4]:
        along = np.linspace(0.35, 1.0, 8)[:, None]
        points = np.asarray(rod.start) + along * (np.asarray(rod.end) - np.asarray(rod.start))
        for point in points:
            assert _at(low, point) > 0.5


def _at(low, point):
    affine = np.eye(4)
    affine[:3, 3] = point
    return float(low.distance(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1))[0, 0, 0])


def test_coccyx_hangs_below_the_sacrum(first_light, cube):
    """Apart from S5 by a thin joint, below it, in the midline, under 40 mm long."""
    low = first_light.anatomy.sacrum
    start, end = (np.asarray(c) for c in low.coccyx_box)
    assert end[2] < low.segments[-1].origin[2]
    assert 20 < end[2] - start[2] < 40
    block = Block.of_grid(cube((start + end) / 2, (end - start) / 2 + 2, 0.5))
    both = (low.coccyx_distance(block) < 0) & (low.distance(block) < 0)
    assert not both.any()
