"""The numbers that are compared: histograms, ratios, spectra, noise and edges."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import wasserstein_distance

from studies.realism.exams import Exam
from studies.realism.regions import NAMES, regions

Array = NDArray[np.float32]
# Texture is read between these spatial frequencies: below lies the shape of the patch, above the pixel.
SLOPE_PER_MM = (0.08, 0.35)
PATCH = 16


def distances(exams: list[Exam]) -> dict[str, tuple[list[float], list[float]]]:
    """Wasserstein-1 distance of each region's histogram (in units of mean marrow), between real pairs, and real to simulated."""
    found = [(exam, regions(exam)) for exam in exams]
    made: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in NAMES}
    for (a, of_a), (b, of_b) in combinations(found, 2):
        if not a.real and not b.real:
            continue
        for name in NAMES:
            if of_a[name].size > 50 and of_b[name].size > 50:
                made[name][int(a.real != b.real)].append(float(wasserstein_distance(of_a[name], of_b[name])))
    return made


def ratios(exam: Exam) -> dict[str, float]:
    """Median of each region over median marrow."""
    found = regions(exam)
    return {
        name: float(np.median(found[name]) / np.median(found["body"])) for name in NAMES[1:] if found[name].size > 50
    }


def spectrum_slope(patches: list[Array], pixel_mm: float) -> float:
    """Slope of log power over log frequency of square patches, each less its plane and under a Hann window."""
    if not patches:
        return float("nan")
    n = patches[0].shape[0]
    window = np.outer(np.hanning(n), np.hanning(n))
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n, pixel_mm),) * 2))
    power = np.mean([np.abs(np.fft.fft2(_flat(p) / max(float(p.mean()), 1e-6) * window)) ** 2 for p in patches], axis=0)
    used = (frequency >= SLOPE_PER_MM[0]) & (frequency <= SLOPE_PER_MM[1])
    return float(np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)[0])


def _flat(patch: Array) -> Array:
    """A patch less the plane through it."""
    y, x = np.indices(patch.shape)
    basis = np.stack([np.ones(patch.size), y.ravel(), x.ravel()], axis=1)
    fit, *_ = np.linalg.lstsq(basis, patch.ravel(), rcond=None)
    return np.asarray(patch - (basis @ fit).reshape(patch.shape))


def body_patches(exam: Exam) -> list[Array]:
    """Square patches of marrow, one a body and slice, where they fit."""
    patches = []
    for k in range(exam.image.shape[0]):
        labels, number = ndimage.label(exam.bodies[k] > 0)
        for row, column in ndimage.center_of_mass(labels > 0, labels, range(1, number + 1)):
            top, left = int(row) - PATCH // 2, int(column) - PATCH // 2
            part = np.s_[max(top, 0) : top + PATCH, max(left, 0) : left + PATCH]
            if exam.bodies[k][part].shape == (PATCH, PATCH) and (exam.bodies[k][part] > 0).mean() > 0.98:
                patches.append(exam.image[k][part])
    return patches


def soft_patches(slices: Array, n: int = 16) -> list[Array]:
    """Square patches of flat soft tissue of CT slices (k, j, i): mean 20 to 80 HU, no plane steeper than noise, no fat, no bone."""
    patches = []
    smooth = ndimage.gaussian_filter(slices, (0, 2, 2))
    for k, j, i in np.ndindex(len(slices), slices.shape[1] // n, slices.shape[2] // n):
        part = np.s_[k, j * n : (j + 1) * n, i * n : (i + 1) * n]
        if smooth[part].min() > 15 and smooth[part].max() < 85:
            patches.append(slices[part])
    return patches


def noise_spectrum(patches: list[Array], pixel_mm: float) -> tuple[float, float]:
    """(sd in HU, mean frequency of the noise power in 1/mm)."""
    n = patches[0].shape[0]
    window = np.outer(np.hanning(n), np.hanning(n))
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n, pixel_mm),) * 2))
    power = np.mean([np.abs(np.fft.fft2(_flat(p) * window)) ** 2 for p in patches], axis=0)
    sd = float(np.sqrt(np.mean([_flat(p).var() for p in patches])))
    # Power per ring: the mean frequency of a two-dimensional spectrum.
    return sd, float((power * frequency).sum() / power.sum())


def edge_widths_mm(slices: Array, pixel_mm: float, reach_mm: float = 5.0) -> list[float]:
    """10-90 % widths of edges between soft tissue and bone in CT slices (k, j, i), along the gradient.

    An edge counts where a profile rises from 0-100 HU to above 250 HU and does so steadily.
    """
    widths = []
    for image in slices:
        smooth = ndimage.gaussian_filter(image, 0.7)
        gy, gx = np.gradient(smooth)
        steep = np.hypot(gy, gx)
        at = np.argwhere((steep > 60 * pixel_mm) & (steep == ndimage.maximum_filter(steep, 5)) & (image > 100))
        for j, i in at:
            width = _width_mm(image, (j, i), np.array([gy[j, i], gx[j, i]]) / steep[j, i], pixel_mm, reach_mm)
            if width is not None:
                widths.append(width)
    return widths


def _width_mm(
    image: Array, at: tuple[int, int], direction: NDArray[np.float64], pixel_mm: float, reach_mm: float
) -> float | None:
    """10-90 % width of one profile; None where it is no edge from soft tissue to bone."""
    step = 0.25
    along = np.arange(-reach_mm, reach_mm + step, step) / pixel_mm
    profile = ndimage.map_coordinates(
        image, np.array(at)[:, None] + direction[:, None] * along, order=1, mode="nearest"
    )
    top = int(np.argmax(profile[len(along) // 2 :])) + len(along) // 2
    low = float(np.median(profile[: len(along) // 4]))
    high = float(profile[top])
    if not (0 < low < 100 and high > 250):
        return None
    rising = (profile[: top + 1] - low) / (high - low)
    below, above = np.nonzero(rising < 0.1)[0], np.nonzero(rising > 0.9)[0]
    if not below.size or not above.size:
        return None
    first = above[above > below[-1]]
    return float((first[0] - below[-1]) * step) if first.size else None
