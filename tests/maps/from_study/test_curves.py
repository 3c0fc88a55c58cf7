"""Signals over time around the spine: the box, the order of the volumes, padding, and reading once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemets.maps.from_study.curves import KIND, as_curves
from spinemets.maps.from_study.how import How
from spinemets.model.grid import Grid
from spinemets.model.region import Region


def study_of(build, n=3, **fields):
    return build([(np.full((30, 30, 8), 10.0 * k), {"kind": "dce", **fields}) for k in range(1, n + 1)])


def test_everything_where_nothing_is_said(build):
    study = study_of(build)
    made = as_curves(study.series[0], study.series, How())
    volume = made.pixels()
    assert made.label == "Signal over time of series 1" and volume.quantity == KIND
    assert volume.array.shape == (30, 30, 8, 3) and volume.array[5, 5, 5].tolist() == [10, 20, 30]


def test_the_box_around_the_spine(build):
    """20 mm to spare, in the place that the map was moved to."""
    study = study_of(build)
    grid = study.series[0].grid
    mask = np.zeros((30, 30, 8), bool)
    mask[14:16, 14:16, 3:5] = True
    body = Region.from_mask("body", mask, grid)
    made = as_curves(study.series[0], study.series, How(within=(body,)))
    assert made.pixels().array.shape == (22, 22, 8, 3)
    assert made.grid == grid.crop((4, 4, 0), (22, 22, 8)) == made.pixels().grid


def test_nothing_near_is_one_voxel(build):
    study = study_of(build)
    elsewhere = np.eye(4)
    elsewhere[:3, 3] = 5000
    far = Region.from_mask("body", np.ones((2, 2, 2), bool), Grid(shape_ijk=(2, 2, 2), affine_lps_mm=elsewhere))
    assert as_curves(study.series[0], study.series, How(within=(far,))).pixels().array.shape == (1, 1, 1, 3)


def test_padding_is_no_number_and_volumes_are_released(build):
    padding = np.zeros((30, 30, 8), bool)
    padding[0] = True
    study = study_of(build, padding=padding)
    released, read = [], []

    class Load:
        def __init__(self, series):
            self.series = series

        def __call__(self):
            read.append(self.series.uid)
            return self.series.pixels()

        def release(self):
            released.append(self.series.uid)

    members = [replace(one, load=Load(one)) for one in study.series]
    made = as_curves(members[0], members, How())
    first = made.pixels()
    assert made.pixels() is first and read == released == [one.uid for one in members]
    assert np.isnan(first.array[0]).all() and not np.isnan(first.array[1:]).any()
