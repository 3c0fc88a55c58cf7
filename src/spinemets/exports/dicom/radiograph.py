"""Radiographs (Digital X-Ray Image IOD, PS3.3 A.26; modules C.8.11.1 to C.8.11.5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.exports.dicom.about import About, Code
from spinemets.exports.dicom.modules import acquired, anatomic_region, general_image, instance, refusing, save, started
from spinemets.exports.dicom.stored import Scale, image_pixel, of_images, window
from spinemets.exports.dicom.text import decimal, item
from spinemets.model.errors import UsageError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
PICTURE = 2


@dataclass(frozen=True, kw_only=True)
class RadiographView:
    """A projection: View Position, its code (PS3.16 CID 4010), and where columns and rows go in the patient.

    Pictures are shown as if the viewer faced the patient: a frontal one has the patient's left on its right.
    """

    position: str
    code: Code
    towards: tuple[str, str]


VIEWS = {
    "AP": RadiographView(
        position="AP", code=Code(value="399348003", scheme="SCT", meaning="antero-posterior"), towards=("L", "F")
    ),
    "PA": RadiographView(
        position="PA", code=Code(value="272479007", scheme="SCT", meaning="postero-anterior"), towards=("L", "F")
    ),
    "left lateral": RadiographView(
        position="LL", code=Code(value="399173006", scheme="SCT", meaning="left lateral"), towards=("P", "F")
    ),
    "right lateral": RadiographView(
        position="RL", code=Code(value="399198007", scheme="SCT", meaning="right lateral"), towards=("A", "F")
    ),
}


@dataclass(frozen=True, kw_only=True)
class RadiographFacts:
    """How a radiograph was made. None = not stated.

    Attributes
    ----------
    view
        Key of `VIEWS`.
    spacing_mm
        Distance of rows and of columns on the detector.
    source_detector_mm, source_patient_mm
        SID and SOD.
    for_presentation
        Whether the picture is meant to be looked at, or holds what the detector measured.
    logarithmic
        Whether values follow the logarithm of the beam, or the beam itself.
    rising
        Whether values rise with the beam.
    bright_is_low
        Whether low values are meant to be shown bright (MONOCHROME1).
    patient_spacing_mm
        Distance in the patient's plane, where the picture was calibrated by geometry.
    towards
        Where columns and rows go in the patient (`L`, `R`, `A`, `P`, `H`, `F`), where not as `VIEWS` has it.
    """

    view: str
    spacing_mm: tuple[float, float]
    source_detector_mm: float
    source_patient_mm: float
    kvp: float | None = None
    exposure_uas: float | None = None
    for_presentation: bool = True
    logarithmic: bool = True
    rising: bool = False
    bright_is_low: bool = False
    patient_spacing_mm: tuple[float, float] | None = None
    towards: tuple[str, str] | None = None


@refusing
def write_radiograph(picture: NDArray[Any], path: Path, about: About, facts: RadiographFacts) -> Path:
    """Write one radiograph.

    Parameters
    ----------
    picture
        (rows, columns), whole numbers from 0 to 65535: this object has neither slope nor intercept.

    Raises
    ------
    UsageError
        If the view or the body part has no code here, or the values are not such numbers.
    """
    if facts.view not in VIEWS:
        raise UsageError(f"View {facts.view!r} has no code here.", f"Use {', '.join(VIEWS)}.")
    if picture.ndim != PICTURE or 0 in picture.shape:
        raise UsageError(f"An array of shape {picture.shape} is no picture: its axes are row and column.")
    stored = of_images(picture[np.newaxis], Scale(slope=1.0))
    if stored.signed or (np.rint(picture) != picture).any():
        raise UsageError("Values of a radiograph are whole numbers from 0 to 65535.", "Scale and round them.")
    sop_class = DX_FOR_PRESENTATION if facts.for_presentation else DX_FOR_PROCESSING
    d = acquired(instance(started(about, sop_class, "DX"), 0, about.acquired), about.acquired)
    # a projection lies in no patient space
    del d.FrameOfReferenceUID, d.PositionReferenceIndicator
    image_pixel(d, stored)
    _image(d, about, facts)
    if facts.for_presentation:
        window(d, stored, 0)
    _detector(d, facts)
    _positioning(d, facts)
    d.PixelData = stored.images.tobytes()
    return save(d, path)


def _image(d: Dataset, about: About, facts: RadiographFacts) -> None:
    """DX series, image and anatomy (PS3.3 C.8.11.1, C.8.11.3, C.8.11.2)."""
    general_image(d, about, ("ORIGINAL", "PRIMARY", ""))
    d.PresentationIntentType = "FOR PRESENTATION" if facts.for_presentation else "FOR PROCESSING"
    d.PhotometricInterpretation = "MONOCHROME1" if facts.bright_is_low else "MONOCHROME2"
    d.PixelIntensityRelationship = "LOG" if facts.logarithmic else "LIN"
    d.PixelIntensityRelationshipSign = 1 if facts.rising else -1
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "0", "1", "US"
    d.PresentationLUTShape = "INVERSE" if facts.bright_is_low else "IDENTITY"
    d.ImageLaterality, d.AcquisitionContextSequence = "U", []
    d.AnatomicRegionSequence = [item(anatomic_region(about.body_part))]
    if facts.kvp is not None:
        d.KVP = decimal(facts.kvp)
    if facts.exposure_uas is not None:
        d.ExposureInuAs = round(facts.exposure_uas)


def _detector(d: Dataset, facts: RadiographFacts) -> None:
    """DX detector module (PS3.3 C.8.11.4)."""
    d.DetectorType, d.ImagerPixelSpacing = "DIRECT", [decimal(v) for v in facts.spacing_mm]
    if facts.patient_spacing_mm is not None:
        d.PixelSpacing = [decimal(v) for v in facts.patient_spacing_mm]
        d.PixelSpacingCalibrationType = "GEOMETRY"
        d.PixelSpacingCalibrationDescription = "plane of the spine"


def _positioning(d: Dataset, facts: RadiographFacts) -> None:
    """DX positioning module (PS3.3 C.8.11.5)."""
    view = VIEWS[facts.view]
    d.PatientOrientation, d.ViewPosition = list(facts.towards or view.towards), view.position
    code = item(view.code)
    code.ViewModifierCodeSequence = []
    d.ViewCodeSequence = [code]
    d.DistanceSourceToDetector = decimal(facts.source_detector_mm)
    d.DistanceSourceToPatient = decimal(facts.source_patient_mm)
    d.EstimatedRadiographicMagnificationFactor = decimal(facts.source_detector_mm / facts.source_patient_mm)
    d.PositionerType = "NONE"
