"""Several label maps in one patient space are merged; contradictions are said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.gather import gather
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation

NAMES = ["L1", "L2", "L3"]


@pytest.fixture(scope="module")
def maps(analytic):
    """The same three vertebrae as whole map, as map of bodies on a coarser grid, and the solids."""
    placed = analytic.column(3, names=NAMES)
    whole = analytic.Builder().segmentation(placed)
    bodies = analytic.Builder(spacing=(2.0, 2.0, 2.0)).segmentation(placed, body_only=True)
    return placed, whole, replace(bodies, source="bodies")


def test_a_map_of_bodies_defines_the_body(maps, locate_all):
    _, whole, bodies = maps
    spine = locate_all(bodies, whole)
    assert not spine.body_only
    assert spine.grid is whole.grid
    assert spine.warnings == ()
    assert spine.sources == ("analytic", "bodies")
    for vertebra in spine.vertebrae:
        moved = sum(p.region.volume_mm3 for p in bodies.parts if p.level == vertebra.level.name)
        assert vertebra.regions["body"].volume_mm3 == pytest.approx(moved, rel=0.05)
        assert "pedicle_side_a" in vertebra.regions


def test_body_and_vertebra_of_one_map_have_no_margin(analytic, locate_all):
    """Parts of one outline: all of the vertebra's label is kept, and nothing is said of a margin."""
    whole, bodies = (analytic.Builder().segmentation(analytic.column(3), **how) for how in ({}, {"body_only": True}))
    inner = tuple(
        replace(p, structure="vertebral_body") for p in bodies.parts if p.structure in ("vertebra", "vertebral_body")
    )
    spine = locate_all(replace(whole, parts=(*whole.parts, *inner)))
    alone = locate_all(whole)
    for vertebra, other in zip(spine.vertebrae, alone.vertebrae, strict=True):
        assert vertebra.regions["vertebra"].n_voxels == other.regions["vertebra"].n_voxels
        assert not any("around the labelled body" in flag for flag in vertebra.flags)


def test_what_surrounds_a_labelled_body_is_no_posterior_element(analytic, maps, locate_all):
    """Two maps never agree to the voxel: the margin in front of the posterior wall is left out and said."""
    placed, whole, _ = maps
    thin = [replace_solid(p, analytic.Solid(width=40, depth=31, front=24, back=24)) for p in placed]
    spine = locate_all(whole, replace(analytic.Builder().segmentation(thin, body_only=True), source="bodies"))
    for vertebra in spine.vertebrae:
        local = vertebra.frame.to_local_mm(spine.grid.to_lps_mm(vertebra.regions["posterior_elements"].indices))
        assert local[:, 1].max() < -12.0
        assert any("around the labelled body not used" in f for f in vertebra.flags)
        total = vertebra.regions["body"].n_voxels + vertebra.regions["posterior_elements"].n_voxels
        assert total == vertebra.regions["vertebra"].n_voxels


def replace_solid(placed, solid):
    return replace(placed, solid=solid)


def test_names_that_differ_are_a_conflict(maps):
    _, whole, bodies = maps
    shifted = replace(
        bodies,
        parts=tuple(replace(p, level=n) for p, n in zip(bodies.parts, ["T12", "L1", "L2"], strict=True)),
    )
    found = gather((whole, shifted), 10.0)
    assert len(found.instances) == 3
    assert [i.name for i in found.instances] == NAMES
    assert any("disagree on the numbering" in w for w in found.warnings)


def test_the_same_level_elsewhere_is_a_conflict(maps):
    """Same level in two maps more than 10 mm apart."""
    _, whole, _ = maps
    grid = whole.grid
    affine = grid.affine_lps_mm.copy()
    affine[2, 3] += 300.0
    far = replace(grid, affine_lps_mm=affine)
    moved = replace(
        whole,
        grid=far,
        source="second",
        parts=tuple(replace(p, region=replace(p.region, grid=far)) for p in whole.parts),
    )
    found = gather((whole, moved), 10.0)
    assert len(found.instances) == 3


def mass_of(whole: Segmentation, placed, builder, structure: str) -> Segmentation:
    mask = np.zeros(whole.grid.shape_ijk, bool)
    for p in placed:
        mask |= builder.region(whole.grid, p, p.solid.body, "body").full_mask()
    part = Part(structure=structure, level=None, region=Region.from_mask(structure, mask, whole.grid))
    return replace(whole, parts=(part,), source="mass", naming="none")


def test_bodies_as_one_mass_are_cut_by_the_numbered_vertebrae(analytic, maps, locate_all):
    placed, whole, _ = maps
    spine = locate_all(whole, mass_of(whole, placed, analytic.Builder(), "bodies"))
    for vertebra, p in zip(spine.vertebrae, placed, strict=True):
        truth = analytic.Builder().region(whole.grid, p, p.solid.body, "body")
        assert vertebra.regions["body"].n_voxels == truth.n_voxels


def test_a_mass_without_numbers_cannot_be_told_apart(analytic, maps, locate_all):
    placed, whole, _ = maps
    spine = locate_all(mass_of(whole, placed, analytic.Builder(), "bodies"))
    assert spine.vertebrae == ()
    assert spine.absent is not None
    assert any("cannot be told apart" in w for w in spine.warnings)


def test_other_structures_are_kept_by_name(maps):
    _, whole, _ = maps
    region = whole.parts[0].region
    extra = (
        Part(structure="sacrum", level=None, region=region),
        Part(structure="rib", level="T12", region=region, side="left"),
        Part(structure="cord", level=None, region=region),
    )
    found = gather((replace(whole, parts=(*whole.parts, *extra)),), 10.0)
    assert set(found.others) == {"sacrum", "rib_T12_left", "cord"}


def test_ignored_labels_and_warnings_are_passed_on(maps):
    _, whole, _ = maps
    found = gather((replace(whole, ignored=((77, 1200),), warnings=("odd header",)),), 10.0)
    assert found.ignored == ("analytic: label 77 (1200 voxels) is not in its scheme",)
    assert found.warnings == ("odd header",)


def test_the_order_of_the_files_does_not_matter(maps):
    _, whole, bodies = maps
    first, second = gather((whole, bodies), 10.0), gather((bodies, whole), 10.0)
    assert first.sources == second.sources
    assert [i.region.n_voxels for i in first.instances] == [i.region.n_voxels for i in second.instances]


def test_two_whole_maps_use_the_first(maps):
    _, whole, _ = maps
    found = gather((whole, replace(whole, source="again")), 10.0)
    assert len(found.instances) == 3
