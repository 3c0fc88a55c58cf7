"""Batches: the same for the same seed and step, small fields and empty images among them."""

from __future__ import annotations

import numpy as np
import pytest

from training.recipe import read_recipe
from training.supply import UNASKED, Buffer, emptied, narrow
from training.targets import Slab


@pytest.fixture(scope="module")
def recipe():
    made = read_recipe()
    made.rows["buffer"]["slabs"] = 40
    return made


class Endless:
    """Slabs whose every value is their number."""

    def __init__(self) -> None:
        self.taken = 0

    def slab(self) -> Slab:
        self.taken += 1
        n = self.taken
        shape = (7, 128, 96)
        ramp = np.arange(7, dtype=np.float16).reshape(7, 1, 1)
        return Slab(
            image=np.full(shape, n, np.float16) + ramp,
            labels=np.full(shape[1:], n % 9, np.uint8),
            core=np.zeros(shape[1:], np.uint8),
            offset=np.zeros((2, *shape[1:]), np.float16),
        )


def filled(recipe, seed=1):
    buffer, workers = Buffer(recipe, seed), Endless()
    buffer.fill(workers)
    return buffer, workers


def test_the_same_seed_and_step_give_the_same_batch(recipe):
    """'Deterministic given a seed'."""
    (one, a), (other, b) = filled(recipe), filled(recipe)
    for step in range(3):
        first, second = one.batch(step, a), other.batch(step, b)
        assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)
    assert a.taken == 40 + 3 * recipe["buffer"]["fresh_per_step"]
    third, _ = filled(recipe, seed=2)
    assert not np.array_equal(third.batch(0, Endless())["labels"], filled(recipe)[0].batch(0, Endless())["labels"])


def test_a_saved_buffer_goes_on(recipe, tmp_path):
    """'resumable'."""
    buffer, workers = filled(recipe)
    buffer.batch(0, workers)
    buffer.save(tmp_path / "buffer.npz")
    again, later = Buffer(recipe, 1), Endless()
    again.load(tmp_path / "buffer.npz")
    later.taken = workers.taken
    one, other = buffer.batch(1, workers), again.batch(1, later)
    assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def test_slabs_in_the_buffer_are_not_changed_by_a_batch(recipe):
    buffer, workers = filled(recipe)
    before = buffer.held["labels"].copy()
    batch = buffer.batch(0, workers)
    batch["labels"][:] = 200
    assert (buffer.held["labels"] == before).mean() > 0.8
    assert not (buffer.held["labels"] == 200).any()


def batch_of(shape=(7, 128, 96)):
    draw = np.random.default_rng(1)
    return {
        "image": draw.normal(size=(1, *shape)).astype(np.float32),
        "labels": np.full((1, *shape[1:]), 3, np.uint8),
        "core": np.ones((1, *shape[1:]), np.uint8),
        "offset": np.zeros((1, 2, *shape[1:]), np.float16),
    }


def test_a_small_field_asks_nothing_outside(recipe):
    batch = batch_of()
    narrow(batch, 0, recipe, np.random.default_rng(3))
    asked = batch["labels"][0] != UNASKED
    rows, columns = np.flatnonzero(asked.any(axis=1)), np.flatnonzero(asked.any(axis=0))
    inside = batch["image"][0][:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert asked.sum() == len(rows) * len(columns) < asked.size
    assert inside.mean() == pytest.approx(0, abs=1e-4) and inside.std() == pytest.approx(1, abs=1e-3)
    assert np.isnan(batch["offset"][0][:, ~asked]).all() and not np.isnan(batch["offset"][0][:, asked]).any()


def test_an_empty_image_has_no_spine(recipe):
    batch = batch_of()
    emptied(batch, 0, recipe, np.random.default_rng(3))
    assert not batch["labels"].any() and not batch["core"].any()
    assert np.isnan(batch["offset"]).all()


def test_a_mirrored_slab_keeps_its_middle(recipe):
    buffer, workers = filled(recipe)
    recipe.rows["jitter"], kept = {"gain": [1, 1], "offset": [0, 0], "mirrored": 1.0}, recipe.rows["jitter"]
    shares = {name: recipe.rows[name]["share"] for name in ("small_field", "nothing")}
    for name in shares:
        recipe.rows[name]["share"] = 0.0
    try:
        image = buffer.batch(0, workers)["image"]
    finally:
        recipe.rows["jitter"] = kept
        for name, share in shares.items():
            recipe.rows[name]["share"] = share
    assert np.allclose(np.diff(image[:, :, 0, 0], axis=1), -1)
