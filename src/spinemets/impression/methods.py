"""The methods paragraph and the references, written from what the run really did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinemets.knowledge.catalogue import Catalogue
from spinemets.model.finding import Finding, State
from spinemets.model.provenance import Provenance
from spinemets.model.spine import Spine
from spinemets.model.study import Study

MARK_WORDS = {
    "R": "stated by the review",
    "V": "verified in the literature",
    "N": "literature, not verified",
    "E": "engineering choice",
}


def paragraph(study: Study, spine: Spine, findings: Sequence[Finding], catalogue: Catalogue, made: Provenance) -> str:
    """Text ready to copy: input, labels, criteria that gave an answer, marks of their cut-offs, version and hash."""
    kinds: dict[str, int] = {}
    for series in (one for one in study.series if one.computed is None):
        kinds[series.kind] = kinds.get(series.kind, 0) + 1
    read = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sorted(kinds.items())) or "no"
    sources = ", ".join(spine.sources) or "none"
    answered = sorted({f.criterion for f in findings if f.state is not State.NOT_ASSESSABLE})
    marks = _marks(answered, catalogue)
    body = "vertebral bodies only" if spine.body_only else "whole vertebrae"
    located = (
        f"{len(spine.vertebrae)} vertebrae ({body}) were taken from: {sources}."
        if spine.vertebrae
        else "No vertebra was located."
    )
    return (
        f"spinemets {made.software_version} (parameter hash {made.parameter_hash}) read {read} series. {located} "
        f"A local frame was fitted to the endplates of each vertebra; marrow was taken inside the cortex, away from the "
        f"endplates and the basivertebral vein; lesion candidates were drawn against normal neighbours of the same "
        f"series. Criteria that gave an answer: {', '.join(answered) or 'none'}. Origin of their cut-offs: {marks}. "
        f"Intervals are 95 % unless stated and cover voxel noise and segmentation, not every error. The certainty words "
        f"come from expert rules that are not calibrated. Research use only."
    )


def _marks(answered: Sequence[str], catalogue: Catalogue) -> str:
    counts: dict[str, int] = {}
    for name in answered:
        rule = catalogue[name].judge
        for mark in [c.mark for c in rule.cuts] + [b.mark for b in rule.bands]:
            counts[mark] = counts.get(mark, 0) + 1
    return ", ".join(f"{n} {MARK_WORDS[m]}" for m, n in sorted(counts.items())) or "none applied"


def references(answered: Sequence[str], catalogue: Catalogue) -> tuple[str, ...]:
    """Sources of every criterion that gave an answer, each once, in catalogue order."""
    found: dict[str, None] = {}
    for name in catalogue:
        if name in answered:
            found.update(dict.fromkeys(f"{key}: {text}" for key, text in catalogue[name].sources.items()))
    return tuple(found)


def digests(study: Study) -> Mapping[str, str]:
    """SHA-256 of each input series by its label."""
    return {f"{s.number} {s.label}": s.digest for s in study.series if s.computed is None}
