"""What the values of an image are, and their unit: from the modality and what the header states, never assumed."""

from __future__ import annotations

from spinemets.ingest.values import Values
from spinemets.knowledge.catalogue import table

Quantity = tuple[str, str, tuple[str, ...]]
UNKNOWN = ("unknown", "1")


def quantity(modality: str | None, v: Values) -> Quantity:
    """Quantity, UCUM unit, and what must be said about them.

    CT is not decided here: whether values are Hounsfield units depends on all images of a volume.
    """
    if modality == "MR":
        return "mr_signal", "1", ()
    if modality == "PT":
        return _tracer(v)
    if modality == "NM":
        return _tracer(v) if units(v)[0] in table("tracer")["units"] else (*UNKNOWN, ())
    return (*UNKNOWN, ())


def units(v: Values) -> tuple[str | None, str]:
    """Code of Units (0054,1001), from the unit of the real world values where enhanced images state that instead.

    Returns
    -------
    The code as stated (or the one the UCUM code stands for), and a sentence where the header contradicts itself.
    """
    stated = v.text("Units")
    rescale = (v.text("RescaleType") or "").upper()
    if stated is not None:
        if rescale in table("tracer")["units"] and rescale != stated.upper():
            return (
                None,
                f"Units (0054,1001) {stated} contradicts RescaleType (0028,1054) {rescale}: the unit is not known",
            )
        return stated.upper(), ""
    # as a functional group, the first mapping is part of the frame's own values
    mapped = v.items("RealWorldValueMappingSequence") or ((v,) if v.holds("RealWorldValueSlope") else ())
    if not mapped:
        return (rescale, "") if rescale in table("tracer")["units"] else (None, "")
    return _mapped_units(v, mapped)


def _mapped_units(v: Values, mappings: tuple[Values, ...]) -> tuple[str | None, str]:
    """Units of the mapping to real world values that is the rescale itself."""
    slope, intercept = v.number("RescaleSlope"), v.number("RescaleIntercept") or 0.0
    for mapping in mappings:
        codes = [item.text("CodeValue") for item in mapping.items("MeasurementUnitsCodeSequence")]
        same = (
            mapping.number("RealWorldValueSlope") == slope
            and (mapping.number("RealWorldValueIntercept") or 0.0) == intercept
        )
        if codes and codes[0] and same:
            code: str = table("tracer")["ucum"].get(codes[0], codes[0])
            return code, ""
    return None, "the real world value mapping differs from the rescale of the image: the unit is not known"


def _tracer(v: Values) -> Quantity:
    rows = table("tracer")
    code, sentence = units(v)
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
        said.append(suv_words(code, v.text("SUVType")))
    return row["quantity"], row["unit"], tuple(said)


def suv_words(code: str, kind: str | None) -> str:
    """Which SUV the values are."""
    names = table("tracer")["suv_types"]
    if kind is None:
        kind = "BSA" if code == "CM2ML" else "BW"
        return f"values are SUV by {names[kind]} (SUVType (0054,1006) is not stated, which stands for {kind})"
    return f"values are SUV by {names.get(kind.upper(), 'an unknown type')} (SUVType (0054,1006) {kind})"
