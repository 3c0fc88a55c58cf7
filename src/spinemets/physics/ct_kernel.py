"""Point spread of a CT kernel in the slice, smooth or edge-enhancing, and the colour of its noise on a grid of pixels.

A sharp kernel raises middle frequencies above what they were: edges overshoot and are steeper than a Gaussian of the same
width. The model is a Gaussian less a part of its second derivative, ``h = g - c s^2 g''``: everything about it is closed.
Lengths in mm, frequencies per mm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.ct import sigma_from_fwhm_mm

Numbers = NDArray[np.float64]
Pictures = NDArray[np.floating[Any]]

# Frequencies on which taps are worked out: far more than there are taps.
_FREQUENCIES = 512
# An overshoot that nobody sees is none.
_NO_OVERSHOOT = 1e-4


@dataclass(frozen=True, kw_only=True)
class PointSpread:
    """Line spread ``h = g - c s^2 g''`` of an edge-enhancing kernel, g a Gaussian of standard deviation s.

    Attributes
    ----------
    fwhm_mm
        Full width at half maximum of h.
    overshoot
        Share of its height by which an edge overshoots; 0 is a Gaussian. At most 0.3.
    """

    fwhm_mm: float
    overshoot: float = 0.0

    def __post_init__(self) -> None:
        if not (self.fwhm_mm > 0.0 and 0.0 <= self.overshoot <= 0.3):
            raise ValueError(f"no point spread: FWHM {self.fwhm_mm:g} mm, overshoot {self.overshoot:g} (0 to 0.3)")

    @cached_property
    def enhancement(self) -> float:
        """c: an edge overshoots most at ``u = sqrt((1 + c)/c)``, by ``c u phi(u) - Phi(-u)``."""
        if self.overshoot < _NO_OVERSHOOT:
            return 0.0
        from scipy.optimize import brentq  # lazy: heavy import

        def too_much(c: float) -> float:
            u = math.sqrt((1.0 + c) / c)
            return c * u * _bell(u) - _below(-u) - self.overshoot

        return float(brentq(too_much, 1e-3, 4.0))

    @cached_property
    def sigma_mm(self) -> float:
        """s: half the height of ``g (1 + c - c u^2)`` is where half the FWHM is."""
        if self.enhancement == 0.0:
            return sigma_from_fwhm_mm(self.fwhm_mm)
        from scipy.optimize import brentq  # lazy: heavy import

        c = self.enhancement

        def above(u: float) -> float:
            return math.exp(-u * u / 2.0) * (1.0 + c - c * u * u) - (1.0 + c) / 2.0

        return self.fwhm_mm / 2.0 / float(brentq(above, 0.0, math.sqrt((1.0 + c) / c)))

    def transfer(self, frequency_per_mm: ArrayLike) -> Numbers:
        """Modulation transfer ``exp(-w/2)(1 + c w)``, ``w = (2 pi f s)^2``."""
        w = (2.0 * math.pi * self.sigma_mm * np.asarray(frequency_per_mm, np.float64)) ** 2
        return np.asarray(np.exp(-w / 2.0) * (1.0 + self.enhancement * w))

    def edge(self, x_mm: ArrayLike) -> Numbers:
        """Share of an edge's height at a distance from it: ``Phi(u) + c u phi(u)``, ``u = x/s``."""
        from scipy.special import ndtr  # lazy: heavy import

        u = np.asarray(x_mm, np.float64) / self.sigma_mm
        return np.asarray(ndtr(u) + self.enhancement * u * np.exp(-u * u / 2.0) / math.sqrt(2.0 * math.pi))

    @property
    def edge_width_mm(self) -> float:
        """From 10 to 90 % of an edge's height; it rises steadily between them."""
        from scipy.optimize import brentq  # lazy: heavy import

        return 2.0 * float(brentq(lambda x: float(self.edge(x)) - 0.9, 0.0, 3.0 * self.sigma_mm))

    def taps(self, pixel_mm: float, aperture_mm: float = 0.0) -> tuple[Numbers, Numbers]:
        """Weights along one axis, an odd number: of the Gaussian g (sum 1), and of ``-c s^2 g''`` (sum 0).

        What the pixels can hold of ``transfer / sinc``: samples may already be means over `aperture_mm`, which is taken
        back as far as it is smaller than the point spread.
        """
        f = np.arange(_FREQUENCIES // 2 + 1) / _FREQUENCIES / pixel_mm
        w = (2.0 * math.pi * self.sigma_mm * f) ** 2
        gaussian = np.exp(-w / 2.0) / np.sinc(f * aperture_mm)
        reach = max(3, math.ceil(4.5 * self.sigma_mm / pixel_mm))
        whole = np.fft.irfft([gaussian, self.enhancement * w * gaussian], _FREQUENCIES)
        smooth, sharp = np.concatenate([whole[:, -reach:], whole[:, : reach + 1]], axis=1)
        sharp[reach] -= sharp.sum()
        return np.asarray(smooth / smooth.sum()), np.asarray(sharp)

    def blurred(self, image: Pictures, pixel_mm: float, aperture_mm: float = 0.0) -> Pictures:
        """Pictures (..., i, j) with this point spread, the same in all directions; kind of floats kept.

        ``g(x) g(y) - c s^2 (g''(x) g(y) + g(x) g''(y))``, borders repeated.
        """
        from scipy.ndimage import correlate1d  # lazy: heavy import

        def one_way(of: Pictures, weights: Numbers, axis: int) -> Pictures:
            return np.asarray(correlate1d(of, weights, axis=axis, mode="nearest"))

        smooth, sharp = self.taps(pixel_mm, aperture_mm)
        if self.enhancement == 0.0:
            return one_way(one_way(image, smooth, -2), smooth, -1)
        found = one_way(one_way(image, smooth + sharp, -2), smooth, -1)
        found += one_way(one_way(image, smooth, -2), sharp, -1)
        return found


def noise_amplitude(shape: tuple[int, int], pixel_mm: float, f0_per_mm: float) -> NDArray[np.float32]:
    """Amplitude (n_i, n_j//2 + 1) that colours the transform of white noise: spectrum ``f exp(-(f/f0)^2)``, unit sd.

    Pixels that are too large for the kernel fold what they cannot hold back into their band, as samples of a finer
    picture do: the sd is the kernel's at any pixel.

    Parameters
    ----------
    shape
        Of the picture.
    f0_per_mm
        Roll-off of `spinemets.physics.ct_noise.Kernel`.
    """
    along, across = np.fft.fftfreq(shape[0], pixel_mm)[:, None], np.fft.fftfreq(shape[1], pixel_mm)[None, :]
    folds = range(-math.ceil(1.5 * f0_per_mm * pixel_mm), math.ceil(1.5 * f0_per_mm * pixel_mm) + 1)
    power = np.zeros(shape)
    for i in folds:
        for j in folds:
            f = np.hypot(along + i / pixel_mm, across + j / pixel_mm)
            power += f * np.exp(-((f / f0_per_mm) ** 2))
    half = np.sqrt(power / power.mean())[:, : shape[1] // 2 + 1]
    return np.asarray(half, np.float32)


def _bell(u: float) -> float:
    """Density of the normal distribution."""
    return math.exp(-u * u / 2.0) / math.sqrt(2.0 * math.pi)


def _below(u: float) -> float:
    """Distribution function of the normal distribution."""
    return math.erfc(-u / math.sqrt(2.0)) / 2.0
