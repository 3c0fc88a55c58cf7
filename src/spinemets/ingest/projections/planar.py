"""Projections into `Series` with `Planar`: radiographs and planar scintigrams, which lie in no volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.facts import acquisition as header_facts
from spinemets.ingest.facts.tracer import with_tracer
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.values import Values
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.pixels.lookup import Lookup, modality_lookup
from spinemets.ingest.pixels.rescale import rescaled
from spinemets.ingest.projections import nuclear
from spinemets.ingest.projections.views import nuclear_views, radiograph_view
from spinemets.ingest.stacks import volumes
from spinemets.ingest.stacks.grouping import Group
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import OutOfResources, UnreadableInput
from spinemets.model.planar import Planar, PlanarView
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.volume import Volume

Headers = Callable[[Image], Any]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Pixel size of a projection, where it holds ("patient", "detector", None = unknown), and sentences about it."""

    spacing_mm: tuple[float, float] | None = None
    plane: str | None = None
    said: tuple[str, ...] = ()


def is_projection(group: Group) -> bool:
    """Whether a group holds projections: a modality of projections, without a place in the patient."""
    image = group.frames[0].image
    if group.placed or image.modality not in table("planar")["modalities"]:
        return False
    return not (nuclear.is_nuclear(image) and nuclear.kind_of(image.header.texts(h.IMAGE_TYPE)) == "volume")


def parted(groups: Sequence[Group], headers: Headers) -> list[Group]:
    """Groups, those of projections taken apart by size and scale of their pictures."""
    found: list[Group] = []
    for group in groups:
        if not is_projection(group):
            found.append(group)
            continue
        parts: dict[tuple[Any, ...], list[Frame]] = defaultdict(list)
        for frame in group.frames:
            parts[_alike(frame.image, headers)].append(frame)
        for number, part in enumerate(parts.values(), start=1):
            what = f"{part[0].columns} x {part[0].rows} pictures, scale {number}" if len(parts) > 1 else group.what
            found.append(replace(group, frames=tuple(part), what=what))
    return found


def _alike(image: Image, headers: Headers) -> tuple[Any, ...]:
    """What pictures of one series must share; a header that cannot be read is told where the series is made."""
    try:
        size = scale(Values(headers(image)))
    except h.NotDicom:
        return (image.layout,)
    return image.layout, size.spacing_mm, size.plane


def series(group: Group, suffix: str, headers: Headers, store: DecodedImages) -> Series:
    """The series of one group of projections.

    Parameters
    ----------
    suffix
        Appended to the SeriesInstanceUID where the DICOM series holds several volumes or pictures.
    headers
        Whole header of a file.

    Raises
    ------
    NotDicom
        If a header cannot be read.
    """
    first = group.frames[0]
    dataset = headers(first.image)
    v = Values(dataset)
    facts, doubts = with_tracer(header_facts.acquisition(dataset, first.index), group.frames, dataset)
    uid, label = volumes.names(group, suffix)
    views, tables, said = _read(group.frames, headers)
    size = scale(v)
    raw, not_raw = _counts(first.image, v)
    planar = Planar(
        views=tuple(views), load=partial(_load, label, group.frames, tables, store), spacing_mm=size.spacing_mm,
        spacing_plane=size.plane, unit="{counts}" if raw else "1", inverted=first.image.layout.inverted,
    )  # fmt: skip
    sentences = (*said, *size.said, *not_raw, *_inverted(first.image), *doubts)
    return Series(
        uid=uid, number=0, label=label, acquisition=facts, load=partial(_no_volume, label), planar=planar,
        geometry=GeometryCheck(verdict="planar", notes=(nuclear.PROJECTION,)),
        sides_known=all(view.columns_towards for view in views), n_images=len(group.frames), source="DICOM",
        warnings=tuple(dict.fromkeys(sentences)),
    )  # fmt: skip


def _read(frames: Sequence[Frame], headers: Headers) -> tuple[list[PlanarView], dict[str, Lookup], tuple[str, ...]]:
    """View of each picture, lookup tables by file, and sentences."""
    views: list[PlanarView] = []
    tables: dict[str, Lookup] = {}
    said: list[str] = []
    known: dict[str, list[PlanarView]] = {}
    for frame in frames:
        path = str(frame.image.source.path)
        if path not in known:
            v = Values(headers(frame.image))
            known[path], sentences = _views(frame.image, v)
            lookup, more = modality_lookup(
                v, signed=frame.image.layout.signed, little=frame.image.header.scanned.little
            )
            said += [*sentences, *more]
            if lookup is not None:
                tables[path] = lookup
        views.append(known[path][frame.index])
    return views, tables, tuple(said)


def _views(image: Image, v: Values) -> tuple[list[PlanarView], tuple[str, ...]]:
    if nuclear.is_nuclear(image):
        return nuclear_views(image, v)
    view, said = radiograph_view(v)
    return [view] * image.n_frames, said


def scale(v: Values) -> Scale:
    """Pixel size and the plane it holds in (DICOM PS3.3 10.7.1.3)."""
    pixel, imager = _spacing(v, "PixelSpacing"), _spacing(v, "ImagerPixelSpacing")
    factor = v.number("EstimatedRadiographicMagnificationFactor")
    said = (f"estimated magnification {factor:g} (0018,1114): not applied",) if factor and factor > 0 else ()
    if v.text("Modality") == "NM":
        collimators = [item.text("CollimatorType") for item in v.items("DetectorInformationSequence")]
        parallel = bool(collimators) and set(collimators) <= set(table("planar")["parallel_collimators"])
        return Scale(spacing_mm=pixel, plane="patient" if parallel and pixel else None)
    calibrated = v.text("PixelSpacingCalibrationType") in table("planar")["calibrated"]
    if pixel is None:
        return Scale(spacing_mm=imager, plane="detector" if imager else None, said=said)
    if calibrated:
        return Scale(spacing_mm=pixel, plane="patient", said=said)
    if imager is None:
        return Scale(
            spacing_mm=pixel, said=(*said, "pixel spacing without a word whether it holds in patient or detector")
        )
    near = table("planar")["same_spacing"]["value"]
    same = all(abs(a / b - 1) <= near for a, b in zip(pixel, imager, strict=True))
    return Scale(spacing_mm=pixel, plane="detector" if same else "patient", said=said)


def _spacing(v: Values, keyword: str) -> tuple[float, float] | None:
    found = nuclear.numbers(v, keyword)
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def _counts(image: Image, v: Values) -> tuple[bool, tuple[str, ...]]:
    """Whether values are raw counts of a scintigram, and what speaks against it."""
    if not nuclear.is_nuclear(image):
        return False, ()
    against = []
    if image.sop_class not in table("planar")["raw_counts_classes"]:
        against.append("stored as another class than a nuclear medicine image")
    if v.texts("ImageType")[:1] != ("ORIGINAL",):
        against.append("image type is not ORIGINAL")
    if v.text("LossyImageCompression") == "01":
        against.append("compressed with loss")
    if v.number("RescaleSlope") not in (None, 1.0) or v.number("RescaleIntercept") not in (None, 0.0):
        against.append("rescaled")
    return not against, (f"values may not be raw counts: {', '.join(against)}",) if against else ()


def _inverted(image: Image) -> tuple[str, ...]:
    return ("stored for inverted display (MONOCHROME1): values are used as they are",) if image.layout.inverted else ()


def _load(label: str, frames: Sequence[Frame], tables: dict[str, Lookup], store: DecodedImages) -> NDArray[Any]:
    """Values (n, rows, columns), NaN where the file marks "no measurement".

    Raises
    ------
    UnreadableInput
        If a picture cannot be decoded, or the files changed.
    OutOfResources
        If memory runs out.
    """
    try:
        return np.concatenate(
            [
                _pictures(label, list(own), tables.get(path), store)
                for path, own in groupby(frames, key=lambda frame: str(frame.image.source.path))
            ]
        )
    except OSError as error:
        raise UnreadableInput(f"The files of {label} changed or vanished while in use.", "Read them again.") from error
    except MemoryError as error:
        raise OutOfResources(f"Memory ran out while {label} was read.", "Use a machine with more memory.") from error


def _pictures(label: str, frames: Sequence[Frame], lookup: Lookup | None, store: DecodedImages) -> NDArray[Any]:
    """Pictures of one file."""
    # values keep the sense the header gives them: only a display turns them round
    layout = frames[0].image.layout._replace(inverted=False)
    image = replace(frames[0].image, layout=layout)
    values = rescaled([replace(frame, image=image) for frame in frames], store)
    if values.warnings:
        raise UnreadableInput(f"{label}: {'; '.join(values.warnings)}.")
    found: NDArray[Any] = values.array if lookup is None else lookup.apply(values.array)
    if values.padding is not None:
        found = np.where(values.padding, np.nan, found.astype(np.float32))
    return found


def _no_volume(label: str) -> Volume:
    raise UnreadableInput(f"{label} is {nuclear.PROJECTION}.", "Use its pictures.")
