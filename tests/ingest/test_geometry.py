"""G-01: "Affine from ImagePositionPatient and ImageOrientationPatient only; n = row x col; sort p_i . n"."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemets.ingest import geometry
from spinemets.ingest.geometry import Placement, arrange, extent, rules, straighten


def place(z_mm, x_mm=None, y_mm=None, spacing=(1.0, 1.0), thickness=None) -> Placement:
    n = len(z_mm)
    positions = np.stack(
        [x_mm if x_mm is not None else np.zeros(n), y_mm if y_mm is not None else np.zeros(n), z_mm], 1
    )
    return Placement(
        positions_mm=positions.astype(float), row=np.array([1.0, 0, 0]), column=np.array([0, 1.0, 0]),
        spacing_mm=spacing, thickness_mm=thickness,
    )  # fmt: skip


def test_published_vector_of_a_missing_slice():
    """T: "z = 0, 3, 6, 12 mm -> median 3, missing slice at 9"."""
    found = arrange(place(np.array([0.0, 3, 6, 12])), rules())
    assert found.check.verdict == "ok"
    assert found.check.missing_positions_mm == (9.0,)
    assert "nothing is measured across" in found.check.notes[0]
    assert list(found.lower) == [0, 1, 2, -1, 3]


def test_a_missing_slice_is_padding_and_its_neighbours_stay_as_they_are():
    """D: "missing slice, nothing is measured across it"."""
    stack = np.arange(4 * 6, dtype=np.int16).reshape(4, 2, 3)
    out, mask = straighten(stack, None, arrange(place(np.array([0.0, 3, 6, 12])), rules()))
    assert mask is not None and mask[3].all() and not mask[[0, 1, 2, 4]].any()
    np.testing.assert_array_equal(out[[0, 1, 2, 4]], stack)


def test_published_vector_of_a_tilted_stack():
    """T: "z = 0, 1, 2 with y drift 0.2 mm/slice -> tilted"."""
    found = arrange(place(np.arange(3.0), y_mm=0.2 * np.arange(3)), rules())
    assert found.check.verdict == "resampled"
    assert "tilted" in found.check.notes[0]


def test_drift_up_to_the_limit_is_kept_and_the_affine_follows_it():
    """D: "shear > 0.1 mm per slice = tilted"; less is not resampled, and no position is lost."""
    z = np.arange(5.0)
    found = arrange(place(z, y_mm=0.09 * z), rules())
    assert found.check.verdict == "ok" and found.affine_lps_mm is not None
    np.testing.assert_allclose(found.affine_lps_mm @ [0, 0, 4, 1], [0, 0.36, 4, 1], atol=1e-9)


@pytest.mark.parametrize(
    ("z", "verdict"),
    [
        ([0, 1.25, 2.5, 3.8], "ok"),  # 0.05 mm off: rounding of positions
        ([0, 2, 4, 6.15], "resampled"),  # 7.5 %
        ([0, 2, 4, 6.25], "refused"),  # 12.5 %
        ([0, 2, 4, 4.9], "refused"),  # too near
        ([0, 5, 10, 15.05], "ok"),
    ],
)
def test_even_resampled_refused(z, verdict):
    """D: "uniform if abs(d_i - median) <= max(1 %, 0.05 mm); up to 10 % = resample with record; above = refuse"."""
    found = arrange(place(np.array(z, float)), rules())
    assert found.check.verdict == verdict
    assert bool(found.check.notes) == (verdict != "ok")
    assert (found.affine_lps_mm is None) == (verdict == "refused")


def test_uneven_stack_of_a_linear_image_is_resampled_exactly():
    """Linear interpolation gives back what is linear along the stack."""
    z = np.array([0.0, 2, 4, 6.15, 8.1])
    stack = np.repeat((10 * z)[:, None, None], 4, axis=1).repeat(3, axis=2).astype(np.float32)
    found = arrange(place(z), rules())
    out, mask = straighten(stack, None, found)
    step = found.affine_lps_mm[2, 2]
    np.testing.assert_allclose(out[:, 0, 0], 10 * step * np.arange(5), rtol=1e-5)
    assert mask is None


def test_tilted_stack_of_a_linear_image_is_straightened_exactly():
    """A plane in patient space stays that plane; voxels no image covers are padding."""
    k = np.arange(6.0)
    z, y = 2.0 * k, 0.7 * k
    rows, columns = np.meshgrid(np.arange(8.0), np.arange(5.0), indexing="ij")
    stack = np.stack([3 * columns + 2 * (rows + yk) + zk for yk, zk in zip(y, z, strict=True)])
    found = arrange(place(z, y_mm=y), rules())
    out, mask = straighten(stack, None, found)
    shape, affine = extent(found, 8, 5)
    assert shape == (5, 12, 6) and out.shape == (6, 12, 5) and mask is not None
    i, j, kk = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    world = np.stack([i, j, kk, np.ones_like(i)], -1) @ affine.T
    truth = 3 * world[..., 0] + 2 * world[..., 1] + world[..., 2]
    inside = ~mask.transpose(2, 1, 0)
    np.testing.assert_allclose(out.transpose(2, 1, 0)[inside], truth[inside], rtol=1e-9)
    assert inside.sum() >= 6 * 7 * 5  # a whole-pixel image or one row less per slice


def test_missing_slice_of_an_odd_gap_is_not_filled_from_across():
    """A gap of 1.7 distances: the grid is resampled, but never between the two sides of the gap."""
    z = np.array([0.0, 1, 2, 3, 4.7, 5.7, 6.7])
    found = arrange(place(z), rules())
    assert found.check.verdict == "resampled" and found.check.missing_positions_mm
    across = [(a, b) for a, b, w in zip(found.lower, found.upper, found.weight, strict=True) if w > 0]
    assert (3, 4) not in across


def test_single_image_needs_its_thickness():
    """Rule 4: missing is refused, never a default."""
    assert arrange(place(np.zeros(1)), rules()).check.verdict == "refused"
    found = arrange(place(np.zeros(1), thickness=4.0), rules())
    assert found.affine_lps_mm[2, 2] == 4.0


def test_images_that_form_no_volume_are_refused_with_their_reason():
    """Out: "ok, resampled, refused + text"."""
    same = arrange(place(np.zeros(3)), rules())
    far = arrange(place(np.array([0.0, 1, 2, 40])), rules())
    beside = arrange(place(np.arange(3.0), x_mm=np.array([0.0, 900, 1800])), rules())
    square = place(np.arange(3.0))
    skew = Placement(
        positions_mm=square.positions_mm, row=square.row, column=np.array([0.1, 0.995, 0]), spacing_mm=(1, 1)
    )
    flat = place(np.arange(3.0), spacing=(0.0, 1.0))
    for found, word in (
        (same, "same place"), (far, "no one volume"), (beside, "beside each other"),
        (arrange(skew, rules()), "right angles"), (arrange(flat, rules()), "not positive"),
    ):  # fmt: skip
        assert found.check.verdict == "refused"
        assert word in found.check.notes[0]
    with pytest.raises(ValueError, match="refused"):
        extent(same, 4, 4)


def test_padding_travels_with_its_image():
    """A padded pixel makes every voxel mixed from it padding."""
    z = np.array([0.0, 2, 4, 6.15])
    stack, padding = np.ones((4, 2, 2), np.int16), np.zeros((4, 2, 2), bool)
    padding[2, 0, 0] = True
    _, mask = straighten(stack, padding, arrange(place(z), rules()))
    assert mask is not None and mask[:, 0, 0].any() and not mask[:, 1, 1].any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 7), step=st.floats(0.5, 6), slant=st.sampled_from([0.0, 0.05]))
def test_any_orientation_and_order_gives_true_positions(seed, n, step, slant):
    """Property: whatever the rotation and the order of images, voxel (0, 0, k) lies where image k says it lies."""
    rng = np.random.default_rng(seed)
    turn = Rotation.random(rng=rng).as_matrix()
    row, column = turn[:, 0], turn[:, 1]
    normal = np.cross(row, column)
    positions = rng.uniform(-300, 300, 3) + np.arange(n)[:, None] * (normal * step + row * slant)
    order = rng.permutation(n)
    given_place = Placement(positions_mm=positions[order], row=row, column=column, spacing_mm=(0.4, 0.9))
    found = arrange(given_place, rules())
    assert found.check.verdict == "ok" and found.plain
    np.testing.assert_array_equal(order[found.order], np.arange(n))
    shape, affine = extent(found, 6, 9)
    assert shape == (9, 6, n)
    world = (affine @ np.stack([np.zeros(n), np.zeros(n), np.arange(n), np.ones(n)]))[:3].T
    np.testing.assert_allclose(world, positions, atol=1e-6)
    np.testing.assert_allclose(affine[:3, 0], row * 0.4, atol=1e-12)
    np.testing.assert_allclose(affine[:3, 1], column * 0.9, atol=1e-12)
    assert np.linalg.det(affine[:3, :3]) > 0


def test_median_is_numpys():
    """Even and odd counts, one value, repeats."""
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 10, 11):
        values = rng.integers(0, 5, n) * 0.7
        assert geometry._median(values) == pytest.approx(np.median(values), abs=1e-15)
