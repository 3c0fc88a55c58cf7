"""Cases of `ct_gate`."""

from __future__ import annotations

import pytest

from spinemets.phantom.cases.ct_gate import CASES
from spinemets.phantom.imaging.acquisition import default

WANTED = {
    "ct-gate-bone-1": ("BONE", 1.0, 120.0, None),
    "ct-gate-soft-3": ("SOFT", 3.0, 120.0, None),
    "ct-gate-soft-5": ("SOFT", 5.0, 120.0, None),
    "ct-gate-100kv": ("SOFT", 1.0, 100.0, None),
    "ct-gate-contrast": ("SOFT", 1.0, 120.0, 70.0),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_kernel_slice_voltage_and_contrast(name):
    """What the name says is what is scanned; the lesion is found on all of them (CT-01: even 5 mm serve CT-02)."""
    case = CASES[name](None)
    (series,) = case.series
    a = default(series)
    assert (a.kernel, a.slice_mm, a.kvp, a.iodine_s) == WANTED[name]
    assert case.name == name and case.expected[0] == ("CT-02", "L3", None, "present")
    unseen = {(criterion, part) for criterion, _, part, state in case.expected[1:] if state == "not_assessable"}
    thick = {("CT-04", "posterior"), ("CT-04", "left")} if a.slice_mm > 3 else set()
    assert unseen == {("MR-T1-03", None)} | thick
    assert [insert.level for insert in case.inserts] == ["L3"]
