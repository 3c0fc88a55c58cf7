"""What the values of an image are, and their unit: from the modality and what the header states, never assumed."""

from __future__ import annotations

import math
from typing import NamedTuple

from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table

Quantity = tuple[str, str, tuple[str, ...]]
UNKNOWN = ("unknown", "1")
SAME_NUMBER = 1e-6


def quantity(modality: str | None, v: Values) -> Quantity:
    """What the values are, their UCUM unit, and what must be said about them.

    CT is not decided here: whether values are Hounsfield units depends on all images of a volume.
    """
    if modality == "MR":
        return "mr_signal", "1", ()
    if modality == "PT":
        return _tracer(v)
    if modality == "NM":
        return _tracer(v) if units(v).code in table("tracer")["units"] else (*UNKNOWN, ())
    return (*UNKNOWN, ())


class Units(NamedTuple):
    """Units of the values: code of Units (0054,1001), SUVType, and a sentence where the header contradicts itself."""

    code: str | None
    suv_type: str | None = None
    said: str = ""


def units(v: Values) -> Units:
    """Units as stated, or those of the real world values where enhanced images state them instead."""
    stated, suv_type = v.text("Units"), v.text("SUVType")
    rescale = (v.text("RescaleType") or "").upper()
    known = table("tracer")["units"]
    if stated is not None:
        if rescale in known and rescale != stated.upper():
            contradiction = f"Units (0054,1001) {stated} contradicts RescaleType (0028,1054) {rescale}"
            return Units(None, suv_type, f"{contradiction}: the unit is not known")
        return Units(stated.upper(), suv_type)
    # as a functional group, the first mapping is part of the frame's own values
    mapped = v.items("RealWorldValueMappingSequence") or ((v,) if v.holds("RealWorldValueSlope") else ())
    if not mapped:
        return Units(rescale if rescale in known else None, suv_type)
    return _mapped_units(v, mapped)


def _mapped_units(v: Values, mappings: tuple[Values, ...]) -> Units:
    """Units of the mapping to real world values that is the rescale itself."""
    for mapping in mappings:
        items = mapping.items("MeasurementUnitsCodeSequence")
        codes = [item.text("CodeValue") or item.text("LongCodeValue") for item in items]
        same = all(
            _near(mapping.number(theirs), v.number(ours))
            for theirs, ours in (
                ("RealWorldValueSlope", "RescaleSlope"),
                ("RealWorldValueIntercept", "RescaleIntercept"),
            )
        )
        if codes and codes[0] and same:
            row = table("tracer")["ucum"].get(codes[0])
            return Units(codes[0]) if row is None else Units(row["units"], row.get("suv_type"))
    return Units(
        None, None, "the real world value mapping differs from the rescale of the image: the unit is not known"
    )


def _near(a: float | None, b: float | None) -> bool:
    """Whether a binary and a decimal string state one number; an intercept that is not stated is 0."""
    return math.isclose(a or 0.0, b or 0.0, rel_tol=SAME_NUMBER)


def _tracer(v: Values) -> Quantity:
    rows = table("tracer")
    code, suv_type, sentence = units(v)
    said = [sentence] if sentence else []
    if not v.holds("RescaleSlope") and v.number("RescaleSlope") is None:
        said.append("no rescale slope is stated: the stored values are taken as they are, and have no unit")
        return (*UNKNOWN, tuple(said))
    if code is None:
        if not said:
            said.append("Units (0054,1001) is not stated: the values have no unit")
        return (*UNKNOWN, tuple(said))
    row = rows["units"].get(code)
    if row is None:
        meaning = rows["other_units"].get(code, "not a value of the standard")
        said.append(f"Units (0054,1001) {code} ({meaning}): no activity and no SUV can be made of it")
        return (*UNKNOWN, tuple(said))
    if row["quantity"] == "suv":
        said.append(suv_words(code, suv_type))
    return row["quantity"], row["unit"], tuple(said)


def suv_words(code: str, kind: str | None) -> str:
    """Which SUV the values are."""
    names = table("tracer")["suv_types"]
    if kind is None:
        kind = "BSA" if code == "CM2ML" else "BW"
        return f"values are SUV by {names[kind]} (SUVType (0054,1006) is not stated, which stands for {kind})"
    return f"values are SUV by {names.get(kind.upper(), 'an unknown type')} (SUVType (0054,1006) {kind})"
