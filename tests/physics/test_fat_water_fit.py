"""Fit of complex echoes: vectors E-25 to E-27, what section 12 of the forward models asks for, another fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from spinemets.physics.fat_water import FatSpectrum, Voxels, multi_echo
from spinemets.physics.fat_water_fit import FEW_ECHOES, NO_SIGNAL, SWAP, fit_fat_water

SIX = FatSpectrum(ppm=(-3.8, -3.4, -2.6, -1.95, -0.5, 0.6), amplitudes=(0.088, 0.7, 0.12, 0.006, 0.039, 0.047))
ECHOES = [1.2, 2.2, 3.2, 4.2, 5.2, 6.2]


def echoes_of(field_t=3.0, **what):
    return multi_echo(voxels=Voxels(**what), spectrum=SIX, field_t=field_t, te_ms=ECHOES)


def fit(signal, field_t=3.0, spectrum=SIX, te=ECHOES):
    return fit_fat_water(signal=signal, te_ms=te, field_t=field_t, spectrum=spectrum)


def random_voxels(number, seed=12):
    """Fat 0 to 1, T2* 5 to 30 ms, field within 200 Hz."""
    draw = np.random.default_rng(seed)
    return {
        "pdff": draw.uniform(0.0, 1.0, number), "t2star_ms": draw.uniform(5.0, 30.0, number),
        "field_map_hz": draw.uniform(-200.0, 200.0, number),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field_t", "pdff", "t2star", "field_hz"), [(3.0, 0.45, 10.0, 35.0), (1.5, 0.0, 12.0, 0.0), (1.5, 1.0, 12.0, 0.0)]
)
def test_vectors(field_t, pdff, t2star, field_hz):
    """E-25 to E-27: what went in, edges of pure water and pure fat too."""
    found = fit(echoes_of(field_t, rho=50.0, pdff=pdff, t2star_ms=t2star, field_map_hz=field_hz), field_t)
    assert found.pdff == pytest.approx(pdff, abs=1e-6) and found.t2star_ms == pytest.approx(t2star, rel=1e-6)
    assert found.field_map_hz == pytest.approx(field_hz, abs=1e-4) and found.rho == pytest.approx(50.0, rel=1e-6)
    assert found.valid and found.reason == ""


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_without_noise_it_is_exact(field_t):
    """Within 1e-4 in fat fraction, for any coil phase."""
    truth = random_voxels(200)
    phase = np.exp(1j * np.random.default_rng(2).uniform(0.0, 6.28, 200))
    found = fit(echoes_of(field_t, rho=80.0 * phase, **truth), field_t)
    assert found.valid.all() and (found.reason == "").all()
    assert found.pdff == pytest.approx(truth["pdff"], abs=1e-4)
    assert found.t2star_ms == pytest.approx(truth["t2star_ms"], rel=1e-4)
    assert found.field_map_hz == pytest.approx(truth["field_map_hz"], abs=0.01)


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_with_noise(field_t):
    """SNR 30 in the first echo: median error at most 0.01."""
    truth, draw = random_voxels(600), np.random.default_rng(7)
    clean = echoes_of(field_t, **truth)
    sigma = np.abs(clean[:, :1]) / 30.0
    found = fit(clean + sigma * (draw.normal(size=clean.shape) + 1j * draw.normal(size=clean.shape)), field_t)
    assert np.median(np.abs(found.pdff - truth["pdff"])) <= 0.01
    # What is far off are exchanged voxels; most of those are told.
    far = np.abs(found.pdff - truth["pdff"]) > 0.2
    assert far.mean() < 0.04


def test_another_fit():
    """Noisy voxels: scipy's fit of all six unknowns from the truth ends at the same place."""
    truth, draw = random_voxels(8, 5), np.random.default_rng(9)
    clean = echoes_of(3.0, **truth)
    noisy = clean + 0.003 * (draw.normal(size=clean.shape) + 1j * draw.normal(size=clean.shape))
    found, time = fit(noisy), np.array(ECHOES)
    pure = [echoes_of(3.0, pdff=share)for share in (0.0, 1.0)]  # fmt: skip
    for n in range(8):

        def left(x, row=noisy[n]):
            model = (x[0] + 1j * x[1]) * pure[0] + (x[2] + 1j * x[3]) * pure[1]
            model = model * np.exp((2j * np.pi * x[4] / 1000.0 - x[5]) * time)
            return np.concatenate([(model - row).real, (model - row).imag])

        start = [1 - truth["pdff"][n], 0, truth["pdff"][n], 0, truth["field_map_hz"][n], 1 / truth["t2star_ms"][n]]
        x = optimize.least_squares(left, start, x_scale=[1, 1, 1, 1, 10, 0.1], xtol=1e-14, ftol=1e-14, gtol=1e-14).x
        water, fat = abs(x[0] + 1j * x[1]), abs(x[2] + 1j * x[3])
        assert found.pdff[n] == pytest.approx(fat / (water + fat), abs=1e-5)
        assert found.field_map_hz[n] == pytest.approx(x[4], abs=1e-2)
        assert 1 / found.t2star_ms[n] == pytest.approx(x[5], rel=1e-4)


def test_one_peak_can_be_exchanged():
    """With one peak of fat, water alone is fat alone at another field: the fit says so. Six peaks tell them apart."""
    one = FatSpectrum.single()
    water = multi_echo(voxels=Voxels(pdff=0.0, t2star_ms=12.0), spectrum=one, field_t=1.5, te_ms=ECHOES)
    assert fit(water, 1.5, one).reason == SWAP
    assert fit(echoes_of(1.5, pdff=0.0, t2star_ms=12.0), 1.5).reason == ""


def test_the_wrong_spectrum_costs_about_a_point():
    """Echoes of one published spectrum, read with another (PDFF moves by about 0.01)."""
    other = FatSpectrum(
        ppm=(-3.8, -3.4, -2.6, -1.94, -0.39, 0.6), amplitudes=(0.087, 0.693, 0.128, 0.004, 0.039, 0.048)
    )
    found = fit(echoes_of(1.5, pdff=0.5, t2star_ms=15.0), 1.5, other)
    assert 0.0 < abs(float(found.pdff) - 0.5) < 0.02


def test_refusals():
    """Too few echoes, no signal, not a number; shapes are kept; lengths must agree."""
    few = fit(np.ones((2, 3)), te=[1.2, 2.2, 3.2])
    assert not few.valid.any() and (few.reason == FEW_ECHOES).all() and np.isnan(few.pdff).all()
    mixed = np.stack([echoes_of(pdff=0.3, t2star_ms=9.0), np.zeros(6), np.full(6, np.nan)]).reshape(3, 1, 6)
    found = fit(mixed)
    assert found.pdff.shape == (3, 1) and found.valid[:, 0].tolist() == [True, False, False]
    assert found.reason[:, 0].tolist() == ["", NO_SIGNAL, NO_SIGNAL]
    with pytest.raises(ValueError, match="echo time"):
        fit(np.ones(5))
