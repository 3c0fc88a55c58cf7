"""What the page on maps is made of, as far as it needs no reference: truths of the digital spine, vectors, bounds, sentences."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.compute import KINDS
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.tissue.tissues import fat_pool_ms
from spinemets.physics.fat_water import t1_weighted_fat_fraction
from studies.maps import digital_spine, fat, kinetics, page, rows, vectors
from studies.maps.rows import Row

GRID_CASES = ("adc-grid", "pdff-grid", "pdff-grid-30", "csi-grid", "dce-types")


@pytest.fixture(scope="module")
def tissues():
    """Function: tissues of a case's balls."""
    return lambda name: [insert.tissue for insert in case_of(name).inserts]


@pytest.mark.parametrize("check", digital_spine.CHECKS, ids=lambda check: f"{check.case}-{check.map}")
def test_every_check_has_a_kind_and_a_truth(tissues, check):
    assert check.kind in KINDS
    assert check.within > 0.0 and check.unit
    for one in tissues(check.case):
        assert np.isfinite(check.truth(one))


def test_fractions_as_t1_weighs_them(tissues):
    """Against the forward model's own formula (E-29)."""
    for one in tissues("pdff-grid"):
        expected = t1_weighted_fat_fraction(
            fat_fraction=one.fat_fraction, tr_ms=10.0, flip_deg=3.0, water_t1_ms=one.t1_ms, fat_t1_ms=fat_pool_ms()[0]
        )
        assert digital_spine._apparent_fraction(one) == pytest.approx(100 * float(expected), rel=1e-9)


def test_drop_rises_and_falls_with_fat(tissues):
    """None of pure water, most about one half, little of pure fat again."""
    drops = [digital_spine._apparent_drop(one) for one in tissues("csi-grid")]
    assert drops[0] < 5 and max(drops) > 80 and drops[-1] < 30
    assert 0 < int(np.argmax(drops)) < len(drops) - 1


def test_opposed_fat_makes_t1_longer(tissues):
    for one in tissues("dce-types"):
        assert digital_spine._apparent_t1_s(one) > one.t1_ms / 1000.0


def test_the_bound_falls_with_noise_and_echoes():
    te_s = 1e-3 * np.array([1.2, 3.2, 5.2, 7.2, 9.2, 11.2])
    one = fat.bound(te_s, 1.5, 0.3, 40.0, 1 / 30)
    assert fat.bound(te_s, 1.5, 0.3, 40.0, 1 / 60) == pytest.approx(one / 2, rel=1e-4)
    assert fat.bound(te_s[:5], 1.5, 0.3, 40.0, 1 / 30) > one
    assert 1.0 < one < 3.0


@pytest.mark.parametrize(
    ("model", "given", "wanted", "good"),
    [
        (
            "adc_two_point",
            {"b_s_per_mm2": [50, 800], "signal": [820, 410]},
            {"adc_mm2_per_s": 0.000924196241, "s0": 858.781181},
            True,
        ),
        (
            "adc_two_point",
            {"b_s_per_mm2": [50, 800], "signal": [820, 410]},
            {"adc_mm2_per_s": 0.001, "s0": 858.781181},
            False,
        ),
        ("adc_two_point", {"b_s_per_mm2": [800, 800], "signal": [100, 100]}, {"refuse": True}, True),
        ("adc_two_point", {"b_s_per_mm2": [0, 800], "signal": [100, 50]}, {"refuse": True}, False),
        (
            "vfa_t1",
            {"flip_deg": [3, 15], "tr_ms": 5, "signal": [39.4028732, 28.2529594]},
            {"t1_ms": 1200, "m0": 1000},
            True,
        ),
        (
            "vfa_t1",
            {"flip_deg": [3, 15], "tr_ms": 5, "signal": [39.4028732, 28.2529594]},
            {"t1_ms": 1100, "m0": 1000},
            False,
        ),
        (
            "dixon_2pt_magnitude",
            {"in_phase": [1, 1], "opposed_phase": [0.4, 0]},
            {"apparent_fat_fraction": [0.3, 0.5]},
            True,
        ),
    ],
)
def test_vectors_are_told_right_from_wrong(model, given, wanted, good):
    assert vectors.CHECKS[model](given, wanted) is good


@pytest.mark.parametrize("model", ["tofts", "extended_tofts", "patlak", "2cxm", "2cum"])
def test_wrong_curves_are_noticed(model):
    given = {
        "time_min": [0.5, 1.0, 2.0, 5.0],
        "hematocrit": 0.42,
        "ktrans_per_min": 0.077,
        "ve": 0.16,
        "vp": 0.03,
        "fp_per_min": 0.25,
        "ps_per_min": 0.12,
    }
    assert not vectors.CHECKS[model](given, {"conc_mM": [1.0, 1.0, 1.0, 1.0]})


def test_best_codes_name_parameters_with_a_tolerance():
    for name, best in kinetics.BEST.items():
        assert any(name == file for _, file, _ in kinetics.FILES)
        for parameter, value in best.items():
            assert parameter in kinetics.TOLERANCE and value > 0.0


def test_without_references_the_page_says_so(monkeypatch, tmp_path):
    """The digital spine's section is made all the same."""
    monkeypatch.setenv("SPINEMETS_SHARED_DATA", str(tmp_path / "data"))
    assert not rows.reference().exists()
    monkeypatch.setattr(page, "SECTIONS", (("T1", ()), ("Digital spine: here", (lambda: [Row(what="a", figure="1")],))))
    text = page.page()
    assert "were not beside the repository" in text
    assert "| a | 1 |" in text
