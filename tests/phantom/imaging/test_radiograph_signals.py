"""What tissues take from the beam, as a contrast for painting."""

from __future__ import annotations

import pytest

from spinemets.phantom.imaging.radiograph_signals import AttenuationContrast
from spinemets.phantom.tissue import single_energy
from spinemets.phantom.tissue.tissues import spongiosa, tissue

CONTRAST = AttenuationContrast(50.0)


def test_published_spongy_bone():
    """E-68: 120 mg/ml of mineral attenuate 0.287 per cm, half of it 0.255, soft tissue 0.238."""
    host = spongiosa(age_years=45.0, sex="female")
    (base,), (slope,) = CONTRAST.spongy(host, 120.0)
    assert base + slope == pytest.approx(0.287, rel=0.02)
    (base,), (slope,) = CONTRAST.spongy(host, 60.0)
    assert base + slope == pytest.approx(0.255, rel=0.02)
    assert CONTRAST.tissue(tissue("muscle")) == pytest.approx((0.238,), abs=0.001)


def test_linear_in_the_mineral():
    """Twice the mineral, twice the slope: texture changes no mean."""
    host = spongiosa(age_years=60.0, sex="male")
    (base, (once,)), (same, (twice,)) = CONTRAST.spongy(host, 70.0), CONTRAST.spongy(host, 140.0)
    assert base == same
    assert twice == pytest.approx(2 * once)


def test_a_lesion_without_mineral_is_its_soft_part():
    """Tumour in the place of marrow keeps the attenuation of its own water and fat."""
    tumour = tissue("lytic_tumour")
    (base,), (slope,) = CONTRAST.spongy(tumour, 0.0)
    assert slope == pytest.approx(0.0, abs=1e-12)
    beam = single_energy.beam(50.0)
    assert base == pytest.approx(
        beam.per_cm(tumour.soft_hu * (1 - tumour.fat_fraction) + beam.hu_fat * tumour.fat_fraction)
    )


def test_one_channel_with_the_texture_of_mineral():
    """As CT: what painting needs to know of a contrast."""
    assert (CONTRAST.n_channels, CONTRAST.texture) == (1, "mineral")
    assert len({CONTRAST, AttenuationContrast(50.0), AttenuationContrast(60.0)}) == 2
