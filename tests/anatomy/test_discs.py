"""Discs by the vertebra above: labelled, unnumbered, as one mass, or drawn between facing endplates."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation

NAMES = ["T12", "L1", "L2"]


@pytest.fixture(scope="module")
def scene(analytic):
    placed = analytic.column(3, names=NAMES)
    builder = analytic.Builder()
    return placed, builder, builder.segmentation(placed)


def disc_region(grid, upper, lower) -> Region:
    index = np.moveaxis(np.indices(grid.shape_ijk), 0, -1)
    middle = 0.5 * (upper.centre + lower.centre)
    local = (grid.to_lps_mm(index) - middle) @ upper.axes
    inside = (np.hypot(local[..., 0] / 20, local[..., 1] / 15) <= 1) & (np.abs(local[..., 2]) <= 4.0)
    return Region.from_mask("disc", inside, grid)


def with_discs(segmentation: Segmentation, parts: list[Part]) -> Segmentation:
    return replace(segmentation, parts=(*segmentation.parts, *parts))


def test_named_discs(scene, locate_all):
    placed, _, segmentation = scene
    regions = [disc_region(segmentation.grid, a, b) for a, b in pairwise(placed)]
    parts = [Part(structure="disc", level=n, region=r) for n, r in zip(NAMES, regions, strict=False)]
    spine = locate_all(with_discs(segmentation, parts))
    for name, region in zip(NAMES, regions, strict=False):
        assert spine.discs[name].n_voxels == region.n_voxels


def test_unnamed_discs_go_to_the_nearest_gap(scene, locate_all):
    placed, _, segmentation = scene
    regions = [disc_region(segmentation.grid, a, b) for a, b in pairwise(placed)]
    parts = [Part(structure="disc", level=None, region=r) for r in regions[::-1]]
    spine = locate_all(with_discs(segmentation, parts))
    for name, region in zip(NAMES, regions, strict=False):
        assert np.allclose(spine.discs[name].centroid_lps_mm, region.centroid_lps_mm)


def test_a_mass_of_discs_is_split(scene, locate_all):
    placed, _, segmentation = scene
    regions = [disc_region(segmentation.grid, a, b) for a, b in pairwise(placed)]
    mass = Region.from_mask("discs", regions[0].full_mask() | regions[1].full_mask(), segmentation.grid)
    spine = locate_all(with_discs(segmentation, [Part(structure="discs", level=None, region=mass)]))
    assert {k: v.n_voxels for k, v in spine.discs.items()} == {
        n: r.n_voxels for n, r in zip(NAMES, regions, strict=False)
    }


def test_drawn_where_none_is_labelled(scene, locate_all):
    """The slab between facing endplates, 9 mm high here, inside both footprints."""
    placed, _, segmentation = scene
    spine = locate_all(segmentation)
    assert list(spine.discs) == ["T12", "L1"]
    disc = spine.discs["T12"]
    assert disc.source == "drawn between endplates"
    local = (spine.grid.to_lps_mm(disc.indices) - 0.5 * (placed[0].centre + placed[1].centre)) @ placed[0].axes
    assert np.abs(local[:, 2]).max() <= 4.6
    assert np.ptp(local[:, 0]) == pytest.approx(43.0, abs=2.5)
    assert abs(local[:, 0].mean()) < 0.5


def test_drawn_discs_touch_no_bone(scene, locate_all):
    spine = locate_all(scene[2])
    bone = {tuple(v) for vertebra in spine.vertebrae for v in vertebra.regions["body"].indices}
    shared = sum(tuple(v) in bone for d in spine.discs.values() for v in d.indices)
    total = sum(d.n_voxels for d in spine.discs.values())
    assert shared / total < 0.02


def test_no_disc_across_a_missing_vertebra(analytic, locate_all):
    placed = analytic.column(2, pitch=72.0)
    assert locate_all(analytic.Builder().segmentation(placed)).discs == {}


def test_a_far_label_belongs_to_no_gap(scene, locate_all):
    placed, _, segmentation = scene
    far = disc_region(segmentation.grid, placed[0], placed[1])
    mask = np.roll(far.full_mask(), -45, axis=1)
    stray = Region.from_mask("disc", mask, segmentation.grid)
    spine = locate_all(with_discs(segmentation, [Part(structure="disc", level=None, region=stray)]))
    assert all(d.source == "drawn between endplates" for d in spine.discs.values())
