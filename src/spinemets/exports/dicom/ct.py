"""CT images, one file a slice (CT Image IOD, PS3.3 A.3; CT image module, C.8.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.exports.dicom import placement
from spinemets.exports.dicom.about import About, Contrast
from spinemets.exports.dicom.modules import (
    acquired,
    contrast,
    general_image,
    instance,
    refusing,
    save_instances,
    started,
)
from spinemets.exports.dicom.stored import Scale, Stored, image_pixel, of_volume
from spinemets.exports.dicom.text import decimal
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True, kw_only=True)
class CtFacts:
    """How a CT series was made. None = not stated.

    Attributes
    ----------
    scan_options
        E.g. `HELICAL MODE`.
    filter_type
        Filter of the beam, e.g. `BODY FILTER`.
    window
        Centre and width for display [HU].
    table_height_mm
        Distance of the table below the centre of rotation.
    tilted
        Whether the stack may be sheared along its columns, as a tilted gantry makes it; the angle follows from the grid.
    scale
        HU are stored whole, shifted by -1024, unless stated otherwise.
    """

    slice_thickness_mm: float
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    kvp: float | None = None
    kernel: str | None = None
    tube_current_ma: int | None = None
    exposure_time_ms: int | None = None
    scan_options: tuple[str, ...] = ()
    pitch: float | None = None
    filter_type: str | None = None
    window: tuple[float, float] = (400.0, 1800.0)
    table_height_mm: float | None = None
    contrast: Contrast | None = None
    tilted: bool = False
    scale: Scale = field(default_factory=lambda: Scale(slope=1.0, intercept=-1024.0))


@refusing
def write_ct(volume: Volume, folder: Path, about: About, facts: CtFacts) -> list[Path]:
    """Write one file a slice (`IM0001.dcm`, ...), k ascending.

    Parameters
    ----------
    volume
        HU.

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, or a value does not fit 16 bits.
    """
    placement.check(volume.grid, tilted=facts.tilted)
    stored = of_volume(volume, facts.scale)
    return save_instances(_datasets(volume, stored, about, facts), folder)


def _datasets(volume: Volume, stored: Stored, about: About, facts: CtFacts) -> Iterator[Dataset]:
    base = started(about, CT_IMAGE_STORAGE, "CT")
    general_image(base, about, facts.image_type)
    base.PatientPosition = about.patient_position
    placement.plane(base, volume.grid, facts.slice_thickness_mm)
    image_pixel(base, stored)
    _acquisition(base, facts)
    contrast(base, facts.contrast)
    base.GantryDetectorTilt = decimal(round(placement.tilt_deg(volume.grid), 6))
    base.ReconstructionDiameter = decimal(volume.grid.spacing_mm[0] * volume.grid.shape_ijk[0])
    for k, pixels in enumerate(stored.images):
        d = acquired(instance(base, k, about.acquired), about.acquired)
        placement.place(d, volume.grid, k)
        d.RescaleIntercept, d.RescaleSlope, d.RescaleType = stored.intercepts[k], stored.slopes[k], "HU"
        d.PixelData = pixels.tobytes()
        yield d


def _acquisition(d: Dataset, facts: CtFacts) -> None:
    """CT image module: what stands in it is required, everything else only where it is stated."""
    d.AcquisitionNumber = 1
    d.KVP = "" if facts.kvp is None else decimal(facts.kvp)
    d.ConvolutionKernel = facts.kernel or ""
    d.WindowCenter, d.WindowWidth = (decimal(v) for v in facts.window)
    if facts.scan_options:
        d.ScanOptions = list(facts.scan_options)
    for keyword, whole in (("XRayTubeCurrent", facts.tube_current_ma), ("ExposureTime", facts.exposure_time_ms)):
        if whole is not None:
            setattr(d, keyword, whole)
    if facts.tube_current_ma is not None and facts.exposure_time_ms is not None:
        d.Exposure = round(facts.tube_current_ma * facts.exposure_time_ms / 1000)
    if facts.filter_type is not None:
        d.FilterType = facts.filter_type
    if facts.pitch is not None:
        d.SpiralPitchFactor = float(facts.pitch)
    if facts.table_height_mm is not None:
        d.TableHeight = decimal(facts.table_height_mm)
