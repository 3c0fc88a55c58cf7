"""Fractures by grade."""

from __future__ import annotations

import pytest

from spinemets import phantom


def test_losses_over_the_anterior_sixth():
    """The truth holds the loss that the case states (G-08: over the anterior sixth), and its Genant grade."""
    fractures = {f["level"]: f for f in phantom.build("fx-grades", 1).truth["fractures"]}
    for level, loss, grade in (("T11", 0.225, 1), ("L1", 0.32, 2), ("L3", 0.45, 3), ("L5", 0.10, 0)):
        assert fractures[level]["loss"]["anterior"] == pytest.approx(loss, abs=0.01)
        assert fractures[level]["genant_grade"] == grade
