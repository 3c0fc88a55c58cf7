"""Fractures by grade."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases.fractures import CASES


def test_losses_over_the_anterior_sixth():
    """The truth holds the loss that the case states (G-08: over the anterior sixth), and its Genant grade."""
    fractures = {f["level"]: f for f in phantom.build("fx-grades", 1).truth["fractures"]}
    for level, loss, grade in (("T11", 0.225, 1), ("L1", 0.32, 2), ("L3", 0.45, 3), ("L5", 0.10, 0)):
        assert fractures[level]["loss"]["anterior"] == pytest.approx(loss, abs=0.01)
        assert fractures[level]["genant_grade"] == grade


@pytest.mark.parametrize(("share", "grades"), [(20, {0, 1}), (25, {1, 2}), (40, {2, 3})])
def test_borderline_grades(share, grades):
    """A wedge at the limit of two grades."""
    (found,) = phantom.build(f"fx-grades-{share}", 1).truth["fractures"]
    assert found["loss"]["anterior"] == pytest.approx(share / 100, abs=0.01)
    assert found["genant_grade"] in grades


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("fx-grades")])
def test_features_stand_in_the_truth(name):
    """Each case differs from the plain wedge by what its name says."""
    (found,) = phantom.build(name, 1).truth["fractures"]
    marrow = found["marrow"]
    assert found["loss"]["anterior"] == pytest.approx(0.30 if name == "fig10" else 0.35, abs=0.015)
    assert found["tumour"] == (name in {"fx-malignant-typical", "fx-convex-wall"})
    assert found["convex_mm"] == (3.0 if found["tumour"] else 0.0)
    angular = {"fx-benign-typical", "fx-overlap", "fx-retropulsion"}
    assert found["retropulsion_mm"] == (5.0 if name in angular else 0.0)
    if name in {"fx-full-edema", "fx-overlap", "fx-pedicle-edema"}:
        assert marrow["changed_share"] > 0.95
    if name in {"fx-spared", "fx-benign-typical"}:
        assert 0.2 < marrow["changed_share"] < 0.6
