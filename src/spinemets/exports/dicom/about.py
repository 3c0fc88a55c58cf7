"""What every DICOM object says beside its image: patient, study, equipment, series, codes and private elements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Code:
    """A coded concept (PS3.3 section 8.8): value, scheme (`SCT`, `DCM`, `UCUM`) and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class PrivateElement:
    """One element of a vendor: `element` is its low byte inside the block that `creator` reserves.

    Attributes
    ----------
    vr
        Value representation, e.g. `FD`, `IS`, `LO`.
    """

    creator: str
    group: int
    element: int
    vr: str
    value: object


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Patient (PS3.3 C.7.1.1) and patient study (C.7.2.2). None = not stated."""

    name: str
    identifier: str
    sex: str
    age_years: float
    size_m: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Study (PS3.3 C.7.2.1): its uid and when it began, local time."""

    uid: str
    begun: datetime
    description: str = ""
    identifier: str = "1"


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What made the images (PS3.3 C.7.5.1, C.7.5.2)."""

    manufacturer: str
    model: str
    software: str
    serial_number: str = "0"


@dataclass(frozen=True, kw_only=True)
class About:
    """Everything one series states beside its images.

    Attributes
    ----------
    series_uid, frame_of_reference_uid
        UIDs; those of the instances are derived from the series'.
    acquired
        When the acquisition of the series began, local time.
    body_part
        Body Part Examined, a defined term of PS3.16 annex L (`LSPINE`, `SPINE`, `WHOLEBODY`, ...).
    patient_position
        `HFS`, `HFP`, `FFS` or `FFP`: head or feet first, supine or prone.
    comments
        Image Comments, e.g. that the images are simulated.
    private
        Vendor elements of every instance.
    """

    patient: Patient
    examination: Examination
    equipment: Equipment
    series_uid: str
    series_number: int
    series_description: str
    frame_of_reference_uid: str
    acquired: datetime
    protocol: str = ""
    body_part: str = "LSPINE"
    patient_position: str = "HFS"
    comments: str = ""
    private: tuple[PrivateElement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A contrast agent that was given (PS3.3 C.7.6.4).

    Attributes
    ----------
    agent
        Words, e.g. `Gadobutrol`.
    code
        Code of the agent (PS3.16 CID 12), None where it has none.
    route
        `Intravenous route` unless stated.
    volume_ml
        Volume given, None where not stated.
    given
        When the injection began, None where not stated.
    """

    agent: str
    code: Code | None = None
    route: Code = Code(value="47625008", scheme="SCT", meaning="Intravenous route")
    volume_ml: float | None = None
    given: datetime | None = None
