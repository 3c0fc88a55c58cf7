"""What a map should read in a ball of known tissue: the tissue's own values, as the sequence shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.enhancement import TYPES
from spinemets.model.grid import Grid
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_scan import field_hz
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms
from spinemets.physics.enhancement_curve import CurveCutoffs, EnhancementCurve, enhancement_curve
from spinemets.physics.fat_water import FatSpectrum, phasor

HAMILTON = FatSpectrum(
    ppm=(-3.80, -3.40, -2.60, -1.95, -0.50, 0.60), amplitudes=(0.088, 0.700, 0.120, 0.006, 0.039, 0.047)
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ball:
    """A ball of one tissue (as made for 1.5 T), and the grid of the map that is held against it."""

    tissue: Tissue
    centre_lps_mm: NDArray[np.float64]
    radius_mm: float
    grid: Grid


Truth = Callable[[Ball], float]


def apparent_drop(field_t: float, te_ms: tuple[float, float]) -> Truth:
    """Drop in percent of a mixture with its decay and T1 weighting, at opposed and in-phase echoes (flip 60, TR 120 ms)."""

    def drop(ball: Ball) -> float:
        of = at_field(ball.tissue, field_t)
        water, fat = _weighted(of, field_t, 60.0, 120.0)
        signals = [abs(water + fat * _phasor(te, field_t)) * np.exp(-te / of.t2star_ms) for te in te_ms]
        return float(100.0 * (1.0 - signals[0] / signals[1]))

    return drop


def apparent_fraction(field_t: float = 1.5) -> Truth:
    """Share of fat as T1 weighs it at 3 degrees and TR 10 ms."""

    def fraction(ball: Ball) -> float:
        water, fat = _weighted(at_field(ball.tissue, field_t), field_t, 3.0, 10.0)
        return fat / (water + fat)

    return fraction


def r2star_per_s(field_t: float = 1.5) -> Truth:
    """Decay of the mixture: the mean of its pools, each with its own T2 in the field inside the voxel that is common to both."""

    def rate(ball: Ball) -> float:
        of = at_field(ball.tissue, field_t)
        own = 1000.0 / of.t2star_ms
        of_fat = own + 1000.0 / fat_pool_ms(field_t)[1] - 1000.0 / of.t2_ms
        share = apparent_fraction(field_t)(ball)
        return (1.0 - share) * own + share * of_fat

    return rate


def field_map_hz(sequence: str) -> Truth:
    """Field of a series at the centre."""
    return lambda ball: float(field_hz(default(sequence), ball.grid, ball.centre_lps_mm))


def apparent_t1_s(ball: Ball) -> float:
    """T1 that 3 and 15 degrees tell of a mixture at TE 1.8 ms: fat opposed to water makes it longer."""
    seen = []
    for flip in (3.0, 15.0):
        water, fat = _weighted(ball.tissue, 1.5, flip, 5.0)
        seen.append(abs(water + fat * _phasor(1.8, 1.5)))
    x, y = (
        np.array([s / f(np.radians(flip)) for s, flip in zip(seen, (3.0, 15.0), strict=True)]) for f in (np.tan, np.sin)
    )
    return float(-0.005 / np.log((y[1] - y[0]) / (x[1] - x[0])))


def enhancement_percent(before: str, after: str) -> Truth:
    """``100 (after - before)/before`` of two series of one receiver gain."""

    def percent(ball: Ball) -> float:
        signals = [_signal(MrContrast(default(name)), ball.tissue) for name in (before, after)]
        return 100.0 * (signals[1] / signals[0] - 1.0)

    return percent


def peak_percent(ball: Ball) -> float:
    """Peak of the dynamic series' curve without noise."""
    return float(_curve(ball.tissue).peak_enhancement_percent)


def curve_type(ball: Ball) -> float:
    """Place of that curve's type in the maps' list of types."""
    return float(TYPES.index(str(_curve(ball.tissue).curve_type)))


def _curve(tissue: Tissue) -> EnhancementCurve:
    a = default("dce")
    signal = [_signal(MrContrast(a, volume), tissue) for volume in range(a.n_times)]
    rules = table("enhancement")
    cutoffs = CurveCutoffs(**{one.name: float(rules[one.name]["value"]) for one in fields(CurveCutoffs)})
    times_s = [a.start_s(volume) for volume in range(a.n_times)]
    return enhancement_curve(time_s=times_s, signal=signal, n_baseline=a.n_before, cutoffs=cutoffs)


def _signal(contrast: MrContrast, tissue: Tissue) -> float:
    return contrast.magnitude(contrast.tissue(tissue))


def _weighted(tissue: Tissue, field_t: float, flip_deg: float, tr_ms: float) -> tuple[float, float]:
    """Signals of water and fat of a spoiled gradient echo before decay: T1 weighs both."""
    a = np.radians(flip_deg)
    pools = []
    for share, t1_ms in ((1.0 - tissue.fat_fraction, tissue.t1_ms), (tissue.fat_fraction, fat_pool_ms(field_t)[0])):
        e = np.exp(-tr_ms / t1_ms)
        pools.append(float(share * np.sin(a) * (1.0 - e) / (1.0 - e * np.cos(a))))
    return pools[0], pools[1]


def _phasor(te_ms: float, field_t: float) -> complex:
    return complex(np.asarray(phasor(spectrum=HAMILTON, field_t=field_t, te_ms=[te_ms])).reshape(-1)[0])
