"""Modulation of fat: against the forward model, amplitudes that add up, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.fat_spectrum import modulation, proton_hz
from spinemets.model.errors import UsageError
from spinemets.physics.fat_water import FatSpectrum, phasor

TE_S = np.array([0.0012, 0.0022, 0.0032, 0.0042, 0.0052, 0.0062])


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_against_the_forward_model(field_t):
    """The default, Hamilton 2011."""
    ppm, amplitudes = [-3.80, -3.40, -2.60, -1.95, -0.50, 0.60], [0.088, 0.700, 0.120, 0.006, 0.039, 0.047]
    spectrum = FatSpectrum(ppm=tuple(ppm), amplitudes=tuple(amplitudes))
    other = phasor(spectrum=spectrum, field_t=field_t, te_ms=1000 * TE_S)
    assert modulation(TE_S, field_t) == pytest.approx(np.asarray(other).reshape(-1), rel=1e-9)


@pytest.mark.parametrize("name", ["hamilton6", "ismrm6", "karampinos8"])
def test_all_of_the_fat_at_time_0(name):
    """Amplitudes are normalised, whatever the publication's digits add up to."""
    assert modulation(np.zeros(1), 1.5, name)[0] == pytest.approx(1.0)
    assert np.abs(modulation(TE_S, 1.5, name)).max() <= 1.0


def test_in_and_opposed_phase():
    """Main peak at 1.5 T: opposed at 2.3 ms, in phase at 4.6 ms."""
    opposed, in_phase = modulation(np.array([0.0023, 0.0046]), 1.5)
    assert opposed.real < -0.6 and in_phase.real > 0.6


def test_refusals():
    with pytest.raises(UsageError, match="hamilton6"):
        modulation(TE_S, 1.5, "other")
    with pytest.raises(UsageError, match="tesla"):
        modulation(TE_S, 0.0)
    assert proton_hz(1.0) == pytest.approx(42.577478518e6)
