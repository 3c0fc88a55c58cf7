"""Words of the report by code: states, reasons, caveats, marks of origin, lesion kinds (`knowledge/tables/lexicon.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from spinemets.knowledge import kinds
from spinemets.knowledge.catalogue import table
from spinemets.model.assessment import Assessment, UrgentLine
from spinemets.model.finding import State


def lexicon() -> dict[str, Any]:
    """The whole table."""
    return cast(dict[str, Any], table("lexicon"))


def notice() -> str:
    """Text of the banner."""
    return cast(str, lexicon()["notice"])


def state_word(state: State) -> str:
    """`present`, `negative`, `indeterminate`, `measured`, `not assessed`."""
    return cast(str, lexicon()["states"][state.value]["word"])


def state_sign(state: State) -> str:
    """One character that carries the state without colour."""
    return cast(str, lexicon()["states"][state.value]["sign"])


def mark_words(mark: str) -> str:
    """What a mark of origin means; an unknown mark is never called published."""
    entry = lexicon()["marks"].get(mark)
    return entry["words"] if entry else f"unknown origin ({mark})"


def published(mark: str) -> bool:
    """Whether a cut-off with this mark may be called published: R and V only."""
    entry = lexicon()["marks"].get(mark)
    return bool(entry and entry["published"])


def reason_words(code: str | None, assessment: Assessment) -> str:
    """Reason code in words; the assessment's own sentence first."""
    if code is None:
        return "no reason recorded"
    return assessment.sentences.get(code) or lexicon()["reasons"].get(code) or code


def caveat_words(code: str, assessment: Assessment) -> str:
    """Caveat code as a sentence; the assessment's own sentence first."""
    return assessment.sentences.get(code) or caveats().get(code) or code


def caveats() -> dict[str, str]:
    """Sentence of every caveat code."""
    return {code: row["sentence"] for code, row in table("caveats")["codes"].items()}


def short_reason(code: str | None) -> str:
    """Reason code in a few words, for page 1 and the glossary."""
    return cast(str, lexicon()["reasons"].get(code, code or "no reason recorded"))


def series_kind(kind: str) -> str:
    """Kind of a series as printed."""
    return kinds.short(kind)


def lesion_kind(kind: str) -> dict[str, str]:
    """Letter, words and shape of a lesion kind; kinds that are new to the table get their own first letter."""
    known = lexicon()["lesion_letters"].get(kind)
    return known or {"letter": kind[:1].upper() or "?", "words": kind.replace("_", " "), "shape": "ring"}


def is_urgent(line: UrgentLine) -> bool:
    """Whether an urgent line reports something found; a kind the table does not know is shown as urgent, not hidden."""
    return line.kind not in lexicon()["quiet_urgent_kinds"]


def clinical_weight(criterion: str) -> tuple[int, str]:
    """Sort key: heavier first, the rest by id."""
    order = lexicon()["clinical_weight"]
    ranks = [n for n, prefix in enumerate(order) if criterion.startswith(prefix)]
    return (min(ranks, default=len(order)), criterion)


def words_of_part(part: str) -> str:
    """`pedicle_left` as `pedicle left`, `side_a` as `side A`."""
    words = part.replace("side_a", "side A").replace("side_b", "side B").replace("_", " ")
    return words.removeprefix("side ") if words in ("side left", "side right") else words


def level_list(level_ids: Iterable[str], order: list[str]) -> str:
    """Level ids in anatomical order, runs joined: `T3-T6, L1`."""
    ranks = sorted({order.index(x) for x in level_ids if x in order})
    runs: list[list[int]] = []
    for rank in ranks:
        if runs and rank == runs[-1][-1] + 1:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    pieces = [f"{order[r[0]]}-{order[r[-1]]}" if len(r) > 2 else ", ".join(order[n] for n in r) for r in runs]
    return ", ".join(pieces)
