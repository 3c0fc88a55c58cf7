"""Truth of what was implanted."""

from __future__ import annotations

from typing import Any

from spinemets.knowledge.lookup import table
from spinemets.phantom.cases.case import Case
from spinemets.phantom.pathology.hardware import Bar, Cage, Fixture, Leak
from spinemets.phantom.pathology.screw import Screw


def hardware_truth(case: Case) -> list[dict[str, Any]]:
    """Every implant by level: a longitudinal rod at each level that it bridges."""
    found: list[dict[str, Any]] = []
    for fixture in (*case.screws, *case.fixtures):
        levels = fixture.levels if isinstance(fixture, Bar) else (fixture.level,)
        found += [{"level": level, "material": fixture.material, **_sizes(fixture)} for level in levels]
    return found


def _sizes(fixture: Fixture) -> dict[str, Any]:
    """What it is, and its sizes in mm."""
    if isinstance(fixture, Screw):
        sizes = {"diameter_mm": fixture.diameter_mm, "length_mm": fixture.length_mm}
        return {"kind": "screw", "side": fixture.side, **sizes}
    if isinstance(fixture, Bar):
        return {"kind": "rod", "side": fixture.side, "diameter_mm": table("phantom_pathology")["rod"]["diameter_mm"]}
    if isinstance(fixture, Leak):
        return {"kind": "leak", "diameter_mm": 2 * fixture.radius_mm, "length_mm": fixture.length_mm}
    assert isinstance(fixture, Cage)
    return {"kind": "cage"}
