"""A sliding patch: every voxel is decided, by blended scores, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import OutOfResources
from spinemets.segmentation.user_onnx import windows

PATCH = (8, 8, 8)


def threshold(patch: np.ndarray) -> np.ndarray:
    """Two classes: above or below 0.5."""
    return np.stack([np.full(patch.shape, 0.5, np.float32), patch])


class TestPlaces:
    @pytest.mark.parametrize(("length", "overlap"), [(8, 0.5), (9, 0.5), (31, 0.0), (40, 0.75), (23, 0.9)])
    def test_cover_everything_and_end_with_the_image(self, length, overlap):
        found = list(windows.places(length, 8, overlap))
        covered = np.zeros(length, bool)
        for first in found:
            covered[first : first + 8] = True
        assert covered.all()
        assert found == sorted(set(found))
        assert found[-1] == length - 8

    def test_one_patch_is_enough_for_one_patch(self):
        assert list(windows.places(8, 8, 0.5)) == [0]


class TestLabels:
    @pytest.mark.parametrize("shape", [(8, 8, 8), (30, 9, 11), (9, 30, 8), (8, 13, 27)])
    @pytest.mark.parametrize("overlap", [0.0, 0.5, 0.8])
    def test_every_voxel_is_decided_as_by_the_whole(self, shape, overlap):
        """The slow twin is the network on the whole image at once."""
        image = np.random.default_rng(3).random(shape).astype(np.float32)
        found = windows.labels(image, PATCH, overlap, threshold)
        assert (found == (image > 0.5)).all()

    def test_patches_see_the_right_part(self):
        """Scores that are the position itself come back at that position."""
        image = np.arange(20 * 9 * 8, dtype=np.float32).reshape(20, 9, 8)

        def parity(patch: np.ndarray) -> np.ndarray:
            return np.stack([1 - patch % 2, patch % 2])

        assert (windows.labels(image, PATCH, 0.5, parity) == image % 2).all()

    def test_the_middle_of_a_patch_counts_more_than_its_border(self):
        """A network that is wrong at the borders of its patch is right after blending."""

        def wrong_outside(patch: np.ndarray) -> np.ndarray:
            scores = np.zeros((2, *patch.shape), np.float32)
            scores[1, 2:-2, 2:-2, 2:-2] = 1
            scores[0] = 0.2
            return scores

        found = windows.labels(np.zeros((24, 24, 24), np.float32), PATCH, 0.75, wrong_outside)
        assert found[6:18, 6:18, 6:18].all()

    def test_too_many_classes_for_the_memory(self, monkeypatch):
        """'bounded memory'"""
        monkeypatch.setattr(windows, "LARGEST_SCORES_MB", 0)

        def many(patch: np.ndarray) -> np.ndarray:
            return np.zeros((4096, *patch.shape), np.float32)

        with pytest.raises(OutOfResources, match=r"scores of 4096 classes on 8 x 8 x 8 voxels need 8 MB"):
            windows.labels(np.zeros(PATCH, np.float32), PATCH, 0.5, many)

    def test_only_a_slab_is_held(self, monkeypatch):
        """The scores of a long image need no more than those of a short one."""
        sizes = []
        monkeypatch.setattr(windows, "_slab", remember(windows._slab, sizes))
        for length in (16, 64):
            windows.labels(np.zeros((length, 10, 10), np.float32), PATCH, 0.5, threshold)
        assert sizes[0] == sizes[1]


def remember(make, sizes):
    def wrapped(*args):
        slab = make(*args)
        sizes.append(slab.nbytes)
        return slab

    return wrapped


def test_weights_are_positive_and_highest_in_the_middle():
    weight = windows.bell((8, 4, 2))
    assert weight.min() > 0
    assert np.unravel_index(int(weight.argmax()), weight.shape)[0] in (3, 4)
