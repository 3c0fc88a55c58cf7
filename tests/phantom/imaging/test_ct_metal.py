"""Streaks of metal: where they run, that they leave the rest alone, and that they are the same each time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.phantom.imaging import ct_sections
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.ct_metal import add_streaks, error_mm, raster, rods_of
from spinemets.phantom.imaging.ct_sections import Gantry, sections
from spinemets.phantom.pathology.hardware import Implant
from tests.phantom.imaging.cylinders import BODY, painter

HALF = 100.0
AT_ONCE = (np.array([0.0]), np.array([1.0]))


def screw(x, material="titanium", radius=3.0):
    """A bar across the slice at (x, 0), 40 mm from front to back."""
    half = ((radius, radius), (radius, radius))
    return Implant(start=(x, -20.0, 0.0), end=(x, 20.0, 0.0), across=(1.0, 0.0, 0.0), half_mm=half, material=material)


@pytest.fixture(scope="module")
def grid():
    """200 mm square, pixels of 2 mm, three slices of 2 mm."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (-99.0, -99.0, -2.0)
    return Grid(shape_ijk=(100, 100, 3), affine_lps_mm=affine)


@pytest.fixture(scope="module")
def scan(grid):
    """A cylinder of 30 cm of water."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ct_sections, "paint", painter((0, 150.0, (0.0, 0.0))))
        return sections(BODY, default("ct"), grid)


def streaked(scan, grid, rods, photons=None, seed=1):
    """What is added to a picture of water."""
    found = raster(rods, scan.gantry, AT_ONCE)
    image = np.zeros(grid.shape_ijk[:2], np.float32)
    error = error_mm(found, scan, (0.0, HALF * 1.5), photons, np.random.default_rng(seed))
    add_streaks(image, grid, 1, scan, error)
    return image


def around(image, x, y, half=6.0):
    """Values near a point."""
    i, j = (round((v + 99.0) / 2.0) for v in (x, y))
    n = round(half / 2.0)
    return image[i - n : i + n + 1, j - n : j + n + 1]


def test_the_raster_holds_the_metal(scan):
    """Area of a bar lying in the slice: length times width and its round ends."""
    found = raster([screw(30.0)], scan.gantry, AT_ONCE)
    area = found.shares[0].sum() * 0.6**2
    assert area == pytest.approx(40.0 * 6.0, rel=0.2) and not found.shares[1].any()
    assert found.centre_mm == pytest.approx((30.0, 0.0), abs=0.5)
    assert raster([screw(30.0)], scan.gantry, (np.array([30.0]), np.array([1.0]))) is None


def test_half_a_bar_counts_half(scan):
    """Sub-slabs inside and outside the metal: their weighted mean."""
    whole = raster([screw(0.0)], scan.gantry, AT_ONCE).shares.sum()
    half = raster([screw(0.0)], scan.gantry, (np.array([0.0, 5.5]), np.array([0.5, 0.5]))).shares.sum()
    assert half == pytest.approx(whole / 2, rel=0.01)


def test_it_is_dark_along_screws_and_between_them(scan, grid):
    """In line with their length, where rays run through most metal; not across it at a distance."""
    image = streaked(scan, grid, [screw(-20.0), screw(20.0)])
    ahead = around(image, 20.0, -45.0).mean()
    assert ahead < -60.0
    assert around(image, 0.0, 0.0).mean() < -10.0
    assert abs(around(image, 70.0, 70.0).mean()) < 0.2 * abs(ahead)


def test_mean_far_away_stays(scan, grid):
    """More than 60 mm from the metal: less than 3 HU in the mean, with counting or without."""
    x, y = np.meshgrid(*(2.0 * np.arange(100) - 99.0,) * 2, indexing="ij")
    far = (np.hypot(x - 20, y) > 60) & (np.hypot(x + 20, y) > 60)
    for photons in (None, 2e6):
        assert abs(streaked(scan, grid, [screw(-20.0), screw(20.0)], photons)[far].mean()) < 3.0


def test_denser_metal_streaks_more(scan, grid):
    """Cobalt chromium against titanium, thick against thin."""
    sizes = [
        np.abs(streaked(scan, grid, rods)).mean()
        for rods in ([screw(0.0, radius=2.0)], [screw(0.0)], [screw(0.0, "cobalt_chrome")])
    ]
    assert sizes[0] < sizes[1] < sizes[2]


def test_few_photons_make_noise(scan, grid):
    """The same bytes for the same stream, others for another; fewer photons, more noise."""
    few, again, other = (streaked(scan, grid, [screw(0.0)], 2e5, seed) for seed in (1, 1, 2))
    assert np.array_equal(few, again) and not np.array_equal(few, other)
    many = streaked(scan, grid, [screw(0.0)], 2e8)
    exact = streaked(scan, grid, [screw(0.0)])
    assert (few - exact).std() > 3 * (many - exact).std()


def test_metal_stays_metal(scan, grid):
    """What lies beyond the end of the scale is left alone."""
    found = raster([screw(0.0)], scan.gantry, AT_ONCE)
    image = np.zeros(grid.shape_ijk[:2], np.float32)
    image[48:52, 40:60] = 3071.0
    error = error_mm(found, scan, (0.0, HALF * 1.5), 2e6, np.random.default_rng(1))
    add_streaks(image, grid, 1, scan, error)
    assert (image[48:52, 40:60] == 3071.0).all() and image[60, 50] != 0.0


def test_what_streaks():
    """Titanium and cobalt chromium; PEEK and cement do not."""
    rods = tuple(screw(0.0, material) for material in ("titanium", "peek", "cement", "cobalt_chrome"))
    assert [rod.material for rod in rods_of(SimpleNamespace(metal=rods))] == ["titanium", "cobalt_chrome"]


def test_a_gantry_of_the_pictures(scan):
    """Axial pictures are made in the planes of the gantry."""
    assert isinstance(scan.gantry, Gantry) and scan.gantry.of_pictures
