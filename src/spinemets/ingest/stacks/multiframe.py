"""Multi-frame DICOM: one `Frame` per image, geometry, rescale and marks from the functional groups."""

from __future__ import annotations

from typing import Any

from spinemets.ingest.facts import diffusion, timing
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header.elements import keyword_of
from spinemets.ingest.header.values import Values

# What a frame's place in its stack says is known from its position already.
STACK_POINTERS = frozenset((0x00209056, 0x00209057, 0x00200032, 0x00200037))
MARKS = (
    ("echo time", "EffectiveEchoTime", " ms"),
    ("echo time", "EchoTime", " ms"),
    ("b-value", "DiffusionBValue", " s/mm2"),
    ("image type", "FrameType", ""),
    ("complex component", "ComplexImageComponent", ""),
    ("inversion time", "InversionTimes", " ms"),
    ("flip angle", "FlipAngle", " degrees"),
    ("time point", "TemporalPositionIndex", ""),
    ("gradient direction", "DiffusionGradientOrientation", ""),
    ("kernel", "ConvolutionKernel", ""),
    ("trigger time", "NominalCardiacTriggerDelayTime", " ms"),
)


def frames(image: Image, dataset: Any) -> list[Frame]:
    """All images of a multi-frame file, in file order."""
    pointers = _dimensions(dataset)
    return [_frame(image, dataset, index, pointers) for index in range(image.n_frames)]


def _frame(image: Image, dataset: Any, index: int, pointers: list[tuple[int, str]]) -> Frame:
    v = Values(dataset, index)
    position, orientation, spacing = (
        _numbers(v, keyword, count)
        for keyword, count in (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2))
    )
    return Frame(
        image=image, index=index,
        position_mm=(position[0], position[1], position[2]) if position else None, orientation=orientation,
        spacing_mm=(spacing[0], spacing[1]) if spacing else None, thickness_mm=v.number("SliceThickness"),
        slope=v.number("RescaleSlope") or None, intercept=v.number("RescaleIntercept"), number=index + 1,
        marks=_marks(v, pointers), times=timing.of_values(v),
        diffusion=diffusion.of_values(v) if image.modality == "MR" else None,
    )  # fmt: skip


def _marks(v: Values, pointers: list[tuple[int, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, keyword, unit in MARKS:
        text = v.text(keyword)
        if text is not None and name not in found:
            number = v.number(keyword) if unit else None
            found[name] = text if number is None else f"{number:g}{unit}"
    values = v.raw("DimensionIndexValues")
    indices = list(values) if hasattr(values, "__len__") else [values] if values is not None else []
    for place, name in pointers:
        if place < len(indices):
            found[f"dimension {name}"] = str(indices[place])
    return found


def _dimensions(dataset: Any) -> list[tuple[int, str]]:
    """Place and name of each dimension that is not the position in a stack."""
    found = []
    items = Values(dataset).raw("DimensionIndexSequence")
    for place, item in enumerate(items[: bounds.load().max_dimensions] if isinstance(items, tuple) else ()):
        pointer = Values(item).raw("DimensionIndexPointer")
        if isinstance(pointer, int) and pointer not in STACK_POINTERS:
            found.append((place, keyword_of(pointer) or f"{pointer >> 16:04X},{pointer & 0xFFFF:04X}"))
    return found


def _numbers(v: Values, keyword: str, count: int) -> tuple[float, ...] | None:
    value = v.raw(keyword)
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count else None
