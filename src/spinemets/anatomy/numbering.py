"""Names vertebrae, or says why it does not (G-09). Pure: evidence in, levels out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from spinemets.anatomy.evidence import Evidence, label_anchors, landmarks, stated
from spinemets.anatomy.gaps import missing_after, sentence, with_missing
from spinemets.anatomy.hypotheses import (
    Anchor,
    Drift,
    Posterior,
    Variant,
    explained_together,
    posterior,
    size_drift,
    variants,
)
from spinemets.anatomy.label_names import Candidate, label_problem
from spinemets.anatomy.options import LevelOptions
from spinemets.knowledge.catalogue import load
from spinemets.model.level import ORDER, Level

Rules = Mapping[str, Any]
TRUSTED = ("stated", "self-naming", "only scheme that fits")
STATED_KINDS = ("user", "top", "label")
LEAST_TOLD = 0.01
HEADER_REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar"}


def number(
    vertebrae: Sequence[Candidate], evidence: Evidence, options: LevelOptions, rules: Rules | None = None
) -> tuple[Level, ...]:
    """Levels of the vertebrae in view.

    Parameters
    ----------
    vertebrae
        Head to feet, collapsed ones kept.
    evidence
        Landmarks and how the label names are known.
    options
        What the user says.
    rules
        Parameters of G-09; None takes the catalogue's.

    Returns
    -------
    tuple of Level
        One per vertebra. A name only where its probability reaches the threshold and nothing contradicts it.

    Raises
    ------
    UsageError
        If a named point lies in no vertebra.
    """
    rules = load()["G-09"].values() if rules is None else rules
    if not vertebrae:
        return ()
    names = tuple(v.name for v in vertebrae)
    labelled = any(names) and evidence.naming in TRUSTED
    missing = {} if labelled else missing_after(vertebrae, rules)
    if missing:
        return _around_gaps(vertebrae, missing, evidence, options, rules)
    said = stated(vertebrae, options, rules)
    seen = landmarks(evidence, rules)
    problem = label_problem(vertebrae, rules) if labelled else None
    if problem is not None:
        levels = _relative(len(vertebrae), problem, tuple(_called(n) for n in names))
    elif labelled and all(names):
        levels = _by_labels(tuple(str(n) for n in names), [*said, *seen], evidence.naming, rules)
    else:
        label = label_anchors(names, rules) if labelled else []
        levels = _by_anchors(vertebrae, [*said, *label, *seen], evidence, rules)
    return _against_header(levels, evidence.header_regions)


def _around_gaps(
    vertebrae: Sequence[Candidate],
    missing: Mapping[int, int],
    evidence: Evidence,
    options: LevelOptions,
    rules: Rules,
) -> tuple[Level, ...]:
    """Levels where vertebrae between those in view were not outlined: they are counted, and each gap is said."""
    row, places = with_missing(vertebrae, missing)

    def moved(place: int | None) -> int | None:
        return None if place is None else places[place]

    conus = None if evidence.conus is None else float(np.interp(evidence.conus, range(len(places)), places))
    known = replace(
        evidence,
        sacrum=moved(evidence.sacrum),
        c2=moved(evidence.c2),
        first_rib=moved(evidence.first_rib),
        last_rib=moved(evidence.last_rib),
        conus=conus,
        other_series=tuple((places[place], name, p) for place, name, p in evidence.other_series),
        earlier=None if evidence.earlier is None else replace(evidence.earlier, place=places[evidence.earlier.place]),
    )
    levels = number(row, known, options, {**rules, "missing_ratio": np.inf})
    said = tuple(sentence(place, count) for place, count in missing.items())
    return tuple(
        replace(
            levels[new],
            position=place + 1,
            of=len(vertebrae),
            assumed=levels[new].name is not None,
            evidence=(*levels[new].evidence, *said),
        )
        for place, new in enumerate(places)
    )


def _by_labels(names: tuple[str, ...], anchors: Sequence[Anchor], naming: str, rules: Rules) -> tuple[Level, ...]:
    """Names of a label map that run as they should, unless something outside it contradicts them."""
    fitting = [v for v in variants() if _start(v, names) is not None]
    for anchor in anchors:
        if not _agrees(anchor, names, fitting):
            other = posterior(len(names), [anchor], rules["one_off_share"])
            conflict = (
                f"The label map names {names[0]} to {names[-1]}; {anchor.words} makes them "
                f"{_span(other.best)}. No level is named."
            )
            return _relative(len(names), conflict, tuple(_called(n) for n in names))
    r = float(rules["reliability_label_map"])
    user = [a for a in anchors if a.kind in ("user", "top")]
    confidence = r
    for anchor in user:  # two sources that are wrong independently
        both = confidence * anchor.reliability
        confidence = both / (both + (1 - confidence) * (1 - anchor.reliability))
    shifted = (1 - confidence) * rules["one_off_share"] / 2
    method = "label map and anchor" if user else "label map"
    said = (f"Named by the label map ({naming}).", *(_agreement(a, names, fitting) for a in anchors))
    return tuple(
        Level(
            name=name,
            position=n + 1,
            of=len(names),
            method=method,
            confidence=min(round(confidence, 4), 0.9999),  # no name is certain
            runner_up=_neighbour(name),
            runner_up_confidence=round(shifted, 4),
            evidence=said,
        )
        for n, name in enumerate(names)
    )


def _start(variant: Variant, names: Sequence[str]) -> int | None:
    start = variant.place(names[0])
    if start is None or variant.sequence[start : start + len(names)] != tuple(names):
        return None
    return start


def _agrees(anchor: Anchor, names: Sequence[str], fitting: Sequence[Variant]) -> bool:
    """Whether an anchor is right about these names in some variant that has them."""
    if anchor.name is not None:
        return names[anchor.index] == anchor.name
    for variant in fitting:
        place, start = anchor.expected(variant), _start(variant, names)
        if place is None or start is None:
            continue
        # A twelfth rib that is short or not labelled makes the eleventh the last: that contradicts no name.
        if anchor.index in (place - start, *((place - start - 1,) if anchor.kind == "last_rib" else ())):
            return True
    return not fitting  # two variants at once (T13 and L6): no landmark can be held against them


def _agreement(anchor: Anchor, names: Sequence[str], fitting: Sequence[Variant]) -> str:
    usual = [v for v in fitting if _agrees(anchor, names, [v])]
    unusual = usual and usual[0] is not variants()[0]
    variant = f" ({usual[0].name})" if unusual else ""
    return f"{anchor.words[0].upper()}{anchor.words[1:]} agrees{variant}."


def _neighbour(name: str) -> str:
    """Name after a shift by one: the level below, for the lowest lumbar one the level above."""
    usual = variants()[0]
    place = usual.place(name)
    if place is None:  # T13, L6
        return ORDER[ORDER.index(name) - 1]
    below = usual.sequence[place + 1] if place + 1 < len(usual.sequence) else "S1"
    return usual.sequence[place - 1] if below.startswith("S") else below


def _by_anchors(
    vertebrae: Sequence[Candidate], anchors: Sequence[Anchor], evidence: Evidence, rules: Rules
) -> tuple[Level, ...]:
    """Our own numbering: the posterior over all countings that the anchors allow."""
    n = len(vertebrae)
    if not anchors:
        return _relative(n, None, ("Nothing in view names a level.",))
    conflict = _conflict(n, anchors, rules)
    if conflict is not None:
        return _relative(n, conflict, ())
    result = posterior(n, anchors, rules["one_off_share"], _drifts(vertebrae, evidence, rules))
    if not result.best:
        return _relative(n, "The landmarks fit no known count of the column. No level is named.", ())
    said = tuple(f"{a.words[0].upper()}{a.words[1:]} speaks for {_span(result.best)}." for a in anchors)
    said += (_counted(result),)
    kinds = {a.kind for a in anchors}
    method = next(
        (m for k, m in (("user", "anchor"), ("top", "top stated"), ("label", "label map")) if k in kinds), "landmarks"
    )
    if kinds == {"earlier"}:
        method = "earlier study"
    return tuple(_level(result, index, n, method, said, rules) for index in range(n))


def _level(result: Posterior, index: int, of: int, method: str, said: tuple[str, ...], rules: Rules) -> Level:
    ranked = dict(result.at(index))
    name = result.best[index]
    p = ranked.pop(name)
    runner_up = max(ranked.items(), key=lambda item: item[1], default=(None, None))
    if p < rules["assume_at"]:
        doubt = f"Could be {name} ({p:.0%})" + (f" or {runner_up[0]} ({runner_up[1]:.0%})." if runner_up[0] else ".")
        return Level(name=None, position=index + 1, of=of, method="relative", evidence=(*said, doubt))
    return Level(
        name=name,
        position=index + 1,
        of=of,
        method=method,
        confidence=round(p, 4),
        runner_up=runner_up[0],
        runner_up_confidence=None if runner_up[1] is None else round(runner_up[1], 4),
        assumed=p < rules["name_at"],
        evidence=said,
    )


def _drifts(vertebrae: Sequence[Candidate], evidence: Evidence, rules: Rules) -> list[Drift]:
    drifts = []
    if evidence.conus is not None:
        start = variants()[0].sequence.index("L1") - evidence.conus
        drifts.append(Drift(start=start, sd_levels=rules["conus_sd_levels"], floor=rules["soft_floor"]))
    heights = [v.height_mm for v in vertebrae]
    sizes = size_drift(heights, int(rules["size_at_least"]), rules["size_sd_levels"], rules["soft_floor"])
    return drifts if sizes is None else [*drifts, sizes]


def _conflict(n: int, anchors: Sequence[Anchor], rules: Rules) -> str | None:
    """Sentence with both hypotheses if two anchors contradict each other.

    Landmarks do if each alone favours other names with P >= `assume_at`. Something that states a name (the user, the
    label map) is held against a landmark only if no variant of the column explains both: whoever names L4 as the lowest
    vertebra on the sacrum says that L5 is fused.
    """
    for one, other in combinations(anchors, 2):
        alone = [posterior(n, [a], rules["one_off_share"]) for a in (one, other)]
        if one.kind in STATED_KINDS or other.kind in STATED_KINDS:
            contradict = explained_together(one, other) is None
        else:
            sure = all(p.confidence >= rules["assume_at"] for p in alone)
            contradict = sure and alone[0].best != alone[1].best
        if contradict:
            return (
                f"{one.words[0].upper()}{one.words[1:]} makes the vertebrae in view {_span(alone[0].best)}, {other.words} "
                f"makes them {_span(alone[1].best)}. No level is named."
            )
    return None


def _relative(n: int, conflict: str | None, said: tuple[str, ...]) -> tuple[Level, ...]:
    """Numbers without names; `said` holds one sentence for all or one for each vertebra."""
    each = said if len(said) == n and n > 1 else None
    return tuple(
        Level(
            name=None,
            position=k + 1,
            of=n,
            method="relative",
            conflict=conflict,
            evidence=(each[k],) if each is not None else said,
        )
        for k in range(n)
    )


def _against_header(levels: tuple[Level, ...], regions: tuple[str, ...]) -> tuple[Level, ...]:
    """Add a conflict where the header names another region than every level found; names stay as they are."""
    named = {level.region for level in levels if level.name is not None}
    if not regions or not named or named & set(regions):
        return levels
    words = " and ".join(HEADER_REGIONS.get(r, r) for r in regions)
    sentence = f"The header says {words} spine, the levels found are {levels[0].id} to {levels[-1].id}."
    return tuple(replace(level, conflict=sentence) for level in levels)


def _called(name: str | None) -> str:
    return f"The label map calls it {name}." if name else "The label map gives it no name."


def _counted(result: Posterior) -> str:
    """How likely each count of the column is, down to one in a hundred."""
    told = [f"{name} ({p:.0%})" for name, p in result.counts if p >= LEAST_TOLD]
    return f"Counts of the column: {'; '.join(told)}."


def _span(names: Sequence[str]) -> str:
    if not names:
        return "fit no known count"
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
