"""One patient on several days: what treatment or growth makes of a lesion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from spinemets.phantom.cases.case import Case, Group, Move
from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, NO_CRITERION
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.metastases import sphere
from spinemets.phantom.pathology.treatment import Response, treated, usual

# Courses whose uptake is what they are about.
BONE_SCANNED = ("flare", "sclerosis")
DAYS, FLARE_DAYS = (0, 90, 180), (0, 50, 180)
# How the patient lies on each later day: 3 mm and 2 degrees off, in other directions each time.
MOVES = (
    None,
    Move(shift_mm=(2.0, -1.0, 2.0), turn_deg=2.0),
    Move(shift_mm=(-1.0, 2.0, 2.0), turn_deg=-2.0),
)
BEFORE = replace(LYTIC, level="L3", edge_mm=1.0)
DENSE = replace(BLASTIC, level="L3", centre_mm=(-6.0, 1.0, 0.0), radii_mm=(8.0, 8.0, 8.0))
Lesions = tuple[Insert, ...]
AWAITS = NO_CRITERION + ": change needs two studies"


def _answered(response: Response) -> Insert:
    return replace(treated(BEFORE, response), kind="treated")


def _sclerosis(visit: int) -> Lesions:
    """Lysis that turns dense and smaller."""
    later = Response(volume_factor=0.6, sclerosis_hu=350.0, adc_factor=1.6, bone_scan_factor=0.5)
    return ((BEFORE,), (_answered(usual("sclerosis")),), (_answered(later),))[visit]


def _fading(visit: int) -> Lesions:
    """Sclerosis that goes back to what the host reads."""
    healed = replace(DENSE, kind="treated", tissue="yellow_marrow", mineral_retained=1.0)
    half = replace(DENSE, kind="treated", mineral_retained=1.0, mineral_added_mg_per_ml=100.0)
    return ((DENSE,), (half,), (healed,))[visit]


def _lytic_conversion(visit: int) -> Lesions:
    """Sclerosis that turns lytic, grows and breaks the back wall."""
    lysis = replace(DENSE, tissue="lytic_tumour", kind="lytic", mineral_retained=0.0)
    grown = replace(lysis, radii_mm=(10.0, 9.5, 9.5))
    return ((DENSE,), (lysis,), (grown, metastases.breach("L3", "posterior", 0.2)))[visit]


def _flare(visit: int) -> Lesions:
    """Denser and more avid at first, then neither."""
    return ((BEFORE,), (_answered(usual("flare")),), (_answered(usual("sclerosis")),))[visit]


def _stable(visit: int) -> Lesions:
    """The same on all days."""
    del visit
    return (BEFORE,)


def _new_lesion(visit: int) -> Lesions:
    """A second lesion from the second day on."""
    second = metastases.lytic("L1", sphere(4.0 + 2.5 * visit, (6.0, 2.0, 1.0)))
    return (BEFORE,) if visit == 0 else (BEFORE, second)


COURSES: dict[str, tuple[Callable[[int], Lesions], tuple[int, ...], str]] = {
    "sclerosis": (_sclerosis, DAYS, "Lytic lesion of L3 turns dense (+300 HU) and smaller (x 0.7)."),
    "fading": (_fading, DAYS, "Blastic lesion of L3 fades to what the marrow around it reads."),
    "lytic-conversion": (_lytic_conversion, DAYS, "Blastic lesion of L3 turns lytic, grows and breaks the back wall."),
    "flare": (_flare, FLARE_DAYS, "Lesion of L3 is denser and takes up x 1.5 at 50 days, x 0.6 later."),
    "stable": (_stable, DAYS, "Lytic lesion of L3, the same on all days."),
    "new-lesion": (_new_lesion, DAYS, "A second lesion, of L1, beside a stable one of L3."),
}


def _pair(_: float | None, course: str, visit: int = 0) -> Case:
    lesions, days, about = COURSES[course]
    return Case(
        name=f"pair-{course}" + (f"@{days[visit]}" if visit else ""),
        about=about if not visit else f"Day {days[visit]}: {about[0].lower()}{about[1:]}",
        inserts=lesions(visit),
        series=("ct", "t1", "stir", "dwi", *(("bone_scan",) if course in BONE_SCANNED else ())),
        days=days,
        day=days[visit],
        moved=MOVES[visit],
        awaits=AWAITS,
    )


CASES: Group = {
    f"pair-{course}" + (f"@{days[visit]}" if visit else ""): partial(_pair, course=course, visit=visit)
    for course, (_, days, _) in COURSES.items()
    for visit in range(len(days))
}
