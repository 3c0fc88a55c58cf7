"""Fat and water in one voxel of a gradient echo: fat of several peaks, in and opposed phase, many echoes.

Times in ms, frequencies in Hz relative to water (fat's main peak is negative), fractions from 0 to 1. A spin at frequency
f has the signal ``exp(+i 2 pi f t)``. Voxels lead, echoes are the last axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.gradient_echo import steady_state
from spinemets.physics.noise import GAMMA_BAR_MHZ_PER_T

Values = NDArray[np.float64]
Complex = NDArray[np.complex128]

# Main peak of fat against water.
MAIN_PEAK_PPM = -3.4
HZ_PER_PER_MS = 1000.0


@dataclass(frozen=True, kw_only=True)
class FatSpectrum:
    """Peaks of fat.

    Attributes
    ----------
    ppm
        Place of each peak against water.
    amplitudes
        Their shares; published ones that do not sum to 1 are scaled to it.
    """

    ppm: tuple[float, ...]
    amplitudes: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.ppm) != len(self.amplitudes) or not self.ppm:
            raise ValueError(f"one amplitude a peak: {len(self.ppm)} peaks, {len(self.amplitudes)} amplitudes")
        total = sum(self.amplitudes)
        if min(self.amplitudes) < 0.0 or total <= 0.0:
            raise ValueError(f"amplitudes are 0 or more, not all 0: {self.amplitudes}")
        object.__setattr__(self, "amplitudes", tuple(a / total for a in self.amplitudes))

    @classmethod
    def single(cls, shift_ppm: float = MAIN_PEAK_PPM) -> FatSpectrum:
        """Fat of one peak."""
        return cls(ppm=(shift_ppm,), amplitudes=(1.0,))


@dataclass(frozen=True, kw_only=True, eq=False)
class Voxels:
    """What a voxel holds, each a number or an array of voxels.

    Attributes
    ----------
    rho
        Signal of water and fat together without decay; complex where the coil turns it.
    pdff
        Share of fat in it.
    t2star_ms
        Of both pools, or of water where `fat_t2star_ms` is stated.
    fat_t2star_ms
        Of fat; None = as water.
    field_map_hz
        Frequency of water against that of the receiver.
    """

    rho: ArrayLike = 1.0
    pdff: ArrayLike = 0.0
    t2star_ms: ArrayLike = np.inf
    fat_t2star_ms: ArrayLike | None = None
    field_map_hz: ArrayLike = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PhaseTimes:
    """Echo times [ms] at which the main peak of fat opposes water and at which it is in phase, the first ones."""

    frequency_hz: float
    opposed_ms: Values
    in_phase_ms: Values


def phase_times(*, field_t: float, shift_ppm: float = MAIN_PEAK_PPM, number: int = 2) -> PhaseTimes:
    """Opposed ``(2n - 1)/(2 |df|)``, in phase ``n/|df|`` (E-17, E-18).

    2.3 ms is opposed at 1.5 T and in phase at 3 T: an echo time alone says nothing.
    """
    frequency = shift_ppm * GAMMA_BAR_MHZ_PER_T * field_t
    n = np.arange(1, number + 1, dtype=np.float64)
    turn_ms = HZ_PER_PER_MS / abs(frequency)
    return PhaseTimes(frequency_hz=frequency, opposed_ms=(n - 0.5) * turn_ms, in_phase_ms=n * turn_ms)


def phasor(*, spectrum: FatSpectrum, field_t: float, te_ms: ArrayLike) -> Complex:
    """Sum of the peaks ``sum_p a_p exp(i 2 pi f_p t)``, 1 at time 0, of the shape of `te_ms` (E-20, E-22)."""
    frequency_hz = np.asarray(spectrum.ppm) * GAMMA_BAR_MHZ_PER_T * field_t
    turns = np.asarray(te_ms, dtype=np.float64)[..., None] * frequency_hz / HZ_PER_PER_MS
    return np.asarray(np.exp(2j * np.pi * turns) @ np.asarray(spectrum.amplitudes))


def multi_echo(*, voxels: Voxels, spectrum: FatSpectrum, field_t: float, te_ms: ArrayLike) -> Complex:
    """``rho [(1 - ff) exp(-t/T2*w) + ff c(t) exp(-t/T2*f)] exp(i 2 pi psi t)``, c the phasor of fat (E-24).

    Returns
    -------
    ndarray
        (voxels..., echoes), complex.
    """
    time = np.asarray(te_ms, dtype=np.float64)
    fat_t2star = voxels.t2star_ms if voxels.fat_t2star_ms is None else voxels.fat_t2star_ms
    share, field_hz = _of_voxels(voxels.pdff), _of_voxels(voxels.field_map_hz)
    water = (1.0 - share) * np.exp(-time / _of_voxels(voxels.t2star_ms))
    fat = share * phasor(spectrum=spectrum, field_t=field_t, te_ms=time) * np.exp(-time / _of_voxels(fat_t2star))
    turned = np.exp(2j * np.pi * field_hz * time / HZ_PER_PER_MS)
    return np.asarray(np.asarray(voxels.rho)[..., None] * (water + fat) * turned)


def opposed_over_in_phase(
    *, voxels: Voxels, spectrum: FatSpectrum, field_t: float, te_opposed_ms: float, te_in_phase_ms: float
) -> Values:
    """Magnitude of the opposed over that of the in-phase echo (E-19, E-21, E-23).

    It falls with fat to about a half and rises again. Decay between the echoes makes it larger where the opposed one
    comes first: 1.21 in pure water with a T2* of 12 ms at 1.5 T.
    """
    echoes = multi_echo(voxels=voxels, spectrum=spectrum, field_t=field_t, te_ms=[te_opposed_ms, te_in_phase_ms])
    magnitude = np.abs(echoes)
    return np.asarray(magnitude[..., 0] / magnitude[..., 1])


def two_point_fat_fraction(*, in_phase: ArrayLike, opposed_phase: ArrayLike) -> Values:
    """``(IP - OP)/(2 IP)`` of two magnitudes (E-28): nan where the in-phase signal is not above 0.

    Fractions of f and 1 - f give the same magnitudes: what comes out is the smaller of the two, 0 to 0.5.
    """
    together = np.asarray(in_phase, dtype=np.float64)
    seen = together > 0.0
    found = (together - np.asarray(opposed_phase, dtype=np.float64)) / (2.0 * np.where(seen, together, 1.0))
    return np.where(seen, found, np.nan)


def t1_weighted_fat_fraction(
    *, fat_fraction: ArrayLike, tr_ms: float, flip_deg: float, water_t1_ms: ArrayLike, fat_t1_ms: ArrayLike
) -> Values:
    """Share of fat in the signal where T1 weights it: ``ff sf/(ff sf + (1 - ff) sw)`` (E-29).

    Up to 5 degrees it is that of the protons within a few points; at 10 degrees 0.40 reads 0.53.
    """
    share = np.asarray(fat_fraction, dtype=np.float64)
    fat = share * steady_state(t1_ms=fat_t1_ms, tr_ms=tr_ms, flip_deg=flip_deg)
    water = (1.0 - share) * steady_state(t1_ms=water_t1_ms, tr_ms=tr_ms, flip_deg=flip_deg)
    return np.asarray(fat / (fat + water))


def _of_voxels(value: ArrayLike) -> Values:
    """Values of voxels before the axis of the echoes."""
    return np.asarray(value, dtype=np.float64)[..., None]
