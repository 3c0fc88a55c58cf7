"""Cases by name."""

from __future__ import annotations

import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.levels import column
from spinemets.phantom.cases.named import CASES, case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.placing import several


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_is_consistent(name):
    """Names, levels and expectations of a case fit one another."""
    case = case_of(name)
    assert case.name == name
    assert case.about.endswith(".")
    levels = column(case.patient.variant)
    for insert in case.inserts:
        assert insert.level in levels
    assert len({i.id for i in case.inserts}) == len(case.inserts)
    for _, level, _, state in case.expected:
        assert level in levels
        assert state in {"present", "absent", "indeterminate", "not_assessable"}
    assert all(default(name).description for series in case.series for name in several(series))
    assert bool(case.expected) != bool(case.awaits)
    assert case.day in case.days


def test_unknown_case_names_the_choice():
    """A wrong name is refused with the list of cases."""
    with pytest.raises(UsageError, match="first-light"):
        case_of("no-such-case")


@pytest.mark.parametrize("name", ["cortex-frac-x", "cortex-frac-1.5", "normal-0.3"])
def test_wrong_number(name):
    """A number that makes no sense is refused."""
    with pytest.raises(UsageError):
        case_of(name)
