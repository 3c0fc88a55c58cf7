"""The numbers of the realism table, on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from studies.realism.classifier import NAMES, SIDE, features, telling
from studies.realism.exams import Exam
from studies.realism.numbers import distances, edge_widths_mm, noise_spectrum, ratios, soft_patches, spectrum_slope
from studies.realism.regions import body_variation, regions

PIXEL_MM = 0.5


def power_law(slope: float, n: int, generator: np.random.Generator) -> np.ndarray:
    """A random picture whose power falls with frequency by that exponent."""
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n),) * 2))
    frequency[0, 0] = 1.0
    white = np.fft.fft2(generator.standard_normal((n, n)))
    return np.fft.ifft2(white * frequency ** (slope / 2)).real.astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, -1.0, -2.0, -3.0])
def test_the_slope_of_a_power_law(slope):
    """Patches of a large random picture give back its exponent."""
    picture = power_law(slope, 512, np.random.default_rng(1))
    picture = 100 + picture / picture.std()
    patches = [picture[j : j + 32, i : i + 32] for j in range(0, 512, 32) for i in range(0, 512, 32)]
    assert spectrum_slope(patches, 1.0) == pytest.approx(slope, abs=0.25)


@pytest.mark.parametrize("fwhm_mm", [1.0, 1.5, 2.5])
def test_the_width_of_a_blurred_edge(fwhm_mm):
    """10 to 90 % of a step under a Gaussian is 2.563 standard deviations, whichever way the edge runs."""
    sigma = fwhm_mm / 2.3548
    y, x = np.indices((120, 120)) * PIXEL_MM
    away = (x - 30) * np.cos(0.5) + (y - 30) * np.sin(0.5)
    step = np.where(np.abs(away) < 12, 700.0, 40.0)
    picture = ndimage.gaussian_filter(step, sigma / PIXEL_MM).astype(np.float32)
    widths = edge_widths_mm(picture[None], PIXEL_MM)
    assert len(widths) > 10
    assert np.median(widths) == pytest.approx(2.563 * sigma, abs=0.5)


def test_noise_is_measured_in_soft_tissue():
    """White noise of 12 HU on muscle: its deviation, and the mean frequency of a flat spectrum."""
    generator = np.random.default_rng(2)
    slices = (50 + 12 * generator.standard_normal((2, 64, 64))).astype(np.float32)
    slices[:, :32] = 1200.0
    patches = soft_patches(slices)
    assert 2 <= len(patches) <= 8
    sd, frequency = noise_spectrum(patches, PIXEL_MM)
    assert sd == pytest.approx(12.0, rel=0.1)
    every = np.hypot(*np.meshgrid(*(np.fft.fftfreq(16, PIXEL_MM),) * 2))
    assert frequency == pytest.approx(every.mean(), rel=0.08)


def exam(name: str, real: bool, disc: float) -> Exam:
    """Three bodies of 100 with discs, canal and muscle of known brightness."""
    image = np.full((21, 130, 120), 40.0, np.float32)
    bodies = np.zeros(image.shape, np.int16)
    for number in range(3):
        rows = np.s_[3:18, 10 + 38 * number : 36 + 38 * number, 20:50]
        bodies[rows] = number + 1
        image[rows] = 100.0
        image[3:18, 36 + 38 * number : 48 + 38 * number, 20:50] = disc
    image[:, :, 54:66] = 200.0
    image[:3, :, 78:] = image[-3:, :, 78:] = 60.0
    return Exam(name=name, real=real, sequence="t2", image=image, bodies=bodies)


def test_regions_are_found_beside_the_bodies():
    """Disc between bodies, canal behind them: each with its brightness over that of marrow."""
    found = regions(exam("a", True, 150.0))
    assert np.median(found["body"]) == pytest.approx(1.0)
    assert np.median(found["disc"]) == pytest.approx(1.5)
    assert np.median(found["canal"]) == pytest.approx(2.0)
    assert ratios(exam("a", True, 130.0))["disc"] == pytest.approx(1.3)
    assert body_variation(exam("a", True, 150.0)) == pytest.approx([0.0] * 3)


def test_distance_of_histograms():
    """A disc brighter by 0.3 of marrow lies 0.3 away; pairs of real exams and mixed pairs are kept apart."""
    among, between = distances([exam("a", True, 130.0), exam("b", True, 130.0), exam("c", False, 160.0)])["disc"]
    assert among == pytest.approx([0.0])
    assert between == pytest.approx([0.3, 0.3], abs=1e-3)


def test_fifty_features_of_a_patch():
    """As many as the page says, all finite."""
    found = features(1 + 0.1 * power_law(-2.0, SIDE, np.random.default_rng(3)))
    assert len(found) == 50
    assert np.isfinite(found).all()


def noisy(name: str, real: bool, sd: float) -> Exam:
    """Bodies everywhere, noise of that deviation on 100."""
    generator = np.random.default_rng(len(name))
    image = (100 + sd * generator.standard_normal((2, 80, 80))).astype(np.float32)
    return Exam(name=name, real=real, sequence="t1", image=image, bodies=np.ones(image.shape, np.int16))


def test_what_tells_is_named():
    """Real exams of twice the noise: every number that tells is one of spread, and higher in the real ones where it measures it."""
    found = telling([noisy("a", True, 10.0), noisy("bb", True, 10.0), noisy("ccc", False, 5.0)], n=3)
    assert len(NAMES) == 50 == len(features(np.random.default_rng(1).random((SIDE, SIDE)).astype(np.float32)))
    assert all(alone in (0.0, 1.0) for _, alone in found)
    same = telling([noisy("a", True, 10.0), noisy("a", False, 10.0)], n=1)
    assert abs(same[0][1] - 0.5) < 0.2
