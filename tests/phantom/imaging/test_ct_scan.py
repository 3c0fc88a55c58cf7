"""CT of the synthetic patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemets.phantom.imaging import slabs
from spinemets.phantom.imaging.acquisition import default


def test_slabs_change_nothing(normal, monkeypatch):
    """A slab above another one continues its noise."""
    few = replace(default("ct"), n_slices=7)
    whole = normal.render("ct", few).array
    monkeypatch.setattr(slabs, "SLAB_SAMPLES", 3 * 220 * 220)
    assert np.array_equal(normal.render("ct", few).array, whole)
