"""Where reference tissue lies around a vertebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.anatomy.reference_regions import (
    disc_core,
    eroded,
    in_box,
    labelled_muscle,
    muscle_box,
    near,
    surface_mm,
)
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.region import Region
from spinemets.model.spine import Endplates, Frame, Spine, Vertebra

RULES = {
    "reference_depth_mm": 32, "muscle_near_mm": 42, "muscle_far_mm": 60, "muscle_inner_mm": 10, "muscle_outer_mm": 24,
    "muscle_erosion_mm": 3, "disc_erosion_mm": 2, "disc_inner_share": 2 / 3, "disc_depth_mm": 18, "disc_width_mm": 24,
    "disc_min_height_mm": 5,
}  # fmt: skip
GRID = Grid(
    shape_ijk=(70, 90, 80),
    affine_lps_mm=np.array([[1, 0, 0, -35.4], [0, 1, 0, -25.3], [0, 0, 1, -60.45], [0, 0, 0, 1]]),
)


def rotation(a: float, b: float) -> np.ndarray:
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return about_x @ about_z


def vertebra(z=0.0, *, turn=None, name="L3", depth=32.0, height=26.0, plates=None, frame=True) -> Vertebra:
    r = np.eye(3) if turn is None else turn
    return Vertebra(
        level=Level(name=name, position=1, of=2, method="label map"),
        frame=Frame(
            origin_lps_mm=r @ np.array([0.0, 0.0, z]),
            left=r @ np.array([1.0, 0, 0]),
            anterior=r @ np.array([0, -1.0, 0]),
            superior=r @ np.array([0, 0, 1.0]),
        )
        if frame
        else None,
        regions={},
        endplates=plates,
        size_mm={"depth_mm": depth, "height_mm": height},
    )


def local(region: Region, v: Vertebra) -> np.ndarray:
    return v.frame.to_local_mm(region.grid.to_lps_mm(region.indices))


@settings(deadline=None, max_examples=15)
@given(a=st.floats(-0.6, 0.6), b=st.floats(-0.6, 0.6))
def test_box_against_every_voxel(a, b):
    """The box on its own block of the grid equals the test on every voxel of the grid, whatever the frame."""
    v = vertebra(turn=rotation(a, b))
    low, high = np.array([-12.0, -20, -9]), np.array([15.0, 11, 7])
    box = in_box("x", GRID, v.frame, low, high, lambda p: p[:, 0] > -5)
    every = v.frame.to_local_mm(GRID.to_lps_mm(np.argwhere(np.ones(GRID.shape_ijk, bool))))
    expected = ((every >= low) & (every <= high)).all(axis=1) & (every[:, 0] > -5)
    np.testing.assert_array_equal(box.full_mask().ravel(), expected)


def test_box_outside_the_grid():
    v = vertebra(z=500.0)
    assert in_box("x", GRID, v.frame, -np.ones(3), np.ones(3), lambda p: np.ones(len(p), bool)).n_voxels == 0


def test_muscle_box():
    """'muscle = box 42-60 mm behind body centre, 10-24 mm lateral both sides, height of the body'."""
    v = vertebra()
    region, share = muscle_box(v, GRID, RULES)
    p = local(region, v)
    assert p[:, 1].min() >= -60 and p[:, 1].max() <= -42
    assert np.abs(p[:, 0]).min() >= 10 and np.abs(p[:, 0]).max() <= 24
    assert (p[:, 0] > 0).any() and (p[:, 0] < 0).any()
    assert np.abs(p[:, 2]).max() <= 13
    assert share == pytest.approx(1.0, abs=0.15)


def test_muscle_box_of_a_small_body():
    """Distances shrink with the body's depth, never below half, and never grow."""
    small, _ = muscle_box(vertebra(depth=24.0), GRID, RULES)
    assert local(small, vertebra())[:, 1].max() == pytest.approx(-42 * 0.75, abs=1)
    tiny, _ = muscle_box(vertebra(depth=5.0), GRID, RULES)
    assert local(tiny, vertebra())[:, 1].max() == pytest.approx(-21, abs=1)
    large, _ = muscle_box(vertebra(depth=60.0), GRID, RULES)
    np.testing.assert_array_equal(large.full_mask(), muscle_box(vertebra(), GRID, RULES)[0].full_mask())


def test_share_of_the_box_in_the_image():
    cut = GRID.crop((0, 0, 0), (70, 76, 80))  # the image ends 50 mm behind the body's centre
    _, share = muscle_box(vertebra(), cut, RULES)
    assert share == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)])
def test_erosion_against_a_plain_distance(spacing):
    """Voxels whose centre lies the margin or more from every outside voxel's face, along the axes."""
    grid = Grid(shape_ijk=(16, 16, 16), affine_lps_mm=np.diag([*spacing, 1.0]))
    mask = np.zeros(grid.shape_ijk, bool)
    mask[2:14, 2:14, 2:14] = True
    kept = eroded(Region.from_mask("x", mask, grid), 2.0)
    lost = [(s, e) for s, e in zip(kept.start_ijk, kept.mask.shape, strict=True)]
    for (start, size), step in zip(lost, spacing, strict=True):
        assert start > 2
        assert 2.0 - step <= (start - 2) * step <= 2.0 + step
        assert start - 2 == 14 - (start + size)
    assert eroded(Region.from_mask("x", mask, grid), 20.0).n_voxels == 0


def test_near_keeps_the_reach():
    region = Region.from_mask("x", np.ones(GRID.shape_ijk, bool), GRID)
    v = vertebra(turn=rotation(0.3, 0.2))
    assert np.abs(local(near(region, v.frame, 15.0), v)[:, 2]).max() <= 15


def plates(superior=13.0, inferior=-13.0, hole=False) -> Endplates:
    samples = np.linspace(-20, 20, 21), np.linspace(-16, 16, 17)
    top, bottom = np.full((21, 17), float(superior)), np.full((21, 17), float(inferior))
    if hole:
        top[:8], bottom[:8] = np.nan, np.nan
    return Endplates(left_mm=samples[0], anterior_mm=samples[1], superior_mm=top, inferior_mm=bottom)


def test_surface():
    points = np.array([[0.0, 0, 0], [-18.0, 5, 0]])
    np.testing.assert_allclose(surface_mm(vertebra(plates=plates(12, -11)), "superior", points), 12)
    np.testing.assert_allclose(surface_mm(vertebra(plates=plates(12, -11, hole=True)), "inferior", points), -11)
    np.testing.assert_allclose(surface_mm(vertebra(), "inferior", points), -13)
    empty = plates(np.nan, np.nan)
    np.testing.assert_allclose(surface_mm(vertebra(plates=empty), "superior", points), 13)


def column(gap=10.0, **kwargs) -> Spine:
    upper = vertebra(z=0.0, name="L3", plates=plates(), **kwargs)
    lower = vertebra(z=-26.0 - gap, name="L4", plates=plates(), **kwargs)
    return Spine(vertebrae=(upper, lower), grid=GRID)


def test_drawn_disc():
    """'slab between facing endplates 2 mm off each, central 18 x 24 mm'."""
    spine = column()
    region = disc_core(spine, 0, GRID, RULES)
    p = local(region, spine.vertebrae[0])
    assert np.abs(p[:, 0]).max() <= 12 and np.abs(p[:, 1]).max() <= 9
    assert p[:, 2].max() <= -15 and p[:, 2].min() >= -21
    assert region.n_voxels == pytest.approx(24 * 18 * 6, rel=0.25)


@pytest.mark.parametrize(("gap", "usable"), [(4.0, False), (4.9, False), (5.5, True), (10.0, True)])
def test_height_of_the_disc(gap, usable):
    found = disc_core(column(gap), 0, GRID, RULES)
    assert isinstance(found, Region) == usable
    if not usable:
        assert found == f"disc {gap:.1f} mm high"


def test_no_disc():
    spine = column()
    assert disc_core(spine, 1, GRID, RULES) is None
    blind = Spine(vertebrae=(vertebra(frame=False), spine.vertebrae[1]), grid=GRID)
    assert disc_core(blind, 0, GRID, RULES) is None
    assert (
        disc_core(Spine(vertebrae=(spine.vertebrae[0], vertebra(frame=False, name="L4")), grid=GRID), 0, GRID, RULES)
        is None
    )


def test_labelled_disc_below_the_lowest_vertebra():
    """A labelled disc counts even where no vertebra below is labelled."""
    spine = column()
    mask = np.zeros(GRID.shape_ijk, bool)
    mask[15:55, 10:40, 2:12] = True
    disc = Region.from_mask("disc", mask, GRID, source="x.nii.gz")
    alone = Spine(vertebrae=spine.vertebrae, grid=GRID, discs={"L4": disc})
    core = disc_core(alone, 1, GRID, RULES)
    assert 0 < core.n_voxels < 0.4 * disc.n_voxels
    thin = Region.from_mask("disc", mask & (np.arange(80) < 4), GRID, source="x.nii.gz")
    assert disc_core(Spine(vertebrae=spine.vertebrae, grid=GRID, discs={"L4": thin}), 1, GRID, RULES).n_voxels == 0


def test_labelled_muscle_before_psoas():
    mask = np.zeros(GRID.shape_ijk, bool)
    mask[:20, :20, :20] = True
    other = np.roll(mask, 40, axis=0)
    parts = {
        "muscle_left": Region.from_mask("m", mask, GRID),
        "muscle_right": Region.from_mask("m", other, GRID),
        "psoas_left": Region.from_mask("p", mask, GRID),
    }
    both = labelled_muscle(Spine(vertebrae=(), others=parts), GRID, RULES)
    assert both.name == "muscle"
    one = labelled_muscle(Spine(vertebrae=(), others={"psoas_left": parts["psoas_left"]}), GRID, RULES)
    assert one.name == "psoas"
    assert both.n_voxels == 2 * one.n_voxels
    assert labelled_muscle(Spine(vertebrae=(), others={"sacrum": parts["psoas_left"]}), GRID, RULES) is None
