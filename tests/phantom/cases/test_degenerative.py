"""Worn spines and benign mimics."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases.degenerative import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_tumour_in_a_mimic(name):
    """Wear and benign changes, and nothing else."""
    truth = phantom.build(name, 1).truth
    assert truth["lesions"] == truth["fractures"] == []
    assert max(x["disc_below_grade"] for x in truth["levels"]) >= 3
    assert bool(truth["benign"]) is (name != "degenerated")
