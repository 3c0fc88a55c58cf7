"""`read`: files into a `Study`. Every file ends in a series or in a line that says why not."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spinemets.ingest.facts import facts_file as facts
from spinemets.ingest.files.digests import Digests
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.files.sources import listing
from spinemets.ingest.frames import Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.reader import HeaderReader
from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.stacks import dicom
from spinemets.ingest.stacks.assembly import dicom_series
from spinemets.ingest.stacks.dicom import SetAside
from spinemets.ingest.stacks.duplicates import without_duplicates
from spinemets.ingest.stacks.studies import chosen, remarks
from spinemets.model.errors import UnreadableInput
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study, Unread

NIFTI = ("nifti", "nifti-gz")
NO_PATIENT = "NIfTI files name no patient: all images of the input are taken to be of one"


@dataclass
class Gathered:
    """What the files of an input are, before series are formed."""

    images: list[Image] = field(default_factory=list)
    niftis: list[SourceFile] = field(default_factory=list)
    side: list[SourceFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    headers: HeaderReader = field(default_factory=HeaderReader)


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
    # pydicom and nibabel warn about odd values; what matters of it becomes a line of the report
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _study(gather([Path(p) for p in paths], options), options, stated)


def gather(paths: Sequence[Path], options: ReadingOptions) -> Gathered:
    """Look into every file."""
    found = listing(paths, options.leave_out)
    gathered = Gathered(unread=list(found.unread))
    voxels = _voxel_files(found.files)
    for source in found.files:
        if source.kind in NIFTI or source.name in voxels:
            gathered.niftis.append(source)
        elif source.kind == "side":
            gathered.side.append(source)
        else:
            _take_dicom(source, gathered)
    return gathered


def _voxel_files(files: Sequence[SourceFile]) -> set[str]:
    """Names of files that hold the voxels of a NIfTI header beside them."""
    if all(source.kind not in NIFTI for source in files):
        return set()
    from spinemets.ingest.nifti.header import partners

    return {source.name for source in partners(files).values()}


def _take_dicom(source: SourceFile, gathered: Gathered) -> None:
    try:
        image = dicom.open_image(source, gathered.headers.header(source))
    except (h.NotDicom, OSError) as error:
        reason = str(error) if isinstance(error, h.NotDicom) else "cannot be read"
        gathered.unread.append(Unread(file=source.name, reason=reason))
        return
    if isinstance(image, SetAside):
        gathered.unread.append(Unread(file=source.name, reason=image.reason, kind=image.kind))
        if image.label:
            # a member of an archive lies in a folder that vanishes: only its name is of use
            gathered.labels.append(source.name if source.keep else str(source.path))
        return
    gathered.images.append(image)


def _study(gathered: Gathered, options: ReadingOptions, stated: facts.Stated) -> Study:
    unread, digests = gathered.unread, Digests()
    images = chosen(gathered.images, options.study_uid, unread)
    images = without_duplicates(images, digests, unread)
    series, who = dicom_series(images, gathered.headers, digests, unread)
    if gathered.niftis or gathered.side:
        from spinemets.ingest.nifti import files as nifti

        digests.files(gathered.niftis)
        series += nifti.series(gathered.niftis, gathered.side, digests, unread)
    if not series:
        raise UnreadableInput(_nothing(unread), "Give a folder, archive or file of CT or MR images.")
    series, notes = facts.apply(stated, _labelled(series))
    notes = (*notes, *remarks(images))
    if len({one.digest for one in series if one.source != "DICOM"}) + bool(images) > 1:
        notes = (*notes, NO_PATIENT)
    uid = images[0].study_uid if images else ""
    return Study(
        uid=uid or f"digest-{_digest(series)[:32]}", patient=who or PatientFacts(), series=_numbered(series),
        unread=tuple(sorted(unread, key=lambda row: row.file)),
        label_files=tuple(sorted(gathered.labels)), warnings=notes,
    )  # fmt: skip


def _labelled(series: list[Series]) -> list[Series]:
    """Labels made different where two series of one study carry the same number."""
    seen: dict[str, int] = defaultdict(int)
    found = []
    for one in sorted(series, key=_order):
        seen[one.label] += 1
        n = seen[one.label]
        found.append(one if n == 1 else replace(one, label=f"{one.label} ({n})"))
    return found


def _order(series: Series) -> tuple[int, int, str, int]:
    """By series number, then uid, then volume of the series; NIfTI files by name."""
    words = series.label.split(",")[0].split()
    numbered = series.source == "DICOM" and len(words) == 2 and words[1].lstrip("-").isdigit()
    name, sign, volume = series.uid.rpartition("#")
    if not (sign and volume.isdecimal()):  # a damaged uid may hold the sign itself
        name, volume = series.uid, ""
    rank, number = (0, int(words[1])) if numbered else (1, 0)
    return (rank, number, name if series.source == "DICOM" else series.source, int(volume or 0))


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
