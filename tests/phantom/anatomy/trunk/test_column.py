"""The line that the trunk follows."""

from __future__ import annotations

import numpy as np


def test_back_is_behind_the_spinous_processes(first_light):
    """Skin of the back lies behind every spinous process."""
    anatomy = first_light.anatomy
    for vertebra in anatomy.vertebrae:
        tip = max((rod.end for rod in vertebra.arch.rods["spinous"]), key=lambda p: p[1])
        assert float(anatomy.column.back.at(np.asarray(tip[2]))) > tip[1] + 4


def test_line_runs_through_the_bodies(first_light):
    """Within a few mm of each body's centre; its half depth is that of the body."""
    anatomy = first_light.anatomy
    for level, frame in list(anatomy.frames.items())[:-1]:
        z = np.asarray(frame.origin[2])
        assert abs(float(anatomy.column.x.at(z)) - frame.origin[0]) < 1.5, level
        assert abs(float(anatomy.column.y.at(z)) - frame.origin[1]) < 6.0, level
        assert abs(float(anatomy.column.wall.at(z)) - anatomy.sizes[level].mean_depth / 2) < 1.5, level


def test_fat_of_the_back_grows_downwards_and_with_weight(someone):
    """Thickest over the loins; more in the heavy."""
    slim, heavy = (someone(weight_kg=weight).col for weight in (52.0, 90.0))
    for col in (slim, heavy):
        neck, loin = (float(col.layer.at(np.asarray(col.z_of[level]))) for level in ("C5", "L4"))
        assert neck < loin
    assert float(heavy.layer.at(np.asarray(heavy.z_of["L4"]))) > 1.5 * float(slim.layer.at(np.asarray(slim.z_of["L4"])))


def test_twelfth_level_has_a_place_without_ribs(someone):
    """With eleven ribs organs still lie by T12: between T11 and L1."""
    col = someone(variant="eleven-ribs").col
    assert col.z_of["L1"] < col.z_of["T12"] < col.z_of["T11"]
