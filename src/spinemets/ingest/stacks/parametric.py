"""Parametric maps: floating-point values, and the mapping that says which physical quantity they are (DICOM PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from spinemets.ingest.facts.quantity import UNKNOWN, Quantity
from spinemets.ingest.frames import Frame
from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table

FLOAT, DOUBLE = 0x7FE00008, 0x7FE00009
# Slopes are written once as text of at most 16 characters and once in binary.
SAME = 1e-6
BITS = {FLOAT: 32, DOUBLE: 64}


class Mapping(NamedTuple):
    """Stored value * slope + intercept = value in `unit`; `meaning` as the header words it."""

    slope: float
    intercept: float
    unit: str | None
    meaning: str | None


def scaled(frame: Frame, v: Values) -> Frame:
    """The frame with slope and intercept of its mapping."""
    mapping = _mapping(v)
    return frame if mapping is None else replace(frame, slope=mapping.slope, intercept=mapping.intercept)


def quantity(v: Values) -> Quantity:
    """Quantity, UCUM unit, and what must be said about them."""
    mapping = _mapping(v)
    if mapping is None:
        return (*UNKNOWN, ("parametric map without a real world value mapping: what its values are is not known",))
    said = f"parametric map: {mapping.meaning or 'a quantity that is not named'}, unit {mapping.unit or 'not stated'}"
    if mapping.unit is None:
        return (*UNKNOWN, (said,))
    known: str = table("parametric_maps")["quantities"].get(mapping.unit, UNKNOWN[0])
    return known, mapping.unit, (said,)


def stated(v: Values) -> Quantity | None:
    """What a mapping says of an image whose rescale it repeats, None if it says nothing known (a field map in Hz does)."""
    mapping, slope, known = _mapping(v), v.number("RescaleSlope"), table("parametric_maps")["quantities"]
    if mapping is None or slope is None or mapping.unit is None or mapping.unit not in known:
        return None
    same = abs(mapping.slope - slope) <= SAME * abs(slope)
    same &= abs(mapping.intercept - (v.number("RescaleIntercept") or 0.0)) <= SAME * max(1.0, abs(mapping.intercept))
    return (known[mapping.unit], mapping.unit, ()) if same else None


def _mapping(v: Values) -> Mapping | None:
    """The first linear mapping; tables of values are not used."""
    # in functional groups the first item of the sequence is among the values of the frame already
    for item in v.items("RealWorldValueMappingSequence") or (v,):
        slope = item.number("RealWorldValueSlope")
        if slope:
            units = [code.text("CodeValue") for code in item.items("MeasurementUnitsCodeSequence")]
            named = [
                concept.text("CodeMeaning")
                for definition in item.items("QuantityDefinitionSequence")
                for concept in definition.items("ConceptCodeSequence")
            ]
            meaning = next(filter(None, named), None) or item.text("LUTLabel") or item.text("LUTExplanation")
            return Mapping(
                slope, item.number("RealWorldValueIntercept") or 0.0, next(filter(None, units), None), meaning
            )
    return None
