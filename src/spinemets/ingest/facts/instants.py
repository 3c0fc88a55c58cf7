"""When one image was acquired, and for how long: what decay correction needs of every image of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinemets.ingest.facts.moments import has_time, iso, joined, moment

if TYPE_CHECKING:  # headers.py asks this module which tags to keep
    from spinemets.ingest.header.headers import Header
    from spinemets.ingest.header.values import Values

DATE, TIME, DATE_TIME, DURATION, REFERENCE = 0x00080022, 0x00080032, 0x0008002A, 0x00181242, 0x00541300
TAGS = frozenset((DATE, TIME, DATE_TIME, DURATION, REFERENCE))


@dataclass(frozen=True, kw_only=True)
class Instant:
    """Acquisition of one image.

    Attributes
    ----------
    acquired
        ISO time of its start.
    reference_s
        FrameReferenceTime: from the series reference to the moment the image stands for.
    duration_s
        ActualFrameDuration.
    """

    acquired: str | None = None
    reference_s: float | None = None
    duration_s: float | None = None


def of_header(header: Header) -> Instant:
    """From the scanned tags of a classic file."""
    stamp = header.text(DATE_TIME)
    return Instant(
        acquired=iso(stamp) if stamp else joined(header.text(DATE), header.text(TIME)),
        reference_s=_seconds(header.number(REFERENCE)), duration_s=_seconds(header.number(DURATION)),
    )  # fmt: skip


def of_values(v: Values) -> Instant:
    """From a whole header, or one frame of it."""
    stamp = v.text("FrameAcquisitionDateTime") or v.text("AcquisitionDateTime")
    duration = v.number("ActualFrameDuration")
    return Instant(
        acquired=iso(stamp) if stamp else joined(v.text("AcquisitionDate"), v.text("AcquisitionTime")),
        reference_s=_seconds(v.number("FrameReferenceTime")),
        duration_s=_seconds(v.number("FrameAcquisitionDuration") if duration is None else duration),
    )  # fmt: skip


def earliest(instants: Iterable[Instant]) -> Instant | None:
    """The one acquired first; its reference time and duration go with it. None if none states a time of day."""
    timed = [one for one in instants if has_time(one.acquired)]
    return min(timed, key=lambda one: moment(one.acquired or ""), default=None)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds * 1e-3, 12)
