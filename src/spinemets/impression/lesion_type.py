"""LES-01: the type of a level's lesions, CT first. Candidates are not matched across series by this version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinemets.model.assessment import LesionSummary
from spinemets.model.finding import Finding, State

CT_KINDS = ("lytic", "blastic", "mixed")


def lesion_type(lesions: Sequence[LesionSummary], findings: Mapping[str, Finding], dark_contrast: float) -> str | None:
    """Type of what was found at one level.

    Parameters
    ----------
    lesions
        Counted candidates of the level (tiny ones left out by the caller).
    findings
        Findings of the level by key.
    dark_contrast
        Contrast at or below which a fluid-sensitive series counts as low (pathology.md 0).

    Returns
    -------
    str or None
        `lytic`, `blastic`, `mixed` from CT; `marrow_only` where CT was searched and shows nothing; without CT
        `probably_blastic` (dark on T1 and on STIR) or `marrow_replacing` (CT reaction unknown: T1-dark marrow is lytic
        or marrow-only, and is not called lytic).
    """
    kinds = {x.kind for x in lesions}
    on_ct = kinds & set(CT_KINDS)
    if on_ct:
        return next(iter(on_ct)) if len(on_ct) == 1 else "mixed"
    if not kinds:
        return None
    ct = findings.get("CT-02")
    if ct is not None and ct.state is State.ABSENT:
        return "marrow_only"
    stir = findings.get("MR-STIR-01")
    dark = stir is not None and stir.value is not None and stir.value <= dark_contrast
    return "probably_blastic" if "t1_dark" in kinds and dark else "marrow_replacing"
