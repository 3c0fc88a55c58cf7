"""Rules of SUV: vectors E-70 to E-78, calendars, properties."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.maps import suv_scale as suv
from spinemets.maps.suv_scale import Body, Injection, PetImage, Refused, ScanTimes, SuvFactors, Uptake

F18_S = 6586.2
BODY = Body(weight_kg=80.0, height_m=1.75, sex="M")
INJECTION = Injection(dose_bq=3.7e8, half_life_s=F18_S, injected_at=time(9), nominal_half_life_s=F18_S)
IMAGE = PetImage(units="BQML", corrections=("DECY", "ATTN", "SCAT"), decay_correction="START")
TIMES = ScanTimes(series_at=time(10))
DAY = datetime(2024, 3, 1, 9)


def scale(body=BODY, injection=INJECTION, image=IMAGE, times=TIMES) -> SuvFactors | Refused:
    return suv.scale(body=body, injection=injection, image=image, times=times)


# --- published vectors ------------------------------------------------------------------------------------------------


def test_a_man_decay_to_the_start():
    """E-70: 12 000 Bq/ml, one hour after 370 MBq of F-18."""
    found = scale()
    assert found.dose_bq == pytest.approx(253314180.0, rel=1e-6)
    assert 12_000.0 * found.bw == pytest.approx(3.78976021, rel=1e-6)
    assert 12_000.0 * found.lbm_janma == pytest.approx(2.85098175, rel=1e-6)
    assert 12_000.0 * found.bsa == pytest.approx(0.926624754, rel=1e-6)
    body = {"weight_kg": 80.0, "height_m": 1.75}
    assert suv.lean_body_mass_kg(**body, sex="M") == pytest.approx(60.182842, rel=1e-6)
    assert suv.body_surface_m2(**body) == pytest.approx(1.95605992, rel=1e-6)


def test_a_woman_decay_to_the_injection():
    """E-71: the pixels are corrected to the injection; SUV by weight is that of E-70."""
    found = scale(body=replace(BODY, sex="F"), image=replace(IMAGE, decay_correction="ADMIN"))
    assert found.dose_bq == 3.7e8
    assert 17_527.641 * found.bw == pytest.approx(3.78976021, rel=1e-6)
    assert 17_527.641 * found.lbm_janma == pytest.approx(2.31828963, rel=1e-6)
    assert 17_527.641 * found.bsa == pytest.approx(0.926624754, rel=1e-6)
    assert suv.lean_body_mass_kg(weight_kg=80.0, height_m=1.75, sex="F") == pytest.approx(48.9379697, rel=1e-6)


def test_across_midnight():
    """E-72: with dates, and by the times of day alone, where the day before is taken and said."""
    injected, started = datetime(2024, 3, 1, 23, 30), datetime(2024, 3, 2, 1)
    dated = suv.uptake_time(injected_at=injected, scan_start=started)
    assert dated == Uptake(elapsed_s=5400.0)
    start = ScanTimes(series_at=started)
    found = scale(injection=replace(INJECTION, injected_at=injected), times=start)
    assert found.dose_bq == pytest.approx(3.7e8 * 0.56648272, rel=1e-6)
    alone = suv.uptake_time(injected_at=injected.time(), scan_start=started.time())
    assert alone.elapsed_s == 5400.0
    assert "the day before" in alone.note


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"body": replace(BODY, weight_kg=None)}, "PatientWeight missing"),
        ({"image": replace(IMAGE, units="CNTS")}, "units CNTS and no vendor scale factor"),
        ({"injection": replace(INJECTION, injected_at=time(11))}, "injection after acquisition"),
        ({"image": replace(IMAGE, corrections=("DECY", "SCAT"))}, "attenuation correction absent"),
        ({"injection": replace(INJECTION, dose_bq=0.0)}, "radionuclide total dose zero"),
    ],
    ids=["E-74", "E-75", "E-76", "E-77", "E-78"],
)
def test_must_refuse(changed, reason: str):
    """E-74 to E-78: a typed refusal with the reason of the vector and the elements that say so."""
    found = scale(**changed)
    assert isinstance(found, Refused)
    assert found.reason == reason
    assert found.tags


# --- other reasons to refuse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"body": replace(BODY, weight_kg=80_000.0)}, "PatientWeight implausible: kilograms expected"),
        ({"body": replace(BODY, weight_kg=19.9)}, "PatientWeight implausible: kilograms expected"),
        ({"body": replace(BODY, weight_kg=math.nan)}, "PatientWeight implausible: kilograms expected"),
        ({"image": replace(IMAGE, decay_correction=None)}, "decay correction neither START nor ADMIN"),
        ({"image": replace(IMAGE, decay_correction="NONE")}, "decay correction neither START nor ADMIN"),
        ({"image": replace(IMAGE, corrections=("ATTN",))}, "decay correction absent"),
        ({"image": replace(IMAGE, units="PROPCPS")}, "units PROPCPS: neither activity nor SUV"),
        ({"image": replace(IMAGE, units=None)}, "units missing: neither activity nor SUV"),
        ({"image": replace(IMAGE, units="GML", suv_type="IBW")}, "SUVType IBW of units GML cannot be converted"),
        ({"image": replace(IMAGE, units="GML", suv_type="LBM")}, "SUVType LBM of units GML cannot be converted"),
        ({"image": replace(IMAGE, units="GML", suv_type="BSA")}, "SUVType BSA of units GML cannot be converted"),
        ({"image": replace(IMAGE, units="CM2ML", suv_type="BW")}, "SUVType BW of units CM2ML cannot be converted"),
        ({"injection": replace(INJECTION, dose_bq=None)}, "radionuclide total dose missing"),
        ({"injection": replace(INJECTION, dose_bq=370.0)}, "radionuclide total dose implausible: becquerel expected"),
        ({"injection": replace(INJECTION, half_life_s=None)}, "radionuclide half-life missing"),
        ({"injection": replace(INJECTION, half_life_s=109.77)}, "radionuclide half-life contradicts the nuclide"),
        ({"injection": replace(INJECTION, injected_at=None)}, "injection time missing"),
        ({"times": ScanTimes()}, "scan time missing"),
    ],
)
def test_silent_or_contradictory_headers(changed, reason: str):
    """Section 9: what else must be refused, one thing wrong at a time."""
    found = scale(**changed)
    assert isinstance(found, Refused)
    assert found.reason == reason
    assert found.tags


@pytest.mark.parametrize(("half_life", "hours"), [(F18_S, 22.5), (4062.6, 14.0), (45720.0, 24.5)])
def test_too_long_between_injection_and_scan(half_life: float, hours: float):
    """12 half-lives of F-18 (22 h) and Ga-68 (13.5 h), a day for Cu-64."""
    injection = Injection(dose_bq=3.7e8, half_life_s=half_life, injected_at=DAY)
    found = scale(injection=injection, times=ScanTimes(series_at=DAY + timedelta(hours=hours)))
    assert isinstance(found, Refused)
    assert found.reason == "more than a day or 12 half-lives between injection and scan"
    assert isinstance(
        scale(injection=injection, times=ScanTimes(series_at=DAY + timedelta(hours=hours - 1))), SuvFactors
    )


def test_what_is_missing_for_lean_mass_and_surface_only():
    """Height and sex: SUV by weight stays."""
    tall = scale(body=replace(BODY, height_m=175.0))
    assert tall.bw == scale().bw
    assert tall.bsa.reason == tall.lbm_janma.reason == "PatientSize implausible: metres expected"
    other = scale(body=replace(BODY, sex="O"))
    assert other.lbm_janma.reason == "PatientSex neither M nor F"
    assert other.bsa == scale().bsa


def test_corrected_to_the_injection_needs_no_times():
    """ADMIN: no time is used; times that contradict each other spoilt the scanner's own correction."""
    image = replace(IMAGE, decay_correction="ADMIN")
    assert isinstance(scale(injection=replace(INJECTION, injected_at=None), image=image, times=ScanTimes()), SuvFactors)
    assert (
        scale(injection=replace(INJECTION, injected_at=time(11)), image=image).reason == "injection after acquisition"
    )


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_scale_against_a_calendar_and_a_hand_formula(seed: int):
    """Random patients and moments: seconds counted by the calendar, halvings one at a time, sizes written out."""
    draw = np.random.default_rng(seed)
    weight, height = draw.uniform(40.0, 140.0), draw.uniform(1.45, 2.0)
    wait = timedelta(seconds=int(draw.integers(600, 20_000)))
    injected = datetime(2023, 12, 31, 23, 0) + timedelta(minutes=int(draw.integers(0, 120)))
    found = scale(
        body=Body(weight_kg=weight, height_m=height, sex="F"),
        injection=replace(INJECTION, injected_at=injected),
        times=ScanTimes(series_at=injected + wait),
    )
    left = 3.7e8
    for _ in range(wait.days * 86400 + wait.seconds):
        left *= 0.5 ** (1.0 / F18_S)
    lean = 9270.0 * weight / (8780.0 + 244.0 * weight / (height * height))
    surface = 71.84 * math.exp(0.425 * math.log(weight) + 0.725 * math.log(100.0 * height))
    assert found.bw == pytest.approx(1000.0 * weight / left, rel=1e-9)
    assert found.lbm_janma == pytest.approx(1000.0 * lean / left, rel=1e-9)
    assert found.bsa == pytest.approx(surface / left, rel=1e-9)


@pytest.mark.parametrize("undated", [False, True])
def test_a_start_rebuilt_from_a_frame(undated: bool):
    """The start from which the scanner counted: its frame reference time is that of the frame's mean activity."""
    start, offset, duration = datetime(2024, 3, 1, 23, 58), 300.0, 900.0
    half_life = 1223.4
    t = np.linspace(offset, offset + duration, 200_001)
    mean = np.mean(0.5 ** (t / half_life))
    reference = -half_life * math.log2(mean)
    acquired, later = start + timedelta(seconds=offset), start + timedelta(hours=3)
    times = ScanTimes(
        series_at=later.time() if undated else later,
        acquired_at=acquired.time() if undated else acquired,
        frame_reference_s=reference,
        frame_duration_s=duration,
    )
    found = suv.scan_start(times, half_life_s=half_life)
    rebuilt = datetime.combine(start.date(), found) if undated else found
    assert abs((rebuilt - start).total_seconds()) < 1e-3


def test_the_order_in_which_a_start_is_looked_for():
    """The series time if nothing is earlier, the vendor's, a frame's, none."""
    acquired, late = DAY + timedelta(hours=1), DAY + timedelta(hours=3)
    frame = {"frame_reference_s": 60.0, "frame_duration_s": 120.0}
    vendor = acquired - timedelta(seconds=5)

    def start(**stated):
        return suv.scan_start(ScanTimes(**stated), half_life_s=F18_S)

    assert start(series_at=acquired, acquired_at=acquired, vendor_start=vendor, **frame) == acquired
    assert start(series_at=acquired) == acquired
    assert start(series_at=late, acquired_at=acquired, vendor_start=vendor, **frame) == vendor
    from_frame = start(series_at=late, acquired_at=acquired, **frame)
    assert abs((from_frame - acquired).total_seconds()) < 0.1
    for useless in ({}, {"frame_reference_s": 10.0, "frame_duration_s": 120.0}, {"frame_reference_s": 60.0}):
        assert "series time later than acquisition" in start(series_at=late, acquired_at=acquired, **useless).reason


# --- properties -------------------------------------------------------------------------------------------------------


@given(minute=st.integers(0, 1439), wait=st.integers(0, 719))
def test_times_alone_agree_with_dates(minute, wait):
    """Property: within 12 h the times of day give what the dates give, midnight or not."""
    injected = datetime(2024, 2, 28) + timedelta(minutes=minute)
    started = injected + timedelta(minutes=wait)
    dated = suv.uptake_time(injected_at=injected, scan_start=started)
    for pair in ((injected.time(), started), (injected, started.time()), (injected.time(), started.time())):
        alone = suv.uptake_time(injected_at=pair[0], scan_start=pair[1])
        assert alone.elapsed_s == dated.elapsed_s
        assert alone.note.startswith("a date is missing")


@given(minutes=st.floats(0.0, 600.0))
def test_start_and_admin_are_one(minutes):
    """E-71 as a property: pixels corrected to the injection are larger by the decay, and give the same SUV."""
    times = ScanTimes(series_at=DAY + timedelta(minutes=minutes))
    injection = replace(INJECTION, injected_at=DAY)
    start = scale(injection=injection, times=times)
    admin = scale(injection=injection, times=times, image=replace(IMAGE, decay_correction="ADMIN"))
    left = 0.5 ** (start.elapsed_s / F18_S)
    assert start.bw * left == pytest.approx(admin.bw, rel=1e-9)


@given(kind=st.sampled_from(["BW", "LBMJANMA", "LBMJAMES128", "BSA"]), weight=st.floats(40.0, 100.0))
def test_values_that_are_suv_already(kind, weight):
    """Property: SUV of one kind gives the others in the ratios that activity gives them in; its own unchanged."""
    body = replace(BODY, weight_kg=weight)
    image = replace(IMAGE, units="CM2ML" if kind == "BSA" else "GML", suv_type=kind)
    stated, made = scale(body=body, image=image), scale(body=body)
    assert stated.bw / stated.bsa == pytest.approx(made.bw / made.bsa)
    assert stated.lbm_janma / stated.bsa == pytest.approx(made.lbm_janma / made.bsa)
    own = {"BW": stated.bw, "LBMJANMA": stated.lbm_janma, "BSA": stated.bsa}
    if kind == "LBMJAMES128":
        james = suv.james_lean_body_mass_kg(weight_kg=weight, height_m=1.75, sex="M")
        assert stated.bw == pytest.approx(weight / james)
    else:
        assert own[kind] == 1.0


def test_suv_without_the_body_that_made_it():
    """Lean-mass SUV without a height stays what it is, and leads nowhere else."""
    image = replace(IMAGE, units="GML", suv_type="LBMJANMA")
    found = scale(body=replace(BODY, height_m=None), image=image)
    assert found.lbm_janma == 1.0
    assert found.bw.reason == found.bsa.reason == "PatientSize missing"


@given(weight=st.floats(20.0, 300.0), height=st.floats(1.3, 2.2), sex=st.sampled_from(["M", "F"]))
def test_lean_mass_is_part_of_the_body(weight, height, sex):
    """Property: Janmahasatian rises with the weight, and stays below it from the BMI on that its docstring names."""
    body = {"weight_kg": weight, "height_m": height}
    lean = suv.lean_body_mass_kg(**body, sex=sex)
    heavier = suv.lean_body_mass_kg(weight_kg=weight + 1.0, height_m=height, sex=sex)
    assert 0.0 < lean < heavier
    assert suv.lean_body_mass_kg(**body, sex="F") < suv.lean_body_mass_kg(**body, sex="M")
    assert lean < weight or weight / height**2 < 12.0


def test_james_fails_in_obesity():
    """200 kg on 1.5 m: below 0; values scaled with that are refused, not turned round."""
    body = Body(weight_kg=200.0, height_m=1.5, sex="F")
    assert suv.james_lean_body_mass_kg(weight_kg=200.0, height_m=1.5, sex="F") < 0.0
    found = scale(body=body, image=replace(IMAGE, units="GML", suv_type="LBMJAMES128"))
    assert found.bw.reason == "lean body mass by James is not above 0"
