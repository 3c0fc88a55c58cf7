"""Voxel values as a last resort."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.classes import ct_table, mr_table
from spinemets.series.picture.image_check import against, hounsfield_like, samples, shift_of
from spinemets.series.picture.looked import NOTHING, Looked

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


def test_bright_fat_shifts_the_score_by_a_fifth():
    """MR-GEN-01: "+-0.2 by the image check (fat bright?)"; a picture that says nothing shifts nothing."""
    assert shift_of(NOTHING, mr_table(), 0.2) == {}
    shift = shift_of(Looked(fat="bright"), mr_table(), 0.2)
    assert shift["t1"] == shift["t2"] == 0.2 and shift["stir"] == shift["t2_fs"] == -0.2
    assert "dwi" not in shift and "t1_flair" not in shift


def test_bright_fat_contradicts_a_suppressed_class():
    """Unsuppressed fat looks like tumour on STIR: reported where the header says STIR, silent elsewhere."""
    bright = Looked(fat="bright")
    assert "fat is dark" in against(bright, "stir", mr_table())[0]
    assert against(bright, "t1", mr_table()) == against(bright, "dwi", mr_table()) == ()
    assert against(NOTHING, "stir", mr_table()) == against(bright, "unknown", mr_table()) == ()
