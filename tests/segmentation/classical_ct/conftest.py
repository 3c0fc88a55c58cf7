"""A CT whose vertebrae are known: the small made-up patient, upright, as the method sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.study import PatientFacts, Study
from spinemets.segmentation import reslice
from spinemets.segmentation.classical_ct import canal, curve, discs
from spinemets.segmentation.classical_ct.settings import load
from spinemets.testing import scene as made_up


@dataclass(frozen=True, kw_only=True)
class Upright:
    """The CT on the working grid, and what the first steps find in it."""

    hu: np.ndarray
    grid: Grid
    curve: curve.Curve
    straight: np.ndarray
    wall_mm: np.ndarray
    discs: tuple[discs.Disc, ...]


@pytest.fixture(scope="session")
def settings():
    return load()


@pytest.fixture(scope="session")
def ct_study():
    """Function: the made-up patient's study, its arrays stored in any axis order and direction."""
    grid, points = made_up._grid()
    tissues = made_up._tissues(points)

    def build(orientation=made_up.UPRIGHT):
        series = made_up._series(tissues, grid, orientation)
        truth = made_up._segmentation(tissues, grid, orientation)
        return Study(uid="1", patient=PatientFacts(), series=series), truth

    return build


@pytest.fixture(scope="session")
def upright(ct_study, settings) -> Upright:
    study, _ = ct_study()
    volume = study.series[0].pixels()
    grid = reslice.aligned(volume.grid, (settings.step_mm,) * 3)
    hu = reslice.image_on(volume.array, volume.grid, grid, curve.OUTSIDE_HU)
    path, score = canal.trace(canal.scores(canal.coarse(hu), 2 * settings.step_mm, settings), settings.move_cost)
    line = curve.follow(grid.to_lps_mm(2 * path + 0.5), score, settings)
    assert line is not None
    straight = line.straightened(hu, grid)
    sagittal = discs.middle_of(straight)
    wall_mm = discs.posterior_wall(sagittal, settings)
    found = discs.find(sagittal, wall_mm, 1.5, settings)
    return Upright(hu=hu, grid=grid, curve=line, straight=straight, wall_mm=wall_mm, discs=found)


@pytest.fixture(scope="session")
def dice():
    """Function: overlap of two regions on one grid, 2 |A and B| / (|A| + |B|)."""

    def of(one, other) -> float:
        both = np.count_nonzero(one.full_mask() & other.full_mask())
        return 2 * both / (one.n_voxels + other.n_voxels)

    return of
