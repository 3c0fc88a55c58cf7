"""Nuclear medicine images, one file a series (NM Image IOD, PS3.3 A.5; modules C.8.4.6 to C.8.4.15).

Planar views and projections are pictures (n, rows, columns); a reconstruction is a volume with its grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from spinemets.exports.dicom import placement
from spinemets.exports.dicom.about import About, Code
from spinemets.exports.dicom.modules import acquired, coded_position, general_image, instance, refusing, save, started
from spinemets.exports.dicom.stored import Scale, Stored, image_pixel, of_images, of_volume
from spinemets.exports.dicom.text import decimal, item
from spinemets.exports.dicom.tracer import Radiopharmaceutical, nuclear_item
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NM_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.20"
PICTURES = 3


@dataclass(frozen=True, kw_only=True)
class NuclearView:
    """A planar view.

    Attributes
    ----------
    code
        Of PS3.16 CID 26.
    start_angle_deg
        Place of the detector: 0 behind the patient, turning clockwise seen from the feet.
    towards
        Where columns and rows go in the patient.
    """

    code: Code
    start_angle_deg: float
    towards: tuple[str, str]


VIEWS = {
    "anterior": NuclearView(
        code=Code(value="399321004", scheme="SCT", meaning="Anterior projection"), start_angle_deg=180.0, towards=("L", "F")
    ),
    "posterior": NuclearView(
        code=Code(value="399001007", scheme="SCT", meaning="Posterior projection"), start_angle_deg=0.0, towards=("R", "F")
    ),
    "left lateral": NuclearView(
        code=Code(value="399118008", scheme="SCT", meaning="Left lateral projection"), start_angle_deg=270.0,
        towards=("P", "F"),
    ),
    "right lateral": NuclearView(
        code=Code(value="399297009", scheme="SCT", meaning="Right lateral projection"), start_angle_deg=90.0,
        towards=("A", "F"),
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EnergyWindow:
    """Photons that are counted: name and limits [keV]."""

    name: str
    lower_kev: float
    upper_kev: float


TC99M_WINDOW = EnergyWindow(name="Tc-99m 15 %", lower_kev=130.0, upper_kev=151.0)


@dataclass(frozen=True, kw_only=True)
class NuclearFacts:
    """How a nuclear medicine series was made.

    Attributes
    ----------
    frame_duration_s
        Time one view or projection was counted.
    collimator, collimator_type
        Name, and kind (`PARA`, `PINH`, `FANB`, ...).
    scale
        Counts are stored as they are. Values that are no whole numbers take a slope, which this object has no place for:
        readers find it in the elements of other objects.
    """

    tracer: Radiopharmaceutical
    frame_duration_s: float
    window: EnergyWindow
    collimator: str = "LEHR"
    collimator_type: str = "PARA"
    scale: Scale = field(default_factory=Scale)


@dataclass(frozen=True, kw_only=True)
class PlanarFacts:
    """Views of a planar image.

    Attributes
    ----------
    views
        Keys of `VIEWS`, one a picture.
    spacing_mm
        Distance of rows and of columns.
    whole_body
        Whether the camera swept along the patient.
    towards
        Where columns and rows go in the patient, where not as `VIEWS` has it; the same for all pictures.
    number
        Of this file in its series, from 0: views that go to different sides state them only in files of their own.
    """

    views: tuple[str, ...]
    spacing_mm: tuple[float, float]
    whole_body: bool = False
    towards: tuple[str, str] | None = None
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class TurnFacts:
    """Projections around the patient.

    Attributes
    ----------
    start_angle_deg, step_deg
        First angle (0 = behind the patient) and the step between projections.
    radius_mm
        From the axis of rotation to the detector.
    spacing_mm
        Distance of rows and of columns.
    direction
        `CW` or `CC`, seen from the feet.
    """

    start_angle_deg: float
    step_deg: float
    radius_mm: float
    spacing_mm: tuple[float, float]
    direction: str = "CW"


@dataclass(frozen=True, kw_only=True)
class SpectFacts:
    """A reconstruction: nominal slice thickness and the kernel or algorithm."""

    slice_thickness_mm: float
    kernel: str = "OSEM"


@refusing
def write_planar(pictures: NDArray[Any], path: Path, about: About, facts: NuclearFacts, planar: PlanarFacts) -> Path:
    """Write planar views of one acquisition, a detector a view.

    Parameters
    ----------
    pictures
        Counts (views, rows, columns).

    Raises
    ------
    UsageError
        If a view has no code here, pictures and views differ in number, or a value does not fit 16 bits.
    """
    unknown = [name for name in planar.views if name not in VIEWS]
    if unknown:
        raise UsageError(f"View {unknown[0]!r} has no code here.", f"Use {', '.join(VIEWS)}.")
    _check(pictures, len(planar.views), "views")
    views = [VIEWS[name] for name in planar.views]
    stored = of_images(pictures, facts.scale)
    d = _image(stored, about, facts, "WHOLE BODY" if planar.whole_body else "STATIC", planar.number)
    n = len(views)
    _vectors(d, {"EnergyWindow": [1] * n, "Detector": list(range(1, n + 1))})
    towards = {planar.towards or view.towards for view in views}
    # one file states one orientation: none where its views differ
    d.PatientOrientation = list(towards.pop()) if len(towards) == 1 else ""
    d.PixelSpacing = [decimal(v) for v in planar.spacing_mm]
    d.ActualFrameDuration = round(facts.frame_duration_s * 1e3)
    if planar.whole_body:
        length_mm = planar.spacing_mm[0] * pictures.shape[1]
        d.ScanLength, d.ScanVelocity = round(length_mm), decimal(length_mm / facts.frame_duration_s)
    d.DetectorInformationSequence = [_detector(facts, view) for view in views]
    return save(d, path)


@refusing
def write_projections(pictures: NDArray[Any], path: Path, about: About, facts: NuclearFacts, turn: TurnFacts) -> Path:
    """Write the projections of a tomographic acquisition with one detector.

    Parameters
    ----------
    pictures
        Counts (angles, rows, columns).

    Raises
    ------
    UsageError
        If the array holds no pictures, or a value does not fit 16 bits.
    """
    n = _check(pictures, None, "projections")
    d = _image(of_images(pictures, facts.scale), about, facts, "TOMO")
    _vectors(
        d, {"EnergyWindow": [1] * n, "Detector": [1] * n, "Rotation": [1] * n, "AngularView": list(range(1, n + 1))}
    )
    d.PixelSpacing, d.PatientOrientation = [decimal(v) for v in turn.spacing_mm], ""
    d.DetectorInformationSequence = [_detector(facts, None)]
    rotation = _item(
        StartAngle=decimal(turn.start_angle_deg), AngularStep=decimal(turn.step_deg), RotationDirection=turn.direction,
        ScanArc=decimal(turn.step_deg * n), ActualFrameDuration=round(facts.frame_duration_s * 1e3),
        RadialPosition=[decimal(turn.radius_mm)] * n, NumberOfFramesInRotation=n, TableHeight="", TableTraverse="",
    )  # fmt: skip
    d.RotationInformationSequence, d.NumberOfRotations = [rotation], 1
    d.TypeOfDetectorMotion = "STEP AND SHOOT"
    return save(d, path)


@refusing
def write_spect(volume: Volume, path: Path, about: About, facts: NuclearFacts, spect: SpectFacts) -> Path:
    """Write a reconstructed volume (i, j, k).

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, the volume has a time axis, or a value does not fit 16 bits.
    """
    placement.check(volume.grid)
    if volume.array.ndim > PICTURES:
        raise UsageError("A SPECT object holds one volume.", "Write one object a volume.")
    stored, grid = of_volume(volume, facts.scale), volume.grid
    d = _image(stored, about, facts, "RECON TOMO")
    n = len(stored.images)
    _vectors(d, {"Slice": list(range(1, n + 1))})
    d.NumberOfSlices = n
    d.NumberOfRotations, d.RotationInformationSequence = 1, []
    detector = _detector(facts, None)
    detector.ImagePositionPatient, detector.ImageOrientationPatient = (
        placement.position(grid, 0),
        placement.orientation(grid),
    )
    d.DetectorInformationSequence = [detector]
    d.PixelSpacing, d.SpacingBetweenSlices = placement.pixel_spacing(grid), decimal(placement.step_mm(grid))
    d.SliceThickness, d.ConvolutionKernel = decimal(spect.slice_thickness_mm), spect.kernel
    d.ReconstructionDiameter = decimal(grid.spacing_mm[0] * grid.shape_ijk[0])
    return save(d, path)


def _check(pictures: NDArray[Any], n: int | None, what: str) -> int:
    if pictures.ndim != PICTURES or 0 in pictures.shape:
        raise UsageError(f"An array of shape {pictures.shape} holds no pictures: its axes are picture, row, column.")
    if n is not None and len(pictures) != n:
        raise UsageError(f"There are {len(pictures)} pictures and {n} {what}.", "Give one picture each.")
    return len(pictures)


def _image(stored: Stored, about: About, facts: NuclearFacts, kind: str, number: int = 0) -> Dataset:
    """What all kinds have alike: NM image and isotope modules (PS3.3 C.8.4.9, C.8.4.10)."""
    d = acquired(instance(started(about, NM_IMAGE_STORAGE, "NM"), number, about.acquired), about.acquired)
    general_image(d, about, ("ORIGINAL", "PRIMARY", kind, "EMISSION"))
    coded_position(d, about.patient_position)
    image_pixel(d, stored)
    # nuclear medicine stores as many bits as it allocates
    d.BitsStored, d.HighBit = 16, 15
    d.NumberOfFrames = len(stored.images)
    d.CountsAccumulated = _counts(stored)
    d.AcquisitionTerminationCondition = "TIME"
    if not stored.plain:
        d.RescaleIntercept, d.RescaleSlope = stored.intercepts[0], stored.slopes[0]
    window = _item(
        EnergyWindowName=facts.window.name, EnergyWindowRangeSequence=[_item(
            EnergyWindowLowerLimit=decimal(facts.window.lower_kev), EnergyWindowUpperLimit=decimal(facts.window.upper_kev),
        )],
    )  # fmt: skip
    d.EnergyWindowInformationSequence, d.NumberOfEnergyWindows = [window], 1
    d.RadiopharmaceuticalInformationSequence = [nuclear_item(facts.tracer)]
    d.PixelData = stored.images.tobytes()
    return d


def _counts(stored: Stored) -> int:
    """Sum of all values: IS holds 31 bits."""
    slope, intercept = float(stored.slopes[0]), float(stored.intercepts[0])
    total = float(stored.images.sum(dtype="float64")) * slope + intercept * stored.images.size
    return max(0, min(round(total), 2**31 - 1))


def _vectors(d: Dataset, vectors: Mapping[str, Sequence[int]]) -> None:
    """NM multi-frame module (PS3.3 C.8.4.8): what each frame belongs to, in the order the standard sets for the kind."""
    from pydicom.datadict import tag_for_keyword  # lazy: heavy import

    d.FrameIncrementPointer = [tag_for_keyword(f"{name}Vector") for name in vectors]
    for name, vector in vectors.items():
        setattr(d, f"{name}Vector", list(vector))
    d.NumberOfDetectors = max(vectors.get("Detector", [1]))


def _detector(facts: NuclearFacts, view: NuclearView | None) -> Dataset:
    """Item of the detector (PS3.3 C.8.4.11)."""
    d = _item(CollimatorGridName=facts.collimator, CollimatorType=facts.collimator_type, FocalDistance="0")
    d.ImagePositionPatient = d.ImageOrientationPatient = ""
    if view is not None:
        d.StartAngle = decimal(view.start_angle_deg)
        d.ViewCodeSequence = [item(view.code)]
    return d


def _item(**elements: Any) -> Dataset:
    from pydicom.dataset import Dataset  # lazy: heavy import

    d = Dataset()
    for keyword, value in elements.items():
        setattr(d, keyword, value)
    return d
