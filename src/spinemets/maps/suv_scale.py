"""Rules of the standardised uptake value of PET (PET-01): the factor from a stored value to SUV, or why there is none.

``SUV = C m/D'``: activity concentration times the size of the body over the dose, D' decayed to the moment to which the
pixels are corrected. A header that is silent or contradicts itself gives a `Refused`, never a guess. Values in Bq and
Bq/ml, times in s; moments are local times of one clock, without zone. The pixels are those after the rescale of their frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import exp2, expm1, log, log2

from spinemets.knowledge.lookup import table

# A time of day alone has no date; it is compared by the rule of `uptake_time`.
Moment = datetime | time

_DAY_S = 86400.0
_ANY_DAY = date(2000, 1, 2)
_G_PER_KG, _CM2_PER_M2 = 1000.0, 1e4


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why no SUV can be given, and the header elements (group,element) that say so."""

    reason: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Body:
    """Patient as stated; None where not. Sex as in DICOM: M, F, O."""

    weight_kg: float | None = None
    height_m: float | None = None
    sex: str | None = None


@dataclass(frozen=True, kw_only=True)
class Injection:
    """Dose as stated; None where not.

    Attributes
    ----------
    dose_bq, half_life_s
        Activity at the moment of injection, and the half-life the header states.
    injected_at
        Date and time, or the time alone.
    nominal_half_life_s
        Half-life of the nuclide that the header names.
    """

    dose_bq: float | None = None
    half_life_s: float | None = None
    injected_at: Moment | None = None
    nominal_half_life_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScanTimes:
    """When the scan was; None where not stated.

    Attributes
    ----------
    series_at
        Series time: the moment START means, unless the series was made later.
    acquired_at
        Earliest acquisition of all images.
    frame_reference_s, frame_duration_s
        Of the image acquired first.
    vendor_start
        Start of the scan as a vendor states it (GE).
    """

    series_at: Moment | None = None
    acquired_at: Moment | None = None
    frame_reference_s: float | None = None
    frame_duration_s: float | None = None
    vendor_start: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class PetImage:
    """What the values are; None where not stated.

    Attributes
    ----------
    units, suv_type
        Units: BQML, CNTS, GML, CM2ML; which SUV the values of the last two are.
    corrections, decay_correction
        CorrectedImage, and START, ADMIN or NONE.
    vendor_suv_factor, vendor_activity_factor
        Philips: from CNTS to SUV by weight, and to Bq/ml. 0 stands for absent.
    """

    units: str | None
    corrections: tuple[str, ...] = ()
    decay_correction: str | None = None
    suv_type: str | None = None
    vendor_suv_factor: float | None = None
    vendor_activity_factor: float | None = None


@dataclass(frozen=True, kw_only=True)
class SuvFactors:
    """SUV per unit of a stored value, by weight, lean body mass and body surface.

    Attributes
    ----------
    bw, lbm_janma, bsa
        Factors [g/ml, g/ml, cm2/ml per unit of the value], or why one of them cannot be given. Lean body mass by Janmahasatian.
    dose_bq, elapsed_s
        Dose D' and the time it decayed; None where the values were SUV already.
    notes
        What was assumed.
    """

    bw: float | Refused
    lbm_janma: float | Refused
    bsa: float | Refused
    dose_bq: float | None = None
    elapsed_s: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Uptake:
    """Time from injection to scan; `note` says what was assumed about a missing date."""

    elapsed_s: float
    note: str = ""


def lean_body_mass_kg(*, weight_kg: float, height_m: float, sex: str) -> float:
    """``9270 W/(6680 + 216 BMI)`` men, ``9270 W/(8780 + 244 BMI)`` women (E-70, E-71).

    Not valid below a BMI of 12, where it exceeds the weight. Source: Janmahasatian S, Clin Pharmacokinet 2005; 44:1051.
    """
    constant, slope = {"M": (6680.0, 216.0), "F": (8780.0, 244.0)}[sex]
    return 9270.0 * weight_kg / (constant + slope * weight_kg / height_m**2)


def james_lean_body_mass_kg(*, weight_kg: float, height_m: float, sex: str) -> float:
    """``1.10 W - 0.0128 W^2/H^2`` men, ``1.07 W - 0.0148 W^2/H^2`` women: only to read what was scaled with it.

    Not valid in obesity: it falls again with weight, to below 0. Source: James WPT, Research on Obesity, 1976.
    """
    linear, square = {"M": (1.10, 0.0128), "F": (1.07, 0.0148)}[sex]
    return linear * weight_kg - square * (weight_kg / height_m) ** 2


def body_surface_m2(*, weight_kg: float, height_m: float) -> float:
    """``0.007184 W^0.425 H_cm^0.725`` (E-70). Source: Du Bois D, Du Bois EF, Arch Intern Med 1916; 17:863."""
    return float(0.007184 * weight_kg**0.425 * (100.0 * height_m) ** 0.725)


def uptake_time(*, injected_at: Moment, scan_start: Moment) -> Uptake | Refused:
    """Time from injection to the start of the scan (E-72, E-76).

    With dates on both: their difference. Otherwise by the times of day; if that is negative, the injection was the day
    before, provided that this leaves less than 12 h.
    """
    elapsed_s, note = _seconds_between(injected_at, scan_start), ""
    if not (isinstance(injected_at, datetime) and isinstance(scan_start, datetime)):
        before = elapsed_s < 0.0 and elapsed_s + _DAY_S < _limit("midnight_at_most_h") * 3600.0
        elapsed_s += _DAY_S if before else 0.0
        note = f"a date is missing: the injection is taken as the day {'before' if before else 'of'} the scan"
    if elapsed_s < 0.0:
        return Refused(reason="injection after acquisition", tags=("0018,1078", "0018,1072"))
    return Uptake(elapsed_s=elapsed_s, note=note)


def scan_start(times: ScanTimes, *, half_life_s: float) -> Moment | Refused:
    """Moment to which START refers.

    The series time, if no image was acquired earlier; a series made afterwards has the vendor's start, or one rebuilt
    from the first frame: its acquisition, plus the time in the frame at which its mean count rate was reached, less the
    frame reference time, which is the time from the scan's start to that moment. Source: QIBA's vendor-neutral recipe.
    """
    series, acquired = times.series_at, times.acquired_at
    if series is not None and (acquired is None or _apart_s(acquired, series) <= _limit("same_moment_s")):
        return series
    if times.vendor_start is not None:
        return times.vendor_start
    if acquired is not None and times.frame_reference_s and times.frame_duration_s:
        decays = log(2.0) / half_life_s * times.frame_duration_s
        # The moment in the frame at which the activity is its mean over the frame.
        to_mean_s = half_life_s * log2(decays / -expm1(-decays))
        if to_mean_s - times.frame_reference_s <= _limit("same_moment_s"):
            return _moved(acquired, to_mean_s - times.frame_reference_s)
    if series is None and acquired is None:
        return Refused(reason="scan time missing", tags=("0008,0031", "0008,0032"))
    return Refused(
        reason="series time later than acquisition, and neither a vendor's scan start nor a frame reference time",
        tags=("0008,0031", "0008,0032", "0054,1300"),
    )


def scale(*, body: Body, injection: Injection, image: PetImage, times: ScanTimes) -> SuvFactors | Refused:
    """Factors from stored values to SUV (E-70, E-71), or why there are none (E-74 to E-78)."""
    fault = _correction_fault(image)
    if fault is not None:
        return fault
    sizes = _body_sizes(body)
    if image.units in ("GML", "CM2ML"):
        stated = image.suv_type or ("BW" if image.units == "GML" else "BSA")
        if stated not in sizes or (stated == "BSA") != (image.units == "CM2ML"):
            return Refused(reason=f"SUVType {stated} of units {image.units} cannot be converted", tags=("0054,1006",))
        return _from_suv(stated, 1.0, sizes)
    if image.units == "CNTS" and image.vendor_suv_factor:
        return _from_suv("BW", image.vendor_suv_factor, sizes)
    bq_per_ml = {"BQML": 1.0, "CNTS": image.vendor_activity_factor}.get(image.units or "")
    if not bq_per_ml:
        lacking = " and no vendor scale factor" if image.units == "CNTS" else ": neither activity nor SUV"
        return Refused(
            reason=f"units {image.units or 'missing'}{lacking}", tags=("0054,1001", "7053,1000", "7053,1009")
        )
    weight = sizes["BW"]
    if isinstance(weight, Refused):
        return weight
    return _from_activity(bq_per_ml, sizes, injection=injection, times=times, decay=image.decay_correction)


def _from_activity(
    bq_per_ml: float,
    sizes: dict[str, float | Refused],
    *,
    injection: Injection,
    times: ScanTimes,
    decay: str | None,
) -> SuvFactors | Refused:
    """``m/D'`` for each size of the body."""
    known = _known_dose(injection)
    if isinstance(known, Refused):
        return known
    dose_bq, half_life_s = known
    start = scan_start(times, half_life_s=half_life_s) if decay == "START" else times.acquired_at or times.series_at
    if isinstance(start, Refused):
        return start
    uptake = _uptake(injection.injected_at, start, half_life_s, needed=decay == "START")
    if isinstance(uptake, Refused):
        return uptake
    elapsed_s = uptake.elapsed_s if decay == "START" else 0.0
    left = dose_bq * exp2(-elapsed_s / half_life_s)
    kinds = (sizes["BW"], sizes["LBMJANMA"], sizes["BSA"])
    bw, lbm, bsa = (size if isinstance(size, Refused) else bq_per_ml * size / left for size in kinds)
    return SuvFactors(
        bw=bw, lbm_janma=lbm, bsa=bsa, dose_bq=left, elapsed_s=elapsed_s,
        notes=(uptake.note,) if uptake.note else (),
    )  # fmt: skip


def _from_suv(stated: str, factor: float, sizes: dict[str, float | Refused]) -> SuvFactors:
    """Values that are SUV of one kind already: the ratio of two sizes of the body leads to another kind."""

    def converted(wanted: str) -> float | Refused:
        if wanted == stated:
            return factor
        new, old = sizes[wanted], sizes[stated]
        if isinstance(new, Refused):
            return new
        return old if isinstance(old, Refused) else factor * new / old

    bw, lbm, bsa = (converted(kind) for kind in ("BW", "LBMJANMA", "BSA"))
    return SuvFactors(bw=bw, lbm_janma=lbm, bsa=bsa)


def _correction_fault(image: PetImage) -> Refused | None:
    """Values that are not what an SUV is made of, whatever their unit."""
    if "ATTN" not in image.corrections:
        return Refused(reason="attenuation correction absent", tags=("0028,0051",))
    if image.decay_correction not in ("START", "ADMIN"):
        return Refused(reason="decay correction neither START nor ADMIN", tags=("0054,1102",))
    if "DECY" not in image.corrections:
        return Refused(reason="decay correction absent", tags=("0028,0051",))
    return None


def _body_sizes(body: Body) -> dict[str, float | Refused]:
    """What a dose is spread over, by SUVType: weight and lean body mass in g, surface in cm2."""
    weight = _plausible(
        body.weight_kg, tuple(table("tracer")["weight_kg"]["value"]), "PatientWeight", "0010,1030", "kilograms"
    )
    height = _plausible(
        body.height_m, tuple(table("tracer")["height_m"]["value"]), "PatientSize", "0010,1020", "metres"
    )
    if isinstance(weight, Refused):
        return dict.fromkeys(("BW", "LBMJANMA", "LBMJAMES128", "BSA"), weight)
    grams: float | Refused = _G_PER_KG * weight
    if isinstance(height, Refused):
        return {"BW": grams, **dict.fromkeys(("LBMJANMA", "LBMJAMES128", "BSA"), height)}
    surface = _CM2_PER_M2 * body_surface_m2(weight_kg=weight, height_m=height)
    if body.sex not in ("M", "F"):
        unknown = Refused(reason="PatientSex neither M nor F", tags=("0010,0040",))
        return {"BW": grams, "BSA": surface, **dict.fromkeys(("LBMJANMA", "LBMJAMES128"), unknown)}
    lean = _G_PER_KG * lean_body_mass_kg(weight_kg=weight, height_m=height, sex=body.sex)
    james = _G_PER_KG * james_lean_body_mass_kg(weight_kg=weight, height_m=height, sex=body.sex)
    negative = Refused(reason="lean body mass by James is not above 0", tags=("0010,1020", "0010,1030"))
    return {"BW": grams, "BSA": surface, "LBMJANMA": lean, "LBMJAMES128": james if james > 0.0 else negative}


def _limit(name: str) -> float:
    """A limit of the reader's table of tracers."""
    return float(table("tracer")[name]["value"])


def _plausible(value: float | None, limits: tuple[float, float], name: str, tag: str, unit: str) -> float | Refused:
    if not value:
        return Refused(reason=f"{name} missing", tags=(tag,))
    if not limits[0] <= value <= limits[1]:
        return Refused(reason=f"{name} implausible: {unit} expected", tags=(tag,))
    return value


def _known_dose(injection: Injection) -> tuple[float, float] | Refused:
    """Dose and half-life, if they can be believed."""
    if injection.dose_bq == 0.0:
        return Refused(reason="radionuclide total dose zero", tags=("0018,1074",))
    limits = (_limit("dose_at_least_bq"), _limit("dose_at_most_bq"))
    dose = _plausible(injection.dose_bq, limits, "radionuclide total dose", "0018,1074", "becquerel")
    if isinstance(dose, Refused):
        return dose
    half_life, nominal = injection.half_life_s, injection.nominal_half_life_s
    if not half_life or not half_life > 0.0:
        return Refused(reason="radionuclide half-life missing", tags=("0018,1075",))
    if nominal is not None and abs(half_life / nominal - 1.0) > _limit("half_life_tolerance"):
        return Refused(reason="radionuclide half-life contradicts the nuclide", tags=("0018,1075",))
    return dose, half_life


def _uptake(injected_at: Moment | None, start: Moment | None, half_life_s: float, *, needed: bool) -> Uptake | Refused:
    """Time from injection to scan; where it is not needed it is only checked, if both are stated."""
    if injected_at is None or start is None:
        missing = Refused(reason="injection time missing", tags=("0018,1078", "0018,1072"))
        return missing if needed else Uptake(elapsed_s=0.0)
    uptake = uptake_time(injected_at=injected_at, scan_start=start)
    longest_s = min(_limit("longest_wait_h") * 3600.0, _limit("longest_wait_half_lives") * half_life_s)
    if isinstance(uptake, Uptake) and uptake.elapsed_s > longest_s:
        return Refused(
            reason="more than a day or 12 half-lives between injection and scan", tags=("0018,1078", "0018,1072")
        )
    return uptake


def _seconds_between(earlier: Moment, later: Moment) -> float:
    """Seconds from one moment to another; by the times of day where one has no date."""
    if isinstance(earlier, datetime) and isinstance(later, datetime):
        return (later - earlier).total_seconds()
    return (_clock(later) - _clock(earlier)).total_seconds()


def _apart_s(first: Moment, second: Moment) -> float:
    """As `_seconds_between`, for moments of one scan: times of day are never more than half a day apart."""
    apart = _seconds_between(first, second)
    dated = isinstance(first, datetime) and isinstance(second, datetime)
    return apart if dated else (apart + _DAY_S / 2.0) % _DAY_S - _DAY_S / 2.0


def _clock(moment: Moment) -> datetime:
    """The time of day on a fixed date."""
    return datetime.combine(_ANY_DAY, moment.time() if isinstance(moment, datetime) else moment)


def _moved(moment: Moment, seconds: float) -> Moment:
    if isinstance(moment, datetime):
        return moment + timedelta(seconds=seconds)
    return (_clock(moment) + timedelta(seconds=seconds)).time()
