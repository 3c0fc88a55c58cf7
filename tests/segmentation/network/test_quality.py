"""What is wrong with an outline is said, and lowers its confidence."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.segmentation.network.card import card_of
from spinemets.segmentation.network.instances import instances_of
from spinemets.segmentation.network.quality import calibrated, judge


def verdicts(drawn, card):
    scores = drawn.scores
    return judge(scores, instances_of(scores, card))


def test_a_sound_column_has_no_flags(column, card):
    assert [(v.flags, v.raw) for v in verdicts(column, card)] == [((), 1.0)] * 5


def test_merged_neighbours(drawn, card):
    """Two vertebrae outlined as one are twice as high as the others."""
    drawn.canal()
    for top, height in ((5, 25), (40, 25), (75, 60), (145, 25)):
        drawn.body(top, height)
    found = verdicts(drawn, card)
    assert "two vertebrae may be outlined as one" in found[2].flags[0]
    assert found[2].raw < 0.6
    assert [v.raw for v in (found[0], found[1], found[3])] == [1.0] * 3


def test_a_part_of_a_vertebra(drawn, card):
    drawn.canal()
    for top, height in ((5, 25), (40, 7), (57, 25), (92, 25)):
        drawn.body(top, height)
    found = verdicts(drawn, card)
    assert "a part of a vertebra, or one collapsed or destroyed" in found[1].flags[0]


def test_holes(column, card):
    column.box("background", (8, 50, 30), (16, 62, 42))
    found = verdicts(column, card)
    assert "has holes" in found[1].flags[0]
    assert found[1].raw < 1


def test_one_half_larger_than_the_other(column, card):
    column.box("background", (4, 80, 20), (12, 95, 50))
    assert any("one half of the body" in flag for flag in verdicts(column, card)[2].flags)


def test_cut_by_the_border(drawn, card):
    drawn.canal()
    drawn.body(0)
    drawn.body(40)
    found = verdicts(drawn, card)
    assert found[0].flags == ("cut by the border of what was looked at",)
    assert found[1].flags == ()


def test_unsure_voxels_lower_the_confidence(column, card):
    scores = column.scores
    own = np.zeros(column.shape, bool)
    own[:, 45:70, 20:50] = True
    body = scores.shares[card.number("body")]
    body[own & (body > 0)] = 140
    found = judge(scores, instances_of(scores, card))
    assert found[1].raw < 0.6 < found[0].raw


def test_confidence_is_the_share_of_good_outlines():
    """Straight lines between knots, level beyond them."""
    knots = [(0.6, 0.2), (0.8, 0.7), (0.9, 0.95)]
    assert [calibrated(raw, knots) for raw in (0.1, 0.6, 0.7, 0.8, 0.85, 1.0)] == [0.2, 0.2, 0.45, 0.7, 0.825, 0.95]


def test_the_curve_is_that_of_the_weights(column):
    """A curve measured with other weights would say how often others are right; it rises, and reaches neither end."""
    row, shipped = table("segmentation")["calibration"], [card_of(ct=ct) for ct in (True, False)]
    assert all(card.sha256.startswith(began) for card, began in zip(shipped, row["weights"], strict=True))
    raws, shares = zip(*row["knots"], strict=True)
    assert list(raws) == sorted(raws)
    assert list(shares) == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] < 1
    found = verdicts(column, shipped[1])
    assert {v.confidence for v in found} == {calibrated(v.raw, row["knots"]) for v in found}
