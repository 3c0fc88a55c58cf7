"""What may tell the volumes of one DICOM series apart: physics first, then numbers and times.

An attribute that is not stated is no mark: images with it and without it are told apart all the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from spinemets.ingest.facts import component, instants
from spinemets.ingest.frames import Frame
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.headers import Header

# Never mixed in one volume, even where no two images share a place.
APART = ("localizer", "complex component", "kernel", "b-value")
PHYSICS = (
    *APART, "echo time", "inversion time", "flip angle", "gradient direction", "image type", "contrast agent",
    "slice thickness",
)  # fmt: skip
# One volume may differ in these from slice to slice, but then it is said.
REMARKABLE = ("echo time", "inversion time", "flip angle", "slice thickness")
# The elements of a classic header these are made of: where all images agree in their bytes, nothing has to be parsed.
APART_TAGS = (h.IMAGE_TYPE, h.KERNEL, *sorted(component.TAGS))
REMARKABLE_TAGS = (h.TE, h.TI, h.FLIP, h.THICKNESS)


def alike(frames: Sequence[Frame], names: Sequence[str], tags: Sequence[int]) -> bool:
    """Whether all images state exactly the same for these marks, in one look at the bytes."""
    seen = set()
    for frame in frames:
        known = frame.marks
        stated = (
            tuple(map(frame.image.header.scanned.values.get, tags)) if known is None else tuple(map(known.get, names))
        )
        seen.add((known is None, frame.diffusion and frame.diffusion.b_s_per_mm2, *stated))
        if len(seen) > 1:
            return False
    return True


class Known(dict[Frame, Mapping[str, str]]):
    """Marks of the images of one series, each made when it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        # the tiles of one picture share its header, and the images of a volume most of theirs
        self._of_header: dict[Hashable, Mapping[str, str]] = {}

    def __missing__(self, frame: Frame) -> Mapping[str, str]:
        stated = frame.marks
        if stated is None:
            header = frame.image.header
            if header.shared not in self._of_header:
                self._of_header[header.shared] = _classic(header)
            stated = self._of_header[header.shared]
        self[frame] = found = _weighted(frame, stated)
        return found


def of(frame: Frame) -> Mapping[str, str]:
    """Name and value of each mark of one image, most telling first."""
    return Known()[frame]


def _weighted(frame: Frame, stated: Mapping[str, str]) -> dict[str, str]:
    """Marks with those of the diffusion weighting, in their order."""
    found = dict(stated)
    weighting = frame.diffusion
    if weighting is not None:
        found["b-value"] = f"{weighting.b_s_per_mm2:g} s/mm2"
        found.pop("gradient direction", None)
        if weighting.direction_lps is not None:
            x, y, z = (round(v, 3) + 0.0 for v in weighting.direction_lps)
            found["gradient direction"] = f"({x:.3f}, {y:.3f}, {z:.3f})"
        elif weighting.averaged:
            found["gradient direction"] = "averaged"
    return {
        name: found[name] for name in (*(n for n in PHYSICS if n in found), *(n for n in found if n not in PHYSICS))
    }


def _classic(header: Header) -> dict[str, str]:
    image_type = header.texts(h.IMAGE_TYPE)
    found = {
        "localizer": "image" if "LOCALIZER" in image_type else None,
        "complex component": component.of_header(header),
        "kernel": header.text(h.KERNEL),
        "echo time": _number(header.number(h.TE), " ms"),
        "inversion time": _number(header.number(h.TI), " ms"),
        "flip angle": _number(header.number(h.FLIP), " degrees"),
        "image type": "\\".join(image_type) or None,
        "contrast agent": header.text(h.CONTRAST),
        "slice thickness": _number(header.number(h.THICKNESS), " mm"),
        "time point": _number(header.number(h.TEMPORAL), ""),
        "echo": _number(header.number(h.ECHO_NUMBER), ""),
        "acquisition": _number(header.number(h.ACQUISITION_NUMBER), ""),
        "series number": _number(header.number(h.SERIES_NUMBER), ""),
        "trigger time": _number(header.number(h.TRIGGER), " ms"),
        "acquisition time": instants.of_header(header).acquired,
    }
    return {name: value for name, value in found.items() if value is not None}


def _number(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:.9g}{unit}"
