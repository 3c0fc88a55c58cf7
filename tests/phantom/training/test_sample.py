"""A sample is a value with what a network needs, and what checks need apart from it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spinemets.phantom import training
from spinemets.phantom.training.sample import Sample


def test_the_room_offers_what_it_says():
    """Names that people import."""
    assert set(training.__all__) == {"Generator", "Recipe", "Sample", "recipe_of"}
    assert training.Sample is Sample


def test_a_sample_cannot_be_changed_in_place_by_name(generator):
    """Fields stay; image, labels and instances are contiguous, as tensors want them."""
    sample = generator.sample(0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.image = None
    for array in (sample.image, sample.labels, sample.instances):
        assert array.flags.c_contiguous
    assert np.isfinite(sample.image).all()


def test_instances_are_where_labels_are(generator):
    """Background has none; bodies, borders, arches, discs and the sacrum have one, canal, cord and ribs none."""
    sample = generator.sample(2)
    codes = generator.recipe["labels"]["codes"]
    owned = ["body", "border", "posterior", "disc", "sacrum", "sacral_body"]
    assert np.array_equal(sample.instances > 0, np.isin(sample.labels, [codes[name] for name in owned]))
