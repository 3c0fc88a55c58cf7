"""Files of PET, SPECT and bone scans of a synthetic patient: what their headers and side files say of tracer, dose and times."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.imaging.activity import BQ_PER_MBQ, value_per_suv
from spinemets.phantom.imaging.emission_protocol import Emission

if TYPE_CHECKING:
    from spinemets.exports.dicom.about import About
    from spinemets.exports.dicom.nuclear import NuclearFacts
    from spinemets.exports.dicom.pet import PetFacts
    from spinemets.exports.dicom.tracer import Radiopharmaceutical
    from spinemets.model.volume import Volume
    from spinemets.phantom.imaging.acquisition import Acquisition

# Corrections of PET that are none of attenuation: dead time, randoms, normalisation.
ALWAYS = ("DTIM", "RAN", "NORM")
WITH_ATTENUATION = ("ATTN", "SCAT")
# Views of a bone scan in the order of their pictures; columns of a posterior view run to the patient's right.
VIEWS = ("anterior", "posterior")


def write_emission(volume: Volume, folder: Path, about: About, a: Acquisition) -> list[Path]:
    """Write a series of emitted photons as DICOM."""
    from spinemets.exports.dicom import nuclear, pet  # lazy: heavy import

    e = _emission(a)
    if a.modality == "PT":
        return pet.write_pet(volume, folder, about, _pet_facts(a, e, about.acquired))
    path, facts = folder / "IM0001.dcm", _nuclear_facts(e, about.acquired)
    if not e.planar:
        return [nuclear.write_spect(volume, path, about, facts, nuclear.SpectFacts(slice_thickness_mm=a.slice_mm))]
    planar = nuclear.PlanarFacts(views=VIEWS, spacing_mm=(a.slice_mm, a.pixel_mm), whole_body=True)
    return [nuclear.write_planar(pictures(volume), path, about, facts, planar)]


def pictures(volume: Volume) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Pictures (view, row, column) of a planar volume, as a camera shows them: the posterior one is seen from behind."""
    views = np.asarray(volume.array)[:, 0, ::-1, :].transpose(2, 1, 0)
    return np.ascontiguousarray(np.stack([views[0], views[1][:, ::-1]]))


def facts_beside(a: Acquisition, acquired: datetime) -> dict[str, Any]:
    """Facts of a NIfTI file under the names of BIDS (PET), as far as it has them; times in seconds after the scan's begin."""
    e = _emission(a)
    row = _tracer_row(e)
    pet = a.modality == "PT"
    found: dict[str, Any] = {
        "TracerName": row["agent"], "TracerRadionuclide": row["nuclide"],
        "InjectedRadioactivity": e.dose_mbq, "InjectedRadioactivityUnits": "MBq",
        "InjectionStart": -e.uptake_min * 60.0, "ScanStart": 0.0, "TimeZero": acquired.strftime("%H:%M:%S"),
        "FrameTimesStart": [0.0], "FrameDuration": [e.frame_s],
        "Units": "Bq/mL" if pet else "{counts}",
    }  # fmt: skip
    if e.planar:
        return {**found, "ImageType": ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"], "Views": list(VIEWS)}
    kind = ["ORIGINAL", "PRIMARY"] if pet else ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    decay = {
        "ImageDecayCorrected": e.decay_correction != "NONE",
        "ImageDecayCorrectionTime": {"START": 0.0, "ADMIN": -e.uptake_min * 60.0}.get(e.decay_correction),
    } if pet else {}  # fmt: skip
    attenuation = {"AttenuationCorrection": "CT-derived mu-map" if e.attenuation_corrected else "none"}
    return {**found, **decay, **attenuation, "ImageType": kind}


def truth(a: Acquisition, weight_kg: float) -> dict[str, Any]:
    """What the truth of a series says of its values; views have no scale of their own."""
    e = _emission(a)
    return {"tracer": e.tracer} if e.planar else {"tracer": e.tracer, "value_per_suv": value_per_suv(a, weight_kg)}


def _emission(a: Acquisition) -> Emission:
    if a.emission is None:
        raise ValueError(f"{a.sequence} is no series of emitted photons")
    return a.emission


def _tracer_row(e: Emission) -> dict[str, str]:
    row: dict[str, str] = table("phantom_protocols")["tracers"][e.tracer]
    return row


def _radiopharmaceutical(e: Emission, acquired: datetime) -> Radiopharmaceutical:
    from spinemets.exports.dicom.tracer import FDG, MEDRONATE, Radiopharmaceutical  # lazy: heavy import

    row = _tracer_row(e)
    return Radiopharmaceutical(
        agent=row["agent"], nuclide=row["nuclide"], dose_bq=e.dose_mbq * BQ_PER_MBQ,
        injected=acquired - timedelta(minutes=e.uptake_min), code={"fdg": FDG, "mdp": MEDRONATE}[e.tracer],
    )  # fmt: skip


def _pet_facts(a: Acquisition, e: Emission, acquired: datetime) -> PetFacts:
    from spinemets.exports.dicom.pet import PetFacts, PetFrame  # lazy: heavy import

    return PetFacts(
        tracer=_radiopharmaceutical(e, acquired), slice_thickness_mm=a.slice_mm, series_type="WHOLE BODY",
        frames=(PetFrame(start_s=0.0, duration_s=e.frame_s),), decay_correction=e.decay_correction,
        corrections=(*(WITH_ATTENUATION if e.attenuation_corrected else ()), *ALWAYS),
    )  # fmt: skip


def _nuclear_facts(e: Emission, acquired: datetime) -> NuclearFacts:
    from spinemets.exports.dicom.nuclear import TC99M_WINDOW, NuclearFacts  # lazy: heavy import

    return NuclearFacts(
        tracer=_radiopharmaceutical(e, acquired), frame_duration_s=e.frame_s, window=TC99M_WINDOW
    )  # fmt: skip
