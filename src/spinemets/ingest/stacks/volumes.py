"""DICOM images of one volume into a `Series`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spinemets.ingest.facts import acquisition as header_facts
from spinemets.ingest.facts.quantity import UNKNOWN, Quantity
from spinemets.ingest.facts.quantity import quantity as quantity_of
from spinemets.ingest.facts.tracer import with_tracer
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.frames import Frame
from spinemets.ingest.geometry import Arrangement, arrange, extent, rules
from spinemets.ingest.header.values import Values
from spinemets.ingest.pixels import loading
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.pixels.lookup import modality_lookup
from spinemets.ingest.stacks import marks, parametric
from spinemets.ingest.stacks.grouping import Group, placement
from spinemets.model.acquisition import Diffusion
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Series

SAME_DIRECTION = 1e-3
SHOWN = 4
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
    facts = header_facts.acquisition(dataset, first.index, _b_values(group.frames))
    facts = replace(facts, diffusion=_diffusion(group.frames))
    uid, label = names(group, suffix)
    check, grid, arrangement = _geometry(group)
    quantity, unit, said = _quantity(group.frames, dataset)
    facts, doubts = with_tracer(facts, group.frames, dataset)
    table, about_table = modality_lookup(Values(dataset, first.index), signed=first.image.layout.signed)
    plan = loading.Plan(
        label=label, frames=group.frames, arrangement=arrangement, grid=grid, quantity=quantity, unit=unit, uid=uid,
        looked_up=table is not None,
    )  # fmt: skip
    return Series(
        uid=uid, number=0, label=label, acquisition=facts, load=loading.lazy(plan, store), grid=grid, geometry=check,
        sides_known=group.placed, n_images=len(group.frames), source="DICOM",
        warnings=tuple(dict.fromkeys((*_warnings(group.frames, quantity), *_repeated(group), *said, *doubts, *about_table))),
    )  # fmt: skip


def names(group: Group, suffix: str) -> tuple[str, str]:
    """Uid of a series, and the label a reader finds it by."""
    image = group.frames[0].image
    number = "without number" if image.series_number is None else str(image.series_number)
    label = f"series {number}" + (f", {group.what}" if group.what else "")
    return (image.series_uid or f"unnamed-{image.sop_uid or image.source.name}") + suffix, label


def _geometry(group: Group) -> tuple[GeometryCheck, Grid | None, Arrangement | None]:
    first = group.frames[0]
    if not group.placed:
        reasons = tuple(dict.fromkeys(f.refusal or NO_PLACE for f in group.frames))
        return GeometryCheck(verdict="refused", notes=reasons), None, None
    arrangement = arrange(placement(group.frames), rules())
    if arrangement.affine_lps_mm is None:
        return arrangement.check, None, arrangement
    shape, affine = extent(arrangement, first.rows, first.columns)
    if absurd := bounds.refuse_place(affine, shape):
        return GeometryCheck(verdict="refused", notes=(absurd,)), None, None
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=first.image.frame_of_reference)
    return arrangement.check, grid, arrangement


def _quantity(frames: Sequence[Frame], dataset: Any) -> Quantity:
    values = Values(dataset, frames[0].index)
    modality, layout = frames[0].image.modality, frames[0].image.layout
    if layout.samples > 1:
        return "colour", "1", ()
    if layout.real:
        return parametric.quantity(values)
    if modality == "CT":
        stated = all(f.intercept is not None and f.slope is not None for f in frames)
        known = stated and (values.text("RescaleType") or "HU") in ("HU", "HU_MOD")
        return (*HOUNSFIELD, ()) if known else (*UNKNOWN, ())
    return (parametric.stated(values) if modality == "MR" else None) or quantity_of(modality, values)


def _b_values(frames: Sequence[Frame]) -> tuple[float, ...]:
    return tuple(sorted({round(f.diffusion.b_s_per_mm2, 3) for f in frames if f.diffusion is not None}))


def _diffusion(frames: Sequence[Frame]) -> Diffusion | None:
    """Weighting of the volume: that of its images, without a direction where they differ in it."""
    first = frames[0].diffusion
    if first is None or len(_b_values(frames)) != 1 or any(f.diffusion is None for f in frames):
        return None
    same = all(f.diffusion is not None and _near(f.diffusion.direction_lps, first.direction_lps) for f in frames)
    return first if same else replace(first, direction_lps=None)


def _near(a: tuple[float, ...] | None, b: tuple[float, ...] | None) -> bool:
    if a is None or b is None:
        return a is b
    return float(np.abs(np.subtract(a, b)).max()) < SAME_DIRECTION


def _warnings(frames: Sequence[Frame], quantity: str) -> tuple[str, ...]:
    image = frames[0].image
    found = []
    if image.layout.inverted:
        kept = "Hounsfield values are used as they are" if image.modality == "CT" else "the scale is turned round"
        found.append(f"stored for inverted display (MONOCHROME1): {kept}")
    if image.modality == "CT" and quantity == UNKNOWN[0]:
        found.append("CT without a stated Hounsfield scale: values are not attenuation")
    return (*found, *_mixed(frames))


def _repeated(group: Group) -> list[str]:
    n = len(group.repeated)
    if not n:
        return []
    which = "1 more image lies" if n == 1 else f"{n} more images lie"
    return [
        f"{which} at places that images of this volume fill already, for no stated reason: not used, listed with the files"
    ]


def _mixed(frames: Sequence[Frame]) -> list[str]:
    """What differs between the images of one volume although it hardly ever does."""
    if marks.alike(frames, marks.REMARKABLE, marks.REMARKABLE_TAGS):
        return []
    known = marks.Known()
    found = []
    for name in marks.REMARKABLE:
        stated = sorted({known[frame][name] for frame in frames if name in known[frame]})
        if len(stated) > 1:
            shown = ", ".join(stated[:SHOWN]) + (", ..." if len(stated) > SHOWN else "")
            found.append(f"the images of this volume differ in {name}: {shown}")
    return found
