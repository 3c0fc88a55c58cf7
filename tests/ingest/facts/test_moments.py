"""Dates and times: "sub-second times kept"; a time without a date is put before midnight only where that makes sense."""

from __future__ import annotations

import pytest

from spinemets.ingest.facts.moments import (
    before,
    clock,
    has_time,
    iso,
    joined,
    moment,
    moved,
    seconds_between,
    seconds_of,
)


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("20240102", "2024-01-02"),
        ("20240102030405.123+0100", "2024-01-02T03:04:05.123"),
        ("20240102030405.000000 ", "2024-01-02T03:04:05"),
        ("20240102030405-0500", "2024-01-02T03:04:05"),
        ("2024.01.02", "2024-01-02"),
        ("2024-01-02T03:04:05.5", "2024-01-02T03:04:05.5"),
        ("2024010203", "2024-01-02"),
        ("20240102256199", "2024-01-02"),
        ("20241399", None),
        ("00000000", None),
        ("", None),
        ("unknown", None),
    ],
)
def test_iso(stamp, text):
    """Zero fractions are not written, impossible times left out, impossible dates refused."""
    assert iso(stamp) == text


def test_fractions_are_read_back():
    """Microseconds survive both ways; more digits than microseconds are cut."""
    assert moment("2024-01-02T03:04:05.25").microsecond == 250_000
    assert iso("20240102030405.12345678") == "2024-01-02T03:04:05.123456"
    assert moved("2024-01-02T00:00:00.25", -0.5) == "2024-01-01T23:59:59.75"
    assert moved("2024-01-02T00:00:00", 86400) == "2024-01-03T00:00:00"


@pytest.mark.parametrize(
    ("date", "time", "text"),
    [
        ("20240102", "101112.25", "2024-01-02T10:11:12.25"),
        ("2024.01.02", "10:11:12", "2024-01-02T10:11:12"),
        ("20240102", "1011", "2024-01-02T10:11:00"),
        ("20240102", None, "2024-01-02"),
        ("20240102", "morning", "2024-01-02"),
        (None, "101112", None),
    ],
)
def test_date_and_time_elements(date, time, text):
    """Two elements, one text; old forms with points and colons."""
    assert joined(date, time) == text


def test_clock_keeps_only_times_of_day():
    """Hours alone are no time one can compute with."""
    assert (clock("101112"), clock("10:11"), clock("10"), clock(None)) == ("101112", "101100", "", "")


def test_seconds_between():
    """Negative if reversed, None where a time of day is missing."""
    early, late = "2024-01-01T23:59:00", "2024-01-02T00:01:00.5"
    assert seconds_between(early, late) == 120.5 and seconds_between(late, early) == -120.5
    assert seconds_between("2024-01-01", late) is None and seconds_between(None, late) is None
    assert has_time(early) and not has_time("2024-01-01") and not has_time(None)


@pytest.mark.parametrize(
    ("time", "reference", "expected"),
    [
        ("2024-01-02T23:40:00", "2024-01-02T00:35:00", ("2024-01-01T23:40:00", True)),
        ("2024-01-02T10:00:00", "2024-01-02T11:00:00", ("2024-01-02T10:00:00", False)),
        ("2024-01-02T11:30:00", "2024-01-02T11:00:00", ("2024-01-02T11:30:00", False)),
        ("2024-01-02", "2024-01-02T11:00:00", ("2024-01-02", False)),
    ],
)
def test_midnight_rule(time, reference, expected):
    """One day earlier only if the time lies after the scan and the wait is then below 12 hours."""
    assert before(time, reference, 12) == expected


def test_the_ends_of_the_calendar():
    """A time that cannot be moved stays; early years keep their four digits."""
    assert moved("0001-01-01T00:00:00", -86400) == "0001-01-01T00:00:00"
    assert moved("0900-01-01T00:00:00.5", 1) == "0900-01-01T00:00:01.5"
    assert moved("9999-12-31T23:59:59", 86400) == "9999-12-31T23:59:59"


def test_seconds_do_not_depend_on_the_machine(monkeypatch):
    """No time zone, no summer time: the same difference everywhere, and year 1 is no error."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert seconds_of("2024-03-31T03:30:00.5") - seconds_of("2024-03-31T01:30:00") == 7200.5
    assert seconds_of("0001-01-01T00:00:00") < 0
