"""When each volume of a DICOM series was measured: by the first clock that all of them state and that moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spinemets.ingest.facts import instants
from spinemets.ingest.facts.instants import Instant
from spinemets.ingest.facts.moments import has_time, seconds_of
from spinemets.ingest.frames import Frame
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.values import Values

CLOCKS = ("TemporalPositionTimeOffset", "TriggerTime", "FrameReferenceTime", "AcquisitionTime")
ASSUMED = "TriggerTime (not stated in the first volume: one step before the next)"
# Even steps: clocks are written in whole milliseconds.
EVEN_S = 2e-3


def of_values(v: Values) -> dict[str, float]:
    """Clocks of one frame of a multi-frame file [s]."""
    return _stated(instants.of_values(v), v.number("TemporalPositionTimeOffset"), None)


def _of_frame(frame: Frame) -> Mapping[str, float]:
    if frame.marks is not None:
        return frame.times
    header = frame.image.header
    return _stated(instants.of_header(header), None, header.number(h.TRIGGER))


def _stated(instant: Instant, offset_s: float | None, trigger_ms: float | None) -> dict[str, float]:
    acquired = instant.acquired if has_time(instant.acquired) else None
    found = {
        "TemporalPositionTimeOffset": offset_s,
        "TriggerTime": None if trigger_ms is None else trigger_ms * 1e-3,
        "FrameReferenceTime": instant.reference_s,
        "AcquisitionTime": None if acquired is None else seconds_of(acquired),
    }
    return {name: value for name, value in found.items() if value is not None}


def times(volumes: Sequence[Sequence[Frame]]) -> tuple[list[float | None], str]:
    """Time of each volume after the first one [s], and the element it is from.

    The time of a volume is that of its earliest image. None and an empty text where no clock tells the volumes apart.

    Parameters
    ----------
    volumes
        Images of each volume of one DICOM series.
    """
    if len(volumes) > 1:
        stated = [[_of_frame(frame) for frame in volume] for volume in volumes]
        for clock in CLOCKS:
            found, source = _by_clock(stated, clock)
            if found is not None and np.ptp(found) > 0:
                first = min(found)
                return [round(time - first, 6) for time in found], source
    return [None] * len(volumes), ""


def _by_clock(stated: Sequence[Sequence[Mapping[str, float]]], clock: str) -> tuple[list[float] | None, str]:
    found = [[one[clock] for one in volume if clock in one] for volume in stated]
    missing = [n for n, values in enumerate(found) if not values]
    if clock == "TriggerTime" and len(missing) == 1 and len(found) > 2:
        others = [min(values) for values in found if values]
        return _before_all(others, missing[0])
    return (None, "") if missing else ([min(values) for values in found], clock)


def _before_all(others: list[float], place: int) -> tuple[list[float] | None, str]:
    """A clock that is not written at zero: the volume without it comes one step before the others, if these are even."""
    ordered = np.sort(others)
    steps = np.diff(ordered)
    if np.ptp(steps) > EVEN_S or abs(ordered[0] - steps.mean()) > EVEN_S:
        return None, ""
    return [*others[:place], 0.0, *others[place:]], ASSUMED
