"""MR-GEN-02: which class a criterion accepts."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.mr_accepted_class import measure

ENTRY = catalogue.load()["MR-GEN-02"]


@pytest.mark.parametrize(
    ("kind", "use", "verdict"),
    [
        ("t1", "t1", "ok"),
        ("t1_flair", "t1", "NA-SEQUENCE"),
        ("t1_gre", "t1", "NA-SEQUENCE"),
        ("t1_gd", "t1", "NA-SEQUENCE"),
        ("t1_fs", "t1", "NA-SEQUENCE"),
        ("stir", "stir", "ok"),
        ("stir", "fat_suppressed_t2", "ok"),
        ("t2_fs", "fat_suppressed_t2", "ok"),
        ("t2_fs", "stir", "NA-SEQUENCE"),
        ("t2", "t2", "ok"),
        ("t2", "fat_suppressed_t2", "NA-SEQUENCE"),
    ],
)
def test_accepted_classes(make_volume, kind, use, verdict):
    """D: MR-T1-* accept `t1` only; `t1_flair`, `t1_gre`, `t1_gd`: NA-SEQUENCE."""
    found = measure(mr=make_volume(np.ones((4, 4, 4))), series_kind=kind, **ENTRY.values())
    assert found.verdicts[use] == verdict


def test_every_listed_class_is_judged_for_every_use(make_volume):
    """A class the gate looks at has a verdict for each use, and a note that says what it serves."""
    for kind in ENTRY.needs.volumes["mr"]:
        found = measure(mr=make_volume(np.ones((4, 4, 4))), series_kind=kind, **ENTRY.values())
        assert set(found.verdicts) == {"t1", "t2", "stir", "fat_suppressed_t2"}
        serves = [use for use, verdict in found.verdicts.items() if verdict == "ok"]
        assert ("serves no criterion" in found.notes[0]) == (not serves)
