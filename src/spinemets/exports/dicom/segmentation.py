"""Binary segmentations (Segmentation IOD, PS3.3 A.51; segmentation image module, C.8.20.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.exports.dicom import placement
from spinemets.exports.dicom.about import About, Code
from spinemets.exports.dicom.groups import group, grouped, organised
from spinemets.exports.dicom.modules import instance, refusing, save, started
from spinemets.exports.dicom.structures import ANATOMY
from spinemets.exports.dicom.text import decimal, instance_uid, item
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
DERIVED_BY = Code(value="113076", scheme="DCM", meaning="Segmentation")
SOURCE = Code(value="121322", scheme="DCM", meaning="Source image for image processing operation")
DIMENSIONS = (
    ("ReferencedSegmentNumber", "SegmentIdentificationSequence"),
    ("ImagePositionPatient", "PlanePositionSequence"),
)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One labelled structure.

    Attributes
    ----------
    number
        Its integer in the label map; in the object segments are numbered from 1 in the order given.
    label
        Segment Label, e.g. `L3`.
    kind, category
        Codes of what it is (PS3.16 CID 7151 and others) and of its category (CID 7150).
    tracking_id, tracking_uid
        Name and uid under which the structure is followed, both or neither.
    """

    number: int
    label: str
    kind: Code
    category: Code = ANATOMY
    tracking_id: str = ""
    tracking_uid: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceImages:
    """Images whose grid the labels have: class and series uid; slice k is its instance k (`text.instance_uid`)."""

    sop_class: str
    series_uid: str


@dataclass(frozen=True, kw_only=True)
class SegmentationFacts:
    """What a segmentation holds and how it was made.

    Attributes
    ----------
    algorithm
        Name of what made the segments, without a reader.
    label
        Content Label: capital letters, digits, space and underscore, at most 16.
    source
        Images the labels belong to, None if they have a grid of their own.
    """

    segments: tuple[Segment, ...]
    slice_thickness_mm: float
    algorithm: str
    label: str = "SEGMENTATION"
    description: str = ""
    source: SourceImages | None = None


@refusing
def write_segmentation(labels: NDArray[Any], grid: Grid, path: Path, about: About, facts: SegmentationFacts) -> Path:
    """Write a label map (i, j, k) as one object; slices in which a segment has no voxel are left out.

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, a label has no segment, or a segment no voxel.
    """
    placement.check(grid)
    _check(labels, grid, facts)
    d = instance(started(about, SEGMENTATION_STORAGE, "SEG"), 0, about.acquired)
    _image(d, about, facts)
    d.Columns, d.Rows, _ = grid.shape_ijk
    d.SegmentSequence = [_segment(n, one, facts.algorithm) for n, one in enumerate(facts.segments, start=1)]
    frames = list(_frames(labels, facts.segments))
    d.NumberOfFrames = len(frames)
    shared = {
        "PixelMeasuresSequence": group(
            PixelSpacing=placement.pixel_spacing(grid), SliceThickness=decimal(facts.slice_thickness_mm),
            SpacingBetweenSlices=decimal(placement.step_mm(grid)),
        ),
        "PlaneOrientationSequence": group(ImageOrientationPatient=placement.orientation(grid)),
    }  # fmt: skip
    places = sorted({k for _, k, _ in frames})
    grouped(d, shared, [_frame(grid, n, k, (places.index(k) + 1, facts.source)) for n, k, _ in frames])
    organised(d, about, DIMENSIONS)
    if facts.source is not None:
        _references(d, facts.source, places)
    bits = np.packbits(np.stack([mask for _, _, mask in frames]).ravel(), bitorder="little").tobytes()
    d.PixelData = bits + b"\0" * (len(bits) % 2)
    return save(d, path)


def _check(labels: NDArray[Any], grid: Grid, facts: SegmentationFacts) -> None:
    if labels.shape != grid.shape_ijk or labels.dtype.kind not in "iub":
        raise UsageError(f"Labels of shape {labels.shape} and type {labels.dtype} are no label map of the grid.")
    numbers = [one.number for one in facts.segments]
    if not numbers or 0 in numbers or len(set(numbers)) < len(numbers):
        raise UsageError("Each segment needs a number of its own, other than 0.")
    found = set(np.unique(labels).tolist()) - {0}
    if found != set(numbers):
        odd = sorted(found ^ set(numbers))
        raise UsageError(
            f"Labels and segments differ: {odd} stand in one of them only.", "Name every label, and only those."
        )


def _image(d: Dataset, about: About, facts: SegmentationFacts) -> None:
    """Segmentation image module but for its segments."""
    d.ImageType, d.SegmentationType, d.SegmentsOverlap = ["DERIVED", "PRIMARY"], "BINARY", "NO"
    d.ContentLabel, d.ContentDescription, d.ContentCreatorName = facts.label, facts.description, ""
    d.ImageComments = about.comments
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, "MONOCHROME2", 0
    d.BitsAllocated, d.BitsStored, d.HighBit = 1, 1, 0
    d.LossyImageCompression = "00"


def _segment(n: int, one: Segment, algorithm: str) -> Dataset:
    """Segment description (PS3.3 C.8.20.4)."""
    d = group(
        SegmentNumber=n, SegmentLabel=one.label, SegmentAlgorithmType="AUTOMATIC", SegmentAlgorithmName=algorithm,
        SegmentedPropertyCategoryCodeSequence=[item(one.category)], SegmentedPropertyTypeCodeSequence=[item(one.kind)],
    )  # fmt: skip
    if bool(one.tracking_id) != bool(one.tracking_uid):
        raise UsageError(f"Segment {one.label!r} needs a tracking name and a tracking uid, or neither.")
    if one.tracking_id:
        d.TrackingID, d.TrackingUID = one.tracking_id, one.tracking_uid
    return d


def _frames(labels: NDArray[Any], segments: Sequence[Segment]) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Number of a segment, slice, and its mask (rows, columns) in it, where it has any."""
    for n, one in enumerate(segments, start=1):
        mask = labels == one.number
        for k in np.flatnonzero(mask.any(axis=(0, 1))):
            yield n, int(k), mask[:, :, k].T


def _frame(grid: Grid, n: int, k: int, place: tuple[int, SourceImages | None]) -> dict[str, Dataset]:
    """Functional groups of segment n in slice k, which is the `place[0]`th slice that any segment is in."""
    index, source = place
    found = {
        "FrameContentSequence": group(DimensionIndexValues=[n, index]),
        "PlanePositionSequence": group(ImagePositionPatient=placement.position(grid, k)),
        "SegmentIdentificationSequence": group(ReferencedSegmentNumber=n),
    }
    if source is not None:
        image = _reference(source, k)
        image.PurposeOfReferenceCodeSequence = [item(SOURCE)]
        found["DerivationImageSequence"] = group(DerivationCodeSequence=[item(DERIVED_BY)], SourceImageSequence=[image])
    return found


def _reference(source: SourceImages, k: int) -> Dataset:
    return group(ReferencedSOPClassUID=source.sop_class, ReferencedSOPInstanceUID=instance_uid(source.series_uid, k))


def _references(d: Dataset, source: SourceImages, places: Sequence[int]) -> None:
    """Common instance reference module (PS3.3 C.12.2)."""
    d.ReferencedSeriesSequence = [
        group(SeriesInstanceUID=source.series_uid, ReferencedInstanceSequence=[_reference(source, k) for k in places])
    ]
