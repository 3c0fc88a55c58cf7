"""T1 of inversion times: exact without noise, the right side of every null, the phantom's trap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spinemets.maps.inversion_recovery import fit
from spinemets.model.errors import UsageError

TIMES = np.array([0.035, 0.075, 0.1, 0.125, 0.15, 0.25, 1.0, 1.5, 2.0, 3.0])


def signals(t1, a=1.0, b=-1.9):
    return np.abs(a + b * np.exp(-TIMES / np.asarray(t1)[..., None]))


@given(t1=st.floats(0.05, 4.0), b=st.floats(-2.0, -1.3))
@example(t1=1.4429976699857916, b=-2.0)  # a signal next to its null
@settings(max_examples=60, deadline=None)
def test_exact_without_noise(t1, b):
    """Imperfect inversion and recovery are amplitudes of their own."""
    found = fit(signals(t1, 100.0, 100.0 * b), TIMES)
    assert found.valid
    assert found.t1_s == pytest.approx(t1, rel=2e-4)
    assert found.recovered == pytest.approx(100.0, rel=1e-3)
    assert found.inverted == pytest.approx(100.0 * b, rel=1e-3)


def test_any_order_shape_and_mask():
    order = np.random.default_rng(1).permutation(len(TIMES))
    rows = np.broadcast_to(signals(0.8)[order], (2, 3, len(TIMES)))
    found = fit(rows, TIMES[order], mask=[[True, True, True], [True, True, False]])
    assert found.valid.sum() == 5 and found.ci95_s.shape == (2, 3, 2)
    assert found.t1_s[found.valid] == pytest.approx(0.8, rel=1e-4)


def test_a_local_minimum_is_not_taken():
    """Signals of a phantom vial whose owners' fit ended at 1161 ms: the best fit is 1915 (nominal 1884)."""
    t1, found = 1.884, []
    for seed in range(20):
        noisy = signals(t1) + 0.01 * np.random.default_rng(seed).standard_normal(len(TIMES))
        found.append(float(fit(noisy, TIMES).t1_s))
    assert np.abs(np.array(found) / t1 - 1).max() < 0.1


def test_intervals_hold_the_truth():
    rows = signals(np.full(2000, 0.7)) + 0.01 * np.random.default_rng(2).standard_normal((2000, len(TIMES)))
    ci = fit(rows, TIMES).ci95_s
    assert 0.9 < ((ci[:, 0] <= 0.7) & (ci[:, 1] >= 0.7)).mean() < 0.98


def test_not_valid():
    """No recovery, no signal, no number."""
    rows = np.stack([np.ones(10), np.zeros(10), np.full(10, np.nan), np.exp(-TIMES)])
    assert not fit(rows, TIMES).valid.any()


@pytest.mark.parametrize("times", [[0.1, 0.2, 0.3], [0.1, 0.1, 0.2, 0.3], [0.0, 0.1, 0.2, 0.3], [[0.1, 0.2, 0.3, 0.4]]])
def test_refusals(times):
    with pytest.raises(UsageError):
        fit(np.ones(np.shape(times)), times)


def test_bases_are_unit_vectors_across_one_another():
    from spinemets.maps.inversion_recovery import _bases

    one, other = _bases(np.log(np.array([0.1, 0.9, 3.0])), TIMES)
    assert np.linalg.norm(one, axis=-1) == pytest.approx(1.0)
    assert np.linalg.norm(other, axis=-1) == pytest.approx(1.0)
    assert (one * other).sum(axis=-1) == pytest.approx(0.0, abs=1e-12)


def test_units():
    """Signals times a number, times in any common unit."""
    plain, scaled = fit(signals(0.8), TIMES), fit(1e3 * signals(0.8), TIMES)
    assert scaled.t1_s == pytest.approx(float(plain.t1_s))
    assert scaled.recovered == pytest.approx(1e3 * float(plain.recovered), rel=1e-5)
    assert fit(signals(0.8), TIMES / 2).t1_s == pytest.approx(0.4, rel=2e-4)


@pytest.mark.parametrize("t1", [0.144269504, 0.36067376, 1.442695041, 2.88539008])
def test_signals_at_their_null(t1):
    """TI = T1 ln 2 of perfect inversion: one signal is 0, and its sign is anybody's."""
    found = fit(signals(t1, 100.0, -200.0), TIMES)
    assert found.valid
    assert found.t1_s == pytest.approx(t1, rel=2e-4)


def test_closer_search_ends_on_the_maximum():
    from spinemets.maps.inversion_recovery import _closer

    signed = (1.0 - 1.9 * np.exp(-TIMES / 0.8))[None]
    at, energy = _closer(signed, TIMES, np.array([np.log(0.81)]), 0.03)
    assert at[0] == pytest.approx(np.log(0.8), abs=1e-5)
    assert energy[0] == pytest.approx(float((signed**2).sum()), rel=1e-9)
