"""What the page on maps is made of, as far as it needs no reference: truths of the digital spine, vectors, bounds, sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.maps.enhancement import TYPES
from spinemets.maps.from_study.compute import KINDS
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, ParametricMap
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import fat_pool_ms
from spinemets.physics.fat_water import t1_weighted_fat_fraction
from studies.maps import ball_truths, digital_spine, fat, kinetics, page, rows, vectors
from studies.maps.ball_truths import Ball
from studies.maps.rows import Row

GRID = Grid(shape_ijk=(40, 40, 1), affine_lps_mm=np.diag([2.0, 2.0, 3.0, 1.0]))


@pytest.fixture(scope="module")
def balls():
    """Function: balls of a case's tissues, all in one place."""

    def of(name):
        centre = np.array([39.0, 39.0, 0.0])
        tissues = [insert.tissue for insert in case_of(name).inserts]
        return [Ball(tissue=one, centre_lps_mm=centre, radius_mm=7.0, grid=GRID) for one in tissues]

    return of


@pytest.mark.parametrize("check", digital_spine.CHECKS, ids=lambda check: check.about)
def test_every_check_has_a_kind_and_a_truth(balls, check):
    assert check.kind in KINDS
    assert check.within >= 0.0 and check.unit
    for one in balls(check.case):
        assert np.isfinite(check.truth(one))


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_fractions_as_t1_weighs_them(balls, field_t):
    """Against the forward model's own formula (E-29)."""
    for ball in balls("pdff-grid"):
        one = at_field(ball.tissue, field_t)
        t1 = {"water_t1_ms": one.t1_ms, "fat_t1_ms": fat_pool_ms(field_t)[0]}
        expected = t1_weighted_fat_fraction(fat_fraction=one.fat_fraction, tr_ms=10.0, flip_deg=3.0, **t1)
        assert ball_truths.apparent_fraction(field_t)(ball) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(("field_t", "te_ms"), [(1.5, (2.3, 4.6)), (3.0, (1.15, 2.3))])
def test_drop_rises_and_falls_with_fat(balls, field_t, te_ms):
    """None of pure water, most about one half, little of pure fat again."""
    drops = [ball_truths.apparent_drop(field_t, te_ms)(one) for one in balls("csi-grid")]
    assert drops[0] < 5 and max(drops) > 80 and drops[-1] < 30
    assert 0 < int(np.argmax(drops)) < len(drops) - 1


def test_decay_of_the_pools(balls):
    """Of water as stated; of fat with its own T2 in the same field inside the voxel."""
    for field_t in (1.5, 3.0):
        rates = [ball_truths.r2star_per_s(field_t)(one) for one in balls("pdff-grid")]
        of = at_field(balls("pdff-grid")[0].tissue, field_t)
        assert rates[0] == pytest.approx(1000.0 / of.t2star_ms)
        assert rates[-1] - rates[0] == pytest.approx(
            1000.0 / fat_pool_ms(field_t)[1] - 1000.0 / of.t2_ms, rel=2e-3, abs=1e-9
        )


def test_field_at_a_place(balls):
    """0 in the middle of the grid, the stated offset half its longer side away."""
    (ball, *_) = balls("pdff-grid")
    truth = ball_truths.field_map_hz("dixon_phase")
    assert truth(ball) == pytest.approx(0.0)
    away = Ball(tissue=ball.tissue, centre_lps_mm=np.array([79.0, 39.0, 0.0]), radius_mm=7.0, grid=GRID)
    assert truth(away) == pytest.approx(120.0)


def test_opposed_fat_makes_t1_longer(balls):
    for one in balls("dce-types"):
        assert ball_truths.apparent_t1_s(one) > one.tissue.t1_ms / 1000.0


def test_curves_of_the_balls(balls):
    """No enhancement without leak and plasma; more with more of both; each curve has a type."""
    balls = balls("dce-types")
    peaks = [ball_truths.peak_percent(one) for one in balls]
    assert peaks == sorted(peaks) and peaks[0] == pytest.approx(0.0, abs=1e-6) and peaks[-1] > 300
    # Each has the type that its name begins with.
    named = [float(TYPES.index(one.tissue.name.removeprefix("curve-")[0])) for one in balls]
    assert [ball_truths.curve_type(one) for one in balls] == named
    late = [ball_truths.enhancement_percent("t1", "t1_gd_gain")(one) for one in balls]
    assert late[0] == pytest.approx(0.0, abs=1e-6) and min(late[1:]) > 50


def result(**maps):
    """A map of the grid."""
    named = tuple(ParametricMap(name=name, title=name, unit="1", array=array) for name, array in maps.items())
    return MapResult(
        kind="fat-fraction", source="", series_uids=(), number=1, grid=GRID, maps=named, method="", inputs={}, rejected={}, notes=()
    )  # fmt: skip


def test_what_is_marked_is_not_held_against_a_map(monkeypatch, balls):
    """Voxels that a map marks are left out of medians; intervals and errors without a mark are counted over all."""
    ball, truth = balls("pdff-grid")[2], 0.22
    array, marks = np.full(GRID.shape_ijk, truth, np.float32), np.zeros(GRID.shape_ijk, np.uint8)
    near = digital_spine._near(ball)
    assert near.sum() > 4
    wrong = np.flatnonzero(near)[:2]
    array.flat[wrong], marks.flat[wrong[0]] = 0.8, 1
    ends = np.stack([array - 0.05, array + 0.05], axis=-1)
    made = result(fat_fraction_magnitude=array, fat_fraction_magnitude_ci95=ends, prevailing_unsure=marks)
    monkeypatch.setattr(digital_spine, "_balls", lambda check: (made, [ball]))
    check = replace(digital_spine._of_magnitudes("pdff-grid", "dixon", 1.5, 6.0), truth=lambda one: truth)
    (medians,) = digital_spine.region_means((check,))
    assert medians.met and float(medians.figure.split()[0]) == pytest.approx(0.0, abs=1e-3)
    few = np.array([1.0, np.nan, 3.0])
    assert np.isnan(digital_spine._median(few, np.ones(3, bool)))
    assert digital_spine._median(few[[0, 2]], np.ones(2, bool)) == 2.0
    (held,), (errors,) = digital_spine.intervals((check,)), digital_spine.confident_errors((check,))
    assert float(held.figure) == pytest.approx(1 - 2 / near.sum(), abs=1e-3)
    assert float(errors.figure) == pytest.approx(1 / near.sum(), abs=1e-3) and "of" in errors.what


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
