"""Truth of implants."""

from __future__ import annotations

from spinemets.phantom.cases.named import case_of
from spinemets.phantom.truth.hardware import hardware_truth


def test_screws_rods_and_cages():
    """A rod is named at each level that it bridges, with its diameter."""
    found = hardware_truth(case_of("hw-cage"))
    by_kind = {kind: [x for x in found if x["kind"] == kind] for kind in ("screw", "rod", "cage")}
    assert [len(v) for v in by_kind.values()] == [4, 4, 2]
    assert {x["diameter_mm"] for x in by_kind["rod"]} == {5.5}
    assert {x["level"] for x in by_kind["rod"]} == {"L3", "L4"}
    assert [x["material"] for x in by_kind["cage"]] == ["peek", "titanium"]
    assert by_kind["screw"][0] == {
        "level": "L3", "material": "cobalt_chrome", "kind": "screw", "side": "left", "diameter_mm": 6.5, "length_mm": 45.0,
    }  # fmt: skip
