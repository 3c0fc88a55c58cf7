"""Sentences about one level (READ 7) and about the study (READ 8). Every sentence carries the findings it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinemets.knowledge.phrases import first_capital, in_sentence, two_digits
from spinemets.model.assessment import Hypothesis, LesionSummary, LevelAssessment, Score, Statement
from spinemets.model.finding import Finding, State
from spinemets.model.level import Level

# More detail than this belongs to the level's own page.
MOST_NAMED = 6
KIND_WORDS = {
    "lytic": "lytic",
    "blastic": "blastic",
    "mixed": "mixed lytic and blastic",
    "t1_dark": "T1-dark",
    "stir_bright": "STIR-bright",
}


def level_statement(
    level: Level,
    findings: Mapping[str, Finding],
    lesions: Sequence[LesionSummary],
    ranked: Sequence[Hypothesis],
    scores: Mapping[str, Score],
) -> str:
    """Worst first: instability, main hypothesis with its certainty word, type and size, height loss, what is open."""
    clauses: list[str] = []
    counted = [x for x in lesions if not x.tiny]
    if counted:
        clauses.append(_lesion_clause(counted))
    elif lesions:
        clauses.append(f"{len(lesions)} tiny {'focus' if len(lesions) == 1 else 'foci'} listed, not counted")
    main = next((h for h in ranked if h.certainty is not None and h.net >= 1), None)
    if main is not None:
        clauses.append(f"{main.certainty} {main.name}{_because(main)}")
    elif counted:
        clauses.append("no hypothesis reaches a certainty word: indeterminate")
    loss = findings.get("FX-01")
    if loss is not None and loss.state in (State.PRESENT, State.INDETERMINATE) and loss.value is not None:
        low, high = loss.ci95 or (loss.value, loss.value)
        clauses.append(
            f"height loss {100 * loss.value:.0f} % ({100 * low:.0f} to {100 * high:.0f}), cause not determined"
        )
    for score in scores.values():
        span = f"{score.low}" if score.low == score.high else f"{score.low} to {score.high}"
        clauses.append(f"{score.name} {span}, {score.category}")
    if clauses:
        return f"{first_capital(level.words)}: {'; '.join(clauses)}."
    return _nothing_seen(level, findings)


def _lesion_clause(counted: Sequence[LesionSummary]) -> str:
    """The first candidate, how many more the same series shows, and which other criteria show any."""
    lesion = counted[0]
    same = sum(x.criterion == lesion.criterion for x in counted) - 1
    elsewhere = dict.fromkeys(x.criterion for x in counted if x.criterion != lesion.criterion)
    places = ", ".join(p.replace("_", " ") for p, share in lesion.compartments.items() if share >= 0.1) or "body"
    low, high = lesion.volume_ci95_ml
    kind = KIND_WORDS[lesion.kind]
    size = f"{two_digits(lesion.volume_ml)} mL ({two_digits(low)} to {two_digits(high)})"
    share = "" if lesion.share_of_body is None else f", {100 * lesion.share_of_body:.0f} % of the body"
    more = "" if not same else f", and {same} more"
    if elsewhere:
        more += f" (candidates also by {', '.join(elsewhere)}; not matched across series)"
    return f"{kind} lesion of the {places}, {size}{share}{more}{_caution(lesion)}"


def _caution(lesion: LesionSummary) -> str:
    """What can look the same, where the candidate itself says so."""
    cautions = []
    if "CV-DEGEN" in lesion.caveats and lesion.notes:
        cautions.append(in_sentence(lesion.notes[-1].rstrip(".")))
    if "CV-SHADING" in lesion.caveats:
        cautions.append("signal that falls off across the coil can look the same")
    return f" ({'; '.join(cautions)})" if cautions else ""


def _because(hypothesis: Hypothesis) -> str:
    signs = [s.rsplit(" (", 1)[0] for s in hypothesis.signs_for[:2]]
    return f" ({', '.join(signs)})" if signs else ""


def _nothing_seen(level: Level, findings: Mapping[str, Finding]) -> str:
    judged = [f for f in findings.values() if f.state in (State.ABSENT, State.PRESENT, State.INDETERMINATE)]
    absent = [f for f in judged if f.state is State.ABSENT]
    unclear = [f for f in judged if f.state is State.INDETERMINATE]
    blocked = [f for f in findings.values() if f.state is State.NOT_ASSESSABLE]
    if not judged:
        return f"{first_capital(level.words)}: not assessed ({len(blocked)} criteria, see the list of what was not assessed)."
    unclear_words = f", {len(unclear)} indeterminate" if unclear else ""
    return (
        f"{first_capital(level.words)}: no abnormality found by {len(absent)} of {len(judged)} criteria judged{unclear_words}"
        f"; {len(blocked)} not assessed."
    )


def study_summary(
    levels: Mapping[str, LevelAssessment], lesions: Sequence[LesionSummary], ct: bool
) -> tuple[Statement, ...]:
    """Sentences of page 1, worst first."""
    if not levels:
        return (Statement(text="No vertebra was located, so no level could be assessed; the list below says why."),)
    sentences: list[Statement] = []
    sentences.extend(_worst_level(levels))
    sentences.append(_count(levels, lesions, ct))
    sentences.extend(_height_losses(levels))
    sentences.append(_open_items(levels))
    sentences.append(_naming(levels))
    return tuple(sentences)


def _severity(level: LevelAssessment) -> tuple[float, ...]:
    sins = level.scores.get("SINS")
    nets = [h.net for h in level.differential if h.name == "metastasis"]
    loss = level.findings.get("FX-01")
    loss_value = loss.value if loss is not None and loss.value is not None and loss.state is State.PRESENT else 0.0
    return (max(nets, default=-9), sins.low if sins else -1, loss_value)


def _worst_level(levels: Mapping[str, LevelAssessment]) -> list[Statement]:
    candidates = [lv for lv in levels.values() if lv.lesions or _state(lv, "FX-01") is State.PRESENT]
    if not candidates:
        return []
    worst = max(candidates, key=_severity)
    ids = tuple(f.id for f in worst.findings.values() if f.state in (State.PRESENT, State.INDETERMINATE))
    return [Statement(text=worst.statement, findings=ids)]


def _state(level: LevelAssessment, key: str) -> State | None:
    finding = level.findings.get(key)
    return finding.state if finding is not None else None


def _count(levels: Mapping[str, LevelAssessment], lesions: Sequence[LesionSummary], ct: bool) -> Statement:
    searched = [lv for lv in levels.values() if _searched(lv)]
    involved = [lv for lv in searched if any(x.level_id == lv.level.id and not x.tiny for x in lesions)]
    ids = tuple(lv.findings[k].id for lv in searched for k in _SEARCHES if k in lv.findings)
    limit = " In one series CT showed 66 % of metastases and MR 98 %." if ct else ""
    if not searched:
        return Statement(text=f"None of {_vertebrae(len(levels))} in view could be searched for lesions.")
    if not involved:
        text = f"No lesion seen in {len(searched)} of {_vertebrae(len(levels))} searched.{limit}"
        return Statement(text=text, findings=ids)
    names = _list(lv.level.words for lv in involved)
    extent = "Lesion candidates" if len(involved) > 1 else "A lesion candidate"
    text = f"{extent} at {names}, {len(searched)} of {_vertebrae(len(levels))} searched; the rest of the spine was not imaged."
    return Statement(text=text, findings=ids)


_SEARCHES = ("CT-02", "MR-T1-03", "MR-STIR-01")


def _searched(level: LevelAssessment) -> bool:
    return any(_state(level, k) not in (None, State.NOT_ASSESSABLE) for k in _SEARCHES)


def _height_losses(levels: Mapping[str, LevelAssessment]) -> list[Statement]:
    lost = [(lv, lv.findings["FX-01"]) for lv in levels.values() if _state(lv, "FX-01") is State.PRESENT]
    judged = [lv for lv in levels.values() if _state(lv, "FX-01") not in (None, State.NOT_ASSESSABLE)]
    if not lost:
        if not judged:
            return [Statement(text="No vertebral height could be compared with an expected one.")]
        ids = tuple(lv.findings["FX-01"].id for lv in judged)
        return [
            Statement(text=f"No height loss of 20 % or more shown in {_vertebrae(len(judged))} judged.", findings=ids)
        ]
    words = _list(f"{lv.level.words} ({f.category or 'grade open'})" for lv, f in lost)
    return [
        Statement(text=f"Height loss at {words}; its cause was not determined.", findings=tuple(f.id for _, f in lost))
    ]


def _open_items(levels: Mapping[str, LevelAssessment]) -> Statement:
    blocked = [f for lv in levels.values() for f in lv.findings.values() if f.state is State.NOT_ASSESSABLE]
    total = sum(len(lv.findings) for lv in levels.values())
    return Statement(text=f"{len(blocked)} of {total} level items were not assessed; each has its reason below.")


def _naming(levels: Mapping[str, LevelAssessment]) -> Statement:
    named = [lv for lv in levels.values() if lv.level.name is not None]
    if not named:
        return Statement(text="No level could be named; vertebrae are counted from the top of the image.")
    first, last = named[0].level, named[-1].level
    sure = f"{first.confidence:.2f}" if first.confidence is not None else "not given"
    doubt = "; numbering assumed" if any(lv.level.assumed for lv in named) else ""
    span = f"Levels {first.name} to {last.name}" if len(named) > 1 else f"Level {first.name}"
    return Statement(text=f"{span} named by {first.method}, confidence {sure}{doubt}.")


def _vertebrae(n: int) -> str:
    return f"{n} vertebra" if n == 1 else f"{n} vertebrae"


def _list(items: object) -> str:
    words = list(items)  # type: ignore[call-overload]
    if len(words) > MOST_NAMED:
        words = [*words[:MOST_NAMED], f"{len(words) - MOST_NAMED} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
