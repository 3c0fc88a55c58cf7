"""What the rest of a study says of one series: geometry companions, times, and contrast given before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.acquisition import Diffusion
from spinemets.series.companions import Company, moment

GR = {"modality": "MR", "scanning_sequence": ("GR",), "tr_s": 0.005, "te_s": 0.002, "flip_deg": 15.0}
CUBE = np.zeros((4, 4, 4))


def dynamic(make_series, n: int, step_s: float | None):
    """`n` volumes of one DICOM series, `step_s` apart, None = times not stated."""
    made = []
    for k in range(n):
        time = None if step_s is None else step_s * k
        made.append(replace(make_series(CUBE, number=k + 1, **GR, time_s=time), uid=f"1.2.9#{k + 1}"))
    return made


@pytest.mark.parametrize(("n", "step_s"), [(10, 4.0), (8, 0.5), (12, 60.0)])
def test_times_within_one_series(make_series, n, step_s):
    """Times after the first volume: their number and the median step, also below one second."""
    run = dynamic(make_series, n, step_s)
    found = Company(run).of(run[3])
    assert (found.times, found.volumes, found.step_s) == (n, n, pytest.approx(step_s))


def test_volumes_without_times_are_counted_and_have_no_step(make_series):
    """Ten volumes whose times nobody states: they may be a dynamic series, and that cannot be said."""
    run = dynamic(make_series, 10, None)
    found = Company(run).of(run[0])
    assert (found.times, found.volumes, found.step_s) == (1, 10, None)


def test_echoes_and_flips_are_counted_over_one_grid_and_tr(make_series):
    """Another grid, TR or readout is another acquisition."""
    base = make_series(CUBE, number=1, **GR)
    echo = make_series(CUBE, number=2, **{**GR, "te_s": 0.004})
    flip = make_series(CUBE, number=3, **{**GR, "flip_deg": 5.0})
    elsewhere = make_series(CUBE, number=4, origin=(9, 0, 0), **{**GR, "te_s": 0.006})
    slower = make_series(CUBE, number=5, **{**GR, "tr_s": 0.05, "te_s": 0.008})
    spin = make_series(CUBE, number=6, **{**GR, "scanning_sequence": ("SE",), "te_s": 0.008})
    found = Company([base, echo, flip, elsewhere, slower, spin]).of(base)
    assert (found.echoes, found.flips) == (2, 2)
    silent = make_series(CUBE, number=7, modality="MR", scanning_sequence=("GR",))
    assert Company([base, silent]).of(silent).echoes == 1


def test_a_b0_volume_belongs_to_its_set(make_series):
    """The b = 0 volume of a DICOM series whose other volumes are weighted; a series of its own is not pulled in."""
    b0 = replace(make_series(CUBE, number=1, modality="MR", b_values_s_per_mm2=(0.0,)), uid="1.2.7#1")
    b800 = replace(make_series(CUBE, number=2, modality="MR", diffusion=Diffusion(b_s_per_mm2=800.0)), uid="1.2.7#2")
    assert Company([b0, b800]).of(b0).weighted
    assert not Company([b0, replace(b800, uid="1.2.8")]).of(b0).weighted


@pytest.mark.parametrize(
    ("mine", "agent_at", "given_at", "expected"),
    [
        ("2026-01-01T12:20:00", "2026-01-01T12:10:00", None, True),
        ("2026-01-01T12:05:00", "2026-01-01T12:10:00", None, False),
        ("2026-01-01T12:10:00", "2026-01-01T12:10:00", None, None),
        ("2026-01-01T12:10:00", "2026-01-01T12:30:00", "2026-01-01T12:08:00", True),
        ("2026-01-01T12:10:00", "2026-01-01T12:30:00", "2026-01-01T12:12:00", False),
        ("2026-01-01", "2026-01-01T12:10:00", None, None),
        (None, "2026-01-01T12:10:00", None, None),
        ("2026-01-01T12:20:00", None, None, None),
    ],
)
def test_later_than_injection(make_series, mine, agent_at, given_at, expected):
    """MR-GEN-01: "contrast tag or later than injection"; equal or missing times say nothing."""
    series = make_series(number=1, modality="MR", acquired=mine)
    enhanced = make_series(number=2, modality="MR", acquired=agent_at, contrast_agent=True, contrast_at=given_at)
    assert Company([series, enhanced]).contrast_before(series) is expected


def test_iodine_of_a_ct_is_no_gadolinium(make_series):
    """Contrast counts within one modality only."""
    mr = make_series(number=1, modality="MR", acquired="2026-01-01T12:20:00")
    ct = make_series(number=2, modality="CT", acquired="2026-01-01T12:00:00", contrast_agent=True)
    assert Company([mr, ct]).contrast_before(mr) is None


@pytest.mark.parametrize(
    ("stamp", "known"), [("2026-01-01T10:00:00", True), ("2026-01-01", False), ("nonsenseT", False)]
)
def test_only_a_time_of_day_orders(stamp, known):
    """A date alone orders nothing within one examination."""
    assert (moment(stamp) is not None) is known


def test_a_study_of_thousands_of_volumes_is_sorted_once(make_series):
    """Every volume of a long dynamic series gets the same answer from one look at the study."""
    run = dynamic(make_series, 300, 2.0)
    company = Company(run)
    assert {company.of(one) for one in run} == {company.of(run[0])}
    assert company.siblings(run[7]) == run and len(company.grids(run[7])) == 1


@pytest.mark.parametrize(
    ("stamp", "hour"),
    [
        ("2020-01-01T10:00:00", 10),
        ("2020-01-01T10:00:00.250", 10),
        ("2020-01-01T10:00:00+02:00", 10),
        ("2020-01-01", None),
        ("T", None),
        ("2020-01-01T10:0:00", None),
        (None, None),
    ],
)
def test_time_of_any_text(stamp, hour):
    """Side files hold what people write there: no time is no error."""
    found = moment(stamp)
    assert (None if found is None else found.hour) == hour
