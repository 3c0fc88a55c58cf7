"""Maps of the digital spine from its files: region medians against what was put in (`make validate`)."""

from __future__ import annotations

import pytest

from studies.maps.digital_spine import CHECKS, region_means

# T2* of 5 ms and magnitudes alone: fat and water cannot be parted there, and only part of the voxels is marked so.
SHORT = {("pdff-grid", "fat_fraction_magnitude")}


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.case}-{check.series}-{check.map}")
def test_region_means(check):
    (row,) = region_means((check,))
    assert row.figure != "none told"
    assert row.met or (check.case, check.map) in SHORT, row


def test_a_quick_one():
    """The ADC of seven balls in every run."""
    (row,) = region_means((CHECKS[0],))
    assert CHECKS[0].kind == "adc"
    assert row.met, row
