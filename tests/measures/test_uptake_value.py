"""PET-01: SUV max, mean and peak ('1 mL sphere, maximal mean')."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.uptake_value import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume

ENTRY = catalogue.load()["PET-01"]


def patient(spacing=(4.0, 4.0, 4.0), shape=(20, 20, 20)):
    return Grid(shape_ijk=shape, affine_lps_mm=np.diag([*spacing, 1.0]))


def of(array, grid, block=np.s_[5:15, 5:15, 5:15], place_known=True):
    mask = np.zeros(grid.shape_ijk, bool)
    mask[block] = True
    image = Volume(array=np.asarray(array, np.float32), grid=grid, quantity="suv_bw_g_per_ml", unit="g/mL")
    return measure(suv=image, body=Region.from_mask("body", mask, grid), place_known=place_known, **ENTRY.values())


def slow_peak(array, grid, mask):
    """Every centre, every voxel."""
    radius = (3000.0 / (4 * np.pi)) ** (1 / 3)
    points = grid.to_lps_mm(np.argwhere(np.ones(grid.shape_ijk, bool)))
    return max(
        array.reshape(-1)[np.linalg.norm(points - grid.to_lps_mm(centre), axis=1) <= radius + 1e-9].mean()
        for centre in np.argwhere(mask)
    )


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 4.0), (2.0, 2.5, 5.0)])
def test_peak_is_the_highest_mean_of_a_sphere(spacing):
    grid = patient(spacing)
    array = np.random.default_rng(1).uniform(1, 5, grid.shape_ijk)
    mask = np.zeros(grid.shape_ijk, bool)
    mask[8:12, 8:12, 8:12] = True
    answer = of(array, grid, np.s_[8:12, 8:12, 8:12])
    assert answer.values["suv_peak"].value == pytest.approx(slow_peak(array, grid, mask), rel=1e-5)
    assert answer.values["suv_max"].value == pytest.approx(array[mask].max(), rel=1e-6)
    assert answer.values["suv_mean"].value == pytest.approx(array[mask].mean(), rel=1e-6)


def test_interval_is_the_repeatability():
    """Lodge2017: 10 %."""
    answer = of(np.full((20, 20, 20), 4.0), patient())
    assert answer.values["suv_peak"].ci95 == pytest.approx((4 - 0.784, 4 + 0.784))


def test_spheres_that_leave_the_image_do_not_count():
    array = np.ones((20, 20, 20))
    array[0] = 50
    answer = of(array, patient(), np.s_[0:6, 5:15, 5:15])
    assert answer.values["suv_peak"].value < 20 and answer.values["suv_max"].value == 50


def test_refusals():
    nothing = of(np.full((20, 20, 20), np.nan), patient())
    assert isinstance(nothing, Refused) and nothing.code == "NA-FEW"
    thin = of(np.ones((20, 20, 2)), patient(shape=(20, 20, 2)), np.s_[5:15, 5:15, 0:1])
    assert isinstance(thin, Refused) and thin.code == "NA-COVERAGE"


def test_motion_that_is_not_known_is_said():
    """PET-06: PET alone names wrong levels."""
    assert "neighbour" in of(np.ones((20, 20, 20)), patient(), place_known=False).notes[0]
    assert of(np.ones((20, 20, 20)), patient()).notes == ()
