"""Dates and times of DICOM headers as ISO 8601 text: local time as the header writes it, fractions of a second kept."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

STAMP = re.compile(
    r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})"  # date, with the points of old files
    r"(?:[ T]?(\d{2}):?(\d{2}):?(\d{2})(?:\.(\d+))?)?"  # time of day
)


def iso(stamp: str) -> str | None:
    """`YYYYMMDD[HHMMSS[.ffffff][+zzzz]]` as ISO 8601, without the offset; None if it is no date.

    A time that is incomplete or cannot be is left out; a fraction of zero is not written.
    """
    found = STAMP.match(stamp.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction = found.groups()
    date = f"{year}-{month}-{day}"
    if not _is_moment(date):
        return None
    if hour is None:
        return date
    digits = (fraction or "")[:6].rstrip("0")
    text = f"{date}T{hour}:{minute}:{second}" + (f".{digits}" if digits else "")
    return text if _is_moment(text) else date


def _is_moment(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True


def moment(text: str) -> datetime:
    """ISO text as a time without zone.

    Raises
    ------
    ValueError
        If it is none.
    """
    whole, _, fraction = text.partition(".")
    found = datetime.fromisoformat(whole)
    return found + timedelta(microseconds=int(fraction.ljust(6, "0"))) if fraction else found


def seconds_of(text: str) -> float:
    """Seconds from 1970 to an ISO time, as if no clock had ever been changed: for differences only."""
    return (moment(text) - datetime(1970, 1, 1)).total_seconds()


def joined(date: str | None, time: str | None) -> str | None:
    """ISO text of a date and a time element; the date alone where no time is stated, None without a date."""
    if date is None:
        return None
    return iso(date.strip().replace("-", "").replace(".", "") + clock(time))


def clock(time: str | None) -> str:
    """Digits of a time element (`HHMMSS.ffffff`), empty where it is not a full time of day."""
    text = (time or "").strip().replace(":", "")
    if re.fullmatch(r"\d{4}", text):
        return text + "00"
    return text if re.match(r"\d{6}", text) else ""


def has_time(text: str | None) -> bool:
    """Whether ISO text states a time of day."""
    return text is not None and "T" in text


def seconds_between(earlier: str | None, later: str | None) -> float | None:
    """Seconds from one ISO time to another, negative if they are the other way round; None where a time is missing."""
    if earlier is None or later is None or not (has_time(earlier) and has_time(later)):
        return None
    return (moment(later) - moment(earlier)).total_seconds()


def moved(text: str, seconds: float) -> str:
    """An ISO time moved by some seconds; the time itself where that would leave the calendar."""
    try:
        shifted = moment(text) + timedelta(seconds=seconds)
    except OverflowError:
        return text
    whole, _, fraction = shifted.isoformat().partition(".")
    digits = fraction.rstrip("0")
    return whole + (f".{digits}" if digits else "")


def before(time_only: str, reference: str, within_h: float) -> tuple[str, bool]:
    """A time that was stated without its date, put on the day of the reference or the day before.

    The day before is taken only where the time would lie after the reference, and if that leaves less than `within_h`.

    Returns
    -------
    The ISO text, and whether it is the day before.
    """
    wait_s = seconds_between(time_only, reference)
    if wait_s is None or wait_s >= 0 or wait_s + 86400 >= within_h * 3600:
        return time_only, False
    return moved(time_only, -86400), True
