"""Fractures by grade."""

from __future__ import annotations

import re

import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.sizes import sizes
from spinemets.phantom.cases.fractures import CASES, RIM_SHARE
from spinemets.phantom.cases.named import case_of


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


@pytest.mark.parametrize("name", [n for n in CASES if n.startswith("fx-grades")])
def test_percentages_of_the_sentence(name):
    """The numbers named are the losses over the anterior sixth, each a little less than at the rim."""
    case = case_of(name)
    text = case.about.partition("%")[0]
    named = sorted(float(number) / 100 for number in re.findall(r"\d+(?:\.\d+)?", text))
    assert sorted(c.anterior / RIM_SHARE for c in case.collapses.values()) == pytest.approx(named)
    assert all(c.anterior > c.middle > c.posterior == 0 for c in case.collapses.values())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_fracture_shortens_one_level_and_no_other(name, normal):
    """Heights of the broken levels fall in front, all others are those of the patient without a fracture."""
    case = case_of(name)
    broken = sizes(case.patient, 1, case.collapses)
    for level, size in broken.items():
        whole = normal.anatomy.sizes[level]
        if level in case.collapses:
            assert size.height[0] < whole.height[0]
            assert size.height[0] / size.height[2] < whole.height[0] / whole.height[2]
            assert size.before == pytest.approx(whole.height)
        else:
            assert size.height == pytest.approx(whole.height), level


@pytest.mark.parametrize("name", [n for n in CASES if not n.startswith("fx-grades")])
def test_expected_is_the_height_loss_of_the_named_level(name):
    """One level, named in the sentence, and its loss is expected to be found."""
    case = case_of(name)
    (level,) = case.collapses
    assert re.search(rf"\b{level}\b", case.about)
    assert case.expected == (("FX-01", level, None, "present"),)
    assert ("benign" in case.about.lower()) != case.collapses[level].tumour
    assert ("malignant" in case.about.lower()) == case.collapses[level].tumour
