"""Voxels of each vertebra on the working grid."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.classical_ct import vertebrae


@pytest.fixture(scope="module")
def column(upright) -> vertebrae.Column:
    return vertebrae.Column(
        curve=upright.curve, wall_mm=upright.wall_mm, discs=upright.discs, straight=upright.straight
    )


@pytest.fixture(scope="module")
def box(upright) -> vertebrae.Box:
    return vertebrae.around(upright.hu, upright.grid, upright.curve)


@pytest.fixture(scope="module")
def labels(box, column, settings) -> np.ndarray:
    return vertebrae.numbered(box, column, settings)


class TestAround:
    def test_the_box_lies_on_the_image(self, box, upright):
        first = np.rint(upright.grid.to_ijk(box.grid.affine_lps_mm[:3, 3])).astype(int)
        part = upright.hu[tuple(slice(f, f + n) for f, n in zip(first, box.hu.shape, strict=True))]
        assert (part == box.hu).all()

    def test_coordinates_grow_upwards_left_and_to_the_front(self, box):
        assert np.diff(box.along[20, 40]).min() > 0
        assert np.diff(box.left[:, 40, 60]).min() > 0
        assert np.diff(box.front[20, :, 60]).max() < 0


class TestNumbered:
    def test_from_the_lowest_upwards(self, labels, box):
        present = [int(n) for n in np.unique(labels) if 0 < n < vertebrae.CANAL]
        assert present == [1, 2, 3]
        heights = [box.along[labels == n].mean() for n in present]
        assert heights == sorted(heights)

    def test_every_vertebra_is_one_piece(self, labels):
        import cc3d

        for n in (1, 2, 3):
            assert cc3d.connected_components(np.ascontiguousarray(labels == n), connectivity=26).max() == 1

    def test_the_canal_lies_behind_the_bodies_and_holds_no_bone(self, labels, box):
        canal = labels == vertebrae.CANAL
        assert canal.any()
        assert np.median(box.hu[canal]) < 100
        assert box.front[canal].mean() < box.front[labels == 2].mean()

    def test_posterior_elements_are_bone(self, labels, box, column):
        behind = (labels == 2) & (box.front < column.wall_mm.mean() - 2)
        assert behind.any()
        assert box.hu[behind].min() > 100


def test_ribs_begin_where_the_reach_to_the_side_ends(box, column, settings):
    """A narrow body has short transverse processes: bone further out is rib."""
    import msgspec

    narrow = vertebrae.numbered(box, column, msgspec.structs.replace(settings, side_share=0.7, side_least_mm=0.0))
    behind = (narrow > 0) & (narrow < vertebrae.CANAL) & (box.front < column.wall_mm.min() - 2)
    assert behind.any()
    assert np.abs(box.left[behind]).max() < 0.7 * 24


class TestCutOff:
    def test_half_way_between_soft_tissue_and_marrow(self, box, settings):
        bone = box.hu > 120
        cut = vertebrae.posterior_cut_hu(box, [bone], settings)
        assert settings.posterior_hu[0] <= cut <= settings.posterior_hu[1]

    def test_contrast_raises_it(self, box, settings):
        from dataclasses import replace

        bone = box.hu > 120
        plain = vertebrae.posterior_cut_hu(box, [bone], settings)
        enhanced = replace(box, hu=np.where(bone, box.hu + 150, box.hu + 40))
        assert vertebrae.posterior_cut_hu(enhanced, [bone], settings) > plain

    def test_without_a_body_the_lower_limit(self, box, settings):
        nothing = np.zeros(box.hu.shape, bool)
        assert vertebrae.posterior_cut_hu(box, [nothing], settings) == settings.posterior_hu[0]
