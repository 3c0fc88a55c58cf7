"""Series gone wrong, and protocols that leave something out, of one patient with a lytic lesion of L2."""

from __future__ import annotations

from collections.abc import Callable

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LYTIC, WHAT_COUNTS, unseen

# Name -> what it holds, its series.
ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "fs-fail-edge": ("Fat suppression that fails towards the edge of the field.", ("t1", "t2_fs_edge", "stir")),
    "shading": ("T1 of a surface coil, not evened out.", ("t1_shaded", "stir")),
    "motion-1": ("T1 of a patient who moves.", ("t1_motion", "stir")),
    "proto-t1-t2": ("T1 and T2 alone: nothing with suppressed fat.", ("t1", "t2")),
    "proto-ct5-soft": ("CT with a soft kernel in slices of 5 mm, and nothing else.", ("ct_soft5",)),
    "proto-t1-stir-gd": ("T1, STIR and T1 after gadolinium.", ("t1", "stir", "t1_gd")),
    "proto-pet-only": ("PET alone, without a CT.", ("pet",)),
    "proto-no-gd": ("No series after an agent.", ("t1", "t2", "stir")),
}
# What cannot be answered without what a protocol leaves out.
UNSEEN = {
    "proto-t1-t2": ("MR-STIR-01", "CT-02"),
    "proto-ct5-soft": ("CT-04:posterior", "MR-T1-03", "MR-STIR-01"),
    "proto-t1-stir-gd": ("CT-02", "MR-T2-02"),
    "proto-no-gd": ("CT-02",),
}


def _fault(name: str) -> Callable[[float | None], Case]:
    about, series = ROWS[name]
    expected = unseen(LYTIC.level, *UNSEEN.get(name, ()))
    awaits = "" if expected else WHAT_COUNTS
    return lambda _: Case(name=name, about=about, inserts=(LYTIC,), series=series, expected=expected, awaits=awaits)


CASES: Group = {name: _fault(name) for name in ROWS}
