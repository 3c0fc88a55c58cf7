"""Voxel values as a last resort."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.classes import ct_table
from spinemets.series.image_check import hounsfield_like, samples

CHECK = ct_table().values_check


def test_samples_are_few_and_finite(make_volume):
    """Keep it cheap: a sub-lattice of about n values, time series by their first volume, not-a-numbers left out."""
    array = np.zeros((100, 100, 100), np.float32)
    array[:50] = np.nan
    found = samples(make_volume(array), 1000)
    assert 0 < found.size <= 2000 and np.isfinite(found).all()
    assert samples(make_volume(np.zeros((4, 4, 4, 3))), 1000).size == 64


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((6, 6, 6)),
        np.full((6, 6, 6), np.nan),
        np.full((6, 6, 6), -9000.0),
        np.full((6, 6, 6), -1000.0),
    ],
)
def test_degenerate_values_are_no_ct(make_volume, array):
    """Constant, empty or out-of-range values are never taken for CT."""
    like, said = hounsfield_like(make_volume(array), CHECK)
    assert not like and said


def test_ct_values(make_volume, rng_volume):
    """Padding or air <= -900 in >= 5 % and a soft tissue peak near 0 to 80."""
    like, said = hounsfield_like(make_volume(rng_volume(air=0.1, centre=50)), CHECK)
    assert like and "soft tissue peak" in said
    like, said = hounsfield_like(make_volume(rng_volume(air=0.1, centre=125)), CHECK)
    assert not like and "not unmistakably" in said
