"""Modules that image objects of every kind share, and writing the objects to disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from spinemets.exports.atomic import replacing
from spinemets.exports.dicom.about import About, Code, Contrast, Patient, PrivateElement
from spinemets.exports.dicom.text import date, decimal, instance_uid, item, items, time
from spinemets.model.errors import UsageError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
# PS3.16 annex L: the code of each body part the spine is examined under.
BODY_PARTS = {
    "CSPINE": Code(value="122494005", scheme="SCT", meaning="Cervical spine"),
    "CTSPINE": Code(value="1217257000", scheme="SCT", meaning="Cervico-thoracic spine"),
    "TSPINE": Code(value="122495006", scheme="SCT", meaning="Thoracic spine"),
    "TLSPINE": Code(value="1217256009", scheme="SCT", meaning="Thoraco-lumbar spine"),
    "LSPINE": Code(value="122496007", scheme="SCT", meaning="Lumbar spine"),
    "LSSPINE": Code(value="1217253001", scheme="SCT", meaning="Lumbo-sacral spine"),
    "SSPINE": Code(value="54735007", scheme="SCT", meaning="Sacrum"),
    "SPINE": Code(value="421060004", scheme="SCT", meaning="Spine"),
    "WHOLEBODY": Code(value="38266002", scheme="SCT", meaning="Entire body"),
}
RECUMBENT = Code(value="102538003", scheme="SCT", meaning="recumbent")
# PS3.16 CID 20 and CID 21, by the letters of Patient Position.
LYING = {
    "S": Code(value="40199007", scheme="SCT", meaning="supine"),
    "P": Code(value="1240000", scheme="SCT", meaning="prone"),
}
FIRST = {
    "H": Code(value="102540008", scheme="SCT", meaning="headfirst"),
    "F": Code(value="102541007", scheme="SCT", meaning="feet-first"),
}
POSITIONS = tuple(f"{first}F{lying}" for first in FIRST for lying in LYING)


P = ParamSpec("P")
T = TypeVar("T")


def refusing(write: Callable[P, T]) -> Callable[P, T]:
    """A writer that says in one line which value no element can hold (too long, a wrong character, no uid)."""

    @wraps(write)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        from pydicom.config import strict_reading  # lazy: heavy import

        try:
            # strict about every value that is set, although its name speaks of reading
            with strict_reading():
                return write(*args, **kwargs)
        except ValueError as error:
            reason = " ".join(str(error).split()).partition(" Please see")[0].rstrip(".")
            raise UsageError(f"A stated value cannot be written to DICOM: {reason}.") from error

    return wrapped


def started(about: About, sop_class: str, modality: str) -> Dataset:
    """What all instances of a series have alike: patient, study, series, equipment and frame of reference.

    PS3.3 C.7.1.1, C.7.2.1, C.7.2.2, C.7.3.1, C.7.4.1, C.7.5.1, C.12.1.
    """
    from pydicom.dataset import Dataset, FileMetaDataset  # lazy: heavy import
    from pydicom.uid import UID

    if about.patient_position not in POSITIONS:
        raise UsageError(f"Patient position {about.patient_position!r} is not one of {', '.join(POSITIONS)}.")
    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 192"
    d.SOPClassUID = UID(sop_class)
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    d.file_meta.ImplementationClassUID = UID("2.25." + str(int(hashlib.sha256(b"spinemets").hexdigest()[:30], 16)))
    d.file_meta.ImplementationVersionName = "SPINEMETS"
    _patient(d, about.patient)
    study = about.examination
    d.StudyInstanceUID, d.StudyID, d.StudyDescription = study.uid, study.identifier, study.description
    d.StudyDate, d.StudyTime = date(study.begun), time(study.begun)
    d.ReferringPhysicianName, d.AccessionNumber = "", ""
    d.Modality, d.SeriesInstanceUID, d.SeriesNumber = modality, about.series_uid, about.series_number
    d.SeriesDate, d.SeriesTime = date(about.acquired), time(about.acquired)
    d.SeriesDescription, d.BodyPartExamined = about.series_description, about.body_part
    if about.protocol:
        d.ProtocolName = about.protocol
    d.FrameOfReferenceUID, d.PositionReferenceIndicator = about.frame_of_reference_uid, ""
    maker = about.equipment
    d.Manufacturer, d.ManufacturerModelName = maker.manufacturer, maker.model
    d.SoftwareVersions, d.DeviceSerialNumber = maker.software, maker.serial_number
    private(d, about.private)
    return d


def _patient(d: Dataset, patient: Patient) -> None:
    d.PatientName, d.PatientID, d.PatientBirthDate = patient.name, patient.identifier, ""
    d.PatientSex, d.PatientAge = patient.sex, f"{round(patient.age_years):03d}Y"
    if patient.size_m is not None:
        d.PatientSize = decimal(patient.size_m)
    if patient.weight_kg is not None:
        d.PatientWeight = decimal(patient.weight_kg)


def general_image(d: Dataset, about: About, image_type: Sequence[str]) -> None:
    """General image module (PS3.3 C.7.6.1), but for the number and the times of the instance."""
    d.ImageType = list(image_type)
    d.ImageComments = about.comments
    d.BurnedInAnnotation, d.LossyImageCompression = "NO", "00"


def instance(base: Dataset, index: int, begun: datetime) -> Dataset:
    """An instance of a series: the base with its own uid, number and times.

    Parameters
    ----------
    index
        Place in the series, counted from 0.
    begun
        When its acquisition began.
    """
    from pydicom.dataset import Dataset, FileMetaDataset  # lazy: heavy import
    from pydicom.uid import UID

    # `Dataset(base)` would be the base itself. Elements are shared with it: an instance may add some, never change one
    d = Dataset()
    d.update(base)
    d.file_meta = FileMetaDataset()
    d.file_meta.update(base.file_meta)
    uid = UID(instance_uid(base.SeriesInstanceUID, index))
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = uid
    d.InstanceNumber = index + 1
    d.ContentDate, d.ContentTime = date(begun), time(begun)
    return d


def acquired(d: Dataset, begun: datetime) -> Dataset:
    """General acquisition module (PS3.3 C.7.10.1): when the acquisition of an instance began; gives the instance back."""
    d.AcquisitionDate, d.AcquisitionTime = date(begun), time(begun)
    return d


def private(d: Dataset, elements: Iterable[PrivateElement]) -> None:
    """Vendor elements, each in the block of its creator."""
    for one in elements:
        d.private_block(one.group, one.creator, create=True).add_new(one.element, one.vr, one.value)


def coded_position(d: Dataset, patient_position: str) -> None:
    """NM/PET patient orientation module (PS3.3 C.8.4.6)."""
    lying = item(RECUMBENT)
    lying.PatientOrientationModifierCodeSequence = [item(LYING[patient_position[2]])]
    d.PatientOrientationCodeSequence = [lying]
    d.PatientGantryRelationshipCodeSequence = [item(FIRST[patient_position[0]])]


def anatomic_region(body_part: str) -> Code:
    """Code of a body part.

    Raises
    ------
    UsageError
        If the body part has none here.
    """
    if body_part not in BODY_PARTS:
        raise UsageError(f"Body part {body_part!r} has no code here.", f"Use one of {', '.join(BODY_PARTS)}.")
    return BODY_PARTS[body_part]


def contrast(d: Dataset, given: Contrast | None) -> None:
    """Contrast/bolus module (PS3.3 C.7.6.4), if an agent was given."""
    if given is None:
        return
    d.ContrastBolusAgent, d.ContrastBolusRoute = given.agent, given.route.meaning
    if given.code is not None:
        d.ContrastBolusAgentSequence = items(given.code)
    route = item(given.route)
    d.ContrastBolusAdministrationRouteSequence = [route]
    if given.volume_ml is not None:
        d.ContrastBolusVolume = decimal(given.volume_ml)
    if given.given is not None:
        d.ContrastBolusStartTime = time(given.given)


def save(dataset: Dataset, path: Path) -> Path:
    """Write one object, whole or not at all. What is made from a case can be made again: the disk is not waited for."""
    with replacing(path, to_disk=False) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
    return path


def save_instances(datasets: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write the instances of a series as `IM0001.dcm`, ..., in their order."""
    return [save(dataset, folder / f"IM{n:04d}.dcm") for n, dataset in enumerate(datasets, start=1)]
