"""The reading model (READ 3-5): signs to evidence, evidence to hypotheses with certainty words.

Weights live with their criteria in the catalogue; words and limits in `knowledge/tables/reading.yaml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spinemets.knowledge.catalogue import Catalogue, Weight
from spinemets.knowledge.phrases import in_sentence
from spinemets.model.assessment import Hypothesis
from spinemets.model.finding import Finding, State


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One finding's weight for one hypothesis."""

    hypothesis: str
    strength: int
    group: str
    words: str


def signs(findings: Mapping[str, Finding], catalogue: Catalogue, table: Mapping[str, Any]) -> tuple[Sign, ...]:
    """Evidence of one level. A criterion that another one supersedes, once judged, says nothing."""
    judged = {f.criterion for f in findings.values() if f.state in (State.PRESENT, State.ABSENT, State.INDETERMINATE)}
    silent = {name for first, names in table["supersedes"].items() if first in judged for name in names}
    return tuple(
        Sign(
            hypothesis=weight.hypothesis,
            strength=weight.strength,
            group=weight.group,
            words=f"{in_sentence(finding.title)} {finding.state.value} ({finding.id})",
        )
        for finding in findings.values()
        if finding.criterion not in silent and finding.criterion in catalogue
        for weight in catalogue[finding.criterion].weights.get(finding.state.value, [])
        if _applies(weight, finding, findings)
    )


def _applies(weight: Weight, finding: Finding, findings: Mapping[str, Finding]) -> bool:
    """Whether a weight's own conditions hold: its wall or side, and what must be present beside it."""
    if weight.parts and finding.subject.part not in weight.parts:
        return False
    beside = ((findings.get(name), categories) for name, categories in weight.beside.items())
    return all(f is not None and f.state is State.PRESENT and f.category in categories for f, categories in beside)


def differential(
    findings: Mapping[str, Finding], catalogue: Catalogue, table: Mapping[str, Any], *, lesion: bool = False
) -> tuple[Hypothesis, ...]:
    """Rank the hypotheses of one level (`lesion`: whether it holds a counted lesion candidate).

    In one independence group only the strongest sign counts on each side; net = sum for - sum against.
    `indeterminate` is added where there is a lesion but no hypothesis reaches net 1.
    """
    by_hypothesis: dict[str, list[Sign]] = defaultdict(list)
    for sign in signs(findings, catalogue, table):
        by_hypothesis[sign.hypothesis].append(sign)
    silent = _not_assessed(findings, catalogue)
    ranked = [_weigh(name, evidence, table, silent.get(name, ())) for name, evidence in by_hypothesis.items()]
    ranked.sort(key=lambda h: (-h.net, h.name != "metastasis", h.name))
    if lesion and not any(h.net >= 1 for h in ranked):
        ranked.insert(0, Hypothesis(name="indeterminate", net=0, certainty=None))
    return tuple(ranked)


def _weigh(name: str, evidence: list[Sign], table: Mapping[str, Any], silent: tuple[str, ...]) -> Hypothesis:
    strongest: dict[tuple[str, bool], Sign] = {}
    for sign in evidence:
        key = (sign.group, sign.strength > 0)
        if key not in strongest or abs(sign.strength) > abs(strongest[key].strength):
            strongest[key] = sign
    counted = list(strongest.values())
    net = sum(s.strength for s in counted)
    return Hypothesis(
        name=name,
        net=net,
        certainty=certainty(net, counted, table),
        signs_for=tuple(s.words for s in evidence if s.strength > 0),
        signs_against=tuple(s.words for s in evidence if s.strength < 0),
        not_assessed=silent,
    )


def certainty(net: int, counted: list[Sign], table: Mapping[str, Any]) -> str | None:
    """Word of the lexicon for a net weight; None where the hypothesis is only listed."""
    side = [s for s in counted if (s.strength > 0) == (net > 0)]
    groups = len({s.group for s in side})
    for rule in table["words"]:
        fits = net >= rule["net_at_least"] if "net_at_least" in rule else net <= rule["net_at_most"]
        if not fits or groups < rule.get("groups_at_least", 0):
            continue
        if rule.get("strong_for") and not any(s.strength >= 3 for s in counted):
            continue
        if rule.get("no_strong_against") and any(s.strength <= -3 for s in counted):
            continue
        return str(rule["word"])
    return None


def _not_assessed(findings: Mapping[str, Finding], catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    missing: dict[str, list[str]] = defaultdict(list)
    for finding in findings.values():
        if finding.state is not State.NOT_ASSESSABLE or finding.criterion not in catalogue:
            continue
        hypotheses = {w.hypothesis for ws in catalogue[finding.criterion].weights.values() for w in ws}
        for name in hypotheses:
            missing[name].append(in_sentence(finding.title))
    return {name: tuple(dict.fromkeys(titles)) for name, titles in missing.items()}
