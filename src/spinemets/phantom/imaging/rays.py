"""Parallel rays through a slice and back: line integrals of a raster, and filtered back-projection, compiled.

A raster is ``image[a, b]`` with square pixels about its centre; rays run at ``angles`` (normals of the rays against the
first axis) and lie at ``(n - (bins - 1)/2) * bin`` from the centre. All lengths in one unit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import compiled

Raster = NDArray[np.float32]
# numba's notation of a raster that a loop only reads.
READ = "Array(float32, 2, 'C', True)"


def angles(n: int) -> NDArray[np.float64]:
    """Normals of the rays of half a turn."""
    return np.asarray((np.arange(n) + 0.5) * math.pi / n)


@compiled(f"void(float32[:,::1], {READ}, float64[::1], UniTuple(float64, 4))")
def project(rays: Raster, image: Raster, angles: NDArray[np.float64], sides: tuple[float, float, float, float]) -> None:
    """Line integrals (angle, bin) of a raster, added to `rays`: steps of a pixel, bilinear between pixels.

    Parameters
    ----------
    sides
        Pixel, bin, and the raster's centre along its axes against the point about which the rays turn.
    """
    pixel, step, centre_a, centre_b = sides
    n_a, n_b = image.shape
    bins = rays.shape[1]
    reach = int(math.sqrt(float(n_a * n_a + n_b * n_b)) / 2.0) + 1
    for t in range(len(angles)):
        cos, sin = math.cos(angles[t]), math.sin(angles[t])
        off = centre_a * cos + centre_b * sin
        for n in range(bins):
            s = ((n - (bins - 1) / 2.0) * step - off) / pixel
            if abs(s) > reach:
                continue
            total = 0.0
            for m in range(-reach, reach + 1):
                a = s * cos - m * sin + (n_a - 1) / 2.0
                b = s * sin + m * cos + (n_b - 1) / 2.0
                if a < 0.0 or b < 0.0 or a >= n_a - 1 or b >= n_b - 1:
                    continue
                i, j = int(a), int(b)
                u, v = a - i, b - j
                low = image[i, j] + v * (image[i, j + 1] - image[i, j])
                high = image[i + 1, j] + v * (image[i + 1, j + 1] - image[i + 1, j])
                total += low + u * (high - low)
            rays[t, n] += np.float32(total * pixel)


@compiled(f"void(float32[:,::1], {READ}, float64[::1], UniTuple(float64, 4))")
def back_project(
    image: Raster, rays: Raster, angles: NDArray[np.float64], sides: tuple[float, float, float, float]
) -> None:
    """Mean over the angles of what each pixel's ray holds, added to `image`; 0 beyond the last bin.

    Parameters
    ----------
    sides
        As in `project`.
    """
    pixel, step, centre_a, centre_b = sides
    n_a, n_b = image.shape
    bins = rays.shape[1]
    share = 1.0 / len(angles)
    for t in range(len(angles)):
        cos, sin = math.cos(angles[t]), math.sin(angles[t])
        for i in range(n_a):
            along = (centre_a + (i - (n_a - 1) / 2.0) * pixel) * cos
            for j in range(n_b):
                at = (along + (centre_b + (j - (n_b - 1) / 2.0) * pixel) * sin) / step + (bins - 1) / 2.0
                if at < 0.0 or at >= bins - 1:
                    continue
                n = int(at)
                u = at - n
                image[i, j] += np.float32(share * (rays[t, n] + u * (rays[t, n + 1] - rays[t, n])))


def filtered(rays: Raster, step: float) -> Raster:
    """Rays (..., bin) through the ramp filter with a Hann window: back-projected times pi, they give the raster."""
    from scipy.fft import irfft, next_fast_len, rfft  # lazy: heavy import

    bins = rays.shape[-1]
    length = next_fast_len(2 * bins, real=True)
    # The ramp's own samples (Kak and Slaney, 1988, eq. 61), not those of its transform: these would lose the mean.
    n = np.arange(length)
    n = np.minimum(n, length - n)
    ramp = np.zeros(length)
    ramp[0] = 0.25 / step**2
    odd = n % 2 == 1
    ramp[odd] = -1.0 / (math.pi * n[odd] * step) ** 2
    response = np.real(rfft(ramp)) * step * (0.5 + 0.5 * np.cos(math.pi * np.arange(length // 2 + 1) / (length // 2)))
    spectrum = rfft(np.asarray(rays, np.float64), length, axis=-1) * response
    return np.asarray(irfft(spectrum, length, axis=-1)[..., :bins] * math.pi, np.float32)
