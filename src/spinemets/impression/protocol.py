"""MOD-21: what this study can and cannot answer, and what the absence of a kind of series costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from spinemets.knowledge import catalogue as knowledge
from spinemets.knowledge import kinds as kinds_table
from spinemets.knowledge.catalogue import Catalogue, Criterion, Mark, Strict
from spinemets.model.assessment import Answerability
from spinemets.model.errors import CatalogueError
from spinemets.model.finding import Finding
from spinemets.model.study import Study

ANSWERED, LIMITED, NOT_ANSWERABLE = "answered", "limited", "not answerable"
WORDS = {"A": ANSWERED, "L": LIMITED, "-": NOT_ANSWERABLE}
RANK = {"A": 2, "L": 1, "-": 0}
# Best first: one series of a kind that passes is enough.
OPEN = ("ok", "limited")


class Addition(Strict, frozen=True):
    """What to add where the groups of `has` are there and those of `lacks` are not."""

    add: str
    has: list[str] = msgspec.field(default_factory=list)
    lacks: list[str] = msgspec.field(default_factory=list)


class Column(Strict, frozen=True):
    """One kind of examination; `measured` is False where this version does not read its images."""

    words: str
    needs: list[str]
    any: bool = False
    measured: bool = True


class Question(Strict, frozen=True):
    """One row of the matrix."""

    words: str
    cells: dict[str, Literal["A", "L", "-"]]
    criteria: list[str]
    why_limited: str
    additions: list[Addition]
    gates: dict[str, str] = msgspec.field(default_factory=dict)
    whys: dict[str, str] = msgspec.field(default_factory=dict)

    def why(self, column: str) -> str:
        """Why this column answers with limits only."""
        return self.whys.get(column, self.why_limited)


class Matrix(Strict, frozen=True):
    """The table `protocol`."""

    mark: Mark
    source: str
    groups: dict[str, list[str]]
    columns: dict[str, Column]
    questions: dict[str, Question]

    def groups_of(self, kinds: Collection[str]) -> frozenset[str]:
        """Groups that the kinds in the study make available."""
        return frozenset(name for name, members in self.groups.items() if set(members) & set(kinds))

    def columns_of(self, groups: Collection[str]) -> tuple[str, ...]:
        """Columns those groups make available."""
        there = set(groups)
        return tuple(
            name
            for name, column in self.columns.items()
            if (there & set(column.needs) if column.any else there >= set(column.needs))
        )


@dataclass(frozen=True, kw_only=True)
class Unserved:
    """A criterion that the study's series cannot serve, and the kinds of series of which one is needed."""

    criterion: str
    title: str
    kinds: tuple[str, ...]
    sentence: str


@cache
def matrix() -> Matrix:
    """The matrix of MOD-21."""
    try:
        table = msgspec.convert(knowledge.table("protocol"), Matrix)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table protocol: {error}") from error
    for name, question in table.questions.items():
        if set(question.cells) != set(table.columns):
            raise CatalogueError(f"table protocol, question {name}: its cells are not the columns of the table")
    return table


def completeness(study: Study, findings: Sequence[Finding]) -> tuple[Answerability, ...]:
    """Answerability of every question from the series of a study and the verdicts of the gates.

    Series that are not measurable (geometry refused) count as absent.
    """
    kinds = {s.kind for s in study.series if s.measurable}
    unmeasured = {s.kind for s in study.series if s.kind in kinds_table.read_by_eye()}
    return answers(kinds | unmeasured, best_verdicts(findings), frozenset(knowledge.load()), level_limits(findings))


def best_verdicts(findings: Sequence[Finding]) -> dict[str, str]:
    """`gate:use` -> best verdict over the series (`ok` before `limited` before any reason code)."""
    best: dict[str, str] = {}
    for finding in findings:
        if finding.subject.level_id is not None:
            continue
        for use, verdict in finding.verdicts.items():
            key = f"{finding.criterion}:{use}"
            if _order(verdict) < _order(best.get(key, "")):
                best[key] = verdict
    return best


def _order(verdict: str) -> int:
    if verdict in OPEN:
        return OPEN.index(verdict)
    return len(OPEN) + (not verdict)


def level_limits(findings: Sequence[Finding]) -> dict[str, str]:
    """`gate:use` -> sentence that names the levels where a gate per vertebra is shut."""
    shut: dict[str, list[str]] = {}
    for finding in findings:
        if finding.subject.level_id is None:
            continue
        for use, verdict in finding.verdicts.items():
            if verdict not in OPEN:
                shut.setdefault(f"{finding.criterion}:{use}", []).append(finding.subject.level_id)
    return {key: f"not at {', '.join(dict.fromkeys(levels))}" for key, levels in shut.items()}


# Question -> gates per vertebra whose shut levels are named in the answer.
LEVEL_GATES = {
    "lesion_type": ("CT-09:bone",),
    "cortex_stability": ("CT-09:bone",),
    "epidural_cord": ("CT-09:soft_tissue",),
    "early_marrow": ("MR-ART-02:fat_suppressed",),
    "marrow_edema": ("MR-ART-02:fat_suppressed",),
}


def answers(
    kinds: Collection[str],
    verdicts: Mapping[str, str] | None = None,
    criteria: Collection[str] | None = None,
    shut_levels: Mapping[str, str] | None = None,
) -> tuple[Answerability, ...]:
    """Answer every question of the matrix.

    Parameters
    ----------
    kinds
        Kinds of series in the study.
    verdicts
        `gate:use` -> verdict; a gate that was not evaluated counts as shut. None = gates are not asked.
    criteria
        Ids in the catalogue; None = every criterion exists.
    shut_levels
        `gate:use` -> sentence about levels.
    """
    table = matrix()
    groups = table.groups_of(kinds)
    columns = {name: _named(table.columns[name], kinds, table) for name in table.columns_of(groups)}
    limits = shut_levels or {}
    result = []
    for name, question in table.questions.items():
        cell, why = _best(question, columns, verdicts)
        if cell == "A" and criteria is not None and not set(criteria) & set(question.criteria):
            cell, why = "L", (*why, "the images can answer this, this version has no criterion for it yet")
        why = (*why, *(limits[g] for g in LEVEL_GATES.get(name, ()) if g in limits and cell != "-"))
        addition = None if cell == "A" else _addition(question, groups)
        words = "; ".join(dict.fromkeys(why))
        result.append(Answerability(question=question.words, verdict=WORDS[cell], why=words, addition=addition))
    return tuple(result)


def _named(column: Column, kinds: Collection[str], table: Matrix) -> Column:
    """The column with the kinds that are really there in its words."""
    members = [kind for group in column.needs for kind in table.groups[group] if kind in kinds]
    said = " and ".join(kinds_table.words(kind) for kind in members)
    return msgspec.structs.replace(column, words=column.words.format(kinds=said))


def _best(
    question: Question, columns: Mapping[str, Column], verdicts: Mapping[str, str] | None
) -> tuple[str, tuple[str, ...]]:
    best, reasons = "-", ["no series of this study shows it"]
    for name, column in columns.items():
        cell, why = _cell(question, name, column, verdicts)
        if RANK[cell] > RANK[best] or (cell == "L" == best and column.measured):
            best, reasons = cell, why
        elif best == "-" and question.cells[name] != "-":
            reasons = why
    return best, tuple(reasons)


def _cell(question: Question, name: str, column: Column, verdicts: Mapping[str, str] | None) -> tuple[str, list[str]]:
    """Cell of one column after its gate, with the reason in words."""
    cell: str = question.cells[name]
    if cell == "-":
        return cell, []
    why = [f"by {column.words}"] + ([question.why(name)] if cell == "L" else [])
    if not column.measured:
        return "L", [f"{column.words} is in the study, this version does not measure it: it has to be read by eye"]
    gate = question.gates.get(name)
    if gate is None or verdicts is None:
        return cell, why
    verdict = verdicts.get(gate, "NA-META")
    if verdict == "limited":
        return "L", [*why, f"{column.words} is fit for this with limits only ({gate.partition(':')[0]})"]
    if verdict != "ok":
        reason = knowledge.table("reasons")["codes"][verdict]["sentence"].rstrip(".")
        said = reason[0].lower() + reason[1:]
        return "-", [f"{column.words} of this study is not fit for this ({gate.partition(':')[0]}: {said})"]
    return cell, why


def _addition(question: Question, groups: Collection[str]) -> str:
    there = set(groups)
    return next(a.add for a in question.additions if there >= set(a.has) and not there & set(a.lacks))


def criteria_missing(study: Study, catalogue: Catalogue) -> tuple[Unserved, ...]:
    """Criteria that no series of the study can serve, in the order of the catalogue, with what would serve them."""
    kinds = {s.kind for s in study.series if s.measurable}
    missing: dict[str, Unserved] = {}
    for entry in catalogue.values():
        needed = _unserved_kinds(entry, kinds, missing)
        if needed:
            names = " or ".join(dict.fromkeys(kinds_table.words(kind) for kind in needed))
            sentence = f"{entry.title} cannot be assessed: needs {names}"
            missing[entry.id] = Unserved(criterion=entry.id, title=entry.title, kinds=needed, sentence=sentence)
    return tuple(missing.values())


def _unserved_kinds(entry: Criterion, kinds: Collection[str], missing: Mapping[str, Unserved]) -> tuple[str, ...]:
    """Accepted kinds of the first image need that no series meets; for what weighs results, those of its sources."""
    for accepted in entry.needs.volumes.values():
        if not set(accepted) & set(kinds):
            return tuple(accepted)
    if entry.needs.results and all(name in missing for name in entry.needs.results):
        return tuple(dict.fromkeys(kind for name in entry.needs.results for kind in missing[name].kinds))
    return ()
