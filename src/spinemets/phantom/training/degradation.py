"""What a scanner and its reconstruction do to an image (PHA-94). Nothing here moves a label: images keep their grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.training.recipe import Draw, Row, between, happens, log_between, whole

Image = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """The grid of an image that is degraded.

    Attributes
    ----------
    affine
        4 x 4, voxel to LPS mm.
    spacing_mm
        Distance of its voxels.
    slice_axis
        Axis across the slices.
    metal
        (n, 2, 3), ends of metal bars in LPS mm.
    """

    affine: NDArray[np.float64]
    spacing_mm: NDArray[np.float64]
    slice_axis: int
    metal: NDArray[np.float64]

    @property
    def in_plane(self) -> tuple[int, int]:
        """The other two axes."""
        first, second = (axis for axis in range(3) if axis != self.slice_axis)
        return first, second

    @property
    def height_axis(self) -> int:
        """The axis nearest to the patient's height."""
        return int(np.argmax(np.abs(self.affine[2, :3]) / self.spacing_mm))


def mr(image: Image, frame: Frame, row: Row, draw: Draw) -> Image:
    """An MR magnitude: voids, receive field, blur or ringing, ghosts, a zipper, noise, a step between stations."""
    from spinemets.phantom.training import filters  # lazy: compiled

    level = _bright(image)
    if len(frame.metal):
        void_mm = log_between(draw, row["metal"]["void_mm"])
        filters.voids(image, _bars(frame), _sides(frame), np.float32(void_mm), np.float32(0.5 * level))
    gain = _gains(image.shape, frame, row, draw)
    if gain is not None:
        filters.scale(image, *gain)
    image = _sharpened(image, frame, row, draw)
    phase = frame.in_plane[whole(draw, (0, 1))]
    if happens(draw, row["ghosts"]["share"]):
        image = _ghosts(image, phase, row["ghosts"], draw)
    sigma = level / log_between(draw, row["snr"])
    noise = draw.standard_normal((2, *image.shape), np.float32)
    if happens(draw, row["zipper"]["share"]):
        at: list[slice | int] = [slice(None)] * 3
        at[phase] = whole(draw, (0, image.shape[phase] - 1))
        noise[(0, *at)] += np.float32(level * between(draw, row["zipper"]["strength"]) / sigma)
    filters.magnitude(image, noise, np.float32(sigma))
    if happens(draw, row["station"]["share"]):
        _step(image, frame, row["station"], draw)
    return image


def ct(image: Image, frame: Frame, row: Row, draw: Draw) -> Image:
    """HU with the blur of a kernel, streaks from metal, and coloured noise.

    Parameters
    ----------
    row
        The recipe's `degradation` and `ct` rows as one.
    """
    from spinemets.phantom.training import filters  # lazy: compiled

    sigmas = between(draw, row["blur_mm"]) / 2.3548 / frame.spacing_mm
    for axis in frame.in_plane:
        image = _convolved(image, axis, _gaussian(float(sigmas[axis])))
    if len(frame.metal):
        strength = np.float32(3000.0 * between(draw, row["metal"]["streak"]))
        # The tube turns about the patient's height: slabs and volumes keep it on different axes.
        filters.streaks(image, _bars(frame), _sides(frame), frame.height_axis, strength, np.float32(draw.uniform(0, 6)))
    sd = row["noise_full_dose_hu"] / math.sqrt(log_between(draw, row["dose"]))
    noise = draw.standard_normal(image.shape, np.float32)
    # Thick slices and large pixels hold more photons.
    sd *= (1.5 / float(np.prod(frame.spacing_mm)) ** (1 / 3)) ** 1.5
    kernel = np.array([0.25, 0.5, 0.25], np.float32)
    if happens(draw, 0.7):
        for axis in frame.in_plane:
            noise = _convolved(noise, axis, kernel)
        noise *= np.float32(1 / 0.375)
    image += np.float32(sd) * noise
    return image


def truncated(image: Image, row: Row, draw: Draw) -> Image:
    """Brightest values cut off in some images."""
    if happens(draw, row["truncated"]["share"]):
        top = 1.0 - between(draw, row["truncated"]["top"])
        np.minimum(image, np.float32(np.quantile(image.reshape(-1)[::7], top)), out=image)
    return image


def _bright(image: Image) -> float:
    """Mean of what is brighter than the mean, which noise is measured against: air has no part in it."""
    some = image.reshape(-1)[::13].astype(np.float64)  # a mean in single precision may lie above every value
    return max(float(some[some >= some.mean()].mean()), 1e-6)


def _bars(frame: Frame) -> NDArray[np.float32]:
    """(n, 2, 3) ends of metal bars in mm along the axes of the image."""
    inverse = np.linalg.inv(frame.affine)
    return np.ascontiguousarray(
        (frame.metal @ inverse[:3, :3].T + inverse[:3, 3]) * frame.spacing_mm, np.float32
    ).reshape(-1, 2, 3)


def _sides(frame: Frame) -> NDArray[np.float32]:
    return np.asarray(frame.spacing_mm, np.float32)


def _gains(
    shape: tuple[int, ...], frame: Frame, row: Row, draw: Draw
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]] | None:
    """Gain along each axis, their product being that of a voxel, and how much it bends; None = the same everywhere."""
    logs = [np.zeros(n) for n in shape]
    cross = np.zeros(3)
    bent, coil = happens(draw, row["bias"]["share"]), happens(draw, row["coil"]["share"])
    if not (bent or coil):
        return None
    if bent:
        sd = row["bias"]["sd"]
        for axis, n in enumerate(shape):
            u = np.linspace(-1, 1, n)
            logs[axis] += sd * (draw.standard_normal() * u + draw.standard_normal() * (u * u - 1 / 3))
        cross = 0.5 * sd * draw.standard_normal(3)
    if coil:
        # Sensitivity falls off along one axis from one side, for most arrays from behind.
        axis, length = whole(draw, (0, 2)), between(draw, row["coil"]["length_mm"])
        away = np.arange(shape[axis]) * frame.spacing_mm[axis]
        away = away if happens(draw, 0.5) else away[::-1]
        floor = row["coil"]["floor"]
        logs[axis] += np.log(floor + (1 - floor) * np.exp(-away / length))
    x, y, z = (np.exp(line).astype(np.float32) for line in logs)
    return x, y, z, cross.astype(np.float32)


def _gaussian(sigma_px: float) -> NDArray[np.float32]:
    """Kernel of up to seven taps."""
    if sigma_px < 0.15:
        return np.ones(1, np.float32)
    reach = min(3, math.ceil(2.5 * sigma_px))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    return np.asarray(taps / taps.sum(), np.float32)


def _sharpened(image: Image, frame: Frame, row: Row, draw: Draw) -> Image:
    """Blur, or ringing of a k-space that was cut, along the axes in plane."""
    if happens(draw, row["gibbs"]["share"]):
        a = between(draw, row["gibbs"]["strength"])
        kernel = np.array([a / 2, -a, a, 1.0, a, -a, a / 2], np.float32)
    elif happens(draw, row["blur"]["share"]):
        kernel = _gaussian(between(draw, row["blur"]["sigma_px"]))
    else:
        return image
    for axis in frame.in_plane:
        image = _convolved(image, axis, kernel / kernel.sum())
    return image


def _convolved(image: Image, axis: int, kernel: NDArray[np.float32]) -> Image:
    from spinemets.phantom.training import filters  # lazy: compiled

    if len(kernel) == 1:
        return image
    made = np.empty_like(image)
    filters.along(made, image, axis, kernel)
    return made


def _ghosts(image: Image, phase: int, row: Row, draw: Draw) -> Image:
    """Faint copies along the phase encoding, at equal distances, wrapped round."""
    number, strength = whole(draw, row["count"]), between(draw, row["strength"])
    n = image.shape[phase]
    apart = n / number
    ghosted = image.copy()
    for order in range(1, number):
        sign = -1.0 if order % 2 else 1.0
        ghosted += np.float32(sign * strength / order) * np.roll(image, round(order * apart), axis=phase)
    return np.abs(ghosted, out=ghosted)


def _step(image: Image, frame: Frame, row: Row, draw: Draw) -> None:
    """Another gain from some height on: the next station of a whole-spine image."""
    axis = frame.height_axis
    at: list[slice] = [slice(None)] * 3
    at[axis] = slice(whole(draw, (0, image.shape[axis] - 1)), None)
    image[tuple(at)] *= np.float32(1 + between(draw, row["step"]) * (1 if happens(draw, 0.5) else -1))
