"""What many cases share."""

from __future__ import annotations

import pytest

from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, absent, found


@pytest.mark.parametrize("lesion", [LYTIC, BLASTIC])
def test_each_kind_of_lesion_has_its_expectations(lesion):
    """A focal lesion of the table is found on CT and on T1, at its level."""
    states = {criterion: state for criterion, level, _, state in found(lesion.level, lesion.kind)}
    assert states["CT-02"] == states["MR-T1-03"] == "present"


def test_absence_is_said_for_both_modalities():
    """Two criteria a level."""
    assert len(absent(("L1", "L2"))) == 4
