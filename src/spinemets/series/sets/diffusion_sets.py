"""Volumes of one diffusion measurement: within one DICOM series, or one series for each b-value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spinemets.model.acquisition import Diffusion
from spinemets.model.series import Series
from spinemets.model.study_view import SeriesSet
from spinemets.series.physics_facts import words_of
from spinemets.series.sets.likeness import close, component, limit, numbers, same_lattice, same_place, settings, stem

LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
# A smaller component of a unit direction is not worth a word.
LEAST_COMPONENT = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighted:
    """A series with its diffusion weighting and the shell it belongs to (the b-value its neighbours share)."""

    series: Series
    diffusion: Diffusion
    shell: float = 0.0


def weighting(series: Series) -> Diffusion | None:
    """The one weighting of a volume; None where none or several are stated."""
    stated = series.acquisition.diffusion
    if stated is not None:
        return stated
    values = series.acquisition.b_values_s_per_mm2
    if len(values) != 1:
        return None
    trace = bool(words_of(series.acquisition.image_type) & set(settings()["diffusion"]["trace_words"]))
    return Diffusion(b_s_per_mm2=values[0], averaged=trace or None)


def is_weighted(series: Series) -> bool:
    """Whether a volume is diffusion-weighted; b 0 alone is no sign of it, since some makers state it everywhere."""
    stated = series.acquisition.diffusion
    values = series.acquisition.b_values_s_per_mm2 if stated is None else (stated.b_s_per_mm2,)
    return any(b > limit("diffusion", "b_floor_s_per_mm2") for b in values)


def b_values(stack: Sequence[Series], beside: Sequence[Series]) -> tuple[list[SeriesSet], list[str]]:
    """Sets of b-values among series of one lattice, and a line for a weighted volume that stays alone.

    Parameters
    ----------
    stack
        Series on one lattice.
    beside
        All series of the study: the scanner's ADC map is looked for there.
    """
    found = [Weighted(series=s, diffusion=d) for s in stack if (d := weighting(s)) is not None]
    if not any(is_weighted(w.series) for w in found):
        return [], []
    sets, alone = [], []
    for run in _runs(_with_shells(found)):
        if len(run) > 1:
            sets.append(_set(run, beside))
        elif run[0].shell > 0:
            alone.append(
                f"{run[0].series.label} (diffusion, b {run[0].shell:g} s/mm2): no other b-value with the same voxels and "
                "echo time is there, so no ADC can be computed"
            )
    return sets, alone


def _with_shells(found: Sequence[Weighted]) -> list[Weighted]:
    """Give each volume its shell: the lowest b of a chain of values that differ by rounding or direction only."""
    floor, share = limit("diffusion", "b_floor_s_per_mm2"), limit("diffusion", "b_share")
    ordered = sorted(found, key=lambda w: w.diffusion.b_s_per_mm2)
    shells: list[list[Weighted]] = []
    for item in ordered:
        b = item.diffusion.b_s_per_mm2
        if shells and b - shells[-1][0].diffusion.b_s_per_mm2 <= max(floor, share * b):
            shells[-1].append(item)
        else:
            shells.append([item])
    result = []
    for members in shells:
        values = [m.diffusion.b_s_per_mm2 for m in members]
        shell = 0.0 if values[0] <= floor else sorted(values)[len(values) // 2]
        result += [Weighted(series=m.series, diffusion=m.diffusion, shell=shell) for m in members]
    return result


def _runs(found: Sequence[Weighted]) -> list[list[Weighted]]:
    """One measurement each: a DICOM series stays whole; separate series join while each brings a new b-value."""
    units: dict[tuple[object, ...], list[Weighted]] = {}
    for item in sorted(found, key=lambda w: w.series.number):
        units.setdefault((stem(item.series), component(item.series.acquisition)), []).append(item)
    runs: list[list[Weighted]] = []
    for unit in units.values():
        fitting = (run for run in reversed(runs) if _joins(unit, run))
        home = next(fitting, None)
        if home is None:
            runs.append(list(unit))
        else:
            home += unit
    return runs


def _joins(unit: Sequence[Weighted], run: Sequence[Weighted]) -> bool:
    mine, theirs = unit[0].series.acquisition, run[0].series.acquisition
    if {w.shell for w in unit} & {w.shell for w in run} or component(mine) != component(theirs):
        return False
    return close(mine.te_s, theirs.te_s)


def _set(run: Sequence[Weighted], beside: Sequence[Series]) -> SeriesSet:
    ordered = sorted(run, key=lambda w: (w.shell, w.diffusion.direction_lps is not None, w.series.number))
    shells = sorted({w.shell for w in ordered})
    directions = len({w.diffusion.direction_lps for w in ordered if w.shell > 0} - {None})
    many = f", {directions} directions" if directions > 1 else ""
    return SeriesSet(
        kind="b_values",
        name=f"diffusion: b {', '.join(f'{b:g}' for b in shells)} s/mm2{many}",
        members=tuple(w.series.uid for w in ordered),
        varies=tuple(_words(w) for w in ordered),
        notes=(*_missing(ordered), *_counted(ordered), *_assumed(ordered), *_maps(ordered, beside)),
    )


def _words(item: Weighted) -> str:
    diffusion = item.diffusion
    text = f"b {diffusion.b_s_per_mm2:g} s/mm2"
    if diffusion.direction_lps is not None:
        return f"{text}, direction {direction_words(diffusion.direction_lps)}"
    return f"{text}, trace" if diffusion.averaged and item.shell > 0 else text


def direction_words(direction_lps: tuple[float, float, float]) -> str:
    """A unit vector in patient letters: "L 0.71 P 0.71"."""
    parts = []
    for value, (plus, minus) in zip(direction_lps, LETTERS, strict=True):
        if abs(value) >= LEAST_COMPONENT:
            parts.append(f"{plus if value > 0 else minus} {abs(value):.2f}")
    return " ".join(parts)


def _missing(run: Sequence[Weighted]) -> list[str]:
    lowest = min(w.shell for w in run)
    if len({w.shell for w in run}) == 1:
        return [f"only b {lowest:g} is there: no ADC can be computed"]
    return [f"no b 0: the lowest is b {lowest:g}"] if lowest > 0 else []


def _counted(run: Sequence[Weighted]) -> list[str]:
    """Directions, averages and repeats of each shell."""
    said = []
    for shell in sorted({w.shell for w in run}):
        mine = [w.diffusion for w in run if w.shell == shell]
        directions = Counter(d.direction_lps for d in mine if d.direction_lps is not None)
        plain = [d for d in mine if d.direction_lps is None]
        averaged = sum(bool(d.averaged) for d in plain)
        parts = []
        if len(directions) > 1:
            parts.append(f"{len(directions)} directions")
        if shell > 0 and averaged and len(mine) > 1:
            parts.append(f"{averaged} averaged over directions (trace)")
        if shell > 0 and len(plain) > averaged:
            parts.append(
                f"{len(plain) - averaged} without a stated direction" if len(mine) > 1 else "direction not stated"
            )
        most = max(directions.values(), default=1)
        if most > 1:
            parts.append(f"a direction up to {most} times")
        if shell == 0 and len(mine) > 1:
            parts.append(f"{len(mine)} times")
        if parts:
            said.append(f"b {shell:g}: {', '.join(parts)}")
    return said


def _assumed(run: Sequence[Weighted]) -> list[str]:
    """Where b-values were taken as equal, or come from silence of the header."""
    said = []
    for shell in sorted({w.shell for w in run}):
        values = sorted({w.diffusion.b_s_per_mm2 for w in run if w.shell == shell})
        if values != [shell]:
            listed = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
            said.append(f"stated b {listed} s/mm2 counts as b {shell:g}")
    silent = {w.diffusion.source for w in run if w.diffusion.source.startswith("not stated")}
    return said + [f"b-value of some volumes {source}" for source in sorted(silent)]


def _maps(run: Sequence[Weighted], beside: Sequence[Series]) -> list[str]:
    """The scanner's own ADC maps of the same place."""
    words = set(settings()["diffusion"]["adc_words"])
    first = run[0].series
    maps = [
        s
        for s in beside
        if (s.kind == "adc" or words_of(s.acquisition.image_type) & words)
        and (same_lattice(s, first) or same_place(s, first))
    ]
    return [f"ADC map of the scanner: {numbers(maps)}"] if maps else []
