"""Order along the curve, never by label integer; debris out; collapsed vertebrae kept."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.instances import Instance, clean, head_to_feet, tangents, without_debris
from spinemets.model.grid import Grid
from spinemets.model.region import Region

GRID = Grid(shape_ijk=(40, 40, 40), affine_lps_mm=np.eye(4))


def region(*boxes: tuple[slice, slice, slice]) -> Region:
    mask = np.zeros(GRID.shape_ijk, bool)
    for box in boxes:
        mask[box] = True
    return Region.from_mask("vertebra", mask, GRID, source="test")


BODY = (slice(5, 25), slice(5, 25), slice(5, 20))


def test_small_pieces_are_dropped_and_said():
    cleaned, flag = without_debris(region(BODY, (slice(35, 38), slice(35, 38), slice(35, 38))), 0.05)
    assert cleaned.n_voxels == 20 * 20 * 15
    assert flag == "1 small separate piece of the label (0.03 mL) not used"


def test_several_pieces():
    _, flag = without_debris(region(BODY, (slice(30, 32),) * 3, (slice(36, 38),) * 3), 0.05)
    assert flag is not None
    assert flag.startswith("2 small separate pieces")


def test_a_large_fragment_stays():
    cleaned, flag = without_debris(region(BODY, (slice(28, 38), slice(5, 25), slice(5, 20))), 0.05)
    assert flag is None
    assert cleaned.n_voxels == 30 * 20 * 15


def test_both_masks_of_an_instance_are_cleaned():
    dirty = region(BODY, (slice(35, 37),) * 3)
    found = clean(Instance(name="L1", vertebra=dirty, body=dirty), 0.05)
    assert found.region.n_voxels == 20 * 20 * 15
    assert len(found.flags) == 2


def test_an_instance_needs_a_mask():
    with pytest.raises(ValueError, match="a vertebra or a body"):
        _ = Instance(name="L1", vertebra=None, body=None).region


def arc(n: int, radius: float, span_deg: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Centroids on a circular arc, head first, and the same shuffled."""
    angle = np.radians(np.linspace(0, span_deg, n))
    points = np.stack([0 * angle, radius * (1 - np.cos(angle)), -radius * np.sin(angle)], axis=1)
    return points, np.random.default_rng(seed).permutation(n)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("span", [20.0, 90.0, 130.0])
def test_order_follows_the_curve(span: float, seed: int):
    """Right also where kyphosis or a tilted sacrum puts a lower vertebra above a higher one in z."""
    points, shuffle = arc(14, 150.0, span, seed)
    found = head_to_feet(points[shuffle])
    assert np.array_equal(shuffle[found], np.arange(14))


def test_a_collapsed_vertebra_keeps_its_place():
    z = np.array([0.0, -30.0, -48.0, -66.0, -96.0])
    points = np.stack([np.array([0.0, 1.0, 6.0, 1.0, 0.0]), 0 * z, z], axis=1)
    assert head_to_feet(points[::-1]) == [4, 3, 2, 1, 0]


def test_one_and_two_instances():
    assert head_to_feet(np.zeros((1, 3))) == [0]
    assert head_to_feet(np.array([[0.0, 0, 0], [0, 0, 30.0]])) == [1, 0]


def test_tangents_point_to_the_head():
    points, _ = arc(9, 150.0, 60.0, 0)
    found = tangents(points)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0)
    assert (found[:, 2] > 0).all()
    middle = np.array([0.0, -np.sin(np.radians(30.0)), np.cos(np.radians(30.0))])
    assert np.allclose(found[4], middle, atol=1e-6)


def test_tangent_of_a_single_vertebra_is_the_patients():
    assert np.array_equal(tangents(np.zeros((1, 3))), [[0.0, 0.0, 1.0]])
