"""Fields of regions, discs and stations, against where the anatomy lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.field import grid_of
from spinemets.phantom.patient import build

WHOLE = {
    "lumbar": ("T11", "L5"),
    "thoracic": ("T1", "T12"),
    "cervical": ("C2", "C7"),
    "whole": ("C2", "L5"),
    "midthoracic": ("T5", "T7"),
}


def holds(grid, point):
    """Whether a point lies inside the outer faces of a grid."""
    index = grid.to_ijk(point)
    return bool(((index > -0.5) & (index < np.array(grid.shape_ijk) - 0.5)).all())


@pytest.mark.parametrize("sequence", ["ct", "t1", "ax_t2"])
@pytest.mark.parametrize("region", WHOLE)
def test_a_region_shows_its_levels(normal, region, sequence):
    """From its first level to its last, with the spinous processes; the lumbar field of axial MR is as long as its slices."""
    grid = normal.grid(default(f"{sequence}-{region}"))
    names = list(normal.anatomy.frames)
    first, last = (names.index(level) for level in WHOLE[region])
    if (region, sequence) == ("lumbar", "ax_t2"):
        first = names.index("L1")
    for level in names[first : last + 1]:
        frame, size = normal.anatomy.frames[level], normal.anatomy.sizes[level]
        assert holds(grid, frame.origin), level
        assert holds(grid, frame.lps(0.0, -size.mean_depth / 2 - size.canal[0], 0.0)), level


def test_nothing_names_the_levels_of_the_midthoracic_field(normal):
    """Neither C2 nor the sacrum, neither the first nor the last rib's vertebra lies in it."""
    for sequence in ("ct", "t1"):
        grid = normal.grid(default(f"{sequence}-midthoracic"))
        for level in ("C2", "T1", "T12", "S1"):
            assert not holds(grid, normal.anatomy.frames[level].origin)


@pytest.mark.parametrize("name", ["ct-whole", "t1-thoracic", "ax_t2-L4", "wb_stir-2", "wb_dwi-1"])
def test_grids_are_right_handed_with_sides_as_named(normal, name):
    """Voxel sides are pixel, pixel and slice with gap; axes at right angles; the frame of reference is the patient's."""
    a = default(name)
    grid = normal.grid(a)
    assert grid.spacing_mm == pytest.approx((a.pixel_mm, a.pixel_mm, a.slice_mm + a.gap_mm))
    assert pytest.approx(np.eye(3), abs=1e-12) == grid.axes.T @ grid.axes
    assert np.linalg.det(grid.axes) == pytest.approx(1.0)
    assert grid.frame_of_reference_uid == normal.frame_of_reference_uid


def test_planes(normal):
    """Axial left, back, up; sagittal back, down, right; coronal left, down, back."""
    assert pytest.approx(np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])) == normal.grid(default("wb_t1")).axes.T
    assert pytest.approx(np.array([[0, 1, 0], [0, 0, -1], [-1, 0, 0]])) == normal.grid(default("t1-thoracic")).axes.T
    assert pytest.approx(np.eye(3)) == normal.grid(default("ct-cervical")).axes.T


@pytest.mark.parametrize("level", ["L1", "L4", "L5", "T8"])
def test_a_stack_along_a_disc_halves_the_angle_of_its_endplates(normal, level):
    """Its middle slice goes through the disc, its normal is as far from either endplate, rows point to the left."""
    grid = normal.grid(default(f"ax_t2-{level}"))
    disc = next(d for d in normal.anatomy.discs if d.level == level)
    normal_of_slices = grid.axes[:, 2]
    above, below = (float(frame.superior @ normal_of_slices) for frame in (disc.upper_frame, disc.lower_frame))
    assert above == pytest.approx(below) and above > 0.95
    assert grid.axes[0, 0] > 0.9 and grid.axes[1, 1] > 0.6
    assert grid.to_ijk(disc.centre_lps_mm)[2] == pytest.approx(2.0, abs=1e-9)
    assert holds(grid, disc.centre_lps_mm)


def test_only_discs_that_there_are(normal):
    """A patient with five lumbar vertebrae has no disc below L6; one with six has."""
    with pytest.raises(UsageError, match="no disc below L6"):
        normal.grid(default("ax_t2-L6"))
    assert grid_of(build("lvl-l6", 1).anatomy, default("ax_t2-L6"), None).shape_ijk[2] == 5


@pytest.mark.parametrize("name", ["wb_stir", "wb3_stir", "wb_dwi"])
def test_stations_reach_into_each_other_as_stated(normal, name):
    """The lower end of each against the upper end of the next, from the faces of the voxels."""
    first = default(name)
    grids = [normal.grid(default(f"{name}-{n}")) for n in range(1, len(first.seams_mm) + 2)]
    axis, sign = (2, 1) if first.plane == "axial" else (1, -1)
    ends = []
    for grid in grids:
        heights = [grid.to_lps_mm(np.eye(3)[axis] * index)[2] for index in (-0.5, grid.shape_ijk[axis] - 0.5)]
        ends.append(heights[::-sign])
    for (_, low), (high, _), seam_mm in zip(ends, ends[1:], first.seams_mm, strict=False):
        assert high - low == pytest.approx(seam_mm)


def test_the_whole_spine_lies_in_the_stations(normal):
    """Every vertebra is in at least one of four; with a gap of 12 mm at a seam the rest still is."""
    for name, n in (("wb_stir", 4), ("wb_dwi", 4)):
        grids = [normal.grid(default(f"{name}-{k}")) for k in range(1, n + 1)]
        for level, frame in normal.anatomy.frames.items():
            assert any(holds(grid, frame.origin) for grid in grids), level


@pytest.mark.parametrize("tilt_deg", [15.0, -10.0])
def test_a_tilted_gantry_leans_the_pictures_not_the_stack(normal, tilt_deg):
    """Slices follow each other straight upwards, their columns lean by the angle: a sheared stack as scanners give it."""
    grid = normal.grid(replace(default("ct"), tilt_deg=tilt_deg))
    assert grid.axes[:, 2] == pytest.approx([0, 0, 1])
    assert np.degrees(np.arcsin(grid.axes[:, 1] @ grid.axes[:, 2])) == pytest.approx(tilt_deg)
    straight = normal.grid(default("ct"))
    middle = [np.array([(n - 1) / 2 for n in g.shape_ijk[:2]] + [0]) for g in (grid, straight)]
    assert grid.to_lps_mm(middle[0]) == pytest.approx(straight.to_lps_mm(middle[1]))
