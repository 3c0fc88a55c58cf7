"""Weight and height a header states, and what is odd about them."""

from __future__ import annotations

from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table


def of_values(v: Values) -> tuple[float | None, float | None]:
    """Weight [kg] and height [m] as stated; zero and below stand for "not stated"."""
    weight, height = v.number("PatientWeight"), v.number("PatientSize")
    return (weight if weight and weight > 0 else None), (height if height and height > 0 else None)


def doubts(weight_kg: float | None, height_m: float | None) -> tuple[str, ...]:
    """A sentence for each value that is likely in another unit; the value itself is kept as stated."""
    rows = table("tracer")
    found = []
    for value, name, unit in (
        (weight_kg, "PatientWeight (0010,1030)", "kg"), (height_m, "PatientSize (0010,1020)", "m"),
    ):  # fmt: skip
        low, high = rows["weight_kg" if unit == "kg" else "height_m"]["value"]
        if value is not None and not low <= value <= high:
            found.append(f"{name} states {value:g} {unit}: outside {low:g} to {high:g} {unit}, likely another unit")
    return tuple(found)
