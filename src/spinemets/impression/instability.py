"""SINS as an interval: an unknown item widens the range and is named; nothing is ever filled in.

Points and their source are in `knowledge/tables/sins.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinemets.model.assessment import Score, ScoreItem
from spinemets.model.finding import Finding, State
from spinemets.model.level import Level
from spinemets.model.study import ClinicalFacts

Table = Mapping[str, Any]


def sins(
    level: Level,
    findings: Mapping[str, Finding],
    clinical: ClinicalFacts,
    table: Table,
    *,
    fracture: bool | None = None,
    translation_mm: float | None = None,
) -> Score:
    """Score one lesion level.

    Parameters
    ----------
    level
        Its name decides the location item.
    findings
        Findings of the level by key (`CT-02`, `CT-05:left`, `FX-01`, ...).
    clinical
        Pain and alignment as supplied.
    table
        `knowledge/tables/sins.yaml`.
    fracture
        Whether the height loss was shown to be a fracture (FX-02); None = not assessed.
    translation_mm
        Measured slip against the neighbours; None = not measured.

    Returns
    -------
    Score
        Interval sum; `settles` names the item that would narrow the category most.
    """
    items = (
        _location(level, table["items"]["location"]),
        _pain(clinical, table["items"]["pain"]),
        _bone_lesion(findings, table["items"]["bone_lesion"]),
        _alignment(clinical, translation_mm, table["items"]["alignment"]),
        _collapse(findings, fracture, table["items"]["collapse"]),
        _posterolateral(findings, table["items"]["posterolateral"]),
    )
    low, high = sum(i.low for i in items), sum(i.high for i in items)
    first, last = _category(low, table), _category(high, table)
    widest = max(items, key=lambda i: i.high - i.low)
    return Score(
        name="SINS",
        level_id=level.id,
        low=low,
        high=high,
        category=first if first == last else f"{first} to {last}",
        items=items,
        settles=f"{widest.name}: {widest.unknown_because}" if first != last and widest.high > widest.low else None,
        caveats=tuple(table["caveats"]),
    )


def _category(points: int, table: Table) -> str:
    return str(next(c["name"] for c in table["categories"] if points <= c["up_to"]))


def _location(level: Level, item: Table) -> ScoreItem:
    def points(name: str) -> int:
        return int(next(p for p, names in item["points"].items() if name in names))

    if level.name is None:
        return ScoreItem(
            name="location", low=0, high=item["high"], known=level.words, unknown_because="the level has no name"
        )
    names = {level.name} | ({level.runner_up} if level.assumed and level.runner_up else set())
    scores = [points(n) for n in names if n]
    doubt = f"the level may be {level.runner_up}" if level.assumed and min(scores) != max(scores) else None
    return ScoreItem(name="location", low=min(scores), high=max(scores), known=level.words, unknown_because=doubt)


def _pain(clinical: ClinicalFacts, item: Table) -> ScoreItem:
    if clinical.pain is None:
        return ScoreItem(
            name="pain", low=0, high=item["high"], known="not supplied", unknown_because="pain type was not supplied"
        )
    points = item["points"][clinical.pain]
    return ScoreItem(name="pain", low=points, high=points, known=f"{clinical.pain} (supplied)")


def _bone_lesion(findings: Mapping[str, Finding], item: Table) -> ScoreItem:
    finding = findings.get("CT-02")
    if finding is not None and finding.state is State.PRESENT and finding.category in item["points"]:
        points = item["points"][finding.category]
        return ScoreItem(
            name="bone lesion", low=points, high=points, known=str(finding.category), findings=(finding.id,)
        )
    why = "there is no CT" if finding is None else "CT does not show its type here"
    if finding is not None and finding.state is State.NOT_ASSESSABLE:
        why = finding.missing or why
    return ScoreItem(name="bone lesion", low=0, high=item["high"], known="unknown", unknown_because=why)


def _alignment(clinical: ClinicalFacts, translation_mm: float | None, item: Table) -> ScoreItem:
    if clinical.alignment is not None:
        points = item["points"][clinical.alignment]
        known = f"{clinical.alignment.replace('_', ' ')} (supplied)"
        return ScoreItem(name="alignment", low=points, high=points, known=known)
    if translation_mm is not None:
        return ScoreItem(
            name="alignment",
            low=0,
            high=item["new_deformity"],
            known=f"translation {translation_mm:.1f} mm",
            unknown_because="without a prior study a deformity cannot be dated",
        )
    return ScoreItem(
        name="alignment",
        low=0,
        high=item["high"],
        known="unknown",
        unknown_because="translation is not measured by this version and no prior study was given",
    )


def _collapse(findings: Mapping[str, Finding], fracture: bool | None, item: Table) -> ScoreItem:
    loss, evidence = findings.get("FX-01"), findings.get("CT-02")
    no_loss = _points_without_collapse(evidence, item)
    used = tuple(f.id for f in (loss, evidence) if f is not None)
    if loss is None or loss.value is None or loss.state is State.NOT_ASSESSABLE:
        why = loss.missing if loss is not None and loss.missing else "heights were not assessed"
        return ScoreItem(name="collapse", low=0, high=item["high"], known="unknown", unknown_because=why, findings=used)
    low, high = loss.ci95 or (loss.value, loss.value)
    candidates: set[int] = set()
    if low < item["floor"]["value"] or fracture is not True:
        candidates |= set(no_loss)
    if high >= item["floor"]["value"] and fracture is not False:
        if low <= item["half"]["value"]:
            candidates.add(item["points"]["below_half"])
        if high > item["half"]["value"]:
            candidates.add(item["points"]["above_half"])
    doubt: str | None = None
    if len(candidates) > 1:
        doubt = "the interval of the height loss spans a limit"
        if fracture is None and high >= item["floor"]["value"]:
            doubt = "whether the height loss is a fracture is not assessed by this version"
        elif len(no_loss) > 1 and max(candidates) <= item["points"]["no_collapse_large_lesion"]:
            doubt = "the share of the body that is replaced is not known well enough"
    known = f"height loss {100 * loss.value:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    return ScoreItem(
        name="collapse", low=min(candidates), high=max(candidates), known=known, unknown_because=doubt, findings=used
    )


def _points_without_collapse(finding: Finding | None, item: Table) -> tuple[int, ...]:
    large, none = item["points"]["no_collapse_large_lesion"], item["points"]["none"]
    if finding is None or finding.state is State.NOT_ASSESSABLE:
        return (none, large)
    share = finding.values.get("share_of_body")
    if share is None:
        return (none,) if finding.state is State.ABSENT else (none, large)
    low, high = share.ci95 or (share.value, share.value)
    limit = item["half_of_body"]["value"]
    return (large,) if low > limit else (none,) if high <= limit else (none, large)


def _posterolateral(findings: Mapping[str, Finding], item: Table) -> ScoreItem:
    sides = {k.split(":")[1]: f for k, f in findings.items() if k.startswith("CT-05:")}
    points = item["points"]
    if not sides:
        return ScoreItem(
            name="posterolateral",
            low=0,
            high=item["high"],
            known="unknown",
            unknown_because="posterior elements were not assessed",
        )
    certain = sum(f.state is State.PRESENT for f in sides.values())
    possible = sum(f.state in (State.PRESENT, State.INDETERMINATE, State.NOT_ASSESSABLE) for f in sides.values())
    scale = (points["none"], points["one"], points["both"])
    known = ", ".join(
        f"{side.replace('_', ' ')} pedicle {f.state.value.replace('_', ' ')}" for side, f in sides.items()
    )
    open_sides = [f for f in sides.values() if f.state in (State.INDETERMINATE, State.NOT_ASSESSABLE)]
    why = (open_sides[0].missing or "a pedicle is indeterminate") if open_sides else None
    return ScoreItem(
        name="posterolateral",
        low=scale[certain],
        high=scale[possible],
        known=known,
        unknown_because=why if scale[certain] != scale[possible] else None,
        findings=tuple(f.id for f in sides.values()),
    )
