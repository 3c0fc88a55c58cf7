"""Truth of benign changes."""

from __future__ import annotations

from spinemets import phantom


def test_modic_of_both_sides():
    """Two bands at one worn disc, whose grade stands at the level above."""
    truth = phantom.build("mim-modic1", 1).truth
    assert [(x["level"], x["kind"], x["part"]) for x in truth["benign"]] == [
        ("L4", "modic1", "inferior"),
        ("L5", "modic1", "superior"),
    ]
    assert all(3000 < x["volume_mm3"] < 14000 for x in truth["benign"])
    assert {x["name"]: x["disc_below_grade"] for x in truth["levels"]}["L4"] == 4
