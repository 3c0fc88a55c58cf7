"""Nuclear medicine images: what each frame of a file is, and where the slices of a reconstruction lie.

The position of a slice comes from the detector's first slice, its directions, the slice's number and the signed distance
between slices: positive along the cross product of row and column direction (DICOM PS3.3 C.8.4.15). Where one of them is
missing, nothing is placed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table

PROJECTION = "a projection: it lies in no volume"
SLICE_VECTOR = "SliceVector"
Vector3 = tuple[float, float, float]


class Place(NamedTuple):
    """Position of the first pixel and directions of row and column."""

    position_mm: Vector3
    orientation: tuple[float, ...]


def is_nuclear(image: Image) -> bool:
    """Whether a file is read here."""
    return image.modality == "NM"


def kept_capture(header: Header) -> bool:
    """Whether a secondary capture holds a nuclear medicine picture: archives have stored bone scans that way."""
    return header.text(h.MODALITY) == "NM" and kind_of(header.texts(h.IMAGE_TYPE)) is not None


def kind_of(image_type: tuple[str, ...]) -> str | None:
    """What ImageType says of the images: `planar`, `volume`, ...; None if it names no kind."""
    kinds = table("planar")["nuclear_kinds"]
    return next((str(kinds[word.upper()]) for word in image_type[2:] if word.upper() in kinds), None)


def frames(image: Image, v: Values) -> list[Frame]:
    """All images of a file, in file order; those without a place carry the reason."""
    vectors = {name: numbers(v, keyword) for name, keyword in table("planar")["vectors"].items()}
    spacing = numbers(v, "PixelSpacing")
    is_volume = kind_of(image.header.texts(h.IMAGE_TYPE)) == "volume"
    stated = v.number("InstanceNumber")
    found = []
    for index in range(image.n_frames):
        place = _place(image, v, index, vectors) if is_volume else PROJECTION
        found.append(
            Frame(
                image=image, index=index,
                position_mm=None if isinstance(place, str) else place.position_mm,
                orientation=None if isinstance(place, str) else place.orientation,
                spacing_mm=(spacing[0], spacing[1]) if len(spacing) == 2 else None, thickness_mm=v.number("SliceThickness"),
                slope=v.number("RescaleSlope") or None, intercept=v.number("RescaleIntercept"),
                number=index + 1 if image.n_frames > 1 else int(stated or 0), marks=marks(vectors, index),
                refusal=place if isinstance(place, str) else "",
            )
        )  # fmt: skip
    return found


def numbers(v: Values, keyword: str) -> tuple[float, ...]:
    """Numbers of an element, empty if absent or not numbers."""
    value = v.raw(keyword)
    parts = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
    try:
        found = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        return ()
    return found if all(map(math.isfinite, found)) else ()


def marks(vectors: dict[str, tuple[float, ...]], index: int) -> dict[str, str]:
    """Window, detector, phase, ... of one image, where they vary in the file; all of them for a file of one image."""
    return {
        name: f"{vector[index]:g}"
        for name, vector in vectors.items()
        if index < len(vector) and (len(set(vector)) > 1 or len(vector) == 1)
    }


def detector(v: Values, vectors: dict[str, tuple[float, ...]], index: int) -> Values | None:
    """What the header states of the detector of one image."""
    items = v.items("DetectorInformationSequence")
    vector = vectors["detector"]
    number = int(vector[index]) if index < len(vector) else 1
    return items[number - 1] if 0 < number <= len(items) else None


def _place(image: Image, v: Values, index: int, vectors: dict[str, tuple[float, ...]]) -> Place | str:
    """Where one slice of a reconstruction lies, or why nobody can tell."""
    source = detector(v, vectors, index)
    sources = [v] if source is None else [source, v]
    origin = next((found for found in (numbers(s, "ImagePositionPatient") for s in sources) if len(found) == 3), None)
    axes = next((found for found in (numbers(s, "ImageOrientationPatient") for s in sources) if len(found) == 6), None)
    if origin is None or axes is None:
        return "the detector (0054,0022) states no position or orientation in the patient: slices cannot be placed"
    slices = _slice_numbers(image, v, vectors)
    if image.n_frames == 1 and len(set(slices)) < 2 and not (slices and slices[0] > 1):
        return Place((origin[0], origin[1], origin[2]), axes)
    if len(slices) != image.n_frames:
        return f"the slice vector (0054,0080) numbers {len(slices)} of {image.n_frames} images: slices cannot be placed"
    step_mm = v.number("SpacingBetweenSlices")
    if not step_mm:
        return "no signed distance between slices (0018,0088) is stated: their order in the patient is not known"
    normal = _cross(axes[:3], axes[3:])
    length = math.sqrt(sum(part * part for part in normal))
    if not 0.5 < length < 2:
        return "row and column directions of the detector are no right angle: slices cannot be placed"
    along = step_mm * (slices[index] - 1) / length
    x, y, z = (o + along * n for o, n in zip(origin, normal, strict=True))
    return Place((x, y, z), axes)


def _slice_numbers(image: Image, v: Values, vectors: dict[str, tuple[float, ...]]) -> tuple[float, ...]:
    """Number of the slice of each image; the order of the images where the file holds every slice once and no vector."""
    slices = numbers(v, SLICE_VECTOR)
    once = v.number("NumberOfSlices") == image.n_frames and all(len(set(vector)) < 2 for vector in vectors.values())
    return tuple(range(1, image.n_frames + 1)) if not slices and once else slices


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> Vector3:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
