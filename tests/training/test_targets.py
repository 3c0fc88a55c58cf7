"""What the network is asked for: labels, cores and offsets of the middle slice."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training import Generator, recipe_of
from training.targets import slab_of

ROW = {"core_depth": 0.22, "offset_unit_mm": 10.0}
CODES = recipe_of("slab")["labels"]["codes"]


@pytest.fixture(scope="module")
def sample():
    """One slab of the synthetic patient that shows several bodies."""
    changes = {
        "samples_per_patient": 20,
        "pose": {"astray": 0.0, "cut_off": 0.0, "centre": {"thoracic": 0.0, "cervical": 0.0}},
    }
    return Generator(recipe_of("slab", changes), seed=5).sample(0)


@pytest.fixture(scope="module")
def slab(sample):
    return slab_of(sample, CODES, ROW)


def test_the_middle_slice_is_labelled(sample, slab):
    assert slab.image.shape == sample.image.shape and slab.image.dtype == np.float16
    assert np.array_equal(slab.labels, sample.labels[3])


def test_offsets_lead_to_the_centre_of_the_own_body(sample, slab):
    """From any voxel of a vertebra, arch included, in units of 10 mm."""
    asked = np.argwhere(~np.isnan(slab.offset[0]))
    assert len(asked) > 500
    for row, column in asked[::37]:
        instance = sample.instances[3, row, column]
        met = np.array([row, column]) + slab.offset[:, row, column] * 10.0 / 1.6
        assert np.allclose(met, sample.centres_ijk[instance, 1:], atol=0.15)


def test_only_vertebrae_have_offsets(slab):
    there = set(np.unique(slab.labels[~np.isnan(slab.offset[0])]))
    assert there <= {CODES[name] for name in ("body", "border", "posterior", "sacral_body")}


def test_cores_lie_deep_in_single_bodies(sample, slab):
    """No two vertebrae share a piece of core, and each large body has one."""
    from scipy import ndimage

    pieces, number = ndimage.label(slab.core)
    assert number >= 2
    for n in range(1, number + 1):
        assert len(np.unique(sample.instances[3][pieces == n])) == 1
    solid = np.isin(slab.labels, [CODES[name] for name in ("body", "border", "sacral_body")])
    assert not slab.core[~solid].any()
    for instance in np.unique(sample.instances[3][solid]):
        own = solid & (sample.instances[3] == instance)
        if own.sum() > 250:
            assert slab.core[own].any(), instance
