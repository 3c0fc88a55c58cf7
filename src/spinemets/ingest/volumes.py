"""DICOM images of one volume into a `Series`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinemets.ingest import acquisition as header_facts
from spinemets.ingest import loading
from spinemets.ingest.decoded import DecodedImages
from spinemets.ingest.frames import Frame, split_marks
from spinemets.ingest.geometry import Arrangement, arrange, extent, rules
from spinemets.ingest.grouping import Group, placement
from spinemets.ingest.quantity import UNKNOWN, Quantity
from spinemets.ingest.quantity import quantity as quantity_of
from spinemets.ingest.tracer import with_tracer
from spinemets.ingest.values import Values
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Series

HOUNSFIELD = ("attenuation", "[hnsf'U]")
NO_PLACE = "the header states no position, orientation or pixel spacing in the patient"


def build(group: Group, suffix: str, dataset: Any, store: DecodedImages) -> Series:
    """The series of one group.

    Parameters
    ----------
    suffix
        Appended to the SeriesInstanceUID where the DICOM series holds several volumes.
    dataset
        Header of the group's first image.
    """
    first = group.frames[0]
    image = first.image
    facts = header_facts.acquisition(dataset, first.index, _b_values(group.frames))
    uid = (image.series_uid or f"unnamed-{image.sop_uid or image.source.name}") + suffix
    number = "without number" if image.series_number is None else str(image.series_number)
    label = f"series {number}" + (f", {group.what}" if group.what else "")
    check, grid, arrangement = _geometry(group)
    quantity, unit, said = _quantity(group.frames, dataset)
    facts, doubts = with_tracer(facts, group.frames, dataset)
    plan = loading.Plan(
        label=label, frames=group.frames, arrangement=arrangement, grid=grid, quantity=quantity, unit=unit, uid=uid,
    )  # fmt: skip
    return Series(
        uid=uid, number=0, label=label, acquisition=facts, load=loading.lazy(plan, store), grid=grid, geometry=check,
        sides_known=group.placed, n_images=len(group.frames), source="DICOM",
        warnings=tuple(dict.fromkeys((*_warnings(group.frames, quantity), *said, *doubts))),
    )  # fmt: skip


def _geometry(group: Group) -> tuple[GeometryCheck, Grid | None, Arrangement | None]:
    first = group.frames[0]
    if not group.placed:
        reasons = tuple(dict.fromkeys(f.refusal or NO_PLACE for f in group.frames))
        return GeometryCheck(verdict="refused", notes=reasons), None, None
    arrangement = arrange(placement(group.frames), rules())
    if arrangement.affine_lps_mm is None:
        return arrangement.check, None, arrangement
    shape, affine = extent(arrangement, first.rows, first.columns)
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=first.image.frame_of_reference)
    return arrangement.check, grid, arrangement


def _quantity(frames: Sequence[Frame], dataset: Any) -> Quantity:
    values = Values(dataset, frames[0].index)
    modality = frames[0].image.modality
    if modality == "CT":
        stated = all(f.intercept is not None and f.slope is not None for f in frames)
        known = stated and (values.text("RescaleType") or "HU") in ("HU", "HU_MOD")
        return (*HOUNSFIELD, ()) if known else (*UNKNOWN, ())
    return quantity_of(modality, values)


def _b_values(frames: Sequence[Frame]) -> tuple[float, ...]:
    if frames[0].image.modality != "MR":
        return ()
    found = set()
    for frame in frames:
        text = split_marks(frame).get("b-value") if frame.marks is not None else None
        value = float(text.split()[0]) if text else frame.image.header.b_value
        if value is not None and np.isfinite(value):
            found.add(round(value, 3))
    return tuple(sorted(found))


def _warnings(frames: Sequence[Frame], quantity: str) -> tuple[str, ...]:
    image = frames[0].image
    found = []
    if image.layout.inverted:
        kept = "Hounsfield values are used as they are" if image.modality == "CT" else "the scale is turned round"
        found.append(f"stored for inverted display (MONOCHROME1): {kept}")
    if image.modality == "CT" and quantity == UNKNOWN[0]:
        found.append("CT without a stated Hounsfield scale: values are not attenuation")
    return tuple(found)
