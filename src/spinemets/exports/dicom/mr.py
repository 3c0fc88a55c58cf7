"""MR images, one file a slice (MR Image IOD, PS3.3 A.4; MR image module, C.8.3.1).

A series of several volumes (b-values, echoes, time points) is one array (i, j, k, t) and one `MrPoint` a volume, whose
elements stand in the headers of its slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.exports.dicom import placement
from spinemets.exports.dicom.about import About, Contrast, PrivateElement
from spinemets.exports.dicom.modules import (
    acquired,
    contrast,
    general_image,
    instance,
    private,
    refusing,
    save_instances,
    started,
)
from spinemets.exports.dicom.stored import Scale, Stored, image_pixel, of_volume, window
from spinemets.exports.dicom.text import decimal
from spinemets.model.acquisition import Diffusion
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
# Gyromagnetic ratio of the proton over 2 pi (CODATA 2018).
PROTON_MHZ_PER_T = 42.577478518


@dataclass(frozen=True, kw_only=True)
class MrPoint:
    """What one volume of a series has of its own; None = that of the series, or not stated.

    Attributes
    ----------
    echo_number
        Place of its echo, from 1.
    diffusion
        Its weighting; the gradient direction is a unit vector in LPS.
    start_s
        When its acquisition began after that of the series [s].
    image_type, frame_type
        Of classic and of enhanced images, as in `MrFacts`.
    component
        `MAGNITUDE`, `PHASE`, `REAL` or `IMAGINARY`, for enhanced images (classic ones say it in ImageType).
    private
        Vendor elements of its instances, e.g. a b-value.
    """

    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_deg: float | None = None
    echo_number: int | None = None
    diffusion: Diffusion | None = None
    start_s: float | None = None
    image_type: tuple[str, ...] | None = None
    frame_type: tuple[str, str, str, str] | None = None
    component: str | None = None
    private: tuple[PrivateElement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MrFacts:
    """How an MR series was made. None = not stated.

    Attributes
    ----------
    scanning_sequence, sequence_variant, scan_options
        Words of PS3.3 C.8.3.1: `SE`, `IR`, `GR`, `EP`, `RM`; `SK`, `SP`, `SS`, `MP`, `NONE`; `FS`, `SP`, `PFP`, `FC`.
    phase_direction
        `ROW` or `COL`: the picture direction along which phase was encoded.
    duration_s
        Time that one volume takes, for enhanced images; found from TR, phase steps and echo train where not stated.
    matrix
        Measured points along frequency and phase, where the picture is interpolated from fewer.
    image_type
        Image Type of classic images.
    frame_type
        Frame Type of enhanced images: value 3 of PS3.3 C.8.13.1, value 4 `NONE` or what was derived.
    component, weighting
        Complex Image Component and Acquisition Contrast of enhanced images (PS3.3 C.8.13.3).
    derivation
        Derivation Description, of derived images.
    points
        One a volume where there are several.
    """

    slice_thickness_mm: float
    scanning_sequence: tuple[str, ...]
    sequence_variant: tuple[str, ...] = ("NONE",)
    scan_options: tuple[str, ...] = ()
    sequence_name: str | None = None
    acquisition_3d: bool = False
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_deg: float | None = None
    echo_train_length: int = 1
    averages: float = 1.0
    bandwidth_hz_per_px: float | None = None
    field_t: float | None = None
    phase_direction: str | None = None
    duration_s: float | None = None
    matrix: tuple[int, int] | None = None
    receive_coil: str = "SPINE"
    contrast: Contrast | None = None
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M")
    frame_type: tuple[str, str, str, str] = ("ORIGINAL", "PRIMARY", "OTHER", "NONE")
    component: str = "MAGNITUDE"
    weighting: str = "UNKNOWN"
    derivation: str = ""
    points: tuple[MrPoint, ...] = (MrPoint(),)
    scale: Scale = field(default_factory=Scale)


@refusing
def write_mr(volume: Volume, folder: Path, about: About, facts: MrFacts) -> list[Path]:
    """Write one file a slice (`IM0001.dcm`, ...): k ascending, volume after volume.

    Parameters
    ----------
    volume
        (i, j, k), or (i, j, k, t) with as many points as volumes.

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, a value does not fit 16 bits, or points and volumes differ in number.
    """
    placement.check(volume.grid)
    check_points(volume, facts)
    return save_instances(_datasets(volume, of_volume(volume, facts.scale), about, facts), folder)


def check_points(volume: Volume, facts: MrFacts) -> None:
    """Refuse a series whose volumes are not all described.

    Raises
    ------
    UsageError
        If there are more or fewer points than volumes, or only some of them state a time.
    """
    n = volume.array.shape[3] if volume.array.ndim > 3 else 1
    if n != len(facts.points):
        raise UsageError(f"The series has {n} volumes and {len(facts.points)} points.", "State one point a volume.")
    if len({point.start_s is None for point in facts.points}) > 1:
        raise UsageError("Some volumes of the series state when they began and some do not.", "State all or none.")


def temporal_positions(points: tuple[MrPoint, ...]) -> list[int] | None:
    """Number of the time of each volume, from 1; None where times are not stated."""
    starts = [point.start_s for point in points if point.start_s is not None]
    order = sorted(set(starts))
    return [order.index(start) + 1 for start in starts] or None


def _datasets(volume: Volume, stored: Stored, about: About, facts: MrFacts) -> Iterator[Dataset]:
    base = started(about, MR_IMAGE_STORAGE, "MR")
    placement.plane(base, volume.grid, facts.slice_thickness_mm)
    base.PatientPosition = about.patient_position
    base.SpacingBetweenSlices = decimal(volume.grid.spacing_mm[2])
    image_pixel(base, stored)
    _acquisition(base, facts)
    contrast(base, facts.contrast)
    times, n_slices = temporal_positions(facts.points), volume.grid.shape_ijk[2]
    for n, pixels in enumerate(stored.images):
        t, k = divmod(n, n_slices)
        point = facts.points[t]
        begun = about.acquired + timedelta(seconds=point.start_s or 0.0)
        d = acquired(instance(base, n, begun), begun)
        general_image(d, about, of_point(facts, point, "image_type"))
        placement.place(d, volume.grid, k)
        _weight(d, facts, point)
        d.AcquisitionNumber = t + 1
        if times is not None and len(facts.points) > 1:
            d.TemporalPositionIdentifier, d.NumberOfTemporalPositions = times[t], max(times)
        if not stored.plain:
            # no element of the MR image object, but what scanners write and readers look for
            d.RescaleIntercept, d.RescaleSlope, d.RescaleType = stored.intercepts[n], stored.slopes[n], "US"
        window(d, stored, n)
        if stored.padding is None:
            d.SmallestImagePixelValue, d.LargestImagePixelValue = int(pixels.min()), int(pixels.max())
        d.PixelData = pixels.tobytes()
        yield d


def _acquisition(d: Dataset, facts: MrFacts) -> None:
    """What all images of a series have alike of the MR image module."""
    d.ScanningSequence, d.SequenceVariant = list(facts.scanning_sequence), list(facts.sequence_variant)
    d.ScanOptions, d.MRAcquisitionType = list(facts.scan_options), "3D" if facts.acquisition_3d else "2D"
    if facts.sequence_name is not None:
        d.SequenceName = facts.sequence_name
    d.EchoTrainLength, d.NumberOfAverages = facts.echo_train_length, decimal(facts.averages)
    if facts.field_t is not None:
        d.MagneticFieldStrength = decimal(facts.field_t)
        d.ImagingFrequency, d.ImagedNucleus = decimal(PROTON_MHZ_PER_T * facts.field_t), "1H"
    if facts.bandwidth_hz_per_px is not None:
        d.PixelBandwidth = decimal(facts.bandwidth_hz_per_px)
    if facts.phase_direction is not None:
        d.InPlanePhaseEncodingDirection = facts.phase_direction
    if facts.matrix is not None:
        d.AcquisitionMatrix = acquisition_matrix(facts)
    d.ReceiveCoilName = facts.receive_coil
    if facts.derivation:
        d.DerivationDescription = facts.derivation


def acquisition_matrix(facts: MrFacts) -> list[int]:
    """Acquisition Matrix: frequency rows, frequency columns, phase rows, phase columns; the unused ones 0."""
    frequency, phase = facts.matrix or (0, 0)
    return [frequency, 0, 0, phase] if facts.phase_direction == "COL" else [0, frequency, phase, 0]


def of_point(facts: MrFacts, point: MrPoint, name: str) -> Any:
    """A field that a volume may have of its own: its value, or that of the series."""
    own = getattr(point, name)
    return getattr(facts, name) if own is None else own


def _weight(d: Dataset, facts: MrFacts, point: MrPoint) -> None:
    """What volumes of a series may differ in; repetition and echo time stand there even where they are not known."""
    for keyword, name in (("RepetitionTime", "tr_ms"), ("EchoTime", "te_ms")):
        value = of_point(facts, point, name)
        setattr(d, keyword, "" if value is None else decimal(value))
    for keyword, name in (("InversionTime", "ti_ms"), ("FlipAngle", "flip_deg")):
        value = of_point(facts, point, name)
        if value is not None:
            setattr(d, keyword, decimal(value))
    if point.echo_number is not None:
        d.EchoNumbers = point.echo_number
    if point.diffusion is not None:
        _diffusion(d, point.diffusion)
    private(d, point.private)


def _diffusion(d: Dataset, weighting: Diffusion) -> None:
    d.DiffusionBValue = float(weighting.b_s_per_mm2)
    if weighting.averaged:
        d.DiffusionDirectionality = "ISOTROPIC"
    if weighting.direction_lps is not None:
        d.DiffusionGradientOrientation = [float(v) for v in weighting.direction_lps]
