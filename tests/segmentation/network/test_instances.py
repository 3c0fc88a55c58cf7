"""Single vertebrae from scores ("merged neighbours, split vertebrae ... collapsed and destroyed vertebrae are kept, not dropped")."""

from __future__ import annotations

import numpy as np

from spinemets.segmentation.network.instances import BONE, DISC, SACRUM, grouped, instances_of


def centres_down(found) -> list[float]:
    return [round(float(c[1]), 1) for c in found.centres_mm]


def test_each_body_is_one_vertebra_from_the_head_down(column, card):
    found = instances_of(column.scores, card)
    assert centres_down(found) == [22.0, 57.0, 92.0, 127.0, 162.0]
    assert not found.sacral.any()
    assert (found.confidence == 1).all()


def test_an_arch_belongs_to_the_body_that_it_points_at(column, card):
    """The spinous process of one vertebra lies behind the body of the next."""
    found = instances_of(column.scores, card)
    spinous = found.numbers[12, 10 + 20, 50 + 30], found.numbers[12, 45 + 20, 50 + 30]
    assert spinous == (1, 2)


def test_bodies_that_touch_are_two(drawn, card):
    """'slipped or fused neighbours': no gap between the labels, two centres in the offsets."""
    drawn.canal()
    drawn.body(40)
    drawn.body(65)
    found = instances_of(drawn.scores, card)
    assert len(found) == 2
    counts = [int(((found.numbers == n) & (found.groups == BONE)).sum()) for n in (1, 2)]
    assert counts[0] == counts[1] == 16 * 25 * 30


def test_a_collapsed_body_is_kept(drawn, card):
    drawn.canal()
    for top, height in ((10, 25), (45, 6), (61, 25), (96, 25)):
        drawn.body(top, height)
    assert centres_down(instances_of(drawn.scores, card)) == [22.0, 47.5, 73.0, 108.0]


def test_a_false_body_in_a_disc_is_none(column, card):
    """Its neighbours are no farther apart than others are."""
    column.box("body", (6, 36, 22), (18, 44, 40), core=True)
    assert len(instances_of(column.scores, card)) == 5


def test_a_missing_neighbour_is_no_reason_to_drop_a_small_body(drawn, card):
    drawn.canal()
    for top, height in ((10, 25), (45, 25), (85, 8), (110, 25), (145, 25)):
        drawn.body(top, height)
    drawn.names[:, 110:135, 20:50] = 0
    drawn.core[:, 110:135] = 0
    assert centres_down(instances_of(drawn.scores, card)) == [22.0, 57.0, 88.5, 157.0]


def test_bone_like_things_without_a_canal_are_none(column, card):
    column.box("body", (4, 120, 0), (20, 140, 12), core=True)
    assert len(instances_of(column.scores, card)) == 5


def test_bone_like_things_beside_the_column_are_none(drawn, card):
    """A femoral head with a false canal beside it: no column leads there."""
    drawn.shape = (80, 220, 110)
    drawn.__post_init__()
    drawn.canal()
    for n in range(5):
        drawn.body(10 + 35 * n)
    drawn.box("body", (60, 100, 20), (76, 125, 50), core=True)
    drawn.box("canal", (62, 100, 52), (74, 125, 60))
    assert len(instances_of(drawn.scores, card)) == 5


def test_what_lies_below_the_first_body_of_the_sacrum_is_sacrum(column, card):
    column.box("sacral_body", (4, 185, 20), (20, 200, 50), core=True)
    column.box("body", (4, 205, 20), (20, 218, 50), core=True)
    found = instances_of(column.scores, card)
    assert found.sacral.tolist() == [False] * 5 + [True]
    assert (found.groups[10, 205:218, 30] == SACRUM).all()


def test_a_body_cut_by_the_border_may_be_small(column, card):
    column.box("body", (4, 0, 20), (20, 3, 50), core=True)
    column.box("posterior", (4, 0, 50), (8, 3, 60), [12, 1, 35])
    assert centres_down(instances_of(column.scores, card))[0] == 1.0


def test_a_disc_has_the_number_of_the_vertebra_above(column, card):
    found = instances_of(column.scores, card)
    assert [int(found.discs[12, 35 * n + 5, 35]) for n in range(1, 5)] == [1, 2, 3, 4]
    assert (found.discs[found.groups != DISC] == 0).all()


def test_nothing_is_found_in_nothing(drawn, card):
    found = instances_of(drawn.scores, card)
    assert len(found) == 0
    assert not found.numbers.any()


def test_marrow_and_border_are_one_group(card):
    """Neither wins alone against disc; together they do."""
    shares = np.zeros((len(card.classes), 1, 1, 1), np.uint8)
    for name, share in (("body", 80), ("border", 75), ("disc", 100)):
        shares[card.number(name)] = share
    assert grouped(shares, card)[0, 0, 0] == BONE


def test_left_and_right_change_nothing(column, card):
    """Mirrored scores give mirrored vertebrae."""
    scores = column.scores
    there = instances_of(scores, card).numbers
    flipped = type(scores)(
        lattice=scores.lattice,
        shares=scores.shares[:, ::-1].copy(),
        core=scores.core[::-1].copy(),
        offset_mm=scores.offset_mm[:, ::-1].copy(),
    )
    assert np.array_equal(instances_of(flipped, card).numbers[::-1], there)


def test_a_core_that_joins_two_bodies_is_split(drawn, card):
    """Slices of 5 mm may leave no gap between two cores; their voxels still point at two centres."""
    drawn.canal()
    drawn.body(40)
    drawn.body(65)
    drawn.body(90)
    drawn.core[9:15, 42:113, 26:44] = 255
    assert centres_down(instances_of(drawn.scores, card)) == [52.0, 77.0, 102.0]


def test_one_body_in_two_pieces_is_one(drawn, card):
    """A cleft (a Schmorl node, a screw) parts the core; both parts point at one centre."""
    drawn.canal()
    drawn.body(40)
    drawn.body(75)
    drawn.core[11:13] = 0
    assert len(instances_of(drawn.scores, card)) == 2


def test_the_column_does_not_zigzag(column, card):
    """False bodies among the arches lie behind the true ones: no chain goes back and forth between them."""
    for n in range(4):
        column.box("body", (4, 20 + 35 * n, 80), (20, 40 + 35 * n, 100), core=True)
    assert centres_down(instances_of(column.scores, card)) == [22.0, 57.0, 92.0, 127.0, 162.0]


def test_a_sharp_kyphosis_is_one_column(drawn, card):
    drawn.canal(70)
    for top, back in ((10, 40), (45, 52), (80, 62), (115, 58), (150, 46), (185, 32)):
        drawn.body(top, 24, back=back)
    assert len(instances_of(drawn.scores, card)) == 6


def test_a_single_body_is_a_column(drawn, card):
    drawn.canal()
    drawn.body(60)
    assert len(instances_of(drawn.scores, card)) == 1
