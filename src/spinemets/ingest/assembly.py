"""Images of one DICOM study into series: duplicates out, decoded where needed, grouped into volumes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from spinemets.ingest import dicom, mosaic, multiframe, patient, vframe
from spinemets.ingest import headers as h
from spinemets.ingest.decoded import DecodedImages
from spinemets.ingest.digests import Digests
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.geometry import rules
from spinemets.ingest.grouping import groups
from spinemets.ingest.values import Values
from spinemets.ingest.volumes import build
from spinemets.knowledge.catalogue import table
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Unread


class Datasets:
    """Whole headers, parsed once while one series is formed."""

    def __init__(self) -> None:
        self._last: tuple[Image, Any] | None = None

    def of(self, image: Image) -> Any:
        """Header of that file by pydicom.

        Raises
        ------
        NotDicom
            If pydicom cannot read it.
        """
        if self._last is None or self._last[0] is not image:
            self._last = (image, h.read_elements(image.source))
        return self._last[1]


def without_duplicates(images: Sequence[Image], digests: Digests, unread: list[Unread]) -> list[Image]:
    """Each image once: by its unique identifier."""
    kept: dict[str, Image] = {}
    for image in images:
        key = image.sop_uid or image.source.name
        first = kept.setdefault(key, image)
        if first is not image:
            same = digests.file(first.source) == digests.file(image.source)
            how = "copy of" if same else "same identifier as, but other contents than,"
            unread.append(Unread(file=image.source.name, reason=f"{how} {first.source.name}", kind="set aside"))
    return list(kept.values())


def dicom_series(
    images: Sequence[Image], digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    """Series of a study, and what its headers say of the patient (None without images)."""
    store = DecodedImages()
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
        series, first = _volumes(members, store, digests, unread)
        found.extend(series)
        who = who or first
    return found, who


def _volumes(
    images: Sequence[Image], store: DecodedImages, digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    """Volumes of one DICOM series."""
    datasets = Datasets()
    found: list[Series] = []
    who: PatientFacts | None = None
    parts = groups(_frames(images, datasets, unread), rules())
    for number, group in enumerate(parts, start=1):
        image = group.frames[0].image
        try:
            dataset = datasets.of(image)
        except h.NotDicom as reason:
            unread.extend(Unread(file=name, reason=str(reason)) for name in _names(group.frames))
            continue
        who = who or patient.facts(Values(dataset), image.header.text(h.PATIENT_ID))
        series = build(group, f"#{number}" if len(parts) > 1 else "", dataset, store)
        found.append(replace(series, digest=digests.series(f.image.source for f in group.frames)))
        reason_repeated = f"repeated position in {series.label}: not used"
        unread.extend(Unread(file=name, reason=reason_repeated) for name in _names(group.repeated))
    return found, who


def _names(frames: Sequence[Frame]) -> list[str]:
    return list(dict.fromkeys(frame.image.source.name for frame in frames))


def _frames(images: Sequence[Image], datasets: Datasets, unread: list[Unread]) -> list[Frame]:
    found: list[Frame] = []
    for image in images:
        try:
            found.extend(_frames_of(image, datasets))
        except h.NotDicom as reason:
            unread.append(Unread(file=image.source.name, reason=str(reason)))
    return found


def _frames_of(image: Image, datasets: Datasets) -> list[Frame]:
    known = table("sop_classes").get(image.sop_class) or {}
    if image.n_frames > 1 or known.get("multiframe"):
        return multiframe.frames(image, datasets.of(image))
    whole = dicom.classic_frame(image)
    if mosaic.is_mosaic(image):
        return mosaic.frames(whole, Values(datasets.of(image)))
    if vframe.is_grid(image):
        return vframe.frames(whole, Values(datasets.of(image)))
    return [whole]
