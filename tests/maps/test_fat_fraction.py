"""Fat fraction of complex echoes: E-24 to E-27, exact without noise, Cramer-Rao bound, swaps, sign of phase, neighbours."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.maps import fat_fraction
from spinemets.maps.fat_fraction import fit
from spinemets.maps.fat_spectrum import modulation
from spinemets.model.errors import UsageError

TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])


def echoes(pdff, *, r2star=80.0, field_hz=0.0, phase=0.0, field_t=3.0, te_s=TE_S, size=100.0):
    fraction, rate, hz = (np.asarray(x, float)[..., None] for x in (pdff, r2star, field_hz))
    mixed = (1 - fraction) + fraction * modulation(te_s, field_t)
    return size * mixed * np.exp((2j * np.pi * hz - rate) * te_s + 1j * phase)


def noisy(signal, sigma, seed=1):
    draw = np.random.default_rng(seed)
    return signal + sigma * (draw.standard_normal(signal.shape) + 1j * draw.standard_normal(signal.shape))


def test_six_echoes():
    """E-24 and E-25."""
    real = [15.7815359, 59.1676432, 27.5682224, 14.3107436, 25.4301376, -8.57190127]
    imag = [7.0250727, 42.8719974, 4.15268691, 45.0587744, 18.4841693, 28.8096162]
    found = fit(np.array(real) + 1j * np.array(imag), TE_S, 3.0)
    assert found.pdff == pytest.approx(0.45, abs=1e-5)
    assert found.r2star_per_s == pytest.approx(100.0, rel=1e-4)
    assert found.field_map_hz == pytest.approx(35.0, abs=1e-2)
    assert found.valid and not found.swap_suspected and not found.conjugated


@pytest.mark.parametrize("pdff", [0.0, 1.0])
def test_edges(pdff):
    """E-26, E-27."""
    found = fit(echoes(pdff, r2star=1000 / 12, field_t=1.5), TE_S, 1.5)
    assert found.pdff == pytest.approx(pdff, abs=1e-5)
    assert found.field_map_hz == pytest.approx(0.0, abs=0.05)


@given(
    pdff=st.floats(0, 1), r2star=st.floats(30, 200), field_hz=st.floats(-150, 150), phase=st.floats(-3, 3), field_t=st.sampled_from([1.5, 3.0])
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_exact_without_noise(pdff, r2star, field_hz, phase, field_t):
    """To 0.01 point, whatever field, phase and decay."""
    found = fit(echoes(pdff, r2star=r2star, field_hz=field_hz, phase=phase, field_t=field_t), TE_S, field_t)
    assert found.valid
    assert found.pdff == pytest.approx(pdff, abs=1e-4)


def bound(pdff, r2star, sigma, field_t=1.5):
    """Cramer-Rao bound of the fraction, by differences of the model."""

    def model(p):
        return (p[0] + p[1] * modulation(TE_S, field_t)) * np.exp(1j * p[2] + (2j * np.pi * p[3] - p[4]) * TE_S)

    at = np.array([1 - pdff, pdff, 0.0, 0.0, r2star])
    columns = []
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6 * max(1.0, abs(at[k]))
        d = (model(at + step) - model(at - step)) / (2 * step[k])
        columns.append(np.concatenate([d.real, d.imag]))
    jacobian = np.stack(columns, axis=1)
    covariance = sigma**2 * np.linalg.inv(jacobian.T @ jacobian)
    gradient = np.array([-pdff, 1 - pdff, 0, 0, 0])
    return float(np.sqrt(gradient @ covariance @ gradient))


@pytest.mark.parametrize("pdff", [0.1, 0.4, 0.9])
def test_noise_comes_to_the_bound(pdff):
    """SNR 30: the spread is the least there can be, the mean is not off, intervals hold."""
    found = fit(noisy(echoes(np.full(2000, pdff), field_t=1.5), 100 / 30), TE_S, 1.5)
    near = np.abs(found.pdff - pdff) < 0.2
    least = bound(pdff, 80.0, 1 / 30)
    assert near.mean() > 0.97
    assert found.pdff[near].std() < 1.15 * least
    assert abs(found.pdff[near].mean() - pdff) < 5 * least / np.sqrt(2000)
    held = (found.ci95[:, 0] <= pdff) & (pdff <= found.ci95[:, 1])
    assert 0.9 < held[near].mean() < 0.98


@pytest.mark.parametrize("pdff", [0.0, 0.05, 0.95, 1.0])
def test_swaps_are_flagged(pdff):
    """Where one peak prevails noise may exchange water and fat: few go without a flag."""
    found = fit(noisy(echoes(np.full(3000, pdff), field_t=1.5, r2star=100.0), 100 / 30), TE_S, 1.5)
    swapped = np.abs(found.pdff - pdff) > 0.5
    assert (swapped & ~found.swap_suspected).mean() < 0.03
    assert found.swap_suspected.mean() < 0.7


def test_a_scanner_that_turns_the_other_way():
    """Conjugated echoes are seen as such, once for all voxels."""
    signal = noisy(echoes(np.linspace(0.2, 0.7, 200)), 1.0)
    plain, turned = fit(signal, TE_S, 3.0), fit(np.conj(signal), TE_S, 3.0)
    assert not plain.conjugated and turned.conjugated
    assert turned.pdff == pytest.approx(plain.pdff, abs=1e-5)


def test_neighbours_decide():
    """A field that rises over several periods of the echoes; water and fat in two halves: no swap, no wrap."""
    x = np.linspace(-1, 1, 40)
    hz = 700.0 * x[:, None] + 60 * x[None, :]
    pdff = np.where(np.arange(40)[None, :] < 20, 0.03, 0.95) * np.ones((40, 1))
    signal = noisy(echoes(pdff, field_hz=hz, field_t=1.5), 4.0)
    image, apart = fit(signal, TE_S, 1.5), fit(signal, TE_S, 1.5, neighbours=False)
    assert (np.abs(image.pdff - pdff) < 0.25).all()
    assert (np.abs(apart.pdff - pdff) > 0.5).sum() >= 1
    step = np.diff(image.field_map_hz - hz)
    assert np.abs(step).max() < 40
    assert not image.swap_suspected.any()


def test_three_echoes_have_no_decay():
    found = fit(echoes(0.3, r2star=0.0, te_s=TE_S[:3]), TE_S[:3], 3.0)
    assert found.pdff == pytest.approx(0.3, abs=1e-4)
    assert found.r2star_per_s == 0.0


def test_uneven_echoes():
    te_s = 1e-3 * np.array([1.1, 1.9, 3.3, 4.1, 6.0])
    found = fit(echoes([0.1, 0.6], field_hz=[-80.0, 120.0], te_s=te_s), te_s, 3.0)
    assert found.pdff == pytest.approx([0.1, 0.6], abs=1e-4)
    assert found.field_map_hz == pytest.approx([-80.0, 120.0], abs=0.05)


def test_not_valid():
    signal = echoes(np.full(4, 0.4))
    signal[0] = 0.0
    signal[1, 2] = np.nan
    found = fit(signal, TE_S, 3.0, mask=[True, True, False, True])
    assert found.valid.tolist() == [False, False, False, True]
    assert np.isnan(found.pdff[:3]).all() and np.isnan(found.ci95[:3]).all()
    assert not fit(np.zeros((2, 6), complex), TE_S, 3.0).valid.any()


@pytest.mark.parametrize(
    ("signal", "te_s"),
    [(np.ones((3, 6)), TE_S), (np.ones((3, 2), complex), TE_S[:2]), (np.ones((3, 5), complex), TE_S), (np.ones((3, 3), complex), np.array([0, 1e-3, 2e-3]))],
)  # fmt: skip
def test_refusals(signal, te_s):
    with pytest.raises(UsageError):
        fit(signal, te_s, 3.0)


def test_what_is_searched():
    """Even echoes: one period of the field in steps of 20 Hz at most; uneven ones: as far as fat lies from water and more."""
    from spinemets.maps.fat_fraction import _Search

    even = _Search.of(TE_S, 1.5, None)
    assert even.period_hz == pytest.approx(1000.0)
    assert np.diff(even.fields).max() <= 20.0 + 1e-9 and np.ptp(even.fields) < 1000.0
    uneven = _Search.of(1e-3 * np.array([1.1, 1.9, 3.3, 4.1]), 3.0, None)
    assert uneven.period_hz == 0.0
    assert uneven.fields.min() == pytest.approx(-uneven.fields.max())
    assert uneven.fields.max() > 1.4 * 434.0
    few = _Search.of(TE_S[:3], 3.0, None)
    assert few.without_decay and few.rates.tolist() == [0.0] and few.freedom == 2


def test_inverse_normal_matrices():
    """Of real water and fat of each decay: their product with the matrices themselves is 1."""
    from spinemets.maps.fat_fraction import _Search

    fat, _, decays, inverses = _Search.of(TE_S, 3.0, None).tables()
    for decay, entries in zip(decays, inverses, strict=True):
        shapes = np.stack([decay + 0j, decay * fat], axis=1)
        normal = (shapes.conj().T @ shapes).real
        full = np.array([[entries[0], entries[1]], [entries[1], entries[2]]])
        assert normal @ full == pytest.approx(np.eye(2), abs=1e-9)


def test_pieces_change_nothing(monkeypatch):
    """An image and single voxels: found piece by piece, the neighbours asked once all are known."""
    draw = np.random.default_rng(12)
    signal = noisy(echoes(draw.uniform(0, 1, (9, 8)), field_hz=np.linspace(-100, 100, 8) * np.ones((9, 1))), 3.0)
    signal[2, 3] = 0.0
    mask = draw.random((9, 8)) < 0.9
    for neighbours in (True, False):
        whole = fit(signal, TE_S, 3.0, mask=mask, neighbours=neighbours)
        with monkeypatch.context() as patch:
            patch.setattr(fat_fraction, "PIECE", 5)
            parts = fit(signal, TE_S, 3.0, mask=mask, neighbours=neighbours)
        for field in fields(whole):
            one, other = (np.asarray(getattr(found, field.name), float) for found in (whole, parts))
            assert np.array_equal(one, other, equal_nan=True), field.name
        assert not whole.valid[2, 3] and not whole.valid[~mask].any()


def test_memory_stays_below_three_times_the_echoes(monkeypatch):
    signal = noisy(echoes(np.linspace(0, 1, 12_000)), 3.0).astype(np.complex64)
    monkeypatch.setattr(fat_fraction, "PIECE", 2048)
    fit(signal[:10], TE_S, 3.0)
    tracemalloc.start()
    fit(signal, TE_S, 3.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * signal.nbytes
