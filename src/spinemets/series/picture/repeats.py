"""How often the spine repeats in a sagittal slice: the region it belongs to, by the height of its vertebrae."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.series.picture.slices import Picture
from spinemets.series.picture.table import Period, Repeat

Array = NDArray[np.float64]
# The half period must be in antiphase, two periods must agree again: how much weaker each may be than one period.
HALF_ALLOWANCE, DOUBLE_ALLOWANCE = 0.25, 0.2


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A stretch of a band that repeats: every `period_mm`, this strongly (1 = exactly)."""

    period_mm: int
    strength: float


def hits(picture: Picture, rule: Repeat) -> list[Hit]:
    """Every stretch of every band of a slice whose signal repeats, weak ones included."""
    bands = _bands(picture, rule.band_mm)
    n = int(rule.window_mm)
    if bands.shape[0] < n:
        return []
    fine, level = _smooth(bands, rule.smooth_mm), _smooth(bands, rule.level_mm)
    size = np.abs(level)
    relative = (fine - level) / (size + 0.1 * np.percentile(size, 90) + 1e-12)
    floor = rule.level_share_min * float(np.percentile(level, 95))
    found: list[Hit] = []
    for start in range(0, bands.shape[0] - n + 1, int(rule.step_mm)):
        stretch = relative[start : start + n] - relative[start : start + n].mean(axis=0)
        usable = (level[start : start + n].mean(axis=0) > floor) & (stretch.std(axis=0) > rule.contrast_min)
        found += _periodic(_autocorrelation(stretch[:, usable]), rule.period_mm)
    return found


def _bands(picture: Picture, band_mm: float) -> Array:
    """Mean over bands across, one value a millimetre down."""
    values, (down, across) = np.asarray(picture.values, np.float64), picture.spacing_mm
    width = max(1, round(band_mm / across))
    n = values.shape[1] // width
    bands = values[:, : n * width].reshape(values.shape[0], n, width).mean(axis=2)
    at = np.arange(int(values.shape[0] * down)) / down
    low = np.clip(at.astype(int), 0, values.shape[0] - 2)
    part = (at - low)[:, None]
    resampled: Array = bands[low] * (1 - part) + bands[low + 1] * part
    return resampled


def _smooth(bands: Array, sigma_mm: float) -> Array:
    from scipy import ndimage

    smooth: Array = ndimage.gaussian_filter1d(bands, sigma_mm, axis=0, mode="nearest", truncate=3)
    return smooth


def _autocorrelation(stretches: Array) -> Array:
    """Autocorrelation of every column (lags down), 1 at lag 0, freed of the shortening overlap."""
    n = stretches.shape[0]
    power = np.abs(np.fft.rfft(stretches, 2 * n, axis=0)) ** 2
    lags = np.fft.irfft(power, axis=0)[:n]
    overlap = (n - np.arange(n))[:, None] / n
    correlation: Array = lags / (lags[:1] + 1e-12) / overlap
    return correlation


def _periodic(correlation: Array, period_mm: tuple[int, int]) -> list[Hit]:
    """First peak of every column: as strong as it is, as its half period is opposed and its double agrees."""
    found = []
    for column in correlation.T:
        first = next((p for p in range(*period_mm) if column[p] > column[p - 1] and column[p] >= column[p + 1]), None)
        if first is None:
            continue
        strength = min(float(column[first]), HALF_ALLOWANCE - float(column[round(first / 2)]))
        double = column[2 * first - 2 : 2 * first + 3]
        if 2 * first + 3 < 0.9 * len(column):
            strength = min(strength, float(double.max()) + DOUBLE_ALLOWANCE)
        found.append(Hit(period_mm=first, strength=strength))
    return found


def region(found: list[Hit], rule: Repeat) -> tuple[str, float, str] | None:
    """`neck` or `lumbar spine`, how sure, and a sentence; None where nothing repeats clearly, or two heights do."""
    strong = [hit for hit in found if hit.strength >= rule.hit_min]
    for name, row in (("neck", rule.neck), ("lumbar spine", rule.lumbar)):
        own = [hit for hit in strong if row.period_mm[0] <= hit.period_mm <= row.period_mm[1]]
        if _clear(own, strong, row, rule.share_min):
            period = float(np.median([hit.period_mm for hit in own]))
            said = f"vertebrae repeat every {period:.0f} mm, as in the {name} of an adult"
            return name, row.confidence, said
    return None


def _clear(own: list[Hit], strong: list[Hit], row: Period, share_min: float) -> bool:
    if len(own) < row.hits_min or len(own) < share_min * len(strong):
        return False
    return max(hit.strength for hit in own) >= row.best_min
