import numpy as np
import pytest

from spinemets.maps.breach import Rule, against, breaches, reference_peak, refuse
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile, Surface

RULE = Rule(limit_hu=360, least_patch_mm2=4, half_voxel_mm=0.5)


def plane(width=30.0, height=25.0, step=0.5, peak=720.0, tilt=0.0):
    """A flat wall, optionally tilted, with the same peak everywhere."""
    u, v = np.meshgrid(np.arange(0, width, step), np.arange(0, height, step), indexing="ij")
    u, v = u.ravel(), v.ravel()
    points = np.stack([u, v * np.cos(tilt), v * np.sin(tilt)], axis=1)
    n = len(u)
    surface = Surface(
        name="posterior",
        points_lps_mm=points,
        normals=np.tile([0.0, -np.sin(tilt), np.cos(tilt)], (n, 1)),
        areas_mm2=np.full(n, step * step),
        uv_mm=np.stack([u, v], axis=1),
        excluded=np.zeros(n, bool),
    )
    return CortexProfile(
        surface=surface, peak_hu=np.full(n, peak), second_peak=np.zeros(n, bool), outside_hu=np.full(n, 10.0)
    )


def hole(profile, u, v, peak=180.0):
    uv = profile.surface.uv_mm
    inside = (uv[:, 0] >= u[0]) & (uv[:, 0] < u[1]) & (uv[:, 1] >= v[0]) & (uv[:, 1] < v[1])
    profile.peak_hu[inside] = peak
    return inside


def test_intact_wall():
    found = breaches(plane(), RULE, include_excluded=False)
    assert (found.share, found.share_ci95, found.area_mm2, found.gap_mm) == (0, (0, 0), 0, 0)
    assert found.wall_mm2 == 750


@pytest.mark.parametrize("share", [0.05, 0.10, 0.25, 0.50, 0.75])
def test_planted_share_lies_in_the_interval(share):
    """CT-04: "case cortex-frac (0, 5, 10, 25, 50, 75 % per wall)"."""
    wall = plane()
    hole(wall, (0, 30 * share), (0, 25))
    found = breaches(wall, RULE, include_excluded=False)
    assert found.share == pytest.approx(share, abs=0.01)
    assert found.share_ci95[0] <= share <= found.share_ci95[1]
    assert found.share_ci95[1] - found.share_ci95[0] < 0.05


def test_area_and_gap_of_a_square_hole():
    wall = plane()
    hole(wall, (10, 16), (8, 14))
    found = breaches(wall, RULE, include_excluded=False)
    assert found.area_mm2 == 36
    assert found.gap_mm == pytest.approx(6 * np.sqrt(2), abs=0.6)
    # half a voxel (0.5 mm) inwards and outwards: 5 x 5 and 7 x 7 mm with rounded corners
    assert found.share_ci95[0] * 750 == pytest.approx(25, abs=2)
    assert found.share_ci95[1] * 750 == pytest.approx(49, abs=2)


def test_small_patches_do_not_count():
    """CT-04: "patch >= 4 mm2"."""
    wall = plane()
    hole(wall, (3, 4.5), (3, 4.5))
    assert breaches(wall, RULE, include_excluded=False).area_mm2 == 0
    hole(wall, (10, 12), (3, 5))
    assert breaches(wall, RULE, include_excluded=False).area_mm2 == 4


def test_second_peak_is_no_breach():
    """CT-04: "Breach pixel: CTp < max(...) and no second peak within 2 mm"."""
    wall = plane()
    wall.second_peak[hole(wall, (10, 16), (8, 14))] = True
    assert breaches(wall, RULE, include_excluded=False).area_mm2 == 0


def test_normal_opening_counts_only_on_request():
    """CT-04: "basivertebral foramen ... excluded unless lesion marrow adjoins"."""
    wall = plane()
    wall.surface.excluded[hole(wall, (11, 19), (9, 15))] = True
    closed = breaches(wall, RULE, include_excluded=False)
    assert closed.area_mm2 == 0
    assert closed.wall_mm2 == 750 - 48
    assert breaches(wall, RULE, include_excluded=True).area_mm2 == 48


def test_points_outside_the_image_are_not_judged():
    wall = plane()
    wall.peak_hu[hole(wall, (0, 15), (0, 25))] = np.nan
    found = breaches(wall, RULE, include_excluded=False)
    assert found.wall_mm2 == 375
    assert found.share == 0
    nowhere = plane()
    nowhere.peak_hu[:] = np.nan
    assert breaches(nowhere, RULE, include_excluded=False).share_ci95 == (0, 1)


def test_all_broken():
    assert breaches(plane(peak=100), RULE, include_excluded=False).share_ci95 == (1, 1)


def test_tilting_changes_nothing():
    flat, tilted = plane(), plane(tilt=0.6)
    for wall in (flat, tilted):
        hole(wall, (10, 16), (8, 14))
    a, b = (breaches(w, RULE, include_excluded=False) for w in (flat, tilted))
    assert a.area_mm2 == b.area_mm2
    assert a.gap_mm == pytest.approx(b.gap_mm, abs=0.2)


def test_reference_is_the_median_of_the_neighbours():
    """CT-04: "Reference per wall: median CTp of the same wall in neighbours"."""
    assert reference_peak((plane(peak=700), plane(peak=720), plane(peak=900))) == 720
    assert reference_peak(()) is None
    nowhere = plane()
    nowhere.peak_hu[:] = np.nan
    assert reference_peak((nowhere,)) is None


NORMAL = Reference(
    tissue="normal_marrow", median=160, spread=25, standard_error=2, n_voxels=900, n_effective=400, members=("L2", "L4")
)


def test_against_the_neighbours(make_volume):
    """CT-04: "Breach pixel: CTp < max(0.5 * ref, m0 + 2 s0)"; what whole walls show by the same rule is known too."""
    ct = make_volume(np.zeros((5, 5, 5), np.float32))
    weak, broken = plane(), plane()
    hole(weak, (0, 3), (0, 25))
    hole(broken, (0, 12), (0, 25))
    found = against(ct, NORMAL, (plane(), weak, broken), (0.5, 2.0, 4.0))
    assert found.reference_hu == 720
    assert found.rule == Rule(limit_hu=360, least_patch_mm2=4, half_voxel_mm=0.5)
    assert found.usual == pytest.approx(0.1, abs=0.005)
    assert found.most == pytest.approx(0.4, abs=0.005)
    thin = against(ct, NORMAL, (plane(peak=380),), (0.5, 2.0, 4.0))
    assert thin.rule.limit_hu == 210
    assert against(ct, NORMAL, (), (0.5, 2.0, 4.0)) is None


def test_refusals_say_what_would_help():
    assert all(refuse(code, "x").remedy for code in ("NA-RESOLUTION", "NA-COVERAGE", "NA-REFERENCE", "NA-FEW"))
