"""What the headers of a synthetic patient's series say: who, how it was made, and that it is simulated."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import spinemets
from spinemets.exports.dicom.about import About, Code, Contrast, Equipment, Examination, Patient
from spinemets.phantom.imaging import placing
from spinemets.phantom.imaging.acquisition import MAGNITUDE, PHASE, Acquisition
from spinemets.phantom.imaging.mr_scan import HALF_TURN, PHASE_STEP
from spinemets.phantom.patient import Phantom, uid

if TYPE_CHECKING:
    from spinemets.exports.dicom.ct import CtFacts
    from spinemets.exports.dicom.mr import MrFacts, MrPoint

COMMENT = "simulated, not a patient"
BEGUN = datetime(2020, 1, 1, 12)
# One series begins so long after the other: longer than an agent is given before its series, so that the one before is plain.
SERIES_MINUTES = 6
SCANNING = {
    "spin_echo": ("SE",), "fast_spin_echo": ("SE",), "inversion_recovery": ("SE", "IR"), "diffusion": ("SE", "EP"),
    "gradient_echo": ("GR",),
}  # fmt: skip
IODINE = "Iohexol"
INTRATHECAL = Code(value="72607000", scheme="SCT", meaning="Intrathecal route")
# Last words of the image type by how the signal is made, and of the components of a fat-water separation.
SIGNAL_WORDS = {"inversion_recovery": "IR", "gradient_echo": "GR"}
PART_WORDS = {MAGNITUDE: "M", PHASE: "P"}
COMPONENT_WORDS = {"in": "IN_PHASE", "opposed": "OPP_PHASE", "water": "WATER", "fat": "FAT"}


def acquired(phantom: Phantom, number: int) -> datetime:
    """When the acquisition of a series began."""
    return BEGUN + timedelta(days=phantom.case.day, minutes=SERIES_MINUTES * number)


def about(phantom: Phantom, acquisition: Acquisition, number: int) -> About:
    """Patient, examination and series."""
    case, seed = phantom.case.name, str(phantom.seed)
    patient = phantom.case.patient
    begun = BEGUN + timedelta(days=phantom.case.day)
    return About(
        patient=Patient(
            name=f"SYNTHETIC^{phantom.case.person}", identifier=f"SYNTHETIC-{phantom.case.person}-{seed}", sex=patient.sex[0].upper(),
            age_years=patient.age_years, size_m=patient.height_cm / 100.0, weight_kg=patient.weight_kg,
        ),
        examination=Examination(uid=uid(case, seed, "study"), begun=begun, description="Synthetic spine"),
        equipment=Equipment(manufacturer="spinemets", model="digital spine", software=spinemets.__version__),
        series_uid=uid(case, seed, "series", acquisition.sequence),
        series_number=number,
        series_description=acquisition.description,
        frame_of_reference_uid=phantom.frame_of_reference_uid,
        acquired=acquired(phantom, number),
        body_part="WHOLEBODY" if acquisition.region == "body" else placing.body_part(acquisition.region),
        comments=COMMENT,
    )  # fmt: skip


def ct_facts(a: Acquisition, began: datetime, *, intrathecal: bool = False) -> CtFacts:
    """How a CT was made; `began` = start of its acquisition, `intrathecal` = contrast medium lies in the sac."""
    from spinemets.exports.dicom.ct import CtFacts  # lazy: heavy import

    given: Contrast | None = None
    if a.iodine_s is not None:
        given = Contrast(agent=IODINE, given=began - timedelta(seconds=a.iodine_s))
    elif intrathecal:
        given = Contrast(agent=IODINE, route=INTRATHECAL)
    return CtFacts(
        slice_thickness_mm=a.slice_mm, kvp=a.kvp, kernel=a.kernel, tube_current_ma=250, exposure_time_ms=750,
        tilted=bool(a.tilt_deg), contrast=given,
    )  # fmt: skip


def mr_facts(a: Acquisition, began: datetime) -> MrFacts:
    """How an MR series was made; `began` = start of its acquisition."""
    from spinemets.exports.dicom.mr import MrFacts  # lazy: heavy import
    from spinemets.exports.dicom.stored import Scale

    inverted = a.method == "inversion_recovery"
    options = [word for word, stated in (("SP", a.saturation_band), ("FS", a.fat_suppressed)) if stated]
    return MrFacts(
        slice_thickness_mm=a.slice_mm, image_type=image_type(a),
        scanning_sequence=SCANNING[a.method], sequence_variant=_variant(a), acquisition_3d=a.volumetric,
        scan_options=tuple(options), tr_ms=a.tr_ms, te_ms=a.te_ms, ti_ms=a.ti_ms if inverted else None,
        flip_deg=a.flip_deg, echo_train_length=a.echo_train_length, bandwidth_hz_per_px=a.bandwidth_hz_per_px, field_t=a.field_t,
        phase_direction="ROW", contrast=_contrast(a, began), points=_points(a),
        scale=Scale(slope=PHASE_STEP, intercept=-HALF_TURN) if a.part == PHASE else Scale(),
    )  # fmt: skip


def image_type(a: Acquisition) -> tuple[str, ...]:
    """Image type of an MR series as a whole, or of its one component: water and fat are computed from two echoes."""
    if len(a.components) != 1:
        return ("ORIGINAL", "PRIMARY", PART_WORDS[a.part], SIGNAL_WORDS.get(a.method, "SE"))
    (name,) = a.components
    return ("DERIVED" if name in ("water", "fat") else "ORIGINAL", "PRIMARY", "M", COMPONENT_WORDS[name])


def _variant(a: Acquisition) -> tuple[str, ...]:
    if a.method == "gradient_echo":
        return ("SP",)
    return ("SK",) if a.echo_train_length > 1 else ("NONE",)


def _contrast(a: Acquisition, began: datetime) -> Contrast | None:
    if a.n_times:
        return Contrast(agent="Gadobutrol", given=began + timedelta(seconds=a.start_s(a.n_before)))
    if a.agent_min is None:
        return None
    return Contrast(agent="Gadobutrol", given=began - timedelta(minutes=a.agent_min))


def _points(a: Acquisition) -> tuple[MrPoint, ...]:
    """What each volume has of its own."""
    from spinemets.exports.dicom.mr import MrPoint  # lazy: heavy import
    from spinemets.model.acquisition import Diffusion

    volumes = range(a.n_volumes)
    if a.b_s_per_mm2:
        return tuple(MrPoint(diffusion=Diffusion(b_s_per_mm2=b, averaged=True)) for b in a.b_s_per_mm2)
    if a.components:
        return tuple(MrPoint(te_ms=a.at(n).te_ms, image_type=image_type(a.at(n))) for n in volumes)
    if a.echoes_ms:
        return tuple(MrPoint(te_ms=te, echo_number=n) for n, te in enumerate(a.echoes_ms, start=1))
    if a.flips_deg:
        return tuple(MrPoint(flip_deg=flip) for flip in a.flips_deg)
    if a.n_times:
        return tuple(MrPoint(start_s=a.start_s(n)) for n in volumes)
    return (MrPoint(),)
