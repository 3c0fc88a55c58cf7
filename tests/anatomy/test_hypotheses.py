"""Ways to count the column and their probabilities (G-09)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.hypotheses import (
    Anchor,
    Drift,
    expected_heights_mm,
    explained_together,
    off_by,
    posterior,
    size_drift,
    variants,
)
from spinemets.model.level import ORDER

SHARE = 2 / 3


def sacrum(index: int) -> Anchor:
    return Anchor(kind="sacrum", index=index, reliability=0.98)


def last_rib(index: int) -> Anchor:
    return Anchor(kind="last_rib", index=index, reliability=0.90)


def test_priors_are_a_distribution():
    assert sum(v.prior for v in variants()) == pytest.approx(1.0)
    assert variants()[0].sequence[:7] == ORDER[:7]
    assert all(set(v.sequence) <= set(ORDER) for v in variants())


def test_places_of_landmarks():
    usual = variants()[0]
    assert usual.sequence[usual.last_mobile] == "L5"
    assert usual.sequence[usual.last_rib] == "T12"
    assert usual.sequence[usual.first_rib] == "T1"
    by_name = {v.name: v for v in variants()}
    fused = by_name["L5 fused to the sacrum, L4 the last mobile one"]
    assert fused.sequence[fused.last_mobile] == "L4"
    assert fused.sequence[-3:] == ("L5", "S1", "S2")
    assert by_name["ribs on L1"].sequence[by_name["ribs on L1"].last_rib] == "L1"
    assert by_name["rib on C7"].sequence[by_name["rib on C7"].first_rib] == "C7"


def test_an_anchor_falls_on_its_neighbours():
    """'the rest falls on k = +-1 and +-2 as 2 : 1'."""
    values = [off_by(k, 0.97, SHARE) for k in range(-3, 4)]
    assert values == pytest.approx([0, 0.005, 0.01, 0.97, 0.01, 0.005, 0])
    assert sum(values) == pytest.approx(1.0)


def test_sacrum_alone():
    """'sacrum alone -> lowest body L5 assumed (0.87)'."""
    result = posterior(4, [sacrum(3)], SHARE)
    assert result.best == ("L2", "L3", "L4", "L5")
    assert round(result.at(3)[0][1], 2) == 0.87


def test_two_anchors_that_agree():
    """'sacrum + 5 free vertebrae, lowest rib on the 6th above -> L1-L5, T12 named' (all at 0.95 or more)."""
    result = posterior(7, [sacrum(6), last_rib(1)], SHARE)
    assert result.best == ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
    assert all(result.at(n)[0][1] >= 0.95 for n in range(7))


def test_names_at_one_place_sum_to_one():
    result = posterior(5, [last_rib(2)], SHARE)
    for n in range(5):
        assert sum(p for _, p in result.at(n)) == pytest.approx(1.0)
    assert sum(p for _, p in result.namings) == pytest.approx(1.0)


def test_against_an_obvious_reference():
    """The posterior equals a plain enumeration of (variant, start) with the likelihood written out."""
    anchors = [sacrum(5), last_rib(1)]
    total: dict[tuple[str, ...], float] = {}
    for v in variants():
        for start in range(len(v.sequence) - 5):
            p = v.prior
            for anchor, place in ((anchors[0], v.last_mobile), (anchors[1], v.last_rib)):
                k = abs(place - start - anchor.index)
                rest = 1 - anchor.reliability
                p *= {0: anchor.reliability, 1: rest / 3, 2: rest / 6}.get(k, 0)
            names = v.sequence[start : start + 6]
            total[names] = total.get(names, 0) + p
    weight = sum(total.values())
    result = dict(posterior(6, anchors, SHARE).namings)
    assert result == pytest.approx({n: p / weight for n, p in total.items() if p}, abs=1e-12)


def test_impossible_evidence_names_nothing():
    result = posterior(3, [sacrum(0), Anchor(kind="c2", index=2, reliability=0.995)], SHARE)
    assert result.best == ()
    assert result.confidence == 0.0
    assert posterior(60, [sacrum(59)], SHARE).best == ()


def test_soft_evidence_moves_the_odds():
    """'conus L1 +- 0.8 level': a conus where L1 should be speaks for the names that put it there."""
    without = dict(posterior(6, [sacrum(5)], SHARE).at(5))
    usual_start = variants()[0].sequence.index("T12")
    with_conus = dict(posterior(6, [sacrum(5)], SHARE, [Drift(start=usual_start, sd_levels=0.8)]).at(5))
    assert with_conus["L5"] > without["L5"]
    away = dict(posterior(6, [sacrum(5)], SHARE, [Drift(start=usual_start - 2, sd_levels=0.8)]).at(5))
    assert away["L5"] < without["L5"]


def test_explained_together():
    fused = explained_together(sacrum(4), Anchor(kind="user", index=4, name="L4", reliability=0.999))
    assert fused is not None
    assert "fused" in fused.name
    assert explained_together(sacrum(4), Anchor(kind="user", index=4, name="L3", reliability=0.999)) is None
    usual = explained_together(sacrum(6), last_rib(1))
    assert usual is variants()[0]


def test_sizes_find_their_place():
    """'size progression +- 1.5 levels': the order of heights, at any scale, finds the place of the column."""
    expected = expected_heights_mm()
    names = ("T8", "T9", "T10", "T11", "T12", "L1", "L2")
    drift = size_drift([1.13 * expected[n] for n in names], at_least=4, sd_levels=1.5)
    assert drift is not None
    assert variants()[0].sequence[int(drift.start)] == "T8"
    with_gap = [expected[n] if n != "T10" else None for n in names]
    found = size_drift(with_gap, at_least=4, sd_levels=1.5)
    assert found is not None
    assert found.start == drift.start
    assert size_drift([20.0, 21.0, None, None], at_least=4, sd_levels=1.5) is None


def test_heights_rise_down_the_column():
    heights = list(expected_heights_mm().values())
    assert all(np.diff(heights[4:]) > 0)


def test_soft_evidence_never_outweighs_a_landmark():
    """A collapsed body makes sizes point nine levels away: with a floor the sacrum still decides."""
    usual_start = variants()[0].sequence.index("L1") - 1
    misled = Drift(start=usual_start - 9, sd_levels=1.5, floor=0.1)
    named = posterior(6, [sacrum(5)], SHARE, [misled])
    assert named.best[-1] == "L5"
    assert posterior(6, [sacrum(5)], SHARE, [replace(misled, floor=0.0)]).best[-1] != "L5"
    assert misled.likelihood(usual_start - 9) == 1.0
    assert misled.likelihood(usual_start) == 0.1
