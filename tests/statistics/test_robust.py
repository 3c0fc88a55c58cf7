import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.statistics.robust import (
    N_CORR,
    effective_n,
    median_mad,
    se_of_mean,
    se_of_median,
)

numbers = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=50)


def test_centre_and_spread_of_known_numbers():
    """signs.md 0.8-2: "Centre = median; spread = 1.4826 MAD"."""
    assert median_mad([1, 2, 3, 4, 100]) == (3, pytest.approx(1.4826))


def test_spread_estimates_the_standard_deviation_of_a_normal_sample():
    sample = np.random.default_rng(1).normal(160, 25, 40000)
    centre = median_mad(sample)
    assert centre.median == pytest.approx(160, abs=0.5)
    assert centre.spread == pytest.approx(25, rel=0.02)


def test_missing_values_are_left_out_and_an_empty_sample_is_nan():
    assert median_mad(np.array([np.nan, 5.0, np.inf])) == (5, 0)
    assert all(math.isnan(x) for x in median_mad([]))


@given(numbers, st.floats(0.1, 10), st.floats(-100, 100))
def test_centre_moves_with_the_scale(values, scale, shift):
    plain, moved = median_mad(values), median_mad(np.asarray(values) * scale + shift)
    assert moved.median == pytest.approx(plain.median * scale + shift, abs=1e-6)
    assert moved.spread == pytest.approx(plain.spread * scale, abs=1e-6)


def test_integer_arrays_do_not_wrap():
    assert median_mad(np.array([-30000, 30000], np.int16)) == (0, pytest.approx(1.4826 * 30000))


def test_vector_of_standard_errors():
    """signs.md 0.9: "m1 180, MAD 18, n_eff 100; m2 240, MAD 24, n_eff 150 -> se 3.34 and 3.64"."""
    assert se_of_median(1.4826 * 18, 100) == pytest.approx(3.34, abs=0.006)
    assert se_of_median(1.4826 * 24, 150) == pytest.approx(3.64, abs=0.006)
    assert se_of_median(1.0, 0) == math.inf


def test_standard_error_of_a_mean():
    assert se_of_mean(20, 100) == 2
    assert se_of_mean(20, 0) == math.inf


def test_effective_number_of_voxels():
    """signs.md 0.9: "n_corr = product over axes of max(1, FWHM_psf / spacing)"."""
    assert effective_n(450) == pytest.approx(450 / 2.25)
    assert N_CORR == 1.5 * 1.5
    with pytest.raises(ValueError, match="below 1"):
        effective_n(10, 0.5)
