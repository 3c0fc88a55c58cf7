"""Profiles along the spine and stacked scores as SVG, one idea each, every one with its numbers as a table below.

Head at the top; a level without a value leaves a gap that says why; intervals are bars; lines are told apart by shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from spinemets.model.assessment import Assessment, LevelAssessment, Score
from spinemets.model.finding import Finding, State
from spinemets.model.measurement import Value
from spinemets.report import lexicon, svg, wording

WIDTH, LEFT, RIGHT, TOP, BOTTOM, ROW = 520.0, 60.0, 16.0, 34.0, 34.0, 20.0
SHAPES = ("triangle", "circle", "square", "diamond")


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value of one line at one level."""

    level_id: str
    line: int
    value: Value


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawing with caption and data table (`header`, then `rows`, first cell = level)."""

    id: str
    title: str
    look_for: str
    drawing: Markup
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a profile shows before it is drawn."""

    levels: tuple[str, ...]
    lines: tuple[str, ...]
    points: tuple[Point, ...]
    bands: dict[str, Value]
    cuts: tuple[tuple[float, str], ...]
    gaps: dict[str, str]
    unit: str


def plots(assessment: Assessment) -> tuple[Plot, ...]:
    """All plots for which there is at least one value."""
    made = [_profile_plot(key, spec, assessment) for key, spec in lexicon.lexicon()["plots"].items()]
    return tuple(p for p in (*made, _sins_plot(assessment)) if p is not None)


def _profile_plot(key: str, spec: dict[str, Any], assessment: Assessment) -> Plot | None:
    profile = gather(spec, assessment)
    if not profile.points:
        return None
    table = [
        (level, *(_cell(profile, level, n) for n in range(len(profile.lines))), *_band_cell(profile, level))
        for level in profile.levels
    ]
    title = str(spec["title"])
    unit = f" [{profile.unit}]" if profile.unit else ""
    return Plot(
        id=f"plot-{key}",
        title=title,
        look_for=f"{spec['look_for']} Bars are 95 % intervals.",
        drawing=draw(profile, f"{title}{unit} by level"),
        header=("Level", *(f"{line}{unit}" for line in profile.lines), *(("expected",) if profile.bands else ())),
        rows=tuple(table),
        note="; ".join(words for _, words in profile.cuts),
    )


def gather(spec: dict[str, Any], assessment: Assessment) -> Profile:
    """Collect values of the criteria a plot names, level by level; what is missing gets the reason of its record."""
    lines: dict[str, list[str]] = spec["lines"]
    points: list[Point] = []
    bands: dict[str, Value] = {}
    gaps: dict[str, str] = {}
    cuts: dict[float, dict[str, None]] = {}
    for level_id, level in assessment.levels.items():
        records = [f for f in level.findings.values() if f.criterion in spec["criteria"]]
        found = [Point(level_id=level_id, line=n, value=v) for n, v in _values(lines, records)]
        points += found
        band = _first_value(spec["band"], records)
        if band is not None:
            bands[level_id] = band
        if not found:
            gaps[level_id] = _gap(records)
        for f in records if spec["cuts"] else ():
            for c in f.cutoffs:
                cuts.setdefault(c.value, {})[_cut_words(c.mark, f.title)] = None
    used = tuple(n for n in range(len(lines)) if any(p.line == n for p in points))
    return Profile(
        levels=tuple(assessment.levels),
        lines=tuple(list(lines)[n] for n in used),
        points=tuple(Point(level_id=p.level_id, line=used.index(p.line), value=p.value) for p in points),
        bands=bands,
        cuts=tuple((v, f"Line at {v:g}: cut-off of {wording.listed(list(w))}") for v, w in sorted(cuts.items())),
        gaps=gaps,
        unit=str(spec["unit"]),
    )


def _values(lines: dict[str, list[str]], records: list[Finding]) -> list[tuple[int, Value]]:
    """(line, value): a name of a line is that of a value, or of a criterion whose judged number is meant."""
    pairs = []
    for n, names in enumerate(lines.values()):
        value = _first_value(names, records)
        if value is not None:
            pairs.append((n, value))
    return pairs


def _first_value(names: list[str], records: list[Finding]) -> Value | None:
    for name in names:
        for f in records:
            if name == f.criterion and f.value is not None:
                return Value(value=f.value, unit=f.unit or "1", ci95=f.ci95)
            if name in f.values:
                return f.values[name]
    return None


def _gap(records: list[Finding]) -> str:
    refused = [f for f in records if f.state is State.NOT_ASSESSABLE]
    return f"not assessed ({refused[0].reason})" if refused else "no record"


def _cut_words(mark: str, title: str) -> str:
    return f"{title[:1].lower()}{title[1:]} ({lexicon.mark_words(mark)})"


def _cell(profile: Profile, level: str, line: int) -> str:
    point = next((p for p in profile.points if p.level_id == level and p.line == line), None)
    if point is None:
        return profile.gaps.get(level, "not measured")
    return wording.quantity(point.value.value, point.value.unit, point.value.ci95)


def _band_cell(profile: Profile, level: str) -> tuple[str, ...]:
    if not profile.bands:
        return ()
    band = profile.bands.get(level)
    return ("no expectation",) if band is None else (wording.quantity(band.value, band.unit, band.ci95),)


def draw(profile: Profile, title: str) -> Markup:
    """SVG of a profile: values to the right, levels downwards."""
    low, high = extent(profile)
    height = TOP + ROW * len(profile.levels) + BOTTOM

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    parts: list[Markup] = []
    floor = height - BOTTOM
    for tick in ticks(low, high):
        parts += [
            svg.line(x(tick), TOP, x(tick), floor, "grid"),
            svg.text(x(tick), floor + 15.0, f"{tick:g}", "axis", "middle"),
        ]
    if profile.unit:
        parts.append(svg.text(WIDTH - RIGHT, floor + 29.0, profile.unit, "axis", "end"))
    for n, level in enumerate(profile.levels):
        y = TOP + ROW * (n + 0.5)
        parts.append(svg.line(LEFT, y + ROW / 2, WIDTH - RIGHT, y + ROW / 2, "row-line"))
        parts.append(svg.text(LEFT - 10.0, y + 4.0, level, "name", "end"))
        band = profile.bands.get(level)
        if band is not None:
            a, b = band.ci95 or (band.value, band.value)
            parts.append(svg.rectangle(x(a) - 1.0, y - ROW / 2, x(b) - x(a) + 2.0, ROW, "band"))
        if level in profile.gaps:
            parts.append(svg.text(LEFT + 4.0, y + 4.0, profile.gaps[level], "quiet"))
    parts += [svg.line(x(value), TOP - 4.0, x(value), floor, "cut") for value, _ in profile.cuts]
    for point in profile.points:
        offset = (point.line - (len(profile.lines) - 1) / 2) * 5.0
        y = TOP + ROW * (profile.levels.index(point.level_id) + 0.5) + offset
        parts += _mark(point, x, y)
    for n, line in enumerate(profile.lines):
        parts += [svg.symbol(SHAPES[n], LEFT + 8.0 + 130.0 * n, 12.0, 4.5, f"mark line-{n}")]
        parts += [svg.text(LEFT + 18.0 + 130.0 * n, 16.0, line, "")]
    return svg.drawing(WIDTH, height, title, *parts)


def _mark(point: Point, x: Callable[[float], float], y: float) -> list[Markup]:
    parts = []
    if point.value.ci95 is not None:
        a, b = point.value.ci95
        parts.append(svg.line(x(a), y, x(b), y, "interval"))
    parts.append(svg.symbol(SHAPES[point.line], x(point.value.value), y, 4.0, f"mark line-{point.line}"))
    return parts


def extent(profile: Profile) -> tuple[float, float]:
    """Range of the value axis: all values, intervals, bands and cut-offs, with a margin of 6 %."""
    numbers = [value for value, _ in profile.cuts]
    for value in (*(p.value for p in profile.points), *profile.bands.values()):
        numbers += [value.value, *(value.ci95 or ())]
    low, high = min(numbers), max(numbers)
    margin = 0.06 * (high - low) or max(1.0, 0.1 * abs(high))
    return low - margin, high + margin


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers inside a range."""
    raw = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s for s in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if s >= raw)
    first = int(low // step) + (1 if low % step else 0)
    return [round(n * step, 10) for n in range(first, int(high // step) + 1)]


def _sins_plot(assessment: Assessment) -> Plot | None:
    """SINS of each scored level as a stacked bar: known points solid, points of unknown items hatched."""
    scored = [(i, s) for i, level in assessment.levels.items() if (s := _sins_of(level)) is not None]
    if not scored:
        return None
    names = list(dict.fromkeys(item.name for _, s in scored for item in s.items))
    rows = [
        (i, *(_item_cell(s, n) for n in names), f"{wording.points(s.low, s.high)}, {s.category}") for i, s in scored
    ]
    return Plot(
        id="plot-sins",
        title="Spinal Instability Neoplastic Score (SINS)",
        look_for="What to look for: solid blocks are points that are known, hatched blocks are points that unknown items "
        "could add. The lines at 7 and 13 bound the published categories.",
        drawing=_draw_sins(scored),
        header=("Level", *names, "Total"),
        rows=tuple(rows),
    )


def _sins_of(level: LevelAssessment) -> Score | None:
    return next((s for s in level.scores.values() if s.name.upper().startswith("SINS")), None)


def _item_cell(score: Score, name: str) -> str:
    item = next((i for i in score.items if i.name == name), None)
    return "not scored" if item is None else wording.points(item.low, item.high)


def _draw_sins(scored: list[tuple[str, Score]]) -> Markup:
    row = 26.0
    height = TOP + row * len(scored) + BOTTOM
    floor = height - BOTTOM

    def x(points: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT - 60.0) * points / 18.0

    parts: list[Markup] = []
    for tick in (0, 3, 6, 9, 12, 15, 18):
        parts += [
            svg.line(x(tick), TOP, x(tick), floor, "grid"),
            svg.text(x(tick), floor + 15.0, str(tick), "axis", "middle"),
        ]
    for limit, words in ((6.5, "from 7"), (12.5, "from 13")):
        parts += [
            svg.line(x(limit), TOP - 8.0, x(limit), floor, "cut"),
            svg.text(x(limit) + 4.0, TOP - 6.0, words, "axis"),
        ]
    for n, (level_id, score) in enumerate(scored):
        y = TOP + row * n + 5.0
        parts.append(svg.text(LEFT - 10.0, y + 12.0, level_id, "name", "end"))
        start = 0.0
        for item in score.items:
            if item.low:
                parts.append(svg.rectangle(x(start), y, x(item.low) - x(0), row - 10.0, "block"))
                parts.append(
                    svg.text(
                        (x(start) + x(start + item.low)) / 2, y + 12.0, item.name[:3].lower(), "on-block", "middle"
                    )
                )
            start += item.low
        parts.append(svg.rectangle(x(start), y, x(score.high) - x(start), row - 10.0, "block-unknown"))
        parts.append(svg.text(x(18) + 10.0, y + 12.0, wording.points(score.low, score.high), "strong"))
    return svg.drawing(WIDTH, height, "SINS by level", *parts)
