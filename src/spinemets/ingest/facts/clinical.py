"""Clinical file: what the user states about the patient. What is absent is unknown, never a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spinemets.ingest.facts.stated import read_stated
from spinemets.knowledge.catalogue import table
from spinemets.model.study import ClinicalFacts, Device, Treatment

LISTS = ("treatments", "radiotherapy", "surgery", "systemic_therapy", "devices")
ECHOED = (
    "histology", "known_metastases", "fever", "crp_mg_per_l", "anticoagulation", "trauma_date", "osteoporosis",
)  # fmt: skip


def schema() -> dict[str, Any]:
    """JSON Schema of a clinical file, made from the table `clinical_fields`."""
    fields = table("clinical_fields")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spinemets clinical file",
        "description": "Clinical facts as stated by the user; every key may be left out.",
        "type": "object",
        "additionalProperties": False,
        "properties": fields["properties"],
        "$defs": fields["definitions"],
    }


def read_clinical(path: Path) -> ClinicalFacts:
    """Read and check a clinical file.

    Raises
    ------
    UsageError
        Listing every error with its line.
    """
    data, _ = read_stated(path, schema(), "clinical file")
    return facts_of(data)


def facts_of(data: Mapping[str, Any]) -> ClinicalFacts:
    """Facts from checked data."""
    age = data.get("age_years")
    none_stated = tuple(key for key in LISTS if data.get(key) == [])
    return ClinicalFacts(
        age_years=data.get("age_y") if age is None else age, sex=data.get("sex"), primary=data.get("primary"),
        pain=_pain(data.get("pain")), neurology=_neurology(data.get("neurology")), treatments=_treatments(data),
        devices=tuple(_device(item) for item in data.get("devices", ())), alignment=data.get("alignment"),
        height_cm=data.get("height_cm"), none_stated=none_stated, others=_others(data),
    )  # fmt: skip


def _pain(stated: Any) -> str | None:
    kind: str | None = stated["type"] if isinstance(stated, dict) else stated
    return "occasional" if kind == "non_mechanical" else kind


def _neurology(stated: Any) -> str | None:
    if not isinstance(stated, dict):
        words: str | None = stated
        return words
    walking = {True: "able to walk", False: "not able to walk"}.get(stated.get("ambulatory"))  # type: ignore[arg-type]
    since = f"since {stated['onset_date']}" if "onset_date" in stated else None
    deficit = stated["deficit"].replace("_", " ") if "deficit" in stated else None
    return ", ".join(part for part in (deficit, since, walking) if part) or None


def _treatments(data: Mapping[str, Any]) -> tuple[Treatment, ...]:
    found = [_treatment(item["kind"], item.get("date"), item) for item in data.get("treatments", ())]
    for item in data.get("radiotherapy", ()):
        dose = f" {item['dose_gy']:g} Gy" if "dose_gy" in item else ""
        parts = f" in {item['fractions']} fractions" if "fractions" in item else ""
        found.append(_treatment(f"radiotherapy{dose}{parts}", item.get("date"), item))
    for item in data.get("surgery", ()):
        kind = f": {item['kind']}" if "kind" in item else ""
        found.append(_treatment(f"surgery{kind}", item.get("date"), item))
    for item in data.get("systemic_therapy", ()):
        until = f", until {item['stop']}" if "stop" in item else ""
        found.append(_treatment(f"systemic therapy: {item['kind'].replace('_', ' ')}{until}", item.get("start"), item))
    return tuple(found)


def _treatment(kind: str, date: str | None, item: Mapping[str, Sequence[str]]) -> Treatment:
    return Treatment(kind=kind, date=date, levels=tuple(item.get("levels", ())))


def _device(item: Any) -> Device:
    if isinstance(item, str):
        return Device(kind=item)
    return Device(kind=item["kind"], levels=tuple(item.get("levels", ())))


def _others(data: Mapping[str, Any]) -> dict[str, str]:
    """Facts no criterion reads yet, as text, to be echoed."""
    found = {key: _text(data[key]) for key in ECHOED if data.get(key) is not None}
    pain = data.get("pain")
    if isinstance(pain, dict) and "level" in pain:
        found["pain_level"] = pain["level"]
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
