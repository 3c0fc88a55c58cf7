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


def test_screws_and_rods_of_three_levels():
    """hw-l3l5: two screws a level, a rod of each side named at each of them; sizes in mm as made."""
    case = case_of("hw-l3l5")
    found = hardware_truth(case)
    for level in ("L3", "L4", "L5"):
        of_level = [(row["kind"], row["side"]) for row in found if row["level"] == level]
        assert sorted(of_level) == [("rod", "left"), ("rod", "right"), ("screw", "left"), ("screw", "right")]
    assert {row["material"] for row in found} == {"titanium"}
    screws = [row for row in found if row["kind"] == "screw"]
    assert all(4.0 <= row["diameter_mm"] <= 8.5 and 25.0 <= row["length_mm"] <= 60.0 for row in screws)


def test_a_leak_is_named_with_its_size():
    """Cement outside the bone: one leak at L2, diameter twice its radius, and no screw."""
    (leak,) = hardware_truth(case_of("mim-cement"))
    (fixture,) = case_of("mim-cement").fixtures
    assert (leak["level"], leak["kind"]) == ("L2", "leak")
    assert leak["diameter_mm"] == 2 * fixture.radius_mm and leak["length_mm"] == fixture.length_mm


def test_nothing_implanted_nothing_listed():
    """A patient without metal has an empty list, not none."""
    assert hardware_truth(case_of("normal")) == []
