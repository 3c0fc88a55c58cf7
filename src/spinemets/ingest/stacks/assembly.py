"""Images of one DICOM study into series: taken apart, weighted, grouped into volumes, timed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

from spinemets.ingest.facts import diffusion, patient, timing
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.digests import Digests
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.geometry import rules
from spinemets.ingest.header import headers as h
from spinemets.ingest.header import reader
from spinemets.ingest.header.elements import Elements
from spinemets.ingest.header.values import Values
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.projections import nuclear, planar
from spinemets.ingest.stacks import dicom, duplicates, marks, mosaic, multiframe, parametric, vframe
from spinemets.ingest.stacks.grouping import Group, groups
from spinemets.ingest.stacks.volumes import build
from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Diffusion
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Unread

DatasetOf = Callable[[Image], Elements]


def dicom_series(
    images: Sequence[Image], headers: reader.HeaderReader, digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    """Series of a study, and what its headers say of the patient (None without images)."""
    store = DecodedImages()

    def dataset_of(image: Image) -> Elements:
        return headers.elements(image.source, image.header.scanned.pixel_offset)

    by_series: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        refusal = store.check(image)
        if refusal:
            unread.append(Unread(file=image.source.name, reason=refusal))
        else:
            by_series[image.series_uid or image.sop_uid or image.source.name].append(image)
    found: list[Series] = []
    who: PatientFacts | None = None
    for members in by_series.values():
        series, first = _without_damaged(members, dataset_of, store, digests, unread)
        who, said = patient.merged(who, first)
        found.extend(replace(one, warnings=(*one.warnings, *said)) for one in series)
    return found, who


def _without_damaged(
    images: Sequence[Image], dataset_of: DatasetOf, store: DecodedImages, digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    """Volumes of one DICOM series. A header that turns out damaged costs its own file, not the series."""
    said: list[Unread] = []
    try:
        found = _volumes(images, dataset_of, store, digests, said)
    except h.NotDicom:
        whole: list[Image] = []
        for image in images:
            try:
                reader.read_elements(image.source)
                whole.append(image)
            except h.NotDicom as reason:
                unread.append(Unread(file=image.source.name, reason=str(reason)))
        # each round is of fewer images, so this ends
        again = bool(whole) and len(whole) < len(images)
        return _without_damaged(whole, dataset_of, store, digests, unread) if again else ([], None)
    unread.extend(said)
    return found


def _volumes(
    images: Sequence[Image], dataset_of: DatasetOf, store: DecodedImages, digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    """Volumes of one DICOM series."""
    found: list[Series] = []
    who: PatientFacts | None = None
    frames, said = _weighted(_frames(images, dataset_of, unread))
    said = (*said, *filter(None, [duplicates.sharing(frames)]))
    parts = planar.parted(groups(frames, rules()), dataset_of)
    if refusal := bounds.refuse_volumes(len(parts)):
        unread.extend(Unread(file=name, reason=refusal) for name in _names(frames))
        return [], None
    times, clock = timing.times([group.frames for group in parts])
    for number, (group, time_s) in enumerate(zip(parts, times, strict=True), start=1):
        image = group.frames[0].image
        dataset = dataset_of(image)
        series = _series(group, f"#{number}" if len(parts) > 1 else "", dataset_of, store)
        who = who or patient.facts(Values(dataset), image.header.text(h.PATIENT_ID))
        facts = series.acquisition if time_s is None else replace(series.acquisition, time_s=time_s, time_source=clock)
        warnings = series.warnings if found else (*series.warnings, *said)
        digest_of = digests.series(f.image.source for f in group.frames)
        found.append(replace(series, acquisition=facts, warnings=warnings, digest_of=digest_of))
        unread.extend(duplicates.repeated(extra, used, series.label) for extra, used in group.repeated)
    return found, who


def _weighted(frames: list[Frame]) -> tuple[list[Frame], tuple[str, ...]]:
    """Diffusion weighting of each image, the missing ones completed by the others, and what must be said of it.

    A derived image that states no weighting (a map, an average) never becomes b = 0.
    """
    by_header: dict[Hashable, Diffusion | None] = {}

    def stated_by(header: h.Header) -> Diffusion | None:
        if header.shared not in by_header:
            by_header[header.shared] = diffusion.of_header(header)
        return by_header[header.shared]

    stated = [frame.diffusion if frame.marks is not None else stated_by(frame.image.header) for frame in frames]
    if not any(stated):
        return frames, ()
    known = marks.Known()
    asked = [n for n, (frame, one) in enumerate(zip(frames, stated, strict=True)) if one or not _derived(known[frame])]
    completed, said = diffusion.completed([stated[n] for n in asked])
    for n, one in zip(asked, completed, strict=True):
        stated[n] = one
    return [replace(frame, diffusion=one) for frame, one in zip(frames, stated, strict=True)], said


def _derived(mark: Mapping[str, str]) -> bool:
    words = mark.get("image type") or ""
    return "DERIVED" in words or diffusion.is_map(words)


def _series(group: Group, suffix: str, dataset_of: DatasetOf, store: DecodedImages) -> Series:
    if planar.is_projection(group):
        return planar.series(group, suffix, dataset_of, store)
    return build(group, suffix, dataset_of(group.frames[0].image), store)


def _names(frames: Sequence[Frame]) -> list[str]:
    return list(dict.fromkeys(frame.image.source.name for frame in frames))


def _frames(images: Sequence[Image], dataset_of: DatasetOf, unread: list[Unread]) -> list[Frame]:
    found: list[Frame] = []
    for image in images:
        try:
            found.extend(_frames_of(image, dataset_of))
        except h.NotDicom as reason:
            unread.append(Unread(file=image.source.name, reason=str(reason)))
    return found


def _frames_of(image: Image, dataset_of: DatasetOf) -> list[Frame]:
    known = table("sop_classes").get(image.sop_class) or {}
    if nuclear.is_nuclear(image):
        return nuclear.frames(image, Values(dataset_of(image)))
    if image.n_frames > 1 or known.get("multiframe"):
        found = multiframe.frames(image, dataset_of(image))
        return [parametric.scaled(f, Values(dataset_of(image), f.index)) for f in found] if image.layout.real else found
    whole = dicom.classic_frame(image)
    if mosaic.is_mosaic(image):
        return mosaic.frames(whole, Values(dataset_of(image)))
    if vframe.is_grid(image):
        return vframe.frames(whole, Values(dataset_of(image)))
    return [whole]
