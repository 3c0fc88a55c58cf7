"""The demonstration patient."""

from __future__ import annotations

from spinemets.phantom.cases.named import case_of


def test_the_demonstration_holds_one_lesion_of_each_kind_and_a_wedge():
    """Lytic L2, blastic L4, healed wedge of L1; every other level in view is expected free of lesions."""
    case = case_of("first-light")
    assert {(i.kind, i.level) for i in case.inserts} == {("lytic", "L2"), ("blastic", "L4")}
    assert set(case.collapses) == {"L1"}
    assert {level for _, level, _, state in case.expected if state == "absent"} == {
        "T11",
        "T12",
        "L1",
        "L3",
        "L5",
        "L4",
    }
