"""`Image` and `Frame`: one DICOM file with pixels, and one 2-D image in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.headers import Header
from spinemets.model.acquisition import Diffusion

Tile = tuple[int, int, int, int]


class Layout(NamedTuple):
    """How pixels are stored: size, bits, sign, samples of a pixel (3 = colour), floating point or not.

    Images of one volume have one layout.
    """

    rows: int
    columns: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    inverted: bool
    samples: int = 1
    real: bool = False

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed image."""
        return self.rows * self.columns * self.samples * self.allocated // 8


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Image:
    """One file with pixel data.

    Attributes
    ----------
    direct
        Whether the pixels lie in the file as they are (native, little endian): they are then read straight from it.
    padding
        Stored value that marks "no measurement", and the other end of a range of such values.
    """

    source: SourceFile
    header: Header
    layout: Layout
    n_frames: int
    direct: bool
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class: str
    modality: str | None
    series_number: int | None
    frame_of_reference: str | None
    padding: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Frame:
    """One 2-D image.

    Attributes
    ----------
    position_mm
        LPS centre of its first pixel.
    orientation
        Direction of a row (towards higher columns), then of a column (towards higher rows), LPS.
    spacing_mm
        Distance between rows, distance between columns (PixelSpacing as DICOM orders it).
    slope, intercept
        Rescale; None where the header states none.
    number
        InstanceNumber, or the frame number in a multi-frame file.
    marks
        What may tell volumes of one series apart, name -> value, of multi-frame files; None = the header of a classic one.
    tile
        First row, first column, rows and columns of the part of the picture that is this image, where one picture holds
        several (mosaic, grid); None = all of it.
    diffusion
        Its diffusion weighting, None if not stated.
    times
        What its clocks state [s], by element: of multi-frame files, as `marks`.
    refusal
        Why it has no place in the patient, where more can be said than that none is stated.
    """

    image: Image
    index: int
    position_mm: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, float] | None
    thickness_mm: float | None
    slope: float | None
    intercept: float | None
    number: int
    marks: Mapping[str, str] | None = None
    tile: Tile | None = None
    diffusion: Diffusion | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    refusal: str = ""

    @property
    def rows(self) -> int:
        """Rows of this image."""
        return self.tile[2] if self.tile else self.image.layout.rows

    @property
    def columns(self) -> int:
        """Columns of this image."""
        return self.tile[3] if self.tile else self.image.layout.columns
