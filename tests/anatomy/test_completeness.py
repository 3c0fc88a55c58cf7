"""G-02: share of the instance surface on the grid border; what the border cuts."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.completeness import border_share, judge, with_shares
from spinemets.anatomy.settings import load
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.spine import Completeness

SETTINGS = load()
NO_CUT = {"superior": 0.0, "inferior": 0.0, "posterior": 0.0}


def box(start: tuple[int, int, int], size: tuple[int, int, int], spacing=(1.0, 1.0, 1.0), shape=(40, 40, 40)) -> Region:
    grid = Grid(shape_ijk=shape, affine_lps_mm=np.diag([*spacing, 1.0]))
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = True
    return Region.from_mask("body", mask, grid)


def test_inside_the_image_nothing_is_on_the_border():
    assert border_share(box((5, 5, 5), (10, 10, 10))) == 0.0


@pytest.mark.parametrize("start", [(0, 5, 5), (30, 5, 5), (5, 0, 5), (5, 5, 30)])
def test_one_of_six_faces(start):
    assert border_share(box(start, (10, 10, 10))) == pytest.approx(1 / 6)


def test_faces_count_by_area():
    """Anisotropic voxels: the face across the slices is the small one."""
    region = box((0, 5, 5), (4, 10, 10), spacing=(4.0, 1.0, 1.0))
    # Faces: 2 of 10 x 10 mm across i, 4 of 16 x 10 mm along it.
    assert border_share(region) == pytest.approx(100 / (200 + 640))


def test_a_single_slice_cannot_tell():
    assert border_share(box((0, 5, 5), (1, 10, 10), shape=(1, 40, 40))) == 0.0


def slow_share(region: Region) -> float:
    """Obvious reference: visit every face of every voxel."""
    full, border, total = region.full_mask(), 0, 0
    for voxel in region.indices:
        for axis in range(3):
            for step in (-1, 1):
                other = voxel.copy()
                other[axis] += step
                outside = other[axis] < 0 or other[axis] >= full.shape[axis]
                if outside or not full[tuple(other)]:
                    total += 1
                    border += outside
    return border / total


def test_equals_the_slow_way():
    rng = np.random.default_rng(2)
    grid = Grid(shape_ijk=(8, 9, 7), affine_lps_mm=np.eye(4))
    region = Region.from_mask("blob", rng.random((8, 9, 7)) < 0.6, grid)
    assert border_share(region) == pytest.approx(slow_share(region))


def test_complete():
    region = box((5, 5, 5), (20, 20, 20))
    verdict = judge(region, region, NO_CUT, SETTINGS)
    assert verdict.complete
    assert verdict.heights_valid
    assert verdict.notes == ()


def test_a_lateral_cut_leaves_heights_valid():
    """A lateral cut alone leaves heights valid, flagged; width, volume and percent of body are not."""
    region = box((0, 5, 5), (20, 20, 20))
    verdict = judge(region, region, NO_CUT, SETTINGS)
    assert not verdict.complete
    assert verdict.heights_valid
    assert "heights are valid" in verdict.notes[0]


@pytest.mark.parametrize(
    ("cut", "words"),
    [("superior", "superior endplate"), ("inferior", "inferior endplate"), ("posterior", "posterior wall")],
)
def test_a_cut_endplate_or_posterior_wall_invalidates_heights(cut: str, words: str):
    region = box((5, 5, 0), (20, 20, 20))
    verdict = judge(region, region, {**NO_CUT, cut: 0.5}, SETTINGS)
    assert not verdict.heights_valid
    assert words in verdict.notes[0]


def test_below_two_percent_is_not_truncated():
    """Border share > 2 % = truncated."""
    grid = Grid(shape_ijk=(40, 40, 40), affine_lps_mm=np.eye(4))
    mask = np.zeros(grid.shape_ijk, bool)
    mask[1:21, 5:25, 5:25] = True
    mask[0, 10:14, 10:16] = True
    assert judge(Region.from_mask("b", mask, grid), Region.from_mask("b", mask, grid), NO_CUT, SETTINGS).complete


def test_cut_posterior_elements_are_said():
    body, whole = box((5, 5, 5), (20, 20, 20)), box((5, 5, 5), (20, 35, 20))
    verdict = judge(whole, body, NO_CUT, SETTINGS)
    assert verdict.complete
    assert "posterior elements" in verdict.notes[0]


def test_without_a_body():
    verdict = judge(box((5, 5, 35), (10, 10, 5)), None, {}, SETTINGS)
    assert not verdict.heights_valid
    assert not verdict.complete
    assert "no body" in verdict.notes[0]


def test_share_of_the_neighbours_volume():
    """T body 15 mL, neighbour 30 mL, touches border -> ratio yes, volume NA."""
    cut = Completeness(complete=False, heights_valid=False, border_share=0.1)
    found = with_shares([cut, Completeness(), Completeness()], [15000.0, 30000.0, 30000.0])
    assert found[0].body_in_view_share == pytest.approx(0.5)
    assert not found[0].complete


def test_incomplete_neighbours_are_no_yardstick():
    cut = Completeness(complete=False)
    found = with_shares([cut, cut], [15000.0, 30000.0])
    assert found[0].body_in_view_share is None


def test_no_body_has_no_share():
    assert with_shares([Completeness(), Completeness()], [None, 30000.0])[0].body_in_view_share is None


@pytest.mark.parametrize(("low", "valid"), [(-60.0, True), (20.0, False)])
def test_the_border_of_a_scan(analytic, locate_all, low: float, valid: bool):
    """A scan that ends inside the top body: its heights are refused with the reason, the others stand."""
    placed = analytic.column(3)
    top = placed[0].centre[2] + 40.0 if valid else placed[0].centre[2] + 6.0
    spine = locate_all(analytic.Builder().segmentation(placed, window=(placed[2].centre[2] - 40.0, top)))
    verdict = spine.vertebrae[0].completeness
    assert verdict.heights_valid is valid
    assert spine.vertebrae[1].completeness.complete
    if not valid:
        assert "superior endplate" in verdict.notes[0]
        assert verdict.body_in_view_share == pytest.approx((13.5 + 6.0) / 27.0, abs=0.05)
