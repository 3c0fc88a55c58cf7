"""A tissue at another field strength: only its relaxation changes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.tissues import Tissue, tissue

# What the patient's tissues are made for.
BUILT_FOR_T = 1.5


@cache
def at_field(of: Tissue, field_t: float) -> Tissue:
    """A tissue made for 1.5 T, at `field_t`.

    Its relaxation times scale as those of its row of the tables between the two fields, so that a case that changes one keeps
    its change, whatever it calls the tissue. T2* of spongy bone runs over the ages on the same straight lines at both fields: the value at one gives that
    at the other.

    Raises
    ------
    KeyError
        If the tables have no such row.
    """
    if field_t == BUILT_FOR_T:
        return of
    if of.name == "spongiosa":
        return _spongiosa(of, field_t)
    here, there = tissue(of.row, BUILT_FOR_T), tissue(of.row, field_t)
    return replace(
        of,
        t1_ms=of.t1_ms * there.t1_ms / here.t1_ms,
        t2_ms=of.t2_ms * there.t2_ms / here.t2_ms,
        t2star_ms=of.t2star_ms * there.t2star_ms / here.t2star_ms,
    )


def _spongiosa(of: Tissue, field_t: float) -> Tissue:
    """Spongy bone: T1 and T2 are the same at all ages, T2* rises with it."""
    rows = table("tissues_marrow")["spongiosa"]
    fields = table("tissues")["fields_t"]
    here, there = fields.index(BUILT_FOR_T), fields.index(field_t)
    t1, t2, t2star = rows["same"]["t1_ms"], rows["same"]["t2_ms"], rows["both"]["t2star_ms"]
    return replace(
        of,
        t1_ms=of.t1_ms * t1[there] / t1[here],
        t2_ms=of.t2_ms * t2[there] / t2[here],
        t2star_ms=float(np.interp(of.t2star_ms, [row[here] for row in t2star], [row[there] for row in t2star])),
    )
