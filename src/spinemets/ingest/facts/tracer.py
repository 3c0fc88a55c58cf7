"""`Tracer` from PET and nuclear medicine headers: each fact as stated, and a sentence for what is missing or odd.

Nothing is corrected here: whether an SUV can be made of the facts is decided where it is computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from spinemets.ingest.facts import body_size, instants
from spinemets.ingest.facts.instants import Instant
from spinemets.ingest.facts.moments import before, clock, has_time, iso, joined, moment, moved, seconds_between
from spinemets.ingest.facts.quantity import units
from spinemets.ingest.facts.tracer_doubts import doubts
from spinemets.ingest.frames import Frame
from spinemets.ingest.header.values import Values
from spinemets.knowledge import nuclides
from spinemets.knowledge.catalogue import table
from spinemets.knowledge.nuclides import Nuclide
from spinemets.model.acquisition import Acquisition, Tracer

MODALITIES = ("PT", "NM")
BQ_PER_MBQ = 1e6


def tracer(v: Values, images: Iterable[Instant] = ()) -> tuple[Tracer | None, tuple[str, ...]]:
    """Facts of a series, and sentences; None for other modalities.

    Parameters
    ----------
    v
        Header of one image.
    images
        Acquisition of every image of the series: the earliest counts.
    """
    modality = v.text("Modality")
    if modality not in MODALITIES:
        return None, ()
    first = instants.earliest([*images, instants.of_values(v)]) or instants.of_values(v)
    sources = v.items("RadiopharmaceuticalInformationSequence")
    source = sources[0] if sources else v
    nuclide, nuclide_words, said = _nuclide(v, source)
    if len(sources) > 1:
        said.append(f"{len(sources)} radiopharmaceuticals are stated: the facts are those of the first")
    stated = units(v)
    said += [stated.said] if stated.said else []
    corrections = _corrections(v)
    found = Tracer(
        agent=source.text("Radiopharmaceutical") or _meaning(source, "RadiopharmaceuticalCodeSequence"),
        nuclide=nuclide_words, half_life_s=_positive(source.number("RadionuclideHalfLife")),
        dose_bq=_dose(source, modality), positron_fraction=source.number("RadionuclidePositronFraction"),
        acquired_at=first.acquired, series_at=joined(v.text("SeriesDate"), v.text("SeriesTime")),
        units=stated.code or v.text("Units"), suv_type=stated.suv_type, corrections=corrections,
        frame_reference_s=first.reference_s, frame_duration_s=first.duration_s, vendor=_vendor(v),
    )  # fmt: skip
    injected, sentences = _injected(v, source, found)
    found = replace(found, injected_at=injected)
    found, decay = _decay(v, found)
    weight_and_height = body_size.doubts(*body_size.of_values(v))
    return found, (*said, *sentences, *decay, *doubts(found, nuclide, modality), *weight_and_height)


def with_tracer(facts: Acquisition, frames: Sequence[Frame], dataset: Any) -> tuple[Acquisition, tuple[str, ...]]:
    """Facts of a volume with its tracer, and sentences.

    Parameters
    ----------
    frames
        Images of the volume, of which `dataset` is the header of the first one's file.
    """
    if facts.modality not in MODALITIES:
        return facts, ()
    first = frames[0]
    images = [
        instants.of_header(f.image.header) if f.image.n_frames == 1 else instants.of_values(Values(dataset, f.index))
        for f in frames
        if f.image.n_frames == 1 or f.image is first.image
    ]
    found, said = tracer(Values(dataset, first.index), images)
    return replace(facts, tracer=found), said


def _positive(value: float | None) -> float | None:
    return value if value and value > 0 else None


def _meaning(v: Values, sequence: str) -> str | None:
    items = v.items(sequence)
    return (items[0].text("CodeMeaning") or items[0].text("CodeValue")) if items else None


def _dose(source: Values, modality: str) -> float | None:
    """Dose [Bq]: PET states becquerels, nuclear medicine megabecquerels (DICOM PS3.3 C.8.4.10.1.7)."""
    stated = _positive(source.number("RadionuclideTotalDose"))
    if stated is None or modality != "NM":
        return stated
    return stated * BQ_PER_MBQ if math.isfinite(stated * BQ_PER_MBQ) else None


def _nuclide(v: Values, source: Values) -> tuple[Nuclide | None, str | None, list[str]]:
    """The nuclide, the header's words for it, and a sentence where code and words differ."""
    items = source.items("RadionuclideCodeSequence")
    coded = nuclides.by_code(item.text("CodeValue") for item in items)
    words = _meaning(source, "RadionuclideCodeSequence")
    private = _private(v, "ge_nuclide")
    words = words or (str(private) if private else None)
    named = nuclides.by_words(words)
    agent = nuclides.by_words(source.text("Radiopharmaceutical"))
    said = []
    known = [one for one in (coded, named, agent) if one is not None]
    if len({one.name for one in known}) > 1:
        said.append("the header names several radionuclides: " + ", ".join(dict.fromkeys(one.name for one in known)))
    if coded is not None and (words is None or named is None):
        words = coded.name
    return (known[0] if known else None), words or (agent.name if agent else None), said


def _corrections(v: Values) -> tuple[str, ...]:
    """CorrectedImage, or the same words from the YES and NO of enhanced images."""
    stated = v.texts("CorrectedImage")
    rows = table("tracer")["corrected"]
    return stated or tuple(word for keyword, word in rows.items() if v.text(keyword) == "YES")


def _private(v: Values, name: str) -> str | float | None:
    row = table("tracer")["private"][name]
    value = v.private(row["group"], row["element"], row["creator"])
    if value is None:
        return None
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    text = text.strip("\0 ")
    if row.get("time"):
        return iso(text)
    if row.get("words"):
        return text or None
    try:
        number = float(text)
    except ValueError:
        return None
    absent = not math.isfinite(number) or (row.get("zero_is_absent") and number == 0)
    return None if absent else number


def _vendor(v: Values) -> dict[str, str | float]:
    names = (name for name, row in table("tracer")["private"].items() if not row.get("words"))
    found = {name: _private(v, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _injected(v: Values, source: Values, found: Tracer) -> tuple[str | None, tuple[str, ...]]:
    """ISO time of injection: the date-time, or the time alone on the day of the scan or the day before."""
    stamp, time = source.text("RadiopharmaceuticalStartDateTime"), source.text("RadiopharmaceuticalStartTime")
    dated = _local(stamp, v.text("TimezoneOffsetFromUTC")) if stamp else None
    if has_time(dated):
        alone = joined((dated or "")[:10], time)
        apart = seconds_between(alone, dated) if clock(time) else 0.0
        if apart and abs(apart) > table("tracer")["same_moment_s"]["value"]:
            return dated, ("injection times (0018,1078) and (0018,1072) differ: the one with a date is used",)
        return dated, ()
    start = _first(found.series_at, found.acquired_at)
    if not clock(time) or start is None:
        return None, ()
    text, earlier = before(joined(start[:10], time) or "", start, table("tracer")["midnight_at_most_h"]["value"])
    day = "the day before the scan" if earlier else "the day of the scan"
    return text, (f"the injection time (0018,1072) has no date: taken as {day}, {text}",)


def _first(*times: str | None) -> str | None:
    return min((t for t in times if t is not None and has_time(t)), key=moment, default=None)


def _local(stamp: str, zone: str | None) -> str | None:
    """ISO text; a date-time with another offset from UTC than the header's is moved to the header's."""
    text, own = iso(stamp), _offset_s(stamp[14:])
    local = _offset_s(zone or "")
    if text is None or not has_time(text) or own is None or local is None or own == local:
        return text
    return moved(text, local - own)


def _offset_s(text: str) -> float | None:
    """Seconds of `...+0130`; None where no offset is stated."""
    text = text.strip()
    sign = max(text.rfind("+"), text.rfind("-"))
    digits = text[sign + 1 : sign + 5]
    if sign < 0 or not re.fullmatch("[0-9]{4}", digits):
        return None
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if text[sign] == "-" else 1)


def _decay(v: Values, found: Tracer) -> tuple[Tracer, tuple[str, ...]]:
    """DecayCorrection; enhanced images state a date-time instead, which is that of the scan, of the injection, or neither."""
    stated = v.text("DecayCorrection")
    if stated is not None:
        return replace(found, decay_correction=stated.upper()), ()
    done, target = v.text("DecayCorrected"), iso(v.text("DecayCorrectionDateTime") or "")
    if done == "NO":
        return replace(found, decay_correction="NONE"), ()
    if done != "YES" or target is None:
        return found, ()
    near = table("tracer")["same_moment_s"]["value"]
    for word, other in (("ADMIN", found.injected_at), ("START", found.acquired_at)):
        apart = seconds_between(other, target)
        if apart is not None and abs(apart) <= near:
            return replace(found, decay_correction=word), ()
    kept = replace(found, vendor={**found.vendor, "decay_corrected_to": target})
    return kept, (f"decay is corrected to {target}, which is neither the injection nor the start of the acquisition",)
