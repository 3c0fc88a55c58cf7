"""Neighbouring bodies never meet."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemets.phantom.anatomy.alignment import stack
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import Patient, sizes


def gap_mm(upper, above, lower, below):
    """Smallest distance along the upper body's axis between its lower endplate and the lower body, over both footprints."""
    half_w, half_d = max(upper.size.width) / 2 + 8, max(upper.size.depth) / 2 + 8
    l, a = np.meshgrid(np.arange(-half_w, half_w, 1.5), np.arange(-half_d, half_d, 1.5), indexing="ij")  # noqa: E741
    l, a = (x.ravel().astype(np.float32) for x in (l, a))  # noqa: E741
    rim = -upper.rim_mm(a) / 2
    side, norm = upper.footprint(l, a, rim)
    floor = upper.endplates(norm, a)[1]
    held = side < 0
    points = above.origin + np.stack([l, a, floor], axis=1)[held] @ np.stack(
        [above.left, above.anterior, above.superior]
    )
    apart = (points - below.origin) @ np.stack([below.left, below.anterior, below.superior], axis=1)
    u, v, w = (np.ascontiguousarray(x, np.float32) for x in apart.T)
    return float(lower.distance(u, v, w).whole.min())


@pytest.mark.parametrize("worn", [None, "by_age"])
def test_bodies_never_meet(worn):
    """Acceptance of PHA section 2: 20 seeds and all levels; worn discs leave a gap too."""
    for seed in range(20):
        patient = Patient(age_years=84.0, degeneration=worn)
        levels = sizes(patient, seed, {})
        frames = stack(levels, patient, seed)
        for upper, lower in pairwise(levels):
            found = gap_mm(Body(size=levels[upper]), frames[upper], Body(size=levels[lower]), frames[lower])
            assert found > 0.3, (seed, upper, found)
