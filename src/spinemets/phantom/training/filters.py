"""Passes over the voxels of an image, compiled: gain, convolution along an axis, magnitude, and what metal does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import SEEN, compiled

Image = NDArray[np.float32]
IMAGE = "float32[:,:,::1]"
LINE = "Array(float32, 1, 'C', True)"
BARS = "Array(float32, 3, 'C', True)"
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled(f"void({IMAGE}, {LINE}, {LINE}, {LINE}, {LINE})")
def scale(image: Image, x: Image, y: Image, z: Image, cross: Image) -> None:
    """Multiply by gains along the axes, and by ``1 + c0 uv + c1 vw + c2 uw``, u, v, w from -1 to 1; never below a tenth."""
    n = image.shape
    for i in range(n[0]):
        u = np.float32(2.0) * i / max(n[0] - 1, 1) - _ONE
        for j in range(n[1]):
            v = np.float32(2.0) * j / max(n[1] - 1, 1) - _ONE
            gain = x[i] * y[j]
            flat, slope = _ONE + cross[0] * np.float32(u * v), np.float32(cross[1] * v + cross[2] * u)
            for k in range(n[2]):
                w = np.float32(2.0) * np.float32(k) / np.float32(max(n[2] - 1, 1)) - _ONE
                image[i, j, k] *= gain * z[k] * max(flat + slope * w, np.float32(0.1))


@compiled(f"void({IMAGE}, {SEEN}, int64, {LINE})")
def along(out: Image, image: Image, axis: int, kernel: Image) -> None:
    """Convolve along an axis, values beyond its ends being those at the ends."""
    n_i, n_j, n_k = image.shape
    reach = len(kernel) // 2
    for i in range(n_i):
        for j in range(n_j):
            row = out[i, j]
            row[:] = _ZERO
            for tap in range(len(kernel)):
                weight, away = kernel[tap], tap - reach
                if axis == 0:
                    there = image[min(max(i + away, 0), n_i - 1), j]
                    for k in range(n_k):
                        row[k] += weight * there[k]
                elif axis == 1:
                    there = image[i, min(max(j + away, 0), n_j - 1)]
                    for k in range(n_k):
                        row[k] += weight * there[k]
                else:
                    for k in range(n_k):
                        row[k] += weight * image[i, j, min(max(k + away, 0), n_k - 1)]


@compiled(f"void({IMAGE}, Array(float32, 4, 'C', True), float32)")
def magnitude(image: Image, noise: Image, sigma: Any) -> None:
    """Magnitude with noise of that deviation in both channels."""
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            for k in range(image.shape[2]):
                real = image[i, j, k] + sigma * noise[0, i, j, k]
                other = sigma * noise[1, i, j, k]
                image[i, j, k] = math.sqrt(real * real + other * other)


@compiled(f"float32({BARS}, int64, float32, float32, float32)")
def _away(bars: Any, n: int, x: Any, y: Any, z: Any) -> Any:
    """Squared distance to a bar."""
    u, v, w = bars[n, 1, 0] - bars[n, 0, 0], bars[n, 1, 1] - bars[n, 0, 1], bars[n, 1, 2] - bars[n, 0, 2]
    a, b, c = x - bars[n, 0, 0], y - bars[n, 0, 1], z - bars[n, 0, 2]
    share = (a * u + b * v + c * w) / (u * u + v * v + w * w + np.float32(1e-6))
    share = min(max(share, _ZERO), _ONE)
    a, b, c = a - share * u, b - share * v, c - share * w
    return a * a + b * b + c * c


@compiled(f"void({IMAGE}, {BARS}, {LINE}, float32, float32)")
def voids(image: Image, bars: Image, spacing_mm: Image, reach_mm: Any, rim: Any) -> None:
    """No signal within a reach of bars (ends in mm along the axes of the image), and a bright rim around that."""
    wide = reach_mm + np.float32(3.0)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            for k in range(image.shape[2]):
                x, y, z = spacing_mm[0] * i, spacing_mm[1] * j, spacing_mm[2] * k
                nearest = np.float32(1e9)
                for n in range(len(bars)):
                    nearest = min(nearest, _away(bars, n, x, y, z))
                if nearest < wide * wide:
                    away = math.sqrt(nearest)
                    left = min(max((away - reach_mm) / np.float32(1.5), _ZERO), _ONE)
                    pile = max(_ONE - abs(away - reach_mm - np.float32(1.5)) / np.float32(1.5), _ZERO)
                    image[i, j, k] = left * image[i, j, k] + pile * rim


@compiled(f"void({IMAGE}, {BARS}, {LINE}, int64, float32, float32)")
def streaks(image: Image, bars: Image, spacing_mm: Image, axis: int, strength_hu: Any, phase: Any) -> None:
    """Bright and dark rays from the middles of bars, in planes across an axis, that fade with the distance."""
    first, second = (1 if axis == 0 else 0), (1 if axis == 2 else 2)
    for n in range(len(bars)):
        u, v = bars[n, 0, first] + bars[n, 1, first], bars[n, 0, second] + bars[n, 1, second]
        low, high = min(bars[n, 0, axis], bars[n, 1, axis]), max(bars[n, 0, axis], bars[n, 1, axis])
        for i, j, k in np.ndindex(image.shape):
            at = (i, j, k)
            z = spacing_mm[axis] * at[axis]
            left = _ONE - max(low - z, z - high, _ZERO) / np.float32(4.0)
            if left > _ZERO:
                x = spacing_mm[first] * at[first] - np.float32(0.5) * u
                y = spacing_mm[second] * at[second] - np.float32(0.5) * v
                radius = math.sqrt(x * x + y * y) + np.float32(4.0)
                ray = math.cos(np.float32(5.0) * math.atan2(y, x) + phase) * strength_hu * np.float32(8.0) / radius
                image[i, j, k] += ray * left
