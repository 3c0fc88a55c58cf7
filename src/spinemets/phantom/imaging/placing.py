"""What the place after a series' name changes in its protocol: `t1-thoracic`, `ax_t2-L4`, `wb_stir-2`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError

LUMBAR = "lumbar"
# Places that stand for several series.
DISCS, ALL = "discs", "all"


def several(name: str) -> tuple[str, ...]:
    """The series that a name stands for: `ax_t2-discs` one along each usual disc, `wb_stir-all` all stations, else itself."""
    rows = table("phantom_protocols")
    sequence, _, place = name.partition("-")
    if place == DISCS:
        return tuple(f"{sequence}-{level}" for level in rows["disc_stack"]["levels"])
    if place == ALL:
        row = rows["sequences"].get(sequence, {})
        seams = {**rows.get(row.get("geometry"), {}), **row}.get("seams_mm")
        return (name,) if seams is None else tuple(f"{sequence}-{n}" for n in range(1, len(seams) + 2))
    return (name,)


def body_part(region: str) -> str:
    """Body Part Examined of a region, as PS3.16 annex L names it."""
    return str(table("phantom_protocols")["regions"][region]["body_part"])


def placed(name: str, stated: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Fields of a protocol that its place sets.

    Parameters
    ----------
    name
        Of the series, for messages.
    stated
        Fields of the protocol without a place.
    place
        Region, level above a disc, number of a station; empty = as the protocol stands.

    Raises
    ------
    UsageError
        If the protocol cannot be made there.
    """
    rows = table("phantom_protocols")
    seams = stated.get("seams_mm")
    if seams is not None:
        return _station(name, stated, place)
    if place in ("", LUMBAR):
        return {}
    if place in rows["regions"]:
        return _region(name, stated, place)
    if place[0] in "CTL" and place[1:].isdigit():
        return _along_disc(name, stated, place)
    raise UsageError(
        f"{name}: there is no place {place!r}.",
        f"Choose one of {', '.join(rows['regions'])}, or for axial MR the level above a disc, as L4.",
    )


def _region(name: str, stated: Mapping[str, Any], place: str) -> dict[str, Any]:
    row = table("phantom_protocols")["regions"][place]
    if stated["plane"] not in row["fov_mm"]:
        raise UsageError(f"{name}: a radiograph lies where its protocol says.", "Leave the place out.")
    word, description = row["word"], str(stated["description"])
    described = description.replace(LUMBAR, place) if LUMBAR in description else f"{word} {description}"
    found = {"region": place, "description": described, "fov_mm": row["fov_mm"][stated["plane"]]}
    # Slices that cover the lumbar field would not cover another: as many as the region needs.
    return {**found, "n_slices": None} if stated["plane"] == "axial" else found


def _along_disc(name: str, stated: Mapping[str, Any], place: str) -> dict[str, Any]:
    if stated["plane"] != "axial" or stated.get("modality", "MR") != "MR":
        raise UsageError(f"{name}: only axial MR follows a disc.", "Choose a region, or an axial sequence as ax_t2.")
    row = table("phantom_protocols")["disc_stack"]
    return {"disc": place, "n_slices": row["n_slices"]}


def _station(name: str, stated: Mapping[str, Any], place: str) -> dict[str, Any]:
    number, n = place or "1", len(stated["seams_mm"]) + 1
    if not number.isdigit() or not 1 <= int(number) <= n:
        raise UsageError(f"{name}: there is no station {place!r}.", f"Choose a number from 1 to {n}.")
    gains = table("phantom_protocols")["station_gains"]
    return {"station": int(number), "region": "whole", "stored": stated["stored"] * gains[int(number) - 1]}
