"""What is missing from, or contradictory in, the facts of a tracer: one sentence each, naming the tag."""

from __future__ import annotations

from spinemets.ingest.facts.moments import seconds_between
from spinemets.knowledge.catalogue import table
from spinemets.knowledge.nuclides import Nuclide
from spinemets.model.acquisition import Tracer


def doubts(tracer: Tracer, nuclide: Nuclide | None, modality: str) -> tuple[str, ...]:
    """Sentences; nuclear medicine headers may be silent, PET headers may not."""
    half_life = _half_life(tracer, nuclide)
    lasts_s = nuclide.half_life_s if half_life and nuclide else tracer.half_life_s
    found = [*half_life, *_dose(tracer), *_times(tracer, lasts_s if modality == "PT" else None)]
    if modality == "PT":
        found = [*_missing(tracer), *_scale(tracer), *found, *_corrections(tracer)]
    return tuple(found)


def _missing(t: Tracer) -> list[str]:
    wanted = (
        (t.units, "Units (0054,1001)"), (t.dose_bq, "RadionuclideTotalDose (0018,1074)"),
        (t.half_life_s, "RadionuclideHalfLife (0018,1075)"), (t.injected_at, "injection time (0018,1078 or 0018,1072)"),
        (t.series_at, "series time (0008,0031)"), (t.acquired_at, "acquisition time (0008,0032)"),
    )  # fmt: skip
    names = [name for value, name in wanted if value is None]
    return ["not stated: " + ", ".join(names)] if names else []


def _scale(t: Tracer) -> list[str]:
    """Units that give an SUV only with what is missing here."""
    if t.units == "CNTS" and not ("philips_suv_factor" in t.vendor or "philips_activity_factor" in t.vendor):
        return ["Units (0054,1001) CNTS without the Philips factors (7053,1000) or (7053,1009): counts only"]
    if t.suv_type is not None and t.suv_type.upper() not in table("tracer")["suv_types"]:
        return [f"SUVType (0054,1006) {t.suv_type} is not known"]
    return []


def _half_life(t: Tracer, nuclide: Nuclide | None) -> list[str]:
    if t.half_life_s is None or nuclide is None:
        return []
    if abs(t.half_life_s / nuclide.half_life_s - 1) <= table("tracer")["half_life_tolerance"]["value"]:
        return []
    return [
        f"RadionuclideHalfLife (0018,1075) {t.half_life_s:g} s contradicts the radionuclide {nuclide.name} "
        f"({nuclide.half_life_s:g} s)"
    ]


def _dose(t: Tracer) -> list[str]:
    rows = table("tracer")
    if t.dose_bq is None:
        return []
    if t.dose_bq < rows["dose_at_least_bq"]["value"]:
        return [f"RadionuclideTotalDose (0018,1074) {t.dose_bq:g} Bq is implausible: likely MBq"]
    if t.dose_bq > rows["dose_at_most_bq"]["value"]:
        return [f"RadionuclideTotalDose (0018,1074) {t.dose_bq:g} Bq is implausible: likely another unit"]
    return []


def _times(t: Tracer, half_life_s: float | None) -> list[str]:
    """Times in an order that cannot be. No half-life is given for single photon emitters: they are imaged for days."""
    rows = table("tracer")
    found = []
    late_s = seconds_between(t.acquired_at, t.series_at)
    if late_s is not None and late_s > rows["same_moment_s"]["value"]:
        found.append(
            f"the series time (0008,0031) is {late_s / 60:.0f} min later than the earliest acquisition: not the scan start"
        )
    wait_s = seconds_between(t.injected_at, t.acquired_at or t.series_at)
    if wait_s is not None and wait_s < 0:
        found.append("the injection time (0018,1078 or 0018,1072) lies after the scan")
    elif wait_s is not None and half_life_s is not None:
        day_s, half_lives = rows["longest_wait_h"]["value"] * 3600, rows["longest_wait_half_lives"]["value"]
        if wait_s > min(day_s, half_lives * half_life_s):
            found.append(f"{wait_s / 3600:.1f} h lie between injection and scan: more than a day or 12 half-lives")
    return found


def _corrections(t: Tracer) -> list[str]:
    found = []
    if t.decay_correction is None:
        found.append("DecayCorrection (0054,1102) is not stated")
    elif t.decay_correction not in table("tracer")["decay_corrections"]:
        found.append(f"DecayCorrection (0054,1102) {t.decay_correction} is not known")
    if t.decay_correction in ("START", "ADMIN") and "DECY" not in t.corrections:
        found.append(f"DecayCorrection (0054,1102) is {t.decay_correction}, but CorrectedImage (0028,0051) lacks DECY")
    elif t.decay_correction == "NONE":
        found.append("DecayCorrection (0054,1102) is NONE: values are not corrected for decay")
    if "ATTN" not in t.corrections:
        found.append("CorrectedImage (0028,0051) lacks ATTN: values are not corrected for attenuation")
    return found
