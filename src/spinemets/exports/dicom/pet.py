"""PET images, one file a slice (PET Image IOD, PS3.3 A.21; modules C.8.9.1, C.8.9.2, C.8.9.4)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.exports.dicom import placement
from spinemets.exports.dicom.about import About
from spinemets.exports.dicom.modules import (
    acquired,
    coded_position,
    general_image,
    instance,
    refusing,
    save_instances,
    started,
)
from spinemets.exports.dicom.stored import Scale, Stored, image_pixel, of_volume, window
from spinemets.exports.dicom.text import decimal
from spinemets.exports.dicom.tracer import Radiopharmaceutical, pet_item
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PET_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.128"
DECAY_CORRECTIONS = ("NONE", "START", "ADMIN")


@dataclass(frozen=True, kw_only=True)
class PetFrame:
    """When a volume was measured: begin after that of the series, and duration [s]."""

    start_s: float
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class PetFacts:
    """How a PET series was made.

    Attributes
    ----------
    frames
        One a volume.
    units
        `BQML`, `CNTS`, `GML`, ... (PS3.3 C.8.9.1.1.3).
    decay_correction
        `NONE`, `START` (of the series) or `ADMIN` (injection): the moment the values are corrected to.
    corrections
        Corrected Image without DECY, which follows from the decay correction: `ATTN`, `SCAT`, `DTIM`, `RAN`, `NORM`.
    series_type
        `STATIC`, `DYNAMIC` or `WHOLE BODY`; dynamic for several volumes and static for one unless stated.
    suv_type
        Kind of SUV (`BW`, `LBM`, ...), where the units are those of one.
    scale
        A slope for each image, as scanners write it, unless stated otherwise. The intercept is 0 in every PET image.
    """

    tracer: Radiopharmaceutical
    slice_thickness_mm: float
    frames: tuple[PetFrame, ...]
    units: str = "BQML"
    decay_correction: str = "START"
    corrections: tuple[str, ...] = ("ATTN", "SCAT", "DTIM", "RAN", "NORM")
    series_type: str | None = None
    suv_type: str | None = None
    attenuation_method: str = "CT-derived mu-map"
    scatter_method: str = "model-based"
    reconstruction: str = "OSEM 3D"
    kernel: str = ""
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY")
    scale: Scale = field(default_factory=lambda: Scale(per_image=True))


@refusing
def write_pet(volume: Volume, folder: Path, about: About, facts: PetFacts) -> list[Path]:
    """Write one file a slice (`IM0001.dcm`, ...): k ascending, volume after volume.

    Parameters
    ----------
    volume
        (i, j, k), or (i, j, k, t) with as many frames as volumes, in the units stated.

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, a value does not fit, frames and volumes differ in number, or the facts
        contradict each other.
    """
    placement.check(volume.grid)
    _check(volume, facts)
    return save_instances(_datasets(volume, of_volume(volume, facts.scale), about, facts), folder)


def mean_time_s(duration_s: float, decay_per_s: float) -> float:
    """Time into a frame at which a decaying source has its mean activity: ln(x / (1 - exp(-x))) / lambda, x = lambda T.

    PS3.3 C.8.9.4.1.5, example 2.
    """
    x = decay_per_s * duration_s
    return math.log(x / -math.expm1(-x)) / decay_per_s


def _check(volume: Volume, facts: PetFacts) -> None:
    n = volume.array.shape[3] if volume.array.ndim > 3 else 1
    if n != len(facts.frames):
        raise UsageError(f"The series has {n} volumes and {len(facts.frames)} frames.", "State one frame a volume.")
    if any(frame.duration_s <= 0 for frame in facts.frames):
        raise UsageError("A PET frame must last longer than 0 s.")
    if facts.decay_correction not in DECAY_CORRECTIONS:
        raise UsageError(f"Decay correction {facts.decay_correction!r} is not one of {', '.join(DECAY_CORRECTIONS)}.")
    if facts.scale.intercept != 0.0:
        raise UsageError("The rescale intercept of a PET image is 0.")


def _datasets(volume: Volume, stored: Stored, about: About, facts: PetFacts) -> Iterator[Dataset]:
    base, n_slices = started(about, PET_IMAGE_STORAGE, "PT"), volume.grid.shape_ijk[2]
    general_image(base, about, facts.image_type)
    coded_position(base, about.patient_position)
    placement.plane(base, volume.grid, facts.slice_thickness_mm)
    base.SpacingBetweenSlices = decimal(volume.grid.spacing_mm[2])
    image_pixel(base, stored)
    # PET stores 16 bits whatever the numbers are
    base.BitsStored, base.HighBit = 16, 15
    _series(base, facts, n_slices)
    base.RadiopharmaceuticalInformationSequence = [pet_item(facts.tracer)]
    for n, pixels in enumerate(stored.images):
        t, k = divmod(n, n_slices)
        frame = facts.frames[t]
        begun = about.acquired + timedelta(seconds=frame.start_s)
        d = acquired(instance(base, n, begun), begun)
        placement.place(d, volume.grid, k)
        d.RescaleIntercept, d.RescaleSlope = stored.intercepts[n], stored.slopes[n]
        _frame(d, frame, about, facts)
        d.ImageIndex = n + 1
        window(d, stored, n)
        d.PixelData = pixels.tobytes()
        yield d


def _series(d: Dataset, facts: PetFacts, n_slices: int) -> None:
    """PET series module (PS3.3 C.8.9.1)."""
    kind = facts.series_type or ("DYNAMIC" if len(facts.frames) > 1 else "STATIC")
    d.Units, d.CountsSource, d.SeriesType = facts.units, "EMISSION", [kind, "IMAGE"]
    if kind == "DYNAMIC":
        d.NumberOfTimeSlices = len(facts.frames)
    d.NumberOfSlices = n_slices
    corrected = ("DECY",) if facts.decay_correction != "NONE" else ()
    d.CorrectedImage = [*corrected, *facts.corrections]
    d.DecayCorrection = facts.decay_correction
    if facts.suv_type is not None:
        d.SUVType = facts.suv_type
    if "ATTN" in facts.corrections:
        d.AttenuationCorrectionMethod = facts.attenuation_method
    if "SCAT" in facts.corrections:
        d.ScatterCorrectionMethod = facts.scatter_method
    d.RandomsCorrectionMethod = "DLYD" if "RAN" in facts.corrections else "NONE"
    d.ReconstructionMethod, d.ConvolutionKernel, d.CollimatorType = facts.reconstruction, facts.kernel, "NONE"


def _frame(d: Dataset, frame: PetFrame, about: About, facts: PetFacts) -> None:
    """Times of a frame, and the factor its values were multiplied by for decay."""
    decay_per_s = facts.tracer.decay_per_s
    reference_s = frame.start_s + mean_time_s(frame.duration_s, decay_per_s)
    d.FrameReferenceTime, d.ActualFrameDuration = decimal(reference_s * 1e3), round(frame.duration_s * 1e3)
    if facts.decay_correction == "NONE":
        return
    waited_s = (about.acquired - facts.tracer.injected).total_seconds() if facts.decay_correction == "ADMIN" else 0.0
    d.DecayFactor = decimal(math.exp(decay_per_s * (waited_s + reference_s)))
