"""Scores back on the image's own grid ("resampled back to the input grid")."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.instances import instances_of
from spinemets.segmentation.network.painting import PARTS, painted
from spinemets.segmentation.network.sampling import lattice_of


def full(box, parts, shape):
    whole = np.zeros(shape, np.uint8)
    whole[box] = parts
    return whole


def test_on_its_own_grid_nothing_changes(column, card):
    scores = column.scores
    box, parts, numbers = painted(scores, instances_of(scores, card), card)
    named = np.array([PARTS.index(n if n != "sacral_body" else "body") for n in card.classes])[column.names]
    assert np.array_equal(full(box, parts, column.shape), named)
    there = full(box, numbers, column.shape)
    assert set(np.unique(there[column.names == card.number("body")])) == {1, 2, 3, 4, 5}
    assert (there[column.names == card.number("canal")] == 0).all()


ORDERS = [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1)])
def test_the_image_may_lie_in_any_way(column, card, order, flips):
    """Axes exchanged and turned round: each voxel keeps its part at its place in the patient."""
    scores = column.scores
    own = scores.lattice.image
    affine = own.affine_lps_mm[:, [*order, 3]].copy()
    shape = tuple(own.shape_ijk[a] for a in order)
    for axis, sign in enumerate(flips):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    turned = Scores(
        lattice=lattice_of(grid, scores.lattice.spacing_mm),
        shares=scores.shares,
        core=scores.core,
        offset_mm=scores.offset_mm,
    )
    found = instances_of(scores, card)
    straight = full(*painted(scores, found, card)[:2], own.shape_ijk)
    moved = full(*painted(turned, found, card)[:2], shape)
    back = np.transpose(moved[tuple(slice(None, None, s) for s in flips)], np.argsort(order))
    assert np.array_equal(back, straight)


def test_between_samples_the_larger_share_wins(drawn, card):
    """An image twice as fine: the border between body and background lies half way between two samples."""
    drawn.canal()
    drawn.body(40)
    scores = drawn.scores
    n_i, n_j, n_k = drawn.shape
    fine = Grid(shape_ijk=(2 * n_i, 2 * n_j, 2 * n_k), affine_lps_mm=_finer(scores.lattice.image.affine_lps_mm, 2))
    finer = Scores(
        lattice=lattice_of(fine, scores.lattice.spacing_mm),
        shares=scores.shares,
        core=scores.core,
        offset_mm=scores.offset_mm,
    )
    box, parts, _ = painted(finer, instances_of(scores, card), card)
    counted = int((full(box, parts, fine.shape_ijk) == PARTS.index("body")).sum())
    assert counted == pytest.approx(8 * 16 * 25 * 30, rel=0.02)


def test_a_voxel_of_several_samples_takes_their_mean(drawn, card):
    """An image twice as coarse: each voxel that lies inside the body by more than half of its volume, and no other."""
    drawn.canal()
    # From sample 41 to 64: the voxels of two samples at either end are half outside.
    drawn.body(41, height=24)
    scores = drawn.scores
    coarse = Grid(
        shape_ijk=tuple(n // 2 for n in drawn.shape), affine_lps_mm=_finer(scores.lattice.image.affine_lps_mm, 0.5)
    )
    lattice = lattice_of(coarse, scores.lattice.spacing_mm)
    assert lattice.shape == scores.lattice.shape
    seen = Scores(lattice=lattice, shares=scores.shares, core=scores.core, offset_mm=scores.offset_mm)
    box, parts, _ = painted(seen, instances_of(scores, card), card)
    body = full(box, parts, coarse.shape_ijk) == PARTS.index("body")
    share = (
        (drawn.names == card.number("body"))
        .reshape(*(d for n in coarse.shape_ijk for d in (n, 2)))
        .mean(axis=(1, 3, 5))
    )
    assert body[share > 0.55].all()
    assert not body[share < 0.45].any()


def _finer(affine, times):
    made = affine.copy()
    made[:3, :3] /= times
    made[:3, 3] += affine[:3, :3] @ np.full(3, (1 - times) / (2 * times))
    return made


def test_bone_of_no_vertebra_is_not_painted(column, card):
    scores = column.scores
    found = instances_of(scores, card)
    found.numbers[found.numbers == 3] = 0
    box, parts, numbers = painted(scores, found, card)
    there = full(box, parts, column.shape)
    assert there[12, 92, 35] == 0
    assert full(box, numbers, column.shape)[12, 92, 35] == 0
