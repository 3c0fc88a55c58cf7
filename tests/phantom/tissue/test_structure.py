"""Structure of marrow by age and seed."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.tissue.structure import structure

ROWS = table("phantom_anatomy")["texture"]


def test_marrow_grows_patchier_with_age():
    """At the ends of the table its numbers, beyond them the same, straight between."""
    young, middle, old, oldest = (structure(age, 1).cv for age in (25.0, 50.0, 75.0, 90.0))
    for name, (low, high) in ROWS["cv"].items():
        assert (young[name], old[name], oldest[name]) == (low, high, high)
        assert middle[name] == pytest.approx((low + high) / 2)


def test_marrow_is_little_where_trabeculae_are_dense():
    """One field serves both, turned over."""
    made = structure(60.0, 1)
    (mineral, up), (marrow, down) = made.of("mineral"), made.of("marrow")
    assert mineral is marrow
    assert up > 0 > down
    assert made.of("fat")[0] is not mineral


def test_patients_differ_and_repeat():
    one, again, other = structure(60.0, 1), structure(60.0, 1), structure(60.0, 2)
    assert np.array_equal(one.fields["fat"].nodes, again.fields["fat"].nodes)
    assert not np.array_equal(one.fields["fat"].nodes, other.fields["fat"].nodes)
