"""IVIM: E-31 and E-33, the same optimum as a slow fit, intervals, what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.ivim import fit
from spinemets.model.errors import UsageError
from spinemets.physics.diffusion import fit_ivim, ivim

B = np.array([0, 30, 50, 100, 150, 200, 400, 600, 800, 1000.0])


def signals(f, d, dstar, s0=1000.0, b=B):
    return np.asarray(ivim(s0=s0, f=f, d_mm2_per_s=d, dstar_mm2_per_s=dstar, b_s_per_mm2=b))


def test_a_metastasis():
    """E-31 backwards, without the bias of a fit in segments (E-33)."""
    found = fit(
        [
            1000,
            933.536463,
            903.706631,
            855.837144,
            826.070859,
            803.246707,
            729.221198,
            663.76158,
            604.210067,
            550.001996,
        ],
        B,
    )
    assert found.valid
    assert found.f == pytest.approx(0.12, rel=1e-4)
    assert found.d_mm2_per_s == pytest.approx(0.00047, rel=1e-4)
    assert found.dstar_mm2_per_s == pytest.approx(0.02, rel=1e-4)
    assert found.s0 == pytest.approx(1000.0, rel=1e-5)


def test_any_order_and_shape():
    signal = signals(0.1, 1e-3, 0.03)
    turned = np.broadcast_to(np.ravel(signal)[::-1], (3, 2, len(B)))
    found = fit(turned, B[::-1], mask=np.array([[True, True], [True, False], [True, True]]))
    assert found.f.shape == (3, 2) and found.ci95["f"].shape == (3, 2, 2)
    assert found.valid.sum() == 5 and np.isnan(found.f[1, 1])
    assert found.f[found.valid] == pytest.approx(0.1, rel=1e-4)


def test_against_the_second_implementation():
    """Noise: both are least squares of the same model."""
    draw = np.random.default_rng(1)
    b = np.array([0, 10, 20, 40, 60, 90, 120, 160, 200, 300, 400, 500, 650, 800, 1000.0])
    rows = signals(np.full(8, 0.15), np.full(8, 1.1e-3), np.full(8, 0.02), b=b) + 4 * draw.standard_normal((8, len(b)))
    found, other = fit(rows, b), fit_ivim(b_s_per_mm2=b, signal=rows)
    same = np.isfinite(np.asarray(other.d_mm2_per_s.value)) & found.valid
    assert same.sum() >= 6
    assert found.d_mm2_per_s[same] == pytest.approx(np.asarray(other.d_mm2_per_s.value)[same], rel=2e-3)


def test_intervals_hold_the_truth():
    draw = np.random.default_rng(2)
    rows = signals(np.full(2000, 0.2), np.full(2000, 1.2e-3), np.full(2000, 0.02)) + 8 * draw.standard_normal(
        (2000, len(B))
    )
    found = fit(rows, B)
    for name, truth in (("f", 0.2), ("d_mm2_per_s", 1.2e-3), ("dstar_mm2_per_s", 0.02), ("s0", 1000.0)):
        ci = found.ci95[name]
        assert 0.9 < ((ci[:, 0] <= truth) & (truth <= ci[:, 1])).mean() <= 1.0, name
        value = getattr(found, name)
        assert ((ci[:, 0] <= value) & (value <= ci[:, 1]))[np.isfinite(value)].all()


@pytest.mark.parametrize("rate", [1e-3, 0.03])
def test_one_exponential_tells_no_share(rate):
    """f near 0 and near 1 look alike: share and rates are intervals, S0 is told."""
    draw = np.random.default_rng(3)
    rows = 1000 * np.exp(-rate * B) + 3 * draw.standard_normal((300, len(B)))
    found = fit(rows, B)
    told = np.isfinite(found.f)
    assert told.mean() < 0.25
    assert (found.ci95["f"][~told, 1] > 9 * found.ci95["f"][~told, 0]).all()
    assert np.isfinite(found.s0).mean() > 0.9


def test_faster_than_water_is_no_tissue():
    """A slow part of 0.02 mm2/s is blood seen twice."""
    rows = 600 * np.exp(-0.02 * B) + 400 * np.exp(-0.2 * B)
    found = fit(rows, B)
    assert not found.valid and np.isnan(found.d_mm2_per_s)
    assert found.ci95["d_mm2_per_s"][0] < 1e-3


@pytest.mark.parametrize(
    "b", [[0, 50, 400], [0, 400, 600, 800, 1000], [0, 0.5, 0.8, 1000], [0, 50, 400, np.nan], [[0, 50, 400, 800]]]
)
def test_too_few_b_values(b):
    with pytest.raises(UsageError):
        fit(np.ones(np.shape(b)), b)


def test_two_are_better_than_one_only_where_noise_would_not_do_as_much():
    """F test of the residuals: once in twenty times for noise, always for a true second part."""
    from dataclasses import replace

    from spinemets.maps.ivim import _better
    from spinemets.maps.separable import one_rate, rates_of, table_of, two_rates

    rates = (2e-5, 1.0)
    curves = np.exp(-rates_of(rates)[:, None] * B)
    draw = np.random.default_rng(5)
    single = 1000 * np.exp(-1e-3 * B) + 5 * draw.standard_normal((2000, len(B)))
    mixed = 800 * np.exp(-1e-3 * B) + 200 * np.exp(-0.03 * B) + 5 * draw.standard_normal((2000, len(B)))
    shares = []
    for rows in (single.astype(np.float32), mixed.astype(np.float32)):
        wanted = np.ones(2000, bool)
        two = two_rates(table_of(curves, rates, two=True), rows, wanted)
        one = one_rate(table_of(curves, rates), rows, wanted, 2.3)
        shares.append(float((_better(two, one, len(B)) & two.decided).mean()))
    assert shares[0] < 0.07
    assert shares[1] > 0.99
    # As many unknowns as signals: nothing is left over to judge by.
    assert np.array_equal(_better(replace(two, decided=wanted), one, 4), wanted)


def test_s0_is_told_where_nothing_else_is():
    """One exponential: its own intercept, with an interval that holds it."""
    draw = np.random.default_rng(6)
    found = fit(1000 * np.exp(-1e-3 * B) + 5 * draw.standard_normal((200, len(B))), B)
    alone = ~found.valid
    assert alone.mean() > 0.8
    assert np.median(found.s0[alone]) == pytest.approx(1000.0, rel=5e-3)
    held = (found.ci95["s0"][alone, 0] <= 1000.0) & (found.ci95["s0"][alone, 1] >= 1000.0)
    assert held.mean() > 0.85
    assert (found.ci95["f"][alone] == np.float32([0.0, 1.0])).all()
