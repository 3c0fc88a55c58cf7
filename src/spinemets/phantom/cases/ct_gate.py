"""One patient with a sharp lytic lesion of L3, on CT that is fit for more or less: kernel, slice, voltage, contrast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LYTIC, unseen

LESION = replace(LYTIC, level="L3", edge_mm=0.5)
# Name -> what its CT is, and the series.
ROWS = {
    "bone-1": ("Bone kernel, slices of 1 mm: fit for everything but unsmoothed soft tissue.", "ct_bone"),
    "soft-3": ("Soft kernel, overlapping slices of 3 mm: cortex with limits.", "ct_soft3"),
    "soft-5": ("Soft kernel, slices of 5 mm: too thick for the cortex.", "ct_soft5"),
    "100kv": ("100 kVp: density has no band.", "ct_100kv"),
    "contrast": ("Iodine into a vein: vessels and organs enhance, marrow and tumour a little.", "ct_contrast"),
}
# What slices of that thickness cannot show.
TOO_THICK = {"soft-5": ("CT-04:posterior", "CT-04:left")}


def _gate(name: str) -> Callable[[float | None], Case]:
    about, series = ROWS[name]
    return lambda _: Case(
        name=f"ct-gate-{name}",
        about=about,
        inserts=(LESION,),
        series=(series,),
        expected=(("CT-02", "L3", None, "present"), *unseen("L3", "MR-T1-03", *TOO_THICK.get(name, ()))),
    )


CASES: Group = {f"ct-gate-{name}": _gate(name) for name in ROWS}
