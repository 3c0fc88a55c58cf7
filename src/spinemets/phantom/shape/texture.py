"""Smooth random fields: periodic lattices of Gaussian noise, read at any point, so that texture is a function of space."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.block import Array

LATTICE = 80
# Width of the smoothing in lattice steps. Between nodes a linear read keeps, on average over positions, the share
# (1 - (1 - r)/3)^3 of the variance, r = exp(-1/(4 x 1.5^2)) being the correlation of neighbouring nodes.
SMOOTHING_STEPS = 1.5
VARIANCE_KEPT = 0.90


def stream(seed: int, name: str) -> np.random.Generator:
    """Generator of one named thing: adding another thing never changes this one's numbers."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def islands(values: Array, share: float, rise_per_sd: float = 3.0) -> Array:
    """Where a field (mean 0, sd 1) lies in its highest `share`: 1 well inside, 0 well outside, rising that steeply between."""
    from scipy.special import ndtri  # lazy: heavy import

    return above(values, float(ndtri(1.0 - share)), rise_per_sd)


def above(values: Array, level: float, rise_per_sd: float = 3.0) -> Array:
    """Where a field lies above a level: 1 well above, 0 well below, rising that steeply between."""
    return np.asarray(np.clip(np.float32(0.5) + (values - np.float32(level)) * rise_per_sd, 0.0, 1.0))


def apart(number: int, period_mm: float) -> tuple[float, float, float]:
    """Shift of the n-th thing that reads a periodic field in its own frame: no two of a patient look alike.

    Multiples of the powers of 1/x, where x^4 = x + 1, spread evenly over a cube, however many are taken.
    """
    u, v, w = (period_mm * (number * share % 1.0) for share in (0.8191725134, 0.6710436067, 0.5497004779))
    return u, v, w


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """Power of a field of many lengths, ``(1 + (k L)^2)^(-p/2)`` with the frequency k.

    Attributes
    ----------
    step_mm
        Distance of the nodes: half of the shortest length.
    longest_mm
        L: patches longer than that are no stronger.
    steepness
        p: by how much the shorter ones are weaker.
    stretch
        So many times as long along the third axis.
    """

    step_mm: float
    longest_mm: float
    steepness: float
    stretch: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """Gaussian field of zero mean and unit sd with a correlation length.

    Attributes
    ----------
    nodes
        Periodic lattice.
    step_mm
        Node distance along the three local axes.
    """

    nodes: NDArray[np.float32]
    step_mm: tuple[float, float, float]

    @classmethod
    def make(cls, generator: np.random.Generator, length_mm: float, stretch: float = 1.0) -> Field:
        """Field with that correlation length (FWHM), `stretch` times longer along the third axis."""
        from scipy.ndimage import gaussian_filter  # lazy: heavy import

        white = generator.standard_normal((LATTICE,) * 3)
        smooth = gaussian_filter(white, SMOOTHING_STEPS, mode="wrap")
        # A smoothed white lattice of sigma s steps has a correlation function of FWHM 2 sqrt(2 ln 2) x s sqrt 2.
        step = length_mm / (2.3548 * np.sqrt(2.0) * SMOOTHING_STEPS)
        nodes = ((smooth - smooth.mean()) / (smooth.std() * np.sqrt(VARIANCE_KEPT))).astype(np.float32)
        return cls(nodes=nodes, step_mm=(step, step, step * stretch))

    @classmethod
    def scale_free(cls, generator: np.random.Generator, spectrum: Spectrum) -> Field:
        """Patches of all sizes at once, as in marrow: one lattice, read as quickly as one of a single length."""
        from scipy import fft  # lazy: heavy import

        turns = [np.fft.fftfreq(LATTICE)[:, None, None], np.fft.fftfreq(LATTICE)[:, None], np.fft.rfftfreq(LATTICE)]
        per_mm = np.sqrt(turns[0] ** 2 + turns[1] ** 2 + (spectrum.stretch * turns[2]) ** 2) / spectrum.step_mm
        power = (1.0 + (per_mm * spectrum.longest_mm) ** 2) ** (-spectrum.steepness / 2)
        power[0, 0, 0] = 0.0
        parts = fft.rfftn(generator.standard_normal((LATTICE,) * 3)) * np.sqrt(power)
        # A linear read between nodes keeps (2 + cos) / 3 of the variance of a wave along each axis, on average over places.
        kept = np.abs(parts) ** 2
        for turn in turns:
            kept = kept * (2 + np.cos(2 * np.pi * turn)) / 3
        twice = np.where((turns[2] == 0) | (turns[2] == 0.5), 1.0, 2.0)
        sd = np.sqrt((kept * twice).sum()) / LATTICE**3
        nodes = fft.irfftn(parts, s=(LATTICE,) * 3) / sd
        return cls(nodes=nodes.astype(np.float32), step_mm=(spectrum.step_mm,) * 3)

    def at(self, u: Array, v: Array, w: Array) -> Array:
        """Values at local points in mm."""
        shape = np.broadcast_shapes(np.shape(u), np.shape(v), np.shape(w))
        return self.where(np.broadcast_to(np.True_, shape), (u, v, w))

    def where(self, wanted: NDArray[np.bool_], points: tuple[Array, Array, Array]) -> Array:
        """Values at the wanted points only, elsewhere 0 (the mean): reading the lattice is what costs time."""
        from spinemets.phantom.shape import lattice  # lazy: compiled

        values = np.zeros(wanted.shape, np.float32)
        axes = (1,) * (3 - values.ndim) + values.shape
        u, v, w = (np.broadcast_to(np.asarray(p, np.float32), wanted.shape).reshape(axes) for p in points)
        per_mm = np.array([1 / step for step in self.step_mm], np.float32)
        lattice.periodic(values.reshape(axes), self.nodes, wanted.reshape(axes), (u, v, w), per_mm)
        return values

    def log_normal(self, wanted: NDArray[np.bool_], points: tuple[Array, Array, Array], cv: float) -> Array:
        """Positive field of mean 1 and coefficient of variation `cv` at the wanted points; below 0: high where it is low."""
        sigma = np.float32(np.copysign(np.sqrt(np.log1p(cv**2)), cv))
        values = self.where(wanted, points)
        values *= sigma
        values -= np.float32(0.5) * sigma * sigma
        return np.exp(values, out=values)
