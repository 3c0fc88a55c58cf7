"""`Acquisition` from a DICOM header, classic or enhanced. What the header does not say stays None."""

from __future__ import annotations

from typing import Any

from spinemets.ingest.values import Values
from spinemets.model.acquisition import Acquisition

NO_AGENT = frozenset(("NO", "NONE", "N", "NOT USED", "WITHOUT", "NATIVE", "UNENHANCED"))
ECHO_PULSE = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}


def acquisition(dataset: Any, frame: int = 0, b_values: tuple[float, ...] = ()) -> Acquisition:
    """How the images of a series were made, from the header of one of them (and one frame of it)."""
    v = Values(dataset, frame)
    te_ms = v.number("EchoTime")
    kind = v.text("MRAcquisitionType")
    return Acquisition(
        modality=v.text("Modality"), tr_s=v.number("RepetitionTime", 1e-3),
        te_s=_scaled(te_ms) if te_ms is not None else v.number("EffectiveEchoTime", 1e-3),
        ti_s=v.number("InversionTime", 1e-3) or v.number("InversionTimes", 1e-3),
        flip_deg=v.number("FlipAngle"), echo_train_length=_whole(v.number("EchoTrainLength")),
        field_t=_field(v.number("MagneticFieldStrength")), b_values_s_per_mm2=b_values,
        scanning_sequence=_sequence(v), sequence_variant=v.texts("SequenceVariant"),
        scan_options=v.texts("ScanOptions"), acquisition_3d=None if kind is None else kind == "3D",
        fat_suppressed=_fat(v), contrast_agent=_agent(v), image_type=v.texts("FrameType") or v.texts("ImageType"),
        kvp=v.number("KVP"), kernel=v.text("ConvolutionKernel"), slice_thickness_mm=v.number("SliceThickness"),
        manufacturer=v.text("Manufacturer"), model=v.text("ManufacturerModelName"),
        body_part=v.text("BodyPartExamined"), description=v.text("SeriesDescription"), protocol=v.text("ProtocolName"),
        patient_position=v.text("PatientPosition"), acquired=_acquired(v),
    )  # fmt: skip


def _scaled(te_ms: float) -> float:
    return round(te_ms * 1e-3, 9)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _field(value: float | None) -> float | None:
    """Tesla; some headers state gauss."""
    if value is None or value <= 0:
        return None
    return value * 1e-4 if value > 100 else value


def _sequence(v: Values) -> tuple[str, ...]:
    """ScanningSequence, or the same words put together from the enhanced attributes."""
    stated = v.texts("ScanningSequence")
    if stated:
        return stated
    words = list(ECHO_PULSE.get(v.text("EchoPulseSequence") or "", ()))
    if v.text("InversionRecovery") == "YES":
        words.append("IR")
    if v.text("EchoPlanarPulseSequence") == "YES":
        words.append("EP")
    return tuple(words)


def _fat(v: Values) -> bool | None:
    """True or False only where a header element says so: scanners write ScanOptions empty where no option was set."""
    selected = v.text("SpectrallySelectedSuppression")
    if selected is not None:
        return "FAT" in selected.upper()
    if "FS" in v.texts("ScanOptions"):
        return True
    return False if v.holds("ScanOptions") else None


def _agent(v: Values) -> bool | None:
    """True if an agent is named, False if the field says that there is none, None if it is silent."""
    agent = v.text("ContrastBolusAgent") or v.text("ContrastBolusIngredient")
    if agent is None and v.raw("ContrastBolusAgentSequence"):
        return True
    if agent is None:
        return None
    return agent.upper().strip(" .-") not in NO_AGENT


def _acquired(v: Values) -> str | None:
    """ISO date and time of acquisition."""
    stamp = v.text("AcquisitionDateTime") or v.text("FrameAcquisitionDateTime")
    if stamp is None:
        date, time = v.text("AcquisitionDate"), v.text("AcquisitionTime")
        date = date or v.text("SeriesDate")
        if date is None:
            return None
        stamp = date.replace("-", "") + (time or "").replace(":", "")
    return iso(stamp)


def iso(stamp: str) -> str | None:
    """`YYYYMMDD[HHMMSS...]` as ISO 8601; None if it is no date."""
    digits = stamp.split(".", maxsplit=1)[0].split("+", maxsplit=1)[0].replace(".", "")
    if len(digits) < 8 or not digits[:8].isdigit():
        return None
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    time = digits[8:14]
    return f"{date}T{time[:2]}:{time[2:4]}:{time[4:6]}" if len(time) == 6 and time.isdigit() else date
