"""Gradient directions: the FSL convention and its inverse under turns and flips, image axes, b-matrices."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry import gradients

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def rotation(seed: int) -> np.ndarray:
    """A proper random rotation."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q * np.array([1, 1, -1])


def affine(axes: np.ndarray, spacing=(1.0, 2.0, 3.5)) -> np.ndarray:
    found = np.eye(4)
    found[:3, :3] = axes * np.array(spacing)
    found[:3, 3] = (10, -20, 30)
    return found


def vectors(seed: int, n: int = 20) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(n, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_published_example_of_both_handednesses():
    """FSL: parts along voxel axes, x negated where the determinant of the affine to RAS is positive.

    Radiological storage (x to the left, determinant negative): (1, 0, 0) points along +i, patient left. Neurological
    (RAS, positive): (1, 0, 0) points against +i - patient left again.
    """
    radiological, neurological = LPS @ np.diag([-2.0, 2, 2, 1]), LPS @ np.diag([2.0, 2, 2, 1])
    for one in (radiological, neurological):
        np.testing.assert_allclose(gradients.fsl_to_lps(np.array([[1.0, 0, 0]]), one), [[1, 0, 0]], atol=1e-12)
        np.testing.assert_allclose(gradients.fsl_to_lps(np.array([[0.0, 1, 0]]), one), [[0, -1, 0]], atol=1e-12)
        np.testing.assert_allclose(gradients.fsl_to_lps(np.array([[0.0, 0, 1]]), one), [[0, 0, 1]], atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (-1, -1, -1)])
def test_there_and_back(seed, flips):
    """Any turned and flipped grid: to FSL and back is the same direction in the patient."""
    grid = affine(rotation(seed) * np.array(flips))
    directions = vectors(seed)
    back = gradients.fsl_to_lps(gradients.lps_to_fsl(directions, grid), grid)
    np.testing.assert_allclose(back, directions, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_turning_the_patient_turns_the_directions(seed):
    """Same stored numbers, grid turned by R: directions turned by R."""
    stored, axes, turn = vectors(seed), rotation(seed + 50), rotation(seed + 100)
    turned = gradients.fsl_to_lps(stored, affine(turn @ axes))
    np.testing.assert_allclose(turned, gradients.fsl_to_lps(stored, affine(axes)) @ turn.T, atol=1e-12)


def test_flipping_the_first_axis_does_not_change_the_numbers():
    """The sign rule: storage with x turned round keeps the same .bvec; turning y round changes both x and y."""
    axes, directions = rotation(3), vectors(4)
    plain = gradients.lps_to_fsl(directions, affine(axes))
    np.testing.assert_allclose(gradients.lps_to_fsl(directions, affine(axes * np.array([-1, 1, 1]))), plain, atol=1e-12)
    np.testing.assert_allclose(
        gradients.lps_to_fsl(directions, affine(axes * np.array([1, -1, 1]))), plain * [-1, -1, 1], atol=1e-12
    )


def test_zero_stays_zero_and_length_does_not_matter():
    stored = np.array([[0.0, 0, 0], [0, 5, 0]])
    found = gradients.fsl_to_lps(stored, np.eye(4))
    np.testing.assert_array_equal(found[0], 0)
    np.testing.assert_allclose(found[1], [0, 1, 0])
    np.testing.assert_array_equal(stored[1], [0, 5, 0])


@pytest.mark.parametrize("seed", range(4))
def test_image_axes(seed):
    """Parts along row, column and normal, against the sum written out; the normal is right-handed."""
    turn = rotation(seed)
    orientation = (*turn[:, 0], *turn[:, 1])
    np.testing.assert_allclose(gradients.normal(orientation), turn[:, 2], atol=1e-12)
    along = tuple(vectors(seed, 1)[0])
    wanted = along[0] * turn[:, 0] + along[1] * turn[:, 1] + along[2] * turn[:, 2]
    np.testing.assert_allclose(gradients.to_patient(along, orientation), wanted, atol=1e-12)


def test_parallel_rows_and_columns_have_no_normal():
    np.testing.assert_array_equal(gradients.normal((1, 0, 0, 1, 0, 0)), 0)


@pytest.mark.parametrize("seed", range(4))
def test_b_matrix_of_one_direction(seed):
    """b u u' gives u up to its sign, also with a few percent of imaging gradients; several directions give none."""
    u = vectors(seed, 1)[0]
    matrix = 1000 * np.outer(u, u)
    six = matrix[np.triu_indices(3)]
    found = gradients.of_b_matrix(six, 0.9)
    assert abs(np.dot(found, u)) == pytest.approx(1)
    assert max(found, key=abs) > 0
    noisy = gradients.of_b_matrix((matrix + np.eye(3) * 15)[np.triu_indices(3)], 0.9)
    assert abs(np.dot(noisy, u)) == pytest.approx(1)
    assert gradients.of_b_matrix((1, 0, 0, 1, 0, 1), 0.9) is None
    assert gradients.of_b_matrix((0, 0, 0, 0, 0, 0), 0.9) is None
