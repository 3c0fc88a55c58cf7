"""Every fit against its slow twin (`slow`): the same optimum, voxel by voxel, on signals with noise."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import (
    adc,
    enhancement,
    fat_fraction,
    fat_fraction_magnitude,
    inversion_recovery,
    ivim,
    t1,
    tofts,
)
from spinemets.maps.aif import parker
from spinemets.maps.fat_spectrum import modulation
from tests.maps import slow

TIMES_S = 4.0 * np.arange(60)
PLASMA = parker(TIMES_S, delay_s=20.0)
TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
FLIPS = np.array([2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0])
TR_S = 0.0073


@pytest.fixture
def draw():
    return np.random.default_rng(11)


@pytest.mark.parametrize("b", [[0, 800], [50, 400, 800], [0, 100, 300, 500, 700, 900, 1100, 1500]])
def test_adc(draw, b):
    b = np.array(b, dtype=float)
    rows = 800 * np.exp(-b * draw.uniform(0.3e-3, 2.5e-3, (25, 1))) * draw.uniform(0.9, 1.1, (25, len(b)))
    found = adc.fit(rows.astype(np.float32), b)
    for n, row in enumerate(rows.astype(np.float32)):
        coefficient, s0, explained = slow.adc(row, b)
        assert found.adc_mm2_per_s[n] == pytest.approx(coefficient, rel=1e-5, abs=1e-9)
        assert found.s0[n] == pytest.approx(s0, rel=1e-5)
        assert found.r_squared[n] == pytest.approx(explained, abs=1e-4)


def test_ivim(draw):
    """Where two exponentials are told apart, all four parameters; never a worse residual."""
    b = np.array([0, 10, 20, 40, 60, 90, 120, 160, 200, 300, 400, 500, 650, 800, 1000.0])
    f, d, dstar = draw.uniform(0.1, 0.4, 10), draw.uniform(0.5e-3, 2e-3, 10), draw.uniform(0.01, 0.06, 10)
    clean = (1 - f)[:, None] * np.exp(-d[:, None] * b) + f[:, None] * np.exp(-dstar[:, None] * b)
    rows = (1000 * clean + 3 * draw.standard_normal(clean.shape)).astype(np.float32)
    found = ivim.fit(rows, b)
    for n in np.flatnonzero(found.valid):
        values, cost = slow.ivim(rows[n], b)
        for name, value in values.items():
            own = float(getattr(found, name)[n])
            if np.isfinite(own):
                assert own == pytest.approx(value, rel=2e-3), name
        fitted = values["s0"] * (
            (1 - values["f"]) * np.exp(-b * values["d_mm2_per_s"])
            + values["f"] * np.exp(-b * values["dstar_mm2_per_s"])
        )
        assert cost == pytest.approx(float(((fitted - rows[n]) ** 2).sum()), rel=1e-6)
    assert found.valid.sum() >= 8


def test_t1_of_flip_angles(draw):
    times = draw.uniform(0.2, 2.5, 15)
    rows = np.stack([slow.spoiled(t, 1000.0, FLIPS, TR_S) for t in times])
    rows = (rows + 0.3 * draw.standard_normal(rows.shape)).astype(np.float32)
    exact = t1.fit_vfa(rows, FLIPS, TR_S)
    straight = t1.fit_vfa(rows, FLIPS, TR_S, method="linear")
    for n, row in enumerate(rows):
        seconds, m0 = slow.t1_flips(row, FLIPS, TR_S)
        assert exact.t1_s[n] == pytest.approx(seconds, rel=1e-5)
        assert exact.m0[n] == pytest.approx(m0, rel=1e-5)
        seconds, m0 = slow.t1_line(row, FLIPS, TR_S)
        assert straight.t1_s[n] == pytest.approx(seconds, rel=1e-4)
        assert straight.m0[n] == pytest.approx(m0, rel=1e-4)


def test_t1_of_inversions(draw):
    times = np.array([0.035, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0])
    t1_s = draw.uniform(0.15, 2.0, 8)
    rows = np.abs(1 - 1.9 * np.exp(-times / t1_s[:, None])) + 0.01 * draw.standard_normal((8, 7))
    found = inversion_recovery.fit(rows, times)
    for n, row in enumerate(rows):
        if found.valid[n]:
            assert found.t1_s[n] == pytest.approx(slow.t1_inversions(row, times), rel=1e-4)
    assert found.valid.sum() >= 7


@pytest.mark.parametrize("ratio", [0.8, 1.0, 1.5, 3.0, 6.0, 8.4, 9.0])
def test_concentration(ratio):
    """A root of the forward model, or none."""
    found = tofts.concentration([1.0, ratio], 1.1, 0.005, 15.0, 4.5)[1]
    assert found == pytest.approx(slow.concentration(ratio, 1.1, 0.005, 15.0, 4.5), rel=1e-4, abs=1e-5, nan_ok=True)


CURVES = {
    "tofts": lambda tissue: tissue.tofts(0.15, 0.3),
    "extended_tofts": lambda tissue: tissue.extended_tofts(0.15, 0.3, 0.05),
    "patlak": lambda tissue: tissue.patlak(0.04, 0.06),
    "2cxm": lambda tissue: tissue.exchange(0.4, 0.15, 0.08, 0.25),
    "2cum": lambda tissue: tissue.uptake(0.4, 0.06, 0.08),
}


@pytest.mark.parametrize("model", list(CURVES))
def test_kinetics(draw, model):
    """Differential equations solved step by step, fitted by a general optimiser."""
    tissue = slow.Tissue(TIMES_S, PLASMA)
    curve = CURVES[model](tissue) + 0.003 * draw.standard_normal(len(TIMES_S))
    found = tofts.fit(curve, PLASMA, TIMES_S, model)
    for name, value in slow.kinetics(model, tissue, curve.astype(np.float32)).items():
        own = float(getattr(found, name))
        low, high = found.ci95[name]
        # The integral of the cubic between samples is cut into four straight pieces: a small part of the interval.
        assert own == pytest.approx(value, rel=5e-3, abs=0.05 * float(high - low)), name


def test_fat_fraction(draw):
    shares, fields = draw.uniform(0.1, 0.9, 6), draw.uniform(-100, 100, 6)
    mixed = (1 - shares)[:, None] + shares[:, None] * modulation(TE_S, 3.0)
    rows = 100 * mixed * np.exp((2j * np.pi * fields[:, None] - 70) * TE_S)
    rows = rows + 1.0 * (draw.standard_normal(rows.shape) + 1j * draw.standard_normal(rows.shape))
    found = fat_fraction.fit(rows, TE_S, 3.0)
    for n, row in enumerate(rows.astype(np.complex64)):
        values, _ = slow.fat_fraction(row.astype(complex), TE_S, 3.0)
        assert found.pdff[n] == pytest.approx(values["pdff"], abs=1e-4)
        assert found.r2star_per_s[n] == pytest.approx(values["r2star_per_s"], abs=0.05)
        period = 1000.0
        apart = float(found.field_map_hz[n]) - values["field_map_hz"]
        assert apart - period * round(apart / period) == pytest.approx(0.0, abs=0.05)


def test_the_spectrum_of_fat():
    for field_t in (1.5, 3.0):
        assert modulation(TE_S, field_t) == pytest.approx(slow.fat(TE_S, field_t))


def test_fat_fraction_of_magnitudes(draw):
    shares = np.array([0.05, 0.2, 0.35, 0.5, 0.65, 0.8])
    mixed = (1 - shares)[:, None] + shares[:, None] * modulation(TE_S, 3.0)
    rows = np.abs(300 * mixed * np.exp(-50 * TE_S)) + 1.5 * draw.standard_normal((6, 6))
    found = fat_fraction_magnitude.fit(rows, TE_S, 3.0)
    for n, row in enumerate(rows):
        value, cost = slow.fat_fraction_magnitude(row, TE_S, 3.0)
        own = float(found.fat_fraction_magnitude[n])
        rate = float(found.r2star_per_s[n])
        shape = np.abs((1 - own) + own * modulation(TE_S, 3.0)) * np.exp(-rate * TE_S)
        left = row - shape * float(row @ shape) / float(shape @ shape)
        assert float(left @ left) <= cost * (1 + 1e-3) + 1e-6
        if abs(own - value) > 0.02:
            assert found.prevailing_unsure[n]


def test_types_of_curves(draw):
    """Rises and falls of all kinds, rule by rule."""
    times = np.array([0, 10, 20, 30, 40, 60, 80, 100, 130, 160, 200, 240.0])
    rises = draw.uniform(5, 250, (200, 1)) * (1 - np.exp(-np.maximum(times - 20, 0) / draw.uniform(5, 120, (200, 1))))
    falls = np.exp(-np.maximum(times - 60, 0) * draw.uniform(-2e-3, 4e-3, (200, 1)))
    percent = rises * falls
    found = enhancement.fit(100 + percent, times, 3)
    names = [enhancement.TYPES[code] for code in found.curve_type]
    expected = [slow.curve_type(row, times) for row in percent]
    assert np.mean([a == b for a, b in zip(names, expected, strict=True)]) > 0.98
    assert len(set(names)) >= 4
