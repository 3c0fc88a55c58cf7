"""`read`: files into a `Study`. Every file ends in a series or in a line that says why not."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spinemets.ingest import dicom, facts, multiframe, nifti, patient
from spinemets.ingest import headers as h
from spinemets.ingest.acquisition import Values
from spinemets.ingest.decoded import DecodedImages
from spinemets.ingest.dicom import SetAside
from spinemets.ingest.digests import Digests
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.geometry import rules
from spinemets.ingest.grouping import groups
from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.sources import SourceFile, listing
from spinemets.ingest.studies import chosen
from spinemets.ingest.volumes import build
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UnreadableInput
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study, Unread


@dataclass
class Gathered:
    """What the files of an input are, before series are formed."""

    images: list[Image] = field(default_factory=list)
    niftis: list[SourceFile] = field(default_factory=list)
    side: list[SourceFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    labels: list[tuple[str, Path]] = field(default_factory=list)


def read(paths: Sequence[Path], options: ReadingOptions | None = None) -> Study:
    """Read a study from a folder, an archive or single files, DICOM or NIfTI, mixed series in any order.

    Raises
    ------
    UnreadableInput
        If nothing in the input is an image.
    SeveralStudies
        If the input holds several studies or patients and none was chosen.
    UsageError
        If the facts file is wrong.
    """
    options = options or ReadingOptions()
    stated = facts.read_facts(options.facts) if options.facts else {}
    digests = Digests()
    try:
        # pydicom and nibabel warn about odd values; what matters of it becomes a line of the report
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gathered = gather([Path(p) for p in paths], options, digests)
            return _study(gathered, options, stated, digests)
    finally:
        digests.close()


def gather(paths: Sequence[Path], options: ReadingOptions, digests: Digests) -> Gathered:
    """Look into every file."""
    found = listing(paths, options.leave_out)
    gathered = Gathered(unread=list(found.unread))
    for source in found.files:
        if source.kind in ("nifti", "nifti-gz"):
            digests.start(source)
            gathered.niftis.append(source)
        elif source.kind == "side":
            gathered.side.append(source)
        else:
            _take_dicom(source, gathered, digests)
    return gathered


def _take_dicom(source: SourceFile, gathered: Gathered, digests: Digests) -> None:
    try:
        image = dicom.open_image(source, h.read_header(source))
    except h.NotDicom as reason:
        gathered.unread.append(Unread(file=source.name, reason=str(reason)))
        return
    if isinstance(image, SetAside):
        gathered.unread.append(Unread(file=source.name, reason=image.reason, kind=image.kind))
        if image.label:
            gathered.labels.append((source.name, source.path))
        return
    digests.start(source)
    gathered.images.append(image)


def _study(gathered: Gathered, options: ReadingOptions, stated: facts.Stated, digests: Digests) -> Study:
    unread = gathered.unread
    images = chosen(gathered.images, options.study_uid, unread)
    images = _without_duplicates(images, digests, unread)
    series, who = _dicom_series(images, digests, unread)
    series += nifti.series(gathered.niftis, gathered.side, digests, unread)
    _set_aside_text(gathered)
    if not series:
        raise UnreadableInput(_nothing(unread), "Give a folder, archive or file of CT or MR images.")
    series, notes = facts.apply(stated, _labelled(series))
    uid = images[0].study_uid if images else ""
    return Study(
        uid=uid or f"digest-{_digest(series)[:32]}", patient=who or PatientFacts(), series=_numbered(series),
        unread=tuple(sorted(unread, key=lambda row: row.file)),
        label_files=tuple(str(path) for _, path in gathered.labels), warnings=notes,
    )  # fmt: skip


def _set_aside_text(gathered: Gathered) -> None:
    """Text beside images is read with the image of its name; the rest is set aside, with a line."""
    stems = {nifti.stem(source) for source in gathered.niftis}
    for source in gathered.side:
        if not (source.name.endswith(".json") and nifti.stem(source) in stems):
            row = Unread(file=source.name, reason="text beside images, not an image", kind="set aside")
            gathered.unread.append(row)


def _dicom_series(
    images: Sequence[Image], digests: Digests, unread: list[Unread]
) -> tuple[list[Series], PatientFacts | None]:
    store, rule = DecodedImages(), rules()
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
        parts = groups(_frames(members), rule)
        for number, group in enumerate(parts, start=1):
            suffix = f"#{number}" if len(parts) > 1 else ""
            first = group.frames[0].image
            dataset = h.read_dataset(first.source)
            if who is None:
                who = patient.facts(Values(dataset), first.header.text(h.PATIENT_ID))
            series = build(group, suffix, dataset, store, rule)
            found.append(replace(series, digest=digests.series(f.image.source for f in group.frames)))
            unread.extend(
                Unread(file=f.image.source.name, reason=f"repeated position in {series.label}: not used")
                for f in group.repeated
            )
    return found, who


def _frames(images: Sequence[Image]) -> list[Frame]:
    found: list[Frame] = []
    for image in images:
        known = table("sop_classes").get(image.sop_class) or {}
        if image.n_frames > 1 or known.get("multiframe"):
            found.extend(multiframe.frames(image, h.read_dataset(image.source)))
        else:
            found.append(dicom.classic_frame(image))
    return found


def _without_duplicates(images: Sequence[Image], digests: Digests, unread: list[Unread]) -> list[Image]:
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


def _labelled(series: list[Series]) -> list[Series]:
    """Labels made different where two series of one study carry the same number."""
    seen: dict[str, int] = defaultdict(int)
    found = []
    for one in sorted(series, key=_order):
        seen[one.label] += 1
        n = seen[one.label]
        found.append(one if n == 1 else replace(one, label=f"{one.label} ({n})"))
    return found


def _order(series: Series) -> tuple[int, int, str]:
    words = series.label.split(",")[0].split()
    numbered = series.source == "DICOM" and len(words) == 2 and words[1].lstrip("-").isdigit()
    return (0, int(words[1]), series.uid) if numbered else (1, 0, series.uid)


def _numbered(series: Sequence[Series]) -> tuple[Series, ...]:
    return tuple(replace(one, number=n) for n, one in enumerate(series, start=1))


def _digest(series: Sequence[Series]) -> str:
    import hashlib

    return hashlib.sha256("".join(sorted(one.digest for one in series)).encode()).hexdigest()


def _nothing(unread: Sequence[Unread]) -> str:
    if not unread:
        return "The input holds no files."
    first = unread[0]
    more = f" (and {len(unread) - 1} more files)" if len(unread) > 1 else ""
    return f"Nothing in the input is an image of a volume: {first.file}: {first.reason}{more}."
