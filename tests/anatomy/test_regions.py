"""G-04: body | arch split at the posterior-wall surface; six walls by surface normal; partition."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.planes import angle_deg

WALLS = ("anterior", "posterior", "superior", "inferior", "side_a", "side_b")
ARCH = ("pedicle", "lamina", "articular", "transverse")


@pytest.fixture(scope="module")
def column(analytic, locate_all):
    """Three whole vertebrae, the patient turned, 1 mm."""
    placed = analytic.column(3, turn=analytic.rotation(10, -5, 8))
    builder = analytic.Builder()
    return placed, builder, locate_all(builder.segmentation(placed))


def voxels(vertebra, name: str) -> set[tuple[int, int, int]]:
    return {tuple(v) for v in vertebra.regions[name].indices}


def test_body_and_arch_are_a_partition(column):
    """T partition property: regions disjoint, sum of volumes = vertebra volume."""
    for vertebra in column[2].vertebrae:
        regions = vertebra.regions
        total = regions["body"].n_voxels + regions["posterior_elements"].n_voxels
        assert total == regions["vertebra"].n_voxels
        assert not voxels(vertebra, "body") & voxels(vertebra, "posterior_elements")


def test_parts_of_the_arch_are_a_partition(column):
    for vertebra in column[2].vertebrae:
        names = [n for n in vertebra.regions if n.split("_")[0] in ARCH or n in ("spinous", "dens")]
        assert sum(vertebra.regions[n].n_voxels for n in names) == vertebra.regions["posterior_elements"].n_voxels
        seen: set[tuple[int, int, int]] = set()
        for name in names:
            part = voxels(vertebra, name)
            assert not seen & part
            seen |= part
        assert seen == voxels(vertebra, "posterior_elements")


def test_the_body_is_the_body(column):
    placed, builder, spine = column
    for vertebra, solid in zip(spine.vertebrae, placed, strict=True):
        truth = builder.region(spine.grid, solid, solid.solid.body, "truth")
        both = {tuple(v) for v in truth.indices} & voxels(vertebra, "body")
        dice = 2 * len(both) / (truth.n_voxels + vertebra.regions["body"].n_voxels)
        assert dice > 0.98


def test_each_pedicle_is_on_its_side_and_bridges_to_the_body(column):
    for vertebra in column[2].vertebrae:
        for side, sign in (("side_a", 1), ("side_b", -1)):
            local = vertebra.frame.to_local_mm(
                vertebra.regions[f"pedicle_{side}"].grid.to_lps_mm(vertebra.regions[f"pedicle_{side}"].indices)
            )
            assert (local[:, 0] * sign > 0).all()
            assert local[:, 1].max() == pytest.approx(-17.0, abs=1.5)
            assert vertebra.size_mm[f"pedicle_{side}_width_mm"] == pytest.approx(8.0, abs=1.5)


def test_canal_size(column):
    for vertebra in column[2].vertebrae:
        assert vertebra.size_mm["canal_width_mm"] == pytest.approx(22.0, abs=2.0)


def test_walls_have_outward_normals_within_45_degrees(column):
    """Six body walls by surface normal, within 45 degrees of the axis."""
    for vertebra in column[2].vertebrae:
        frame = vertebra.frame
        axes = dict(
            zip(
                WALLS,
                (frame.anterior, -frame.anterior, frame.superior, -frame.superior, frame.left, -frame.left),
                strict=True,
            )
        )
        assert set(vertebra.surfaces) == set(WALLS)
        for name, wall in vertebra.surfaces.items():
            assert len(wall.points_lps_mm) > 50, name
            assert (wall.normals @ axes[name] >= np.cos(np.radians(45.0)) - 1e-6).all(), name
            assert np.allclose(np.linalg.norm(wall.normals, axis=1), 1.0, atol=1e-6)


def test_walls_lie_on_the_solid(column):
    for vertebra, solid in zip(column[2].vertebrae, column[0], strict=True):
        wall = vertebra.surfaces["posterior"]
        local = (wall.points_lps_mm - solid.centre) @ solid.axes
        assert np.median(np.abs(local[:, 1] + 17.0)) < 0.4
        top = (vertebra.surfaces["superior"].points_lps_mm - solid.centre) @ solid.axes
        assert np.median(np.abs(top[:, 2] - 13.5)) < 0.4


def test_areas_add_up(column):
    """Flat endplates and the flat posterior wall between the pedicles have known areas."""
    vertebra = column[2].vertebrae[1]
    width = vertebra.size_mm["canal_width_mm"]
    assert vertebra.surfaces["posterior"].areas_mm2.sum() == pytest.approx(width * 27.0, rel=0.12)
    ends = [vertebra.surfaces[n].areas_mm2.sum() for n in ("superior", "inferior")]
    assert ends[0] == pytest.approx(ends[1], rel=0.05)
    volume = vertebra.regions["body"].volume_mm3
    assert ends[0] == pytest.approx(volume / 27.0, rel=0.08)


def test_the_posterior_wall_ends_at_the_pedicle_roots(column):
    for vertebra in column[2].vertebrae:
        local = vertebra.frame.to_local_mm(vertebra.surfaces["posterior"].points_lps_mm)
        assert np.ptp(local[:, 0]) <= vertebra.size_mm["canal_width_mm"] + 0.1


def test_the_basivertebral_foramen_is_excluded(column):
    """Central third of the posterior wall, at most 8 x 6 mm."""
    for vertebra in column[2].vertebrae:
        wall = vertebra.surfaces["posterior"]
        local = vertebra.frame.to_local_mm(wall.points_lps_mm)[wall.excluded]
        assert len(local)
        assert np.ptp(local[:, 0]) <= 8.0
        assert np.ptp(local[:, 2]) <= 6.0
        assert not any(v.excluded.any() for n, v in vertebra.surfaces.items() if n != "posterior")


def test_samples_are_no_finer_than_half_a_voxel(analytic, locate_all):
    """Never more points than the image supports: spacing max(0.5, voxel/2)."""
    placed = analytic.column(2)
    coarse = locate_all(analytic.Builder(spacing=(3.0, 3.0, 3.0)).segmentation(placed)).vertebrae[0]
    fine = locate_all(analytic.Builder().segmentation(placed)).vertebrae[0]
    assert len(coarse.surfaces["superior"].areas_mm2) < 0.2 * len(fine.surfaces["superior"].areas_mm2)
    assert coarse.surfaces["superior"].areas_mm2.min() >= 1.5**2 - 1e-6


def test_pedicle_surfaces_are_shells_without_cuts(column):
    for vertebra in column[2].vertebrae:
        assert set(vertebra.pedicle_surfaces) == {"side_a", "side_b"}
        for side, sign in (("side_a", 1), ("side_b", -1)):
            shell = vertebra.pedicle_surfaces[side]
            assert len(shell.points_lps_mm) > 50
            assert (np.abs(shell.normals @ vertebra.frame.anterior) <= np.cos(np.radians(45.0)) + 1e-6).all()
            local = vertebra.frame.to_local_mm(shell.points_lps_mm)
            assert (local[:, 0] * sign > 5).all()
            assert shell.uv_mm.shape == (len(local), 2)


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
