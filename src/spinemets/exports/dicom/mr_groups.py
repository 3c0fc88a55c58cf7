"""Functional groups of enhanced MR images (PS3.3 C.8.13.5): what one volume of a series says of itself.

Words of classic headers become the attributes of enhanced ones: `FS` spectral fat suppression, `SP` a saturation slab,
`PFP` and `PFF` partial Fourier, `FC` flow compensation, `IR` inversion, `EP` an echo planar readout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemets.exports.dicom.groups import group
from spinemets.exports.dicom.mr import PROTON_MHZ_PER_T, MrFacts, MrPoint, of_point
from spinemets.exports.dicom.text import item
from spinemets.model.errors import UsageError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from spinemets.exports.dicom.about import Code
    from spinemets.model.acquisition import Diffusion

PARTIAL_FOURIER = {"PFP": "PHASE", "PFF": "FREQUENCY"}
# A simulated scanner heats nobody and induces nothing.
NO_EXPOSURE = 0.0


def of_volume(facts: MrFacts, point: MrPoint, region: Code, shape: tuple[int, int]) -> dict[str, Dataset]:
    """Sequence keyword -> its item, for all groups that are the same over one volume.

    A derived volume (a map) whose acquisition is not wholly stated has no groups of it, which the standard allows.

    Parameters
    ----------
    region
        Anatomic region.
    shape
        Columns and rows of the picture.

    Raises
    ------
    UsageError
        If an original volume does not state what it must.
    """
    found = {
        "FrameAnatomySequence": group(AnatomicRegionSequence=[item(region)], FrameLaterality="U"),
        "MRImageFrameTypeSequence": frame_type(facts, point),
    }
    lacking = _lacking(facts, point)
    if not lacking:
        found |= _acquisition(facts, point, shape)
    elif is_original(facts, point):
        raise UsageError(
            f"An original enhanced MR image must state {', '.join(lacking)}.", "State it, or call the image DERIVED."
        )
    if point.diffusion is not None:
        found["MRDiffusionSequence"] = _diffusion(point.diffusion)
    if point.start_s is not None:
        found["TemporalPositionSequence"] = group(TemporalPositionTimeOffset=float(point.start_s))
    if facts.contrast is not None:
        found["ContrastBolusUsageSequence"] = group(
            ContrastBolusAgentNumber=1, ContrastBolusAgentAdministered="YES", ContrastBolusAgentDetected="YES",
        )  # fmt: skip
    return found


def is_original(facts: MrFacts, point: MrPoint) -> bool:
    """Whether a volume was measured, not computed from others."""
    return bool(of_point(facts, point, "frame_type")[0] == "ORIGINAL")


def _lacking(facts: MrFacts, point: MrPoint) -> list[str]:
    """What the groups of an acquisition need and nobody states."""
    needed = ["tr_ms", "te_ms", "flip_deg", *(["ti_ms"] if "IR" in facts.scanning_sequence else [])]
    found = [name for name in needed if of_point(facts, point, name) is None]
    return found + [name for name in ("field_t", "bandwidth_hz_per_px") if getattr(facts, name) is None]


def _acquisition(facts: MrFacts, point: MrPoint, shape: tuple[int, int]) -> dict[str, Dataset]:
    """Groups that say how a volume was measured."""
    return {
        "MREchoSequence": group(EffectiveEchoTime=float(of_point(facts, point, "te_ms"))),
        "MRTimingAndRelatedParametersSequence": _timing(facts, point),
        "MRFOVGeometrySequence": _geometry(facts, shape),
        "MRModifierSequence": _modifier(facts, point),
        "MRImagingModifierSequence": group(
            MagnetizationTransfer="NONE", BloodSignalNulling="NO", Tagging="NONE",
            TransmitterFrequency=PROTON_MHZ_PER_T * (facts.field_t or 0.0),
            PixelBandwidth=float(facts.bandwidth_hz_per_px or 0.0),
        ),
        "MRReceiveCoilSequence": group(
            ReceiveCoilName=facts.receive_coil, ReceiveCoilManufacturerName="", ReceiveCoilType="SURFACE",
            QuadratureReceiveCoil="NO",
        ),
        "MRTransmitCoilSequence": group(TransmitCoilName="BODY", TransmitCoilManufacturerName="", TransmitCoilType="BODY"),
        "MRAveragesSequence": group(NumberOfAverages=float(facts.averages)),
    }  # fmt: skip


def frame_type(facts: MrFacts, point: MrPoint) -> Dataset:
    """Frame type with the MR image description (PS3.3 C.8.13.5.1, C.8.16.2, C.8.13.3)."""
    return group(
        FrameType=list(of_point(facts, point, "frame_type")), PixelPresentation="MONOCHROME", VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE", ComplexImageComponent=of_point(facts, point, "component"),
        AcquisitionContrast=facts.weighting,
    )  # fmt: skip


def echo_pulse(facts: MrFacts) -> str:
    """Echo Pulse Sequence: spin or gradient echo, or both."""
    spin, gradient = "SE" in facts.scanning_sequence, "GR" in facts.scanning_sequence
    return "BOTH" if spin and gradient else "SPIN" if spin else "GRADIENT"


def echo_planar(facts: MrFacts) -> bool:
    """Whether the readout is echo planar."""
    return "EP" in facts.scanning_sequence


def _timing(facts: MrFacts, point: MrPoint) -> Dataset:
    """PS3.3 C.8.13.5.2. The echo train counts refocused echoes, or the lines of an echo planar readout."""
    train, spin = facts.echo_train_length, echo_pulse(facts) != "GRADIENT"
    lines = train if echo_planar(facts) else 0 if spin else 1
    heating = group(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=NO_EXPOSURE)
    normal = [group(OperatingModeType=t, OperatingMode="IEC_NORMAL") for t in ("STATIC FIELD", "RF", "GRADIENT")]
    return group(
        RepetitionTime=float(of_point(facts, point, "tr_ms")), FlipAngle=float(of_point(facts, point, "flip_deg")),
        EchoTrainLength=train, RFEchoTrainLength=0 if not spin else 1 if echo_planar(facts) else train,
        GradientEchoTrainLength=lines, SpecificAbsorptionRateSequence=[heating], GradientOutputType="DB_DT",
        GradientOutput=NO_EXPOSURE, OperatingModeSequence=normal,
    )  # fmt: skip


def steps(facts: MrFacts, shape: tuple[int, int]) -> tuple[int, int]:
    """Points measured along frequency and phase: those of the picture (columns, rows) unless a matrix is stated."""
    columns, rows = shape
    return facts.matrix or ((columns, rows) if facts.phase_direction == "COL" else (rows, columns))


def _geometry(facts: MrFacts, shape: tuple[int, int]) -> Dataset:
    """PS3.3 C.8.13.5.3."""
    frequency, phase = steps(facts, shape)
    return group(
        InPlanePhaseEncodingDirection="COLUMN" if facts.phase_direction == "COL" else "ROW", MRAcquisitionFrequencyEncodingSteps=frequency,
        MRAcquisitionPhaseEncodingStepsInPlane=phase, PercentSampling=100.0, PercentPhaseFieldOfView=100.0,
        MRAcquisitionPhaseEncodingStepsOutOfPlane=1 if facts.acquisition_3d else None,
    )  # fmt: skip


def _modifier(facts: MrFacts, point: MrPoint) -> Dataset:
    """PS3.3 C.8.13.5.5."""
    inverted, partial = "IR" in facts.scanning_sequence, set(facts.scan_options) & set(PARTIAL_FOURIER)
    compensated = "FC" in facts.scan_options
    return group(
        InversionRecovery="YES" if inverted else "NO",
        InversionTimes=[float(of_point(facts, point, "ti_ms"))] if inverted else None,
        FlowCompensation="VELOCITY" if compensated else "NONE",
        FlowCompensationDirection="OTHER" if compensated else None,
        Spoiling="RF" if "SP" in facts.sequence_variant else "NONE", T2Preparation="NO",
        SpectrallySelectedExcitation="NONE", SpatialPresaturation="SLAB" if "SP" in facts.scan_options else "NONE",
        PartialFourier="YES" if partial else "NO",
        PartialFourierDirection=PARTIAL_FOURIER[partial.pop()] if partial else None, ParallelAcquisition="NO",
    )  # fmt: skip


def _diffusion(weighting: Diffusion) -> Dataset:
    """PS3.3 C.8.13.5.9: one direction, an average over directions, or none at b = 0."""
    direction = weighting.direction_lps
    if direction is None:
        kind = "ISOTROPIC" if weighting.b_s_per_mm2 > 0 else "NONE"
        return group(DiffusionBValue=float(weighting.b_s_per_mm2), DiffusionDirectionality=kind)
    return group(
        DiffusionBValue=float(weighting.b_s_per_mm2), DiffusionDirectionality="DIRECTIONAL",
        DiffusionGradientDirectionSequence=[group(DiffusionGradientOrientation=[float(v) for v in direction])],
    )  # fmt: skip
