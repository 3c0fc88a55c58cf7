import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.statistics.intervals import around, difference, ratio, wilson


def test_ratio_vector():
    """signs.md 0.9: "m1 180 ... m2 240 ... -> se 3.34 and 3.64, r 0.750, ci95 [0.716, 0.786]"."""
    r, (low, high) = ratio(180, 3.345, 240, 3.642)
    assert r == 0.75
    assert low == pytest.approx(0.716, abs=0.0006)
    assert high == pytest.approx(0.786, abs=0.0006)


def test_ratio_of_the_isointense_vector():
    """MR-T1-01: "235/240, relSE 0.02 -> 0.979 [0.942, 1.018]"."""
    r, (low, high) = ratio(235, 235 * 0.02, 240, 0)
    assert (round(r, 3), round(low, 3), round(high, 3)) == (0.979, 0.942, 1.018)


@pytest.mark.parametrize("pair", [(0, 240), (180, 0), (-1, 2), (float("nan"), 1)])
def test_ratio_refuses_what_has_no_logarithm(pair):
    with pytest.raises(ValueError, match="positive"):
        ratio(pair[0], 1, pair[1], 1)


@given(st.floats(1, 1e4), st.floats(0, 100), st.floats(1, 1e4), st.floats(0, 100), st.floats(0.01, 100))
def test_ratio_does_not_depend_on_the_signal_unit(m1, se1, m2, se2, scale):
    r, (low, high) = ratio(m1, se1, m2, se2)
    r2, (low2, high2) = ratio(m1 * scale, se1 * scale, m2 * scale, se2 * scale)
    assert (r2, low2, high2) == (pytest.approx(r), pytest.approx(low), pytest.approx(high))
    assert low <= r <= high


def test_difference_adds_in_quadrature():
    """signs.md 0.9: "Difference: quadrature"."""
    value, (low, high) = difference(100, 3, 60, 4)
    assert (value, low, high) == (40, pytest.approx(40 - 9.8), pytest.approx(40 + 9.8))
    assert around(10, 1, z=1) == (9, 11)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(133, 201, 0.59, 0.72), (31, 35, 0.74, 0.95), (4, 17, 0.10, 0.47)],
)
def test_wilson_figures_of_the_specification(k, n, low, high):
    """CT-10: "66.2 % (Wilson 59-72 %)"; MOD-TAB: "Wilson 31/35 74-95 %, 4/17 10-47 %"."""
    found = wilson(k, n)
    assert found == (pytest.approx(low, abs=0.0051), pytest.approx(high, abs=0.0051))


def test_wilson_at_the_ends():
    assert wilson(0, 0) == (0, 1)
    assert wilson(0, 20)[0] == 0
    assert wilson(20, 20)[1] == pytest.approx(1)
    assert wilson(0, 20)[1] > 0.1
    with pytest.raises(ValueError, match="k <= n"):
        wilson(3, 2)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_holds_the_fraction_and_mirrors(k, n):
    k = min(k, n)
    low, high = wilson(k, n)
    assert -1e-12 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= 1 + 1e-12
    assert wilson(n - k, n) == (pytest.approx(1 - high), pytest.approx(1 - low))
