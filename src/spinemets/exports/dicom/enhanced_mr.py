"""One multi-frame object for a whole MR series (Enhanced MR Image IOD, PS3.3 A.36; its module, C.8.13.1).

Groups of attributes that are the same in every frame stand once, in the shared functional groups; the others in each
frame (C.7.6.16). Dimensions (C.7.6.17) are the place in the stack and whatever the volumes differ in.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.exports.dicom import mr_groups, placement
from spinemets.exports.dicom.about import About, Contrast
from spinemets.exports.dicom.groups import group, grouped, organised
from spinemets.exports.dicom.modules import anatomic_region, instance, refusing, save, started
from spinemets.exports.dicom.mr import MrFacts, MrPoint, check_points, of_point, temporal_positions
from spinemets.exports.dicom.stored import Stored, image_pixel, of_volume, window
from spinemets.exports.dicom.text import date_time, decimal, item, items
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ENHANCED_MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4.1"
STACK = "1"
# What volumes may differ in: the element, and the sequence of its functional group.
IN_STACK = ("InStackPositionNumber", "FrameContentSequence")
DIMENSIONS = {
    "temporal": ("TemporalPositionIndex", "FrameContentSequence"),
    "b-value": ("DiffusionBValue", "MRDiffusionSequence"),
    "direction": ("DiffusionGradientOrientation", "MRDiffusionSequence"),
    "te_ms": ("EffectiveEchoTime", "MREchoSequence"),
    "ti_ms": ("InversionTimes", "MRModifierSequence"),
    "flip_deg": ("FlipAngle", "MRTimingAndRelatedParametersSequence"),
    "tr_ms": ("RepetitionTime", "MRTimingAndRelatedParametersSequence"),
    "component": ("ComplexImageComponent", "MRImageFrameTypeSequence"),
    "frame_type": ("FrameType", "MRImageFrameTypeSequence"),
}


@refusing
def write_enhanced_mr(volume: Volume, path: Path, about: About, facts: MrFacts) -> Path:
    """Write a series as one object.

    Parameters
    ----------
    volume
        (i, j, k), or (i, j, k, t) with as many points as volumes.

    Raises
    ------
    UsageError
        If the grid cannot be written as it is, a value does not fit 16 bits, points and volumes differ in number, two
        points say the same, or something that original images must state is missing.
    """
    placement.check(volume.grid)
    check_points(volume, facts)
    _check(facts)
    stored = of_volume(volume, facts.scale)
    d = instance(started(about, ENHANCED_MR_IMAGE_STORAGE, "MR"), 0, about.acquired)
    d.PatientPosition = about.patient_position
    _image(d, about, facts, volume.grid.shape_ijk)
    if any(mr_groups.is_original(facts, point) for point in facts.points):
        _pulse_sequence(d, facts)
    _agent(d, facts.contrast)
    image_pixel(d, stored)
    d.NumberOfFrames = len(stored.images)
    _groups(d, volume, stored, about, facts)
    d.PixelData = stored.images.tobytes()
    return save(d, path)


def _check(facts: MrFacts) -> None:
    """Refuse what has no place in an enhanced object."""
    weighted = [point.diffusion is not None for point in facts.points]
    if any(weighted) and not all(weighted):
        raise UsageError("Some volumes state a diffusion weighting and some do not.", "State b = 0 for those without.")
    if any(point.private for point in facts.points):
        raise UsageError(
            "Vendor elements of one volume have a place in classic images only.", "State them for the series."
        )


def _image(d: Dataset, about: About, facts: MrFacts, shape_ijk: tuple[int, int, int]) -> None:
    """Enhanced MR image module, acquisition context (PS3.3 C.8.13.1, C.7.6.14)."""
    kinds = [of_point(facts, point, "frame_type") for point in facts.points]
    values = [sorted({kind[n] for kind in kinds}) for n in range(4)]
    d.ImageType = [found[0] if len(found) == 1 else "MIXED" for found in values]
    components = {of_point(facts, point, "component") for point in facts.points}
    d.PixelPresentation, d.VolumetricProperties = "MONOCHROME", "VOLUME"
    d.VolumeBasedCalculationTechnique = "NONE"
    d.ComplexImageComponent = components.pop() if len(components) == 1 else "MIXED"
    d.AcquisitionContrast = facts.weighting
    d.AcquisitionNumber, d.AcquisitionDateTime = 1, date_time(about.acquired)
    last_s = max(point.start_s or 0.0 for point in facts.points)
    d.AcquisitionDuration = last_s + _duration_s(facts, shape_ijk)
    d.ContentQualification, d.ImageComments = "RESEARCH", about.comments
    d.ResonantNucleus, d.KSpaceFiltering = "1H", "NONE"
    if facts.field_t is not None:
        d.MagneticFieldStrength = float(facts.field_t)
    d.ApplicableSafetyStandardAgency = "IEC"
    d.BurnedInAnnotation, d.LossyImageCompression, d.PresentationLUTShape = "NO", "00", "IDENTITY"
    d.AcquisitionContextSequence = []


def _pulse_sequence(d: Dataset, facts: MrFacts) -> None:
    """MR pulse sequence module (PS3.3 C.8.13.4)."""
    planar, pulse = mr_groups.echo_planar(facts), mr_groups.echo_pulse(facts)
    train = facts.echo_train_length > 1 and not planar
    d.PulseSequenceName = facts.sequence_name or "_".join(facts.scanning_sequence)
    d.MRAcquisitionType = "3D" if facts.acquisition_3d else "2D"
    d.EchoPulseSequence = pulse
    if pulse != "GRADIENT":
        d.MultipleSpinEcho = "YES" if train else "NO"
    d.MultiPlanarExcitation, d.PhaseContrast = "NO", "NO"
    d.SteadyStatePulseSequence = "FREE_PRECESSION" if "SS" in facts.sequence_variant else "NONE"
    d.TimeOfFlightContrast = "NO"
    d.EchoPlanarPulseSequence = "YES" if planar else "NO"
    d.SaturationRecovery = "NO"
    d.SpectrallySelectedSuppression = "FAT" if "FS" in facts.scan_options else "NONE"
    d.OversamplingPhase = "NONE"
    d.GeometryOfKSpaceTraversal, d.RectilinearPhaseEncodeReordering = "RECTILINEAR", "LINEAR"
    d.SegmentedKSpaceTraversal = "PARTIAL" if "SK" in facts.sequence_variant else "SINGLE"
    if facts.acquisition_3d:
        d.CoverageOfKSpace = "FULL"
    d.NumberOfKSpaceTrajectories = 1


def _agent(d: Dataset, given: Contrast | None) -> None:
    """Enhanced contrast/bolus module (PS3.3 C.7.6.4b), if an agent was given."""
    if given is None:
        return
    if given.code is None:
        raise UsageError("An enhanced image must state the code of the contrast agent.")
    agent = item(given.code)
    agent.ContrastBolusAgentNumber = 1
    agent.ContrastBolusAdministrationRouteSequence = items(given.route)
    agent.ContrastBolusIngredientCodeSequence = []
    agent.ContrastBolusVolume = "" if given.volume_ml is None else decimal(given.volume_ml)
    agent.ContrastBolusIngredientConcentration = ""
    d.ContrastBolusAgentSequence = [agent]


def _groups(d: Dataset, volume: Volume, stored: Stored, about: About, facts: MrFacts) -> None:
    """Shared and per-frame functional groups, and the dimensions."""
    region, grid = anatomic_region(about.body_part), volume.grid
    columns, rows, n_slices = grid.shape_ijk
    of_volumes = [mr_groups.of_volume(facts, point, region, (columns, rows)) for point in facts.points]
    shared = {
        "PixelMeasuresSequence": group(
            PixelSpacing=placement.pixel_spacing(grid), SliceThickness=decimal(facts.slice_thickness_mm),
            SpacingBetweenSlices=decimal(placement.step_mm(grid)),
        ),
        "PlaneOrientationSequence": group(ImageOrientationPatient=placement.orientation(grid)),
        **{name: one for name, one in of_volumes[0].items() if all(other.get(name) == one for other in of_volumes)},
    }  # fmt: skip
    index = _dimensions(d, about, facts)
    times, duration_s = temporal_positions(facts.points), _duration_s(facts, grid.shape_ijk)
    frames = []
    for n in range(len(stored.images)):
        t, k = divmod(n, n_slices)
        begun = about.acquired + timedelta(seconds=facts.points[t].start_s or 0.0)
        content = group(
            FrameAcquisitionNumber=t + 1, FrameReferenceDateTime=date_time(begun), FrameAcquisitionDateTime=date_time(begun),
            FrameAcquisitionDuration=duration_s * 1e3, StackID=STACK, InStackPositionNumber=k + 1,
            TemporalPositionIndex=None if times is None else times[t], DimensionIndexValues=[*index[t], k + 1],
        )  # fmt: skip
        frames.append({
            "FrameContentSequence": content,
            "PlanePositionSequence": group(ImagePositionPatient=placement.position(grid, k)),
            **_display(stored, n),
            **{name: one for name, one in of_volumes[t].items() if name not in shared},
        })  # fmt: skip
    grouped(d, shared, frames)


def _duration_s(facts: MrFacts, shape_ijk: tuple[int, int, int]) -> float:
    """Time that one volume takes: as stated, else one repetition for each train of echoes."""
    if facts.duration_s is not None:
        return facts.duration_s
    columns, rows, slices = shape_ijk
    _, phase = mr_groups.steps(facts, (columns, rows))
    trains = max(1.0, phase / facts.echo_train_length) * (slices if facts.acquisition_3d else 1)
    return (facts.tr_ms or 0.0) * 1e-3 * trains * facts.averages


def _display(stored: Stored, n: int) -> dict[str, Dataset]:
    """Pixel value transformation and window of a frame (PS3.3 C.7.6.16.2.9, C.7.6.16.2.10)."""
    return {
        "PixelValueTransformationSequence": group(
            RescaleIntercept=stored.intercepts[n], RescaleSlope=stored.slopes[n], RescaleType="US"
        ),
        "FrameVOILUTSequence": window(group(), stored, n),
    }


def _dimensions(d: Dataset, about: About, facts: MrFacts) -> list[list[int]]:
    """Multi-frame dimension module (PS3.3 C.7.6.17); returns the index values of each volume, without the stack's."""
    varying = [name for name in DIMENSIONS if len({_value(facts, n, name) for n in range(len(facts.points))}) > 1]
    times, columns = temporal_positions(facts.points), []
    for name in varying:
        values = [_value(facts, n, name) for n in range(len(facts.points))]
        order = list(dict.fromkeys(values))
        columns.append(times if name == "temporal" and times else [order.index(value) + 1 for value in values])
    index = [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in facts.points]
    if len({tuple(row) for row in index}) < len(index):
        raise UsageError("Two volumes of the series say the same of themselves.", "State start_s for each.")
    organised(d, about, (*(DIMENSIONS[name] for name in varying), IN_STACK))
    return index


def _value(facts: MrFacts, n: int, name: str) -> Hashable:
    """What volume n has in one dimension."""
    point: MrPoint = facts.points[n]
    weighting = point.diffusion
    if name == "temporal":
        return point.start_s
    if name == "b-value":
        return None if weighting is None else weighting.b_s_per_mm2
    if name == "direction":
        return None if weighting is None else weighting.direction_lps
    found: Hashable = of_point(facts, point, name)
    return found
