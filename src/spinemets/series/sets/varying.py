"""Series of one lattice and protocol in which one quantity varies: echo, flip angle, inversion, time, component."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from spinemets.model.series import Series
from spinemets.model.study_view import SeriesSet
from spinemets.series.classes import mr_table
from spinemets.series.companions import moment
from spinemets.series.mr import phase_of_echo
from spinemets.series.physics_facts import readout
from spinemets.series.sets.diffusion_sets import weighting
from spinemets.series.sets.likeness import (
    component,
    fat_water_part,
    instant,
    limit,
    moments_s,
    numbers,
    same_protocol,
    stem,
)

PHASE_ORDER = ("in phase", "opposed phase", "water", "fat")


def alike(stack: Sequence[Series], but: str = "") -> list[list[Series]]:
    """Series of one lattice by protocol, the field `but` left out of the comparison."""
    groups: list[list[Series]] = []
    for series in stack:
        home = next((g for g in groups if same_protocol(series, g[0], but)), None)
        if home is None:
            groups.append([series])
        else:
            home.append(series)
    return groups


def echoes(stack: Sequence[Series]) -> list[SeriesSet]:
    """Echo sets; two echoes of which one is in phase and one opposed are an in/opposed pair."""
    found = []
    for group in alike(_mr(stack), but="te_s"):
        timed = [s for s in group if s.acquisition.te_s and fat_water_part(s.acquisition) is None]
        timed = [s for s in timed if component(s.acquisition) == "MAGNITUDE"]
        if _distinct(timed, "te_s") < 2 or not _one_train(timed):
            continue
        ordered = sorted(timed, key=lambda s: (s.acquisition.te_s or 0.0, s.number))
        phases = [_phase(s) for s in ordered]
        both = len(ordered) == 2 and {"in phase", "opposed phase"} == set(phases)
        found.append(_in_opposed(ordered, phases) if both else _echo_set(ordered, phases))
    return found


def _one_train(group: Sequence[Series]) -> bool:
    """Echoes of one excitation: one DICOM series, numbered echoes, or gradient echoes of one protocol."""
    if len({stem(s) for s in group}) == 1 or all(readout(s.acquisition) == "gr" for s in group):
        return True
    echo_numbers = [s.acquisition.echo_number for s in group]
    return None not in echo_numbers and len(set(echo_numbers)) > 1


def _phase(series: Series) -> str | None:
    te_s, field_t = series.acquisition.te_s, series.acquisition.field_t
    if te_s is None or readout(series.acquisition) not in ("gr", None):
        return None
    return phase_of_echo(te_s * 1e3, field_t, mr_table())


def _echo_set(ordered: Sequence[Series], phases: Sequence[str | None]) -> SeriesSet:
    times = [(s.acquisition.te_s or 0.0) * 1e3 for s in ordered]
    listed = ", ".join(f"{te:.4g}" for te in dict.fromkeys(times))
    texts = [f"TE {te:.4g} ms" + (f", {p}" if p else "") for te, p in zip(times, phases, strict=True)]
    doubled = len(times) - len(set(times))
    notes = (f"{doubled} of the echo times twice or more",) if doubled else ()
    return _made("echoes", f"{len(set(times))} echoes: TE {listed} ms", ordered, texts, notes)


def _in_opposed(ordered: Sequence[Series], phases: Sequence[str | None]) -> SeriesSet:
    texts = [f"{p}, TE {(s.acquisition.te_s or 0.0) * 1e3:.4g} ms" for s, p in zip(ordered, phases, strict=True)]
    notes = [f"phases by echo time at {ordered[0].acquisition.field_t:g} T"]
    if phases[0] == "in phase":
        notes.append("the opposed echo is the later one: decay adds to its loss of signal")
    return _made("in_opposed", f"in and opposed phase: {numbers(ordered)}", ordered, texts, tuple(notes))


def fat_water(stack: Sequence[Series]) -> list[SeriesSet]:
    """Images that ImageType names in phase, opposed phase, water or fat."""
    found = []
    parts = [s for s in _mr(stack) if fat_water_part(s.acquisition) is not None]
    groups: list[list[Series]] = []
    for series in parts:
        home = next((g for g in groups if _same_excitation(series, g)), None)
        if home is None:
            groups.append([series])
        else:
            home.append(series)
    for group in groups:
        names = [fat_water_part(s.acquisition) or "" for s in group]
        if len(set(names)) < 2:
            continue
        ordered = sorted(group, key=lambda s: (PHASE_ORDER.index(fat_water_part(s.acquisition) or ""), s.number))
        texts = [fat_water_part(s.acquisition) or "" for s in ordered]
        missing = [p for p in PHASE_ORDER[:2] if p not in texts]
        notes = (f"no {' and no '.join(missing)} image",) if missing else ()
        found.append(_made("in_opposed", f"fat and water: {', '.join(dict.fromkeys(texts))}", ordered, texts, notes))
    return found


def _same_excitation(series: Series, group: Sequence[Series]) -> bool:
    """One DICOM series, or the same TR and flip angle with a part that the group does not have yet."""
    first, mine = group[0].acquisition, series.acquisition
    if (mine.tr_s, mine.flip_deg, mine.contrast_agent) != (first.tr_s, first.flip_deg, first.contrast_agent):
        return False
    same = stem(series) == stem(group[0])
    return same or fat_water_part(mine) not in {fat_water_part(s.acquisition) for s in group}


def flip_angles(stack: Sequence[Series]) -> list[SeriesSet]:
    """Gradient echoes of one TR and TE at several flip angles, for T1 maps."""
    found = []
    for group in alike([s for s in _mr(stack) if readout(s.acquisition) == "gr"], but="flip_deg"):
        known = [s for s in group if s.acquisition.flip_deg is not None and component(s.acquisition) == "MAGNITUDE"]
        if _distinct(known, "flip_deg") < 2:
            continue
        ordered = sorted(known, key=lambda s: (s.acquisition.flip_deg or 0.0, s.number))
        texts = [f"flip angle {s.acquisition.flip_deg:g} degrees" for s in ordered]
        listed = ", ".join(dict.fromkeys(f"{s.acquisition.flip_deg:g}" for s in ordered))
        contrast = ordered[0].acquisition.contrast_agent
        notes = ("after contrast: the T1 found is not the native one",) if contrast else ()
        found.append(_made("flip_angles", f"flip angles {listed} degrees", ordered, texts, notes))
    return found


def inversion_times(stack: Sequence[Series]) -> list[SeriesSet]:
    """Series of one TR and TE at several inversion times."""
    found = []
    for group in alike(_mr(stack), but="ti_s"):
        known = [s for s in group if s.acquisition.ti_s and component(s.acquisition) == "MAGNITUDE"]
        if _distinct(known, "ti_s") < 2:
            continue
        ordered = sorted(known, key=lambda s: (s.acquisition.ti_s or 0.0, s.number))
        texts = [f"TI {(s.acquisition.ti_s or 0.0) * 1e3:.4g} ms" for s in ordered]
        listed = ", ".join(dict.fromkeys(t.removeprefix("TI ").removesuffix(" ms") for t in texts))
        found.append(_made("inversion_times", f"inversion times {listed} ms", ordered, texts))
    return found


def phase_magnitude(stack: Sequence[Series]) -> list[SeriesSet]:
    """Magnitude with phase, real or imaginary images of the same echo times."""
    groups: dict[tuple[object, ...], list[Series]] = {}
    for series in _mr(stack):
        a = series.acquisition
        key = (a.flip_deg, a.ti_s, a.tr_s, a.scanning_sequence, weighting(series))
        groups.setdefault(key, []).append(series)
    found = []
    for group in groups.values():
        parts = sorted({component(s.acquisition) for s in group})
        if len(parts) < 2:
            continue
        ordered = sorted(group, key=lambda s: (component(s.acquisition), s.acquisition.te_s or 0.0, s.number))
        texts = [f"{component(s.acquisition).lower()}, TE {(s.acquisition.te_s or 0.0) * 1e3:.4g} ms" for s in ordered]
        name = f"{' and '.join(p.lower() for p in parts)}: {numbers(ordered)}"
        notes = () if "MAGNITUDE" in parts or {"REAL", "IMAGINARY"} <= set(parts) else ("no magnitude image",)
        found.append(_made("phase_magnitude", name, ordered, texts, notes))
    return found


def dynamic(stack: Sequence[Series]) -> list[SeriesSet]:
    """Volumes of one protocol in time."""
    found = []
    for group in alike(stack):
        for run in _by_stem(group):
            if len(run) >= limit("dynamic", "volumes_min"):
                found.append(_dynamic(run))
    return found


def _by_stem(group: Sequence[Series]) -> list[list[Series]]:
    """Each DICOM series with several volumes, and the chain of separate series that follow each other in time."""
    parts: dict[str, list[Series]] = {}
    for series in group:
        parts.setdefault(stem(series), []).append(series)
    runs = [part for part in parts.values() if len(part) > 1]
    single = [part[0] for part in parts.values() if len(part) == 1]
    timed = sorted((s for s in single if instant(s) is not None), key=lambda s: (instant(s), s.number))
    chain: list[Series] = []
    for series in timed:
        if chain and _apart_s(chain[-1], series) > limit("dynamic", "separate_step_max_s"):
            runs.append(chain)
            chain = []
        chain.append(series)
    return [*runs, chain]


def _apart_s(first: Series, second: Series) -> float:
    before, after = instant(first), instant(second)
    assert before is not None and after is not None  # chains are made of timed series
    return (after - before).total_seconds()


def _dynamic(run: Sequence[Series]) -> SeriesSet:
    times = moments_s(run)
    if times is None:
        ordered = sorted(run, key=lambda s: (s.acquisition.temporal_position or 0, s.number))
        texts = [f"volume {n}" for n in range(1, len(run) + 1)]
        return _made("dynamic", f"{len(run)} volumes in time", ordered, texts, ("their times are not stated",))
    pairs = sorted(zip(times, run, strict=True), key=lambda p: (p[0], p[1].number))
    ordered, times = [s for _, s in pairs], [t for t, _ in pairs]
    steps = [b - a for a, b in itertools.pairwise(times)]
    step = float(np.median(steps))
    name = f"{len(run)} volumes in time, every {step:.3g} s, over {times[-1]:.4g} s"
    notes = [_baseline(ordered, times)]
    if max(abs(s - step) for s in steps) > limit("dynamic", "uneven_share") * step:
        notes.insert(0, f"steps differ: {min(steps):.3g} to {max(steps):.3g} s")
    return _made("dynamic", name, ordered, [f"{t:.4g} s" for t in times], tuple(notes))


def _baseline(ordered: Sequence[Series], times: Sequence[float]) -> str:
    """How many volumes precede the contrast, where its time is stated."""
    given_at, start = moment(ordered[0].acquisition.contrast_at), instant(ordered[0])
    if given_at is None or start is None:
        return "baseline unknown: the header does not say when contrast was given"
    given = (given_at - start).total_seconds()
    before = sum(t < given for t in times)
    return f"contrast at {given:.4g} s: {before} volumes before it"


def _mr(stack: Sequence[Series]) -> list[Series]:
    return [s for s in stack if (s.acquisition.modality or "").upper() == "MR"]


def _distinct(group: Sequence[Series], name: str) -> int:
    digits = 1 if name == "flip_deg" else 5
    return len({round(getattr(s.acquisition, name), digits) for s in group})


def _made(
    kind: str, name: str, ordered: Sequence[Series], varies: Sequence[str], notes: tuple[str, ...] = ()
) -> SeriesSet:
    return SeriesSet(kind=kind, name=name, members=tuple(s.uid for s in ordered), varies=tuple(varies), notes=notes)
