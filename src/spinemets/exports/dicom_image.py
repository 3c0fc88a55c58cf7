"""Writer of classic CT and MR images from one flat header: one file a slice, complete modules, same input, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spinemets.exports.dicom.about import About, Equipment, Examination, Patient
from spinemets.exports.dicom.ct import CtFacts, write_ct
from spinemets.exports.dicom.mr import MrFacts, write_mr
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What the header of a series says, beside its geometry.

    Attributes
    ----------
    modality
        `CT` or `MR`.
    comments
        ImageComments, e.g. that the images are simulated.
    scanning_sequence, sequence_variant, scan_options, tr_ms, te_ms, ti_ms, flip_deg, echo_train_length, field_t
        MR only; None = not applicable.
    kvp, kernel
        CT only.
    """

    modality: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    series_number: int
    series_description: str
    patient_name: str
    patient_id: str
    patient_sex: str
    patient_age_years: float
    manufacturer: str
    model: str
    software: str
    study_description: str = ""
    body_part: str = "LSPINE"
    comments: str = ""
    patient_size_m: float | None = None
    patient_weight_kg: float | None = None
    study_date: str = "20200101"
    study_time: str = "120000"
    slice_thickness_mm: float = 1.0
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    kvp: float | None = None
    kernel: str | None = None
    tube_current_ma: int | None = None
    exposure_ms: int | None = None
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_deg: float | None = None
    echo_train_length: int | None = None
    bandwidth_hz_per_px: float | None = None
    field_t: float | None = None
    phase_direction: str | None = None


def write_series(volume: Volume, folder: Path, header: ImageHeader) -> list[Path]:
    """Write one file a slice (`IM0001.dcm`, ...), k ascending; returns the paths.

    Parameters
    ----------
    volume
        CT: HU. MR: signal; whole numbers of 16 bits stay as they are. Columns run along i, rows along j.

    Raises
    ------
    UsageError
        If the k axis is not rows x columns (a left-handed grid cannot be written so), a value does not fit, or the
        modality is neither.
    """
    if header.modality == "CT":
        return write_ct(volume, folder, _about(header), _ct(header))
    if header.modality == "MR":
        return write_mr(volume, folder, _about(header), _mr(header))
    raise UsageError(f"Modality {header.modality!r} is not written here.", "It is CT or MR.")


def _about(header: ImageHeader) -> About:
    begun = datetime.strptime(header.study_date + header.study_time, "%Y%m%d%H%M%S")
    return About(
        patient=Patient(
            name=header.patient_name, identifier=header.patient_id, sex=header.patient_sex,
            age_years=header.patient_age_years, size_m=header.patient_size_m, weight_kg=header.patient_weight_kg,
        ),
        examination=Examination(uid=header.study_uid, begun=begun, description=header.study_description),
        equipment=Equipment(manufacturer=header.manufacturer, model=header.model, software=header.software),
        series_uid=header.series_uid, series_number=header.series_number, series_description=header.series_description,
        frame_of_reference_uid=header.frame_of_reference_uid, acquired=begun, body_part=header.body_part,
        comments=header.comments,
    )  # fmt: skip


def _ct(header: ImageHeader) -> CtFacts:
    return CtFacts(
        slice_thickness_mm=header.slice_thickness_mm, image_type=header.image_type, kvp=header.kvp, kernel=header.kernel,
        tube_current_ma=header.tube_current_ma, exposure_time_ms=header.exposure_ms,
    )  # fmt: skip


def _mr(header: ImageHeader) -> MrFacts:
    return MrFacts(
        slice_thickness_mm=header.slice_thickness_mm, image_type=header.image_type,
        scanning_sequence=header.scanning_sequence, sequence_variant=header.sequence_variant,
        scan_options=header.scan_options, tr_ms=header.tr_ms, te_ms=header.te_ms, ti_ms=header.ti_ms,
        flip_deg=header.flip_deg, echo_train_length=header.echo_train_length or 1,
        bandwidth_hz_per_px=header.bandwidth_hz_per_px, field_t=header.field_t, phase_direction=header.phase_direction,
    )  # fmt: skip
