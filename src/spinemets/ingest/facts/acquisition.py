"""`Acquisition` from a DICOM header, classic or enhanced. What the header does not say stays None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from spinemets.ingest.facts.moments import before, clock, has_time, iso, joined
from spinemets.ingest.header.values import Values
from spinemets.knowledge import dialects
from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Acquisition

NO_AGENT = frozenset(("NO", "NONE", "N", "NOT USED", "WITHOUT", "NATIVE", "UNENHANCED"))
ECHO_PULSE = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}


def acquisition(dataset: Any, frame: int = 0, b_values: tuple[float, ...] = ()) -> Acquisition:
    """How the images of a series were made, from the header of one of them (and one frame of it)."""
    v = Values(dataset, frame)
    te_ms = v.number("EchoTime")
    kind = v.text("MRAcquisitionType")
    image_type = v.texts("FrameType") or v.texts("ImageType")
    acquired = _acquired(v)
    return Acquisition(
        modality=v.text("Modality"), tr_s=v.number("RepetitionTime", 1e-3),
        te_s=_scaled(te_ms) if te_ms is not None else v.number("EffectiveEchoTime", 1e-3),
        ti_s=v.number("InversionTime", 1e-3) or v.number("InversionTimes", 1e-3),
        flip_deg=v.number("FlipAngle"), echo_train_length=_echo_train(v), echo_number=_whole(v.number("EchoNumbers")),
        field_t=_field(v.number("MagneticFieldStrength")), b_values_s_per_mm2=b_values,
        scanning_sequence=_sequence(v), sequence_variant=v.texts("SequenceVariant") or _variants(v),
        scan_options=v.texts("ScanOptions"), acquisition_3d=None if kind is None else kind == "3D",
        fat_suppressed=_fat(v), contrast_agent=_agent(v), contrast_at=_contrast_at(v, acquired),
        complex_component=_component(v, image_type), image_type=image_type,
        bandwidth_hz_per_px=v.number("PixelBandwidth"), phase_encoding=v.text("InPlanePhaseEncodingDirection"),
        kvp=v.number("KVP"), kernel=v.text("ConvolutionKernel"), slice_thickness_mm=v.number("SliceThickness"),
        manufacturer=v.text("Manufacturer"), model=v.text("ManufacturerModelName"),
        body_part=v.text("BodyPartExamined") or _meaning(v, "AnatomicRegionSequence"),
        description=v.text("SeriesDescription"), protocol=v.text("ProtocolName"),
        patient_position=v.text("PatientPosition") or _coded_position(v),
        view_position=v.text("ViewPosition") or _meaning(v, "ViewCodeSequence"), acquired=acquired,
        time_s=v.number("TemporalPositionTimeOffset"), temporal_position=_temporal(v), sop_class=v.text("SOPClassUID"),
        display_window=_windows(v),
    )  # fmt: skip


def _scaled(te_ms: float) -> float:
    return round(te_ms * 1e-3, 9)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _echo_train(v: Values) -> int | None:
    """Echoes of one excitation; enhanced images may state radio frequency and gradient echoes apart."""
    stated = v.number("EchoTrainLength")
    if stated is None:
        stated = v.number("RFEchoTrainLength") or v.number("GradientEchoTrainLength")
    return _whole(stated)


def _temporal(v: Values) -> int | None:
    stated = v.number("TemporalPositionIndex")
    return _whole(v.number("TemporalPositionIdentifier") if stated is None else stated)


def _field(value: float | None) -> float | None:
    """Tesla; some headers state gauss."""
    if value is None or value <= 0:
        return None
    return value * 1e-4 if value > 100 else value


def _sequence(v: Values) -> tuple[str, ...]:
    """ScanningSequence, or the same words put together from the enhanced attributes."""
    stated = v.texts("ScanningSequence")
    if stated:
        return (*stated, "EP") if "EP" not in stated and _echo_planar(v) else stated
    words = list(ECHO_PULSE.get(v.text("EchoPulseSequence") or "", ()))
    if v.text("InversionRecovery") == "YES":
        words.append("IR")
    if v.text("EchoPlanarPulseSequence") == "YES":
        words.append("EP")
    return tuple(words)


def _echo_planar(v: Values) -> bool:
    """Whether a private element says that the readout was echo planar where ScanningSequence does not."""
    where = dialects.of(v.text("Manufacturer")).echo_planar_factor
    factor = None if where is None else v.private(where.group, where.element, where.creator)
    if isinstance(factor, bytes):  # implicit VR does not say that this is a number
        factor = int.from_bytes(factor[:4], "little", signed=True)
    return isinstance(factor, int | float) and factor > 1


def _variants(v: Values) -> tuple[str, ...]:
    """SequenceVariant in the words of classic images, from the attributes of enhanced ones."""
    rows = table("mr_header_words")["variants"]
    stated = {word: v.text(row["attribute"]) for word, row in rows.items()}
    return tuple(word for word, value in stated.items() if value is not None and value not in rows[word]["none"])


def _fat(v: Values) -> bool | None:
    """True or False only where a header element says so: scanners write ScanOptions empty where no option was set."""
    words = table("mr_header_words")
    selected = v.text("SpectrallySelectedSuppression")
    if selected is not None:
        return selected.upper() in words["fat_suppressed"]
    options = {word.upper() for word in v.texts("ScanOptions")}
    if options & set(dialects.of(v.text("Manufacturer")).fat_suppression_options):
        return True
    for row in words["fat_private"]:
        stated = _private_text(v, row)
        if stated in row["suppressed"]:
            return True
        if stated in row["plain"]:
            return False
    return False if v.holds("ScanOptions") else None


def _private_text(v: Values, row: dict[str, Any]) -> str:
    value = v.private(row["group"], row["element"], row["creator"])
    if isinstance(value, bytes):
        value = value.decode("latin-1").strip("\0")
    return "" if value is None else str(value).strip().upper()


def _agent(v: Values) -> bool | None:
    """True if an agent is named, False if the field says that there is none, None if it is silent."""
    agent = v.text("ContrastBolusAgent") or v.text("ContrastBolusIngredient")
    if agent is None and v.raw("ContrastBolusAgentSequence"):
        return True
    if agent is None:
        return None
    return agent.upper().strip(" .-") not in NO_AGENT


def _contrast_at(v: Values, acquired: str | None) -> str | None:
    """ISO time of the injection; a time before midnight of an acquisition after it is put on the day before."""
    profiles = (
        p for item in v.items("ContrastBolusAgentSequence") for p in item.items("ContrastAdministrationProfileSequence")
    )
    stated = next((time for time in (source.text("ContrastBolusStartTime") for source in (v, *profiles)) if time), None)
    if stated is None or not clock(stated):
        return None
    date = (acquired or "")[:10] or v.text("AcquisitionDate") or v.text("SeriesDate") or v.text("StudyDate")
    found = joined(date, stated)
    if found is None or acquired is None or not has_time(acquired):
        return found
    return before(found, acquired, table("mr_header_words")["midnight_at_most_h"]["value"])[0]


def _component(v: Values, image_type: Iterable[str]) -> str | None:
    """MAGNITUDE, PHASE, REAL or IMAGINARY: the attribute, a private element, or a word of ImageType if it is one only."""
    words = table("mr_header_words")
    stated = v.text("ComplexImageComponent")
    if stated is not None:
        component: str | None = words["components"].get(stated.upper())
        return component
    if v.text("Modality") != "MR":
        return None
    for row in words["component_private"]:
        value = v.private(row["group"], row["element"], row["creator"])
        if isinstance(value, (int, float)) and value in row["values"]:
            return str(row["values"][value])
    kinds = {word: name for name in words["components"] for word in words["component_words"][name]}
    found = {kinds[word.upper()] for word in tuple(image_type)[2:] if word.upper() in kinds}
    return found.pop() if len(found) == 1 else None


def _meaning(v: Values, sequence: str) -> str | None:
    """Code meaning of the first item of a code sequence."""
    items = v.items(sequence)
    return items[0].text("CodeMeaning") if items else None


def _coded_position(v: Values) -> str | None:
    """PatientPosition (`HFS`, ...) from the coded orientation of nuclear medicine and enhanced images."""
    words = table("mr_header_words")
    orientation = [
        m.text("CodeValue")
        for i in v.items("PatientOrientationCodeSequence")
        for m in i.items("PatientOrientationModifierCodeSequence")
    ]
    orientation += [m.text("CodeValue") for m in v.items("PatientOrientationModifierCodeSequence")]
    gantry = [i.text("CodeValue") for i in v.items("PatientGantryRelationshipCodeSequence")]
    first = next((words["gantry_relationship"][c] for c in gantry if c in words["gantry_relationship"]), None)
    second = next((words["orientation_modifier"][c] for c in orientation if c in words["orientation_modifier"]), None)
    return f"{first}{second}" if first and second else None


def _windows(v: Values) -> tuple[tuple[float, float], ...]:
    """Centre and width of each display window the header offers: for pictures only, never applied to values."""
    centres, widths = (_numbers(v, keyword) for keyword in ("WindowCenter", "WindowWidth"))
    return tuple((c, w) for c, w in zip(centres, widths, strict=False) if w > 0)


def _numbers(v: Values, keyword: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in v.texts(keyword))
    except ValueError:
        return ()
    return found if all(map(math.isfinite, found)) else ()


def _acquired(v: Values) -> str | None:
    """ISO date and time of acquisition, that of the frame where it has its own."""
    stamp = v.text("FrameAcquisitionDateTime") or v.text("AcquisitionDateTime")
    if stamp is not None:
        return iso(stamp)
    return joined(v.text("AcquisitionDate") or v.text("SeriesDate"), v.text("AcquisitionTime"))
