"""Slices and their sub-slabs: weights against quadrature, thick slices against thin ones, overlap and gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics.slice_profile import slice_profile

LENGTHS = st.floats(0.5, 6.0)


def usual(step_mm, slice_mm, ramp_mm=0.8):
    """A profile with sub-slabs of at most a millimetre."""
    return slice_profile(step_mm=step_mm, slice_mm=slice_mm, ramp_mm=ramp_mm, thickest_mm=1.0)


@pytest.mark.parametrize(("step", "thick"), [(1.0, 1.0), (1.25, 1.25), (5.0, 5.0), (2.0, 3.0), (5.0, 1.0), (0.6, 0.6)])
def test_weights_against_quadrature(step, thick):
    """Each sub-slab counts for what the trapezoid holds within it."""
    profile = usual(step, thick)
    ramp = min(0.8, thick)
    for offset, weight in zip(profile.offsets_mm, profile.weights, strict=True):
        z = offset + (np.arange(2000) + 0.5) / 2000 * profile.height_mm - profile.height_mm / 2
        trapezoid = np.clip(((thick + ramp) / 2 - np.abs(z)) / ramp, 0.0, 1.0) / thick
        assert weight == pytest.approx(trapezoid.mean() * profile.height_mm, abs=2e-3)


@given(step=LENGTHS, thick=LENGTHS)
def test_sub_slabs_are_thin_and_lie_about_the_slice(step, thick):
    """Property: no thicker than a millimetre (PHA-03), weights of sum 1, balanced about the centre."""
    profile = usual(step, thick)
    assert profile.height_mm <= 1.0 + 1e-6 and profile.height_mm * profile.per_step == pytest.approx(step)
    assert sum(profile.weights) == pytest.approx(1.0)
    assert profile.offsets_mm @ np.array(profile.weights) == pytest.approx(0.0, abs=1e-6)
    assert profile.weights == pytest.approx(profile.weights[::-1], abs=1e-9)


@pytest.mark.parametrize("thick", [2.0, 3.0, 5.0])
def test_a_thick_slice_is_the_mean_of_thin_ones(thick):
    """Contiguous thin slices with the same flanks add up to a thick one."""
    thin, whole = usual(1.0, 1.0), usual(thick, thick)
    shift = (thick - 1.0) / 2.0
    there: dict[float, float] = {}
    for n in range(round(thick)):
        for offset, weight in zip(thin.offsets_mm, thin.weights, strict=True):
            place = round(n - shift + offset, 6)
            there[place] = there.get(place, 0.0) + weight / thick
    assert dict(zip(np.round(whole.offsets_mm, 6).tolist(), whole.weights, strict=True)) == pytest.approx(there)


@pytest.mark.parametrize("thick", [0.6, 1.0, 1.25, 3.0, 5.0])
def test_the_full_width_at_half_maximum_is_the_slice(thick):
    """Density at half a slice from the centre is half of that in the middle: on sub-slabs of 0.05 mm."""
    profile = slice_profile(step_mm=thick, slice_mm=thick, ramp_mm=0.4, thickest_mm=0.05)
    density = np.interp(thick / 2, profile.offsets_mm, profile.weights)
    assert density / max(profile.weights) == pytest.approx(0.5, abs=0.07)


def test_gaps_and_overlap():
    """Slices of 1 mm every 5 mm leave sub-slabs out, slices of 5 mm every 2.5 mm share half of theirs."""
    assert usual(5.0, 1.0).apart and len(usual(5.0, 1.0).weights) == 3
    shared = usual(2.5, 5.0)
    assert not shared.apart and len(shared.weights) == 7 and shared.per_step == 3


def test_a_step_that_is_a_hair_longer():
    """The length of an affine's column is rarely the number that was stated."""
    assert usual(1.0 + 1e-12, 1.0).per_step == usual(1.0, 1.0).per_step == 1


@pytest.mark.parametrize("wrong", [{"step_mm": 0.0}, {"slice_mm": -1.0}, {"ramp_mm": 0.0}, {"thickest_mm": 0.0}])
def test_what_is_no_slice(wrong):
    """A bad call says what is possible."""
    with pytest.raises(ValueError, match="positive"):
        slice_profile(**{"step_mm": 1.0, "slice_mm": 1.0, "ramp_mm": 0.5, "thickest_mm": 1.0, **wrong})
