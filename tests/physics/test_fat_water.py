"""Fat and water: vectors E-17 to E-24, E-28 and E-29, sums over peaks written out, spins that turn step by step."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import fat_water
from spinemets.physics.fat_water import FatSpectrum, Voxels

SIX = FatSpectrum(ppm=(-3.8, -3.4, -2.6, -1.95, -0.5, 0.6), amplitudes=(0.088, 0.7, 0.12, 0.006, 0.039, 0.047))
SHARES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
ECHOES = [1.2, 2.2, 3.2, 4.2, 5.2, 6.2]


def slow_signal(ff, t2w, t2f, psi_hz, field_t, te_ms):
    """Peak by peak, in seconds and Hz of the Larmor frequency."""
    total = (1 - ff) * math.exp(-te_ms / t2w)
    for ppm, amplitude in zip(SIX.ppm, SIX.amplitudes, strict=True):
        offset_hz = ppm * 1e-6 * 42.577478518e6 * field_t
        total += ff * amplitude * math.exp(-te_ms / t2f) * cmath.exp(2j * math.pi * offset_hz * te_ms * 1e-3)
    return total * cmath.exp(2j * math.pi * psi_hz * te_ms * 1e-3)


@pytest.mark.parametrize(
    ("field_t", "shift_hz", "opposed", "in_phase"),
    [
        (1.5, -217.14514, [2.30260737, 6.9078221], [4.60521473, 9.21042947]),
        (3.0, -434.290281, [1.15130368, 3.45391105], [2.30260737, 4.60521473]),
    ],
)
def test_phase_times(field_t, shift_hz, opposed, in_phase):
    """E-17 and E-18; at these times one peak of fat points away from water, and along it."""
    found = fat_water.phase_times(field_t=field_t)
    assert found.frequency_hz == pytest.approx(shift_hz, rel=1e-8)
    assert found.opposed_ms == pytest.approx(opposed, rel=1e-8) and found.in_phase_ms == pytest.approx(
        in_phase, rel=1e-8
    )
    one = FatSpectrum.single()
    assert fat_water.phasor(spectrum=one, field_t=field_t, te_ms=found.opposed_ms) == pytest.approx([-1.0, -1.0])
    assert fat_water.phasor(spectrum=one, field_t=field_t, te_ms=found.in_phase_ms) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(("field_t", "te"), [(1.5, [2.3, 4.6]), (3.0, [1.15, 2.3])])
def test_phasor_of_six_peaks(field_t, te):
    """E-20 and E-22."""
    found = fat_water.phasor(spectrum=SIX, field_t=field_t, te_ms=te)
    assert found.real == pytest.approx([-0.797105284, 0.815062337], rel=1e-7)
    assert found.imag == pytest.approx([-0.0506035588, 0.0793614309], rel=1e-7)


@pytest.mark.parametrize(
    ("field_t", "te", "ratios"),
    [
        (1.5, (2.3, 4.6), [1.21126669, 1.01229693, 0.805704411, 0.591158201, 0.368497802, 0.139414602, 0.114208736,
                           0.623136415, 1.18137844]),
        (3.0, (1.15, 2.3), [1.10057562, 0.919788617, 0.732075467, 0.537135468, 0.334822792, 0.12667426, 0.103771821,
                            0.566191368, 1.07341869]),
    ],
)  # fmt: skip
def test_opposed_over_in_phase(field_t, te, ratios):
    """E-21 and E-23: T2* 12 ms; not monotonic in fat."""
    found = fat_water.opposed_over_in_phase(
        voxels=Voxels(pdff=SHARES, t2star_ms=12.0), spectrum=SIX, field_t=field_t, te_opposed_ms=te[0],
        te_in_phase_ms=te[1],
    )  # fmt: skip
    assert found == pytest.approx(ratios, rel=1e-7)


def test_one_peak_nulls_at_a_half():
    """E-19: one peak at 1.5 T."""
    found = fat_water.opposed_over_in_phase(
        voxels=Voxels(pdff=[0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0], t2star_ms=12.0), spectrum=FatSpectrum.single(),
        field_t=1.5, te_opposed_ms=2.3, te_in_phase_ms=4.6,
    )  # fmt: skip
    expected = [1.21126669, 0.726765003, 0.242264007, 0.00215448948, 0.242264007, 0.726765003, 1.21126669]
    assert found == pytest.approx(expected, rel=1e-6)


def test_six_echoes():
    """E-24: 3 T, fat fraction 0.45, T2* 10 ms, 35 Hz."""
    voxels = Voxels(rho=100.0, pdff=0.45, t2star_ms=10.0, field_map_hz=35.0)
    found = fat_water.multi_echo(voxels=voxels, spectrum=SIX, field_t=3.0, te_ms=ECHOES)
    expected = [17.274505, 73.0672168, 27.8792341, 47.2767441, 31.4381363, 30.0578023]
    assert np.abs(found) == pytest.approx(expected, rel=1e-7)
    assert found[0] == pytest.approx(15.7815359 + 7.0250727j, rel=1e-7)


@given(
    ff=st.floats(0.0, 1.0), t2w=st.floats(3.0, 100.0), t2f=st.floats(3.0, 100.0), psi=st.floats(-200.0, 200.0),
    field_t=st.sampled_from([1.5, 3.0]),
)  # fmt: skip
def test_peak_by_peak(ff, t2w, t2f, psi, field_t):
    """Every voxel and echo against the sum written out, with a T2* of fat of its own."""
    voxels = Voxels(pdff=[ff], t2star_ms=[t2w], fat_t2star_ms=[t2f], field_map_hz=psi)
    found = fat_water.multi_echo(voxels=voxels, spectrum=SIX, field_t=field_t, te_ms=ECHOES)
    assert found.shape == (1, 6)
    assert found[0] == pytest.approx(
        [slow_signal(ff, t2w, t2f, psi, field_t, te) for te in ECHOES], rel=1e-9, abs=1e-12
    )


def test_spins_turn():
    """Thousands of fat spins, each turned step by step at its own frequency, add up to the phasor."""
    draw = np.random.default_rng(3)
    offset_hz = draw.choice(SIX.ppm, 200_000, p=SIX.amplitudes) * 42.577478518 * 1.5
    spins = np.ones(offset_hz.size, complex)
    for _ in range(23):
        spins *= np.exp(2j * np.pi * offset_hz * 1e-4)
    assert spins.mean() == pytest.approx(complex(fat_water.phasor(spectrum=SIX, field_t=1.5, te_ms=2.3)), abs=0.01)


def test_field_changes_no_magnitude():
    """The map turns water and fat together."""
    plain, off = (
        fat_water.multi_echo(
            voxels=Voxels(pdff=0.3, t2star_ms=9.0, field_map_hz=f), spectrum=SIX, field_t=3.0, te_ms=ECHOES
        )
        for f in (0.0, 77.0)
    )
    assert np.abs(off) == pytest.approx(np.abs(plain)) and not np.allclose(off, plain)


def test_two_points():
    """E-28: 0.3 and 0.7 look alike; no signal, no fraction; one peak and two ideal echoes give back what is below a half."""
    found = fat_water.two_point_fat_fraction(in_phase=[1.0, 1.0, 1.0, 0.0], opposed_phase=[0.4, 0.4, 0.0, 0.0])
    assert found[:3] == pytest.approx([0.3, 0.3, 0.5]) and np.isnan(found[3])
    for ff in (0.0, 0.2, 0.45, 0.8):
        times = fat_water.phase_times(field_t=1.5)
        pair = [times.opposed_ms[0], times.in_phase_ms[0]]
        echoes = np.abs(
            fat_water.multi_echo(voxels=Voxels(pdff=ff), spectrum=FatSpectrum.single(), field_t=1.5, te_ms=pair)
        )
        apparent = fat_water.two_point_fat_fraction(in_phase=echoes[1], opposed_phase=echoes[0])
        assert apparent == pytest.approx(min(ff, 1 - ff), abs=1e-9)


def test_t1_weighting():
    """E-29; the ends stay, and small angles or long TR take the weighting away."""
    call = {"tr_ms": 10.0, "flip_deg": 10.0, "water_t1_ms": 1000.0, "fat_t1_ms": 320.0}
    found = fat_water.t1_weighted_fat_fraction(fat_fraction=[0.2, 0.4, 0.6], **call)
    assert found == pytest.approx([0.298081474, 0.531054667, 0.71815112], rel=1e-8)
    assert fat_water.t1_weighted_fat_fraction(fat_fraction=[0.0, 1.0], **call) == pytest.approx([0.0, 1.0])
    for gentle in ({"flip_deg": 0.5}, {"tr_ms": 1e5}):
        assert fat_water.t1_weighted_fat_fraction(fat_fraction=0.4, **{**call, **gentle}) == pytest.approx(
            0.4, abs=0.005
        )


def test_spectra_are_scaled_to_one():
    """Published amplitudes need not sum to 1; wrong ones are refused."""
    made = FatSpectrum(ppm=(-3.4, 0.6), amplitudes=(3.0, 1.0))
    assert made.amplitudes == (0.75, 0.25)
    assert fat_water.phasor(spectrum=made, field_t=3.0, te_ms=0.0) == pytest.approx(1.0)
    for ppm, amplitudes in (((-3.4,), (0.5, 0.5)), ((), ()), ((-3.4,), (0.0,)), ((-3.4, 0.6), (1.2, -0.2))):
        with pytest.raises(ValueError, match="amplitude"):
            FatSpectrum(ppm=ppm, amplitudes=amplitudes)
