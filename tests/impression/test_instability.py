"""SINS, pathology.md section 8: 'interval sum of minima and maxima ... Never fill in a default.'"""

from __future__ import annotations

import pytest

from spinemets.impression.instability import sins
from spinemets.knowledge.catalogue import table
from spinemets.model.study import ClinicalFacts

SINS = table("sins")


@pytest.fixture
def worst_t12(finding):
    """T12: lytic, collapse 62 %, both pedicles."""
    return {
        "CT-02": finding("CT-02", "present", category="lytic", values={"share_of_body": (0.6, 0.55, 0.65)}),
        "FX-01": finding("FX-01", "present", value=0.62, ci95=(0.56, 0.68)),
        "CT-05:left": finding("CT-05", "present", part="left"),
        "CT-05:right": finding("CT-05", "present", part="right"),
    }


def by_name(score):
    return {i.name: (i.low, i.high) for i in score.items}


def test_maximum_of_all_items_is_eighteen() -> None:
    """'a web table with pain 3/2/1 is wrong (maximum would not be 18): test against it'."""
    assert sum(item["high"] for item in SINS["items"].values()) == 18
    assert SINS["items"]["pain"]["points"] == {"mechanical": 3, "occasional": 1, "none": 0}


def test_vector_fourteen_unstable(level, worst_t12) -> None:
    """'T12, mechanical, lytic, no translation, collapse 62 %, both pedicles: 3+3+2+0+3+3 = 14 unstable'."""
    clinical = ClinicalFacts(pain="mechanical", alignment="normal")
    score = sins(level("T12"), worst_t12, clinical, SINS, fracture=True, translation_mm=0.0)
    assert (score.low, score.high, score.category) == (14, 14, "unstable")
    assert score.settles is None


def test_vector_pain_and_prior_unknown(level, worst_t12) -> None:
    """'Same, pain and prior unknown: 3+[0,3]+2+[0,2]+3+3 = 11 to 16 -> potentially unstable to unstable'."""
    score = sins(level("T12"), worst_t12, ClinicalFacts(), SINS, fracture=True, translation_mm=0.5)
    assert (score.low, score.high) == (11, 16)
    assert score.category == "potentially unstable to unstable"
    assert score.settles is not None and score.settles.startswith("pain")


def test_vector_two_stable(level, finding) -> None:
    """'L3, no pain, blastic, normal alignment (prior), no collapse, 30 % body, none: 2 stable'."""
    findings = {
        "CT-02": finding("CT-02", "present", category="blastic", values={"share_of_body": (0.30, 0.26, 0.34)}),
        "FX-01": finding("FX-01", "absent", value=0.02, ci95=(-0.04, 0.08)),
        "CT-05:left": finding("CT-05", "absent", part="left"),
        "CT-05:right": finding("CT-05", "absent", part="right"),
    }
    score = sins(level("L3"), findings, ClinicalFacts(pain="none", alignment="normal"), SINS)
    assert (score.low, score.high, score.category) == (2, 2, "stable")


def test_vector_s3_mr_only(level, finding) -> None:
    """'S3 lytic MR only, ..., 60 % body, posterior not covered: 0+0+[0,2]+0+1+[0,3] = 1 to 6 stable'."""
    findings = {
        "CT-02": finding(
            "CT-02", "not_assessable", missing="no CT series", values={"share_of_body": (0.6, 0.55, 0.65)}
        ),
        "FX-01": finding("FX-01", "absent", value=0.0, ci95=(-0.05, 0.05)),
    }
    score = sins(level("S3"), findings, ClinicalFacts(pain="none", alignment="normal"), SINS)
    assert by_name(score)["bone lesion"] == (0, 2)
    assert by_name(score)["posterolateral"] == (0, 3)
    assert by_name(score)["location"] == (0, 0)
    assert score.category == "stable"


def test_everything_unknown_is_the_whole_range(level) -> None:
    """Never a silent zero: a level about which nothing is known scores 0 to 18."""
    score = sins(level(None), {}, ClinicalFacts(), SINS)
    assert (score.low, score.high) == (0, 18)
    assert all(item.unknown_because for item in score.items)


@pytest.mark.parametrize(
    ("name", "points"), [("T13", 3), ("L6", 3), ("L5", 3), ("T2", 3), ("T3", 1), ("C4", 2), ("S2", 0)]
)
def test_location(level, name, points) -> None:
    """'T13 as T12, L6 as L5'."""
    assert by_name(sins(level(name), {}, ClinicalFacts(), SINS))["location"] == (points, points)


def test_assumed_level_ranges_over_alternatives(level) -> None:
    """'assumed -> range over the alternatives'."""
    doubtful = level("L1", confidence=0.87, runner_up="L2", assumed=True)
    assert by_name(sins(doubtful, {}, ClinicalFacts(), SINS))["location"] == (2, 3)


def test_collapse_interval_across_half(level, finding) -> None:
    """'collapse: interval across 0.5 -> 2-3'."""
    findings = {"FX-01": finding("FX-01", "present", value=0.48, ci95=(0.40, 0.56))}
    assert by_name(sins(level("L3"), findings, ClinicalFacts(), SINS, fracture=True))["collapse"] == (2, 3)


def test_collapse_exactly_half_counts_two(level, finding) -> None:
    """'exactly 50 % counts 2 [E]'."""
    findings = {"FX-01": finding("FX-01", "present", value=0.5, ci95=(0.5, 0.5))}
    findings["CT-02"] = finding("CT-02", "absent", values={"share_of_body": (0.0, 0.0, 0.0)})
    assert by_name(sins(level("L3"), findings, ClinicalFacts(), SINS, fracture=True))["collapse"][0] <= 2


def test_height_loss_without_proof_of_fracture_is_a_range(level, finding) -> None:
    """'our floor for collapse: >= 0.20 and FX-02': while FX-02 is not assessed the item keeps its lower end."""
    findings = {
        "FX-01": finding("FX-01", "present", value=0.35, ci95=(0.28, 0.42)),
        "CT-02": finding("CT-02", "absent", values={"share_of_body": (0.0, 0.0, 0.0)}),
    }
    item = next(i for i in sins(level("L1"), findings, ClinicalFacts(), SINS).items if i.name == "collapse")
    assert (item.low, item.high) == (0, 2)
    assert "fracture" in (item.unknown_because or "")


def test_one_pedicle_open_widens_the_range(level, finding) -> None:
    findings = {
        "CT-05:left": finding("CT-05", "present", part="left"),
        "CT-05:right": finding("CT-05", "not_assessable", part="right", missing="slice 5 mm"),
    }
    item = next(i for i in sins(level("L2"), findings, ClinicalFacts(), SINS).items if i.name == "posterolateral")
    assert (item.low, item.high, item.unknown_because) == (1, 3, "slice 5 mm")


def test_translation_not_measured_keeps_four_points_open(level) -> None:
    """Without a measured translation even subluxation cannot be ruled out."""
    assert by_name(sins(level("L2"), {}, ClinicalFacts(), SINS))["alignment"] == (0, 4)
    assert by_name(sins(level("L2"), {}, ClinicalFacts(), SINS, translation_mm=0.3))["alignment"] == (0, 2)


def test_supplied_clinical_items_are_echoed(level) -> None:
    score = sins(level("L2"), {}, ClinicalFacts(pain="occasional", alignment="new_deformity"), SINS)
    known = {i.name: i.known for i in score.items}
    assert known["pain"] == "occasional (supplied)"
    assert known["alignment"] == "new deformity (supplied)"
    assert by_name(score)["pain"] == (1, 1)
    assert by_name(score)["alignment"] == (2, 2)


def test_a_lesion_of_unknown_size_keeps_both_points(level, finding) -> None:
    """'Never fill in a default': a lesion whose share of the body is not known may or may not replace half of it."""
    findings = {
        "FX-01": finding("FX-01", "absent", value=0.02, ci95=(-0.04, 0.08)),
        "CT-02": finding("CT-02", "present", category="lytic"),
    }
    item = next(i for i in sins(level("L3"), findings, ClinicalFacts(), SINS).items if i.name == "collapse")
    assert (item.low, item.high) == (0, 1)
    assert "share of the body" in (item.unknown_because or "")
    findings["CT-02"] = finding("CT-02", "absent")
    assert by_name(sins(level("L3"), findings, ClinicalFacts(), SINS))["collapse"] == (0, 0)
