"""Maps of the digital spine from its files: region medians against what was put in (`make validate`)."""

from __future__ import annotations

import pytest

from studies.maps.digital_spine import CHECKS, confident_errors, intervals, region_means


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.about)
def test_region_means_and_intervals(check):
    (row,) = region_means((check,))
    assert row.figure != "none told"
    for one in (row, *intervals((check,)), *confident_errors((check,))):
        assert one.met, one


def test_a_quick_one():
    """The ADC of seven balls in every run."""
    (row,) = region_means((CHECKS[0],))
    assert CHECKS[0].kind == "adc"
    assert row.met, row
