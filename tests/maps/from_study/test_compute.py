"""The door: every kind answers, and a study without the series for it is told what it needs."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.compute import KINDS, NEEDS, compute
from spinemets.maps.from_study.how import How
from spinemets.model.errors import UsageError


@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_is_dropped(build, kind):
    made, not_made = compute(build([(np.ones((4, 4, 3)), {})]), kind)
    assert made == [] and len(not_made) == 1
    assert NEEDS[kind] in not_made[0].remedy and not_made[0].kind == kind


def test_what_is_mapped_and_what_is_not(build):
    made, not_made = compute(
        build([(np.full((6, 6, 4), 400.0), {"te_s": 0.0046}), (np.full((6, 6, 4), 100.0), {"te_s": 0.0023})]),
        "opposed-phase",
        How(motion=False),
    )
    assert len(made) == 1 and not_made == []
    assert np.allclose(made[0].maps[0].array, 75.0)


def test_no_such_kind(build):
    with pytest.raises(UsageError, match="perfume"):
        compute(build([]), "perfume")
    assert set(KINDS) == set(NEEDS)
