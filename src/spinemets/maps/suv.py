"""SUV factors of a PET header, or a refusal that names the element that is missing (PET-01)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from spinemets.knowledge.lookup import table
from spinemets.maps.suv_scale import (
    Body,
    Injection,
    Moment,
    PetImage,
    Refused,
    ScanTimes,
    SuvFactors,
    scale,
)
from spinemets.model.acquisition import Tracer
from spinemets.model.study import PatientFacts

__all__ = ["Refused", "SuvFactors", "factors", "of_series"]

# Private elements that SUV needs, by the name under which a header may hold them.
PHILIPS = "PhilipsPrivate"


def factors(header: Mapping[str, Any]) -> SuvFactors | Refused:
    """Factors from the values of a header to SUV.

    Parameters
    ----------
    header
        DICOM keywords of a PET series, with the elements of its radiopharmaceutical sequence beside the others: `PatientWeight` [kg],
        `PatientSize` [m], `PatientSex`, `Units`, `SUVType`, `DecayCorrection`, `CorrectedImage`, `SeriesDate`, `SeriesTime`,
        `RadionuclideTotalDose` [Bq], `RadionuclideHalfLife` [s], `RadiopharmaceuticalStartDateTime` or
        `RadiopharmaceuticalStartTime`, `FrameReferenceTime_ms`, `ActualFrameDuration_ms`; `Acquisitions`, pairs of
        AcquisitionDate and AcquisitionTime of the images; `NuclideNominalHalfLife` [s]; `PhilipsPrivate` with
        `SUVScaleFactor` (7053,1000) and `ActivityConcentrationScaleFactor` (7053,1009); `GEPostInjectionDateTime` (0009,100D).

    Returns
    -------
    SuvFactors or Refused
        SUV per unit of a value after the rescale of its frame.

    Notes
    -----
    Sources: the vendor-neutral recipe of QIBA, DICOM's definitions of units, decay correction and SUV type,
    Janmahasatian 2005, Du Bois 1916.
    """
    stated = header.get("RadiopharmaceuticalStartDateTime") or header.get("RadiopharmaceuticalStartTime")
    private = header.get(PHILIPS) or {}
    acquired = [_moment(*one) for one in header.get("Acquisitions", ())]
    series = header.get("SeriesTime")
    vendor = header.get("GEPostInjectionDateTime")
    return scale(
        body=Body(
            weight_kg=header.get("PatientWeight"), height_m=header.get("PatientSize"), sex=header.get("PatientSex")
        ),
        injection=Injection(
            dose_bq=header.get("RadionuclideTotalDose"),
            half_life_s=header.get("RadionuclideHalfLife"),
            injected_at=_moment(str(stated)) if stated else None,
            nominal_half_life_s=header.get("NuclideNominalHalfLife"),
        ),
        image=PetImage(
            units=header.get("Units"),
            suv_type=header.get("SUVType"),
            corrections=tuple(header.get("CorrectedImage", ())),
            decay_correction=header.get("DecayCorrection"),
            vendor_suv_factor=private.get("SUVScaleFactor"),
            vendor_activity_factor=private.get("ActivityConcentrationScaleFactor"),
        ),
        times=ScanTimes(
            series_at=_moment(header.get("SeriesDate", ""), series) if series else None,
            acquired_at=min(acquired) if acquired else None,
            frame_reference_s=_seconds(header.get("FrameReferenceTime_ms")),
            frame_duration_s=_seconds(header.get("ActualFrameDuration_ms")),
            vendor_start=_moment(str(vendor)) if vendor else None,
        ),
    )


def of_series(tracer: Tracer, patient: PatientFacts) -> SuvFactors | Refused:
    """Factors of a series as it was read: what its header says of the tracer, and what is known of the patient."""
    nuclides = table("radionuclides")["nuclides"]
    moments = {name: getattr(tracer, name) for name in ("injected_at", "series_at", "acquired_at")}
    read = {name: datetime.fromisoformat(text) if text else None for name, text in moments.items()}
    start = tracer.vendor.get("ge_scan_start")
    return scale(
        body=Body(weight_kg=patient.weight_kg, height_m=patient.height_m, sex=patient.sex),
        injection=Injection(
            dose_bq=tracer.dose_bq,
            half_life_s=tracer.half_life_s,
            injected_at=read["injected_at"],
            nominal_half_life_s=nuclides[tracer.nuclide]["half_life_s"] if tracer.nuclide in nuclides else None,
        ),
        image=PetImage(
            units=tracer.units,
            suv_type=tracer.suv_type,
            corrections=tracer.corrections,
            decay_correction=tracer.decay_correction,
            vendor_suv_factor=_number(tracer.vendor.get("philips_suv_factor")),
            vendor_activity_factor=_number(tracer.vendor.get("philips_activity_factor")),
        ),
        times=ScanTimes(
            series_at=read["series_at"],
            acquired_at=read["acquired_at"],
            frame_reference_s=tracer.frame_reference_s,
            frame_duration_s=tracer.frame_duration_s,
            vendor_start=datetime.fromisoformat(str(start)) if start else None,
        ),
    )


def _number(value: str | float | None) -> float | None:
    return None if value is None else float(value)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000.0


def _moment(day: str, clock: str = "") -> Moment:
    """A date and a time of day, or the time alone, as DICOM writes them (fractions and blanks at the end allowed)."""
    whole, _, fraction = f"{day}{clock}".strip().partition(".")
    part = timedelta(seconds=float(f"0.{fraction or 0}"))
    if len(whole) <= len("HHMMSS"):
        return (datetime.strptime(f"20000101{whole:0<6}", "%Y%m%d%H%M%S") + part).time()
    return datetime.strptime(f"{whole:0<14}", "%Y%m%d%H%M%S") + part
