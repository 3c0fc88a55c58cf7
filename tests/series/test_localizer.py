"""Planning images without the word in ImageType."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.series.classes import mr_table
from spinemets.series.localizer import classify, directions

RULE = mr_table().localizer
GR = {"modality": "MR", "scanning_sequence": ("GR",)}


def turned(series, normal_axis: int, number: int, slices: int = 5):
    """The series as volume `number` of one DICOM series, its slices along another axis of the patient."""
    order = [(1, 2, 0), (0, 2, 1), (0, 1, 2)][normal_axis]
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(order)]
    if np.linalg.det(affine[:3, :3]) < 0:
        affine[:3, 2] *= -1
    grid = Grid(shape_ijk=(16, 16, slices), affine_lps_mm=affine)
    return replace(series, uid=f"1.2.9#{number}", grid=grid)


def test_three_directions_in_one_series(make_series):
    """Far directions within one series are planning images, whatever they are called."""
    one = make_series(**GR, description="")
    planes = [turned(one, axis, axis + 1) for axis in range(3)]
    found = classify(planes[1], [p.grid for p in planes], RULE)
    assert found is not None and found.kind == "localizer" and not found.doubts
    assert "3 directions" in found.evidence[0]


def test_what_is_no_planning_image(make_series):
    """One direction, spin echo, or too many slices: left to the physics."""
    one = make_series(**GR)
    assert classify(turned(one, 0, 1), [turned(one, 0, 1).grid], RULE) is None
    spin = make_series(modality="MR", scanning_sequence=("SE",), description="localizer")
    assert classify(spin, [], RULE) is None
    thick = [turned(one, axis, axis + 1, slices=60) for axis in range(3)]
    assert classify(thick[0], [t.grid for t in thick], RULE) is None


@pytest.mark.parametrize(
    "text", ["FAST LOCALIZER", "survey", "3-PL LOC", "T/S/C RF FAST PILOT", "定位", "локалайзер", "Repérage"]
)
def test_described_planning_images(make_series, text):
    """Described as planning in several languages: named, and never sure."""
    series = make_series(**GR, description=text)
    found = classify(series, [], RULE)
    assert found is not None and found.doubts


@pytest.mark.parametrize("text", ["local field", "location L4", "t1_fl3d", "", "dynamic"])
def test_other_descriptions(make_series, text):
    """Words that only begin alike."""
    series = make_series(**GR, description=text)
    assert classify(series, [], RULE) is None


def test_directions_count_an_axis_once():
    """An axis and its opposite are one direction; 30 degrees are not far."""
    z = np.array([0.0, 0.0, 1.0])
    tilted = np.array([0.0, 0.5, np.sqrt(0.75)])
    assert directions([z, -z, tilted], 45) == 1
    assert directions([z, np.array([1.0, 0.0, 0.0])], 45) == 2
    assert directions([], 45) == 0
