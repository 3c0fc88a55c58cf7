"""From shape to `Vertebra`: body | arch split, what is missing and why (G-04)."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.planes import angle_deg

WALLS = ("anterior", "posterior", "superior", "inferior", "side_a", "side_b")


def voxels(vertebra, name: str) -> set[tuple[int, int, int]]:
    return {tuple(v) for v in vertebra.regions[name].indices}


def test_body_and_arch_are_a_partition(column):
    """T partition property: regions disjoint, sum of volumes = vertebra volume."""
    for vertebra in column[2].vertebrae:
        regions = vertebra.regions
        total = regions["body"].n_voxels + regions["posterior_elements"].n_voxels
        assert total == regions["vertebra"].n_voxels
        assert not voxels(vertebra, "body") & voxels(vertebra, "posterior_elements")


def test_the_body_is_the_body(column):
    placed, builder, spine = column
    for vertebra, solid in zip(spine.vertebrae, placed, strict=True):
        truth = builder.region(spine.grid, solid, solid.solid.body, "truth")
        both = {tuple(v) for v in truth.indices} & voxels(vertebra, "body")
        dice = 2 * len(both) / (truth.n_voxels + vertebra.regions["body"].n_voxels)
        assert dice > 0.98


def test_body_only_says_what_is_missing(analytic, locate_all):
    """Body-only mask: the whole mask is the body, posterior parts NA-SEGMENTATION."""
    spine = locate_all(analytic.Builder().segmentation(analytic.column(3), body_only=True))
    assert spine.body_only
    for vertebra in spine.vertebrae:
        for name in ("posterior_elements", "spinous", "pedicle_side_a", "lamina_side_b"):
            assert vertebra.missing[name][0] == "NA-SEGMENTATION"
            assert name not in vertebra.regions
        assert set(vertebra.surfaces) == set(WALLS)


def test_a_whole_label_without_a_canal_hole_is_a_body(analytic, locate_all):
    """No canal hole in the mask's shadow along s, although the scheme says whole vertebrae."""
    placed = analytic.column(3, solid=analytic.Solid(arch=False))
    spine = locate_all(analytic.Builder().segmentation(placed))
    assert spine.body_only
    for vertebra in spine.vertebrae:
        assert vertebra.regions["body"].n_voxels == vertebra.regions["vertebra"].n_voxels
        assert vertebra.missing["pedicle_side_a"][0] == "NA-SEGMENTATION"


def test_a_fragment_in_the_canal_stays_body(analytic, locate_all):
    """A bulge between the pedicles belongs to the body (retropulsion must not become posterior element)."""

    class Burst(analytic.Solid):
        def body(self, p):
            bulge = (np.abs(p[..., 0]) < 7) & (p[..., 1] > -22.0) & (p[..., 1] <= -16.0) & (np.abs(p[..., 2]) < 5)
            return super().body(p) | bulge

    placed = analytic.column(2, solid=Burst())
    spine = locate_all(analytic.Builder().segmentation(placed))
    local = (spine.grid.to_lps_mm(spine.vertebrae[0].regions["body"].indices) - placed[0].centre) @ placed[0].axes
    assert local[:, 1].min() == pytest.approx(-22.0, abs=1.0)


@pytest.mark.parametrize("name", ["C1", "C2"])
def test_upper_cervical_exceptions(analytic, locate_all, name: str):
    """C1 has no body: NA-ANATOMY. C2 has no superior endplate."""
    names = ["C1", "C2", "C3"]
    solid = analytic.Solid(width=18, depth=16, front=15, back=15, canal=(24.0, 15.0))
    spine = locate_all(analytic.Builder().segmentation(analytic.column(3, pitch=22.0, solid=solid, names=names)))
    vertebra = spine[name]
    if name == "C1":
        assert vertebra.missing["body"] == ("NA-ANATOMY", "C1 has no body")
        assert "body" not in vertebra.regions
        assert vertebra.frame is not None
        assert angle_deg(vertebra.frame.anterior, np.array([0.0, -1.0, 0.0])) < 3.0
    else:
        assert vertebra.missing["endplates"][0] == "NA-ANATOMY"
        assert vertebra.endplates is None


def test_every_region_lies_on_the_spines_grid(column):
    for vertebra in column[2].vertebrae:
        for region in vertebra.regions.values():
            assert region.grid is column[2].grid


def test_a_sliver_of_a_body_is_said(analytic, locate_all):
    """A scan that ends 1.5 mm inside the top body leaves nothing to fit: reasons, no numbers."""
    placed = analytic.column(3)
    bottom, top = placed[2].centre[2] - 40.0, placed[0].centre[2] - 12.0
    spine = locate_all(analytic.Builder().segmentation(placed, body_only=True, window=(bottom, top)))
    sliver = spine.vertebrae[0]
    assert not sliver.completeness.heights_valid
    assert sliver.missing["marrow"][0] == "NA-FEW"
    assert "marrow" not in sliver.regions
    assert spine.vertebrae[1].completeness.complete
