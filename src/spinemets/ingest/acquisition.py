"""`Acquisition` from a DICOM header, classic or enhanced. What the header does not say stays None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from spinemets.ingest import damage
from spinemets.model.series import Acquisition

NO_AGENT = frozenset(("NO", "NONE", "N", "NOT USED", "WITHOUT", "NATIVE", "UNENHANCED"))
ECHO_PULSE = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}


class Values:
    """Header values by keyword: the image's own functional groups, the shared ones, then the top level."""

    def __init__(self, dataset: Any, frame: int = 0) -> None:
        self._levels = [*_groups(dataset, frame), dataset]

    def raw(self, keyword: str) -> Any:
        """First value found, None if absent, empty or broken."""
        for level in self._levels:
            try:
                value = level.get(keyword)
            except damage.of_dicom():
                continue
            if value is not None and value != "":
                return value
        return None

    def holds(self, keyword: str) -> bool:
        """Whether the element is there, if only empty."""
        return any(keyword in level for level in self._levels)

    def number(self, keyword: str, factor: float = 1.0) -> float | None:
        """First number of that element times a factor."""
        value = self.raw(keyword)
        if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
            value = value[0] if len(value) else None
        try:
            number = float(value) * factor
        except (TypeError, ValueError):
            return None
        return round(number, 9) if math.isfinite(number) else None

    def text(self, keyword: str) -> str | None:
        """Text, parts joined by a backslash."""
        parts = self.texts(keyword)
        return "\\".join(parts) or None

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All parts of a text."""
        value = self.raw(keyword)
        if value is None:
            return ()
        many = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        return tuple(text for text in (str(part).strip() for part in (value if many else [value])) if text)


def _groups(dataset: Any, frame: int) -> list[Any]:
    """Items of the functional groups of one frame, per frame first."""
    found: list[Any] = []
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        try:
            sequence = dataset.get(keyword) or []
            if index < len(sequence):
                found.extend(_items(sequence[index]))
        except damage.of_dicom():
            continue
    return found


def _items(group: Any) -> Iterable[Any]:
    for element in group:
        if element.VR == "SQ" and len(element.value):
            yield element.value[0]


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
