"""What magnitudes, two echoes and images of water and fat can say: E-28, both sides of one half, names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.maps.fat_fraction_magnitude import fit, of_images, two_point
from spinemets.maps.fat_spectrum import modulation
from spinemets.model.errors import UsageError

TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])


def magnitudes(fraction, r2star=60.0, field_t=3.0):
    mixed = 1 - np.asarray(fraction)[..., None] + np.asarray(fraction)[..., None] * modulation(TE_S, field_t)
    return 300 * np.abs(mixed) * np.exp(-np.asarray(r2star)[..., None] * TE_S)


@given(fraction=st.floats(0, 1), r2star=st.floats(20, 200), field_t=st.sampled_from([1.5, 3.0]))
@settings(max_examples=40, deadline=None)
def test_exact_without_noise(fraction, r2star, field_t):
    found = fit(magnitudes(fraction, r2star, field_t), TE_S, field_t)
    assert found.valid
    assert found.fat_fraction_magnitude == pytest.approx(fraction, abs=2e-3)
    assert found.r2star_per_s == pytest.approx(r2star, abs=1.0)


def test_signs_and_phases_are_left_out():
    signal = magnitudes(0.3) * np.array([1, -1, 1j, -1j, 1, 1])
    assert fit(signal, TE_S, 3.0).fat_fraction_magnitude == pytest.approx(0.3, abs=1e-3)


def test_which_prevails_may_be_unsure():
    """Noise: exchanged voxels exist, and many of them are marked; a middle fraction is rarely so."""
    draw = np.random.default_rng(1)
    rows = np.abs(
        magnitudes(np.full(600, 0.2)) + 12 * (draw.standard_normal((600, 6)) + 1j * draw.standard_normal((600, 6)))
    )
    found = fit(rows, TE_S, 3.0)
    swapped = found.fat_fraction_magnitude > 0.5
    assert found.prevailing_unsure[swapped].mean() > 0.3
    assert not fit(magnitudes(0.2), TE_S, 3.0).prevailing_unsure


def test_shape_mask_and_broken_voxels():
    rows = np.tile(magnitudes(0.4), (2, 3, 1))
    rows[0, 1, 2] = np.nan
    rows[1, 2] = 0.0
    found = fit(rows, TE_S, 3.0, mask=[[True, True, False], [True, True, True]])
    assert found.valid.tolist() == [[True, False, False], [True, True, False]]
    assert np.isnan(found.fat_fraction_magnitude[~found.valid]).all()


@pytest.mark.parametrize(
    ("rows", "te_s"), [(np.ones((3, 5)), TE_S[:5]), (np.ones((3, 5)), TE_S), (np.ones((3, 6)), np.repeat(TE_S[:3], 2))]
)
def test_refusals(rows, te_s):
    with pytest.raises(UsageError):
        fit(rows, te_s, 3.0)


def test_two_points_are_mirrored():
    """E-28: 0.3 and 0.7 look alike, and the result says so."""
    found = two_point([1, 1, 1, 0, np.nan], [0.4, 0.4, 0.0, 1.0, 1.0])
    assert found.fat_fraction_signal[:3] == pytest.approx([0.3, 0.3, 0.5])
    assert found.valid.tolist() == [True, True, True, False, False]
    assert found.at_most_half


def test_images_of_water_and_fat():
    found = of_images([3, 0, 0], [1, 2, 0])
    assert found.fat_fraction_signal[:2] == pytest.approx([0.25, 1.0])
    assert not found.valid[2] and not found.at_most_half
    for door in (two_point, of_images):
        with pytest.raises(UsageError, match="one grid"):
            door(np.ones(3), np.ones(4))
