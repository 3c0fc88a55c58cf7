"""LES-01, pathology.md section 2: 'first match wins'."""

from __future__ import annotations

import pytest

from spinemets.impression.lesion_type import lesion_type
from spinemets.model.assessment import LesionSummary

DARK = -0.20


def lesion(kind: str) -> LesionSummary:
    return LesionSummary(
        id="L3-1", level_id="L3", series_uid="1", criterion="x", kind=kind, volume_ml=1.0, volume_ci95_ml=(0.8, 1.2), diameters_mm={},
        share_of_body=None, compartments={}, values={}, centroid_lps_mm=(0.0, 0.0, 0.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "ct", "stir", "answer"),
    [
        (["mixed", "stir_bright"], "present", 1.0, "mixed"),
        (["lytic", "t1_dark"], "present", 1.0, "lytic"),
        (["lytic", "blastic"], "present", None, "mixed"),
        (["t1_dark"], "absent", 1.0, "marrow_only"),
        (["t1_dark", "stir_bright"], "not_assessable", 1.0, "marrow_replacing"),
        (["t1_dark"], "not_assessable", -0.4, "probably_blastic"),
        (["t1_dark"], "indeterminate", 0.1, "marrow_replacing"),
        (["stir_bright"], "not_assessable", 1.0, "marrow_replacing"),
        ([], "absent", None, None),
    ],
)
def test_type(finding, kinds, ct, stir, answer) -> None:
    """'CT present: type = CT-02. CT normal and MR abnormal: marrow_only'; T1-dark is never called lytic without CT."""
    findings = {"CT-02": finding("CT-02", ct)}
    if stir is not None:
        findings["MR-STIR-01"] = finding("MR-STIR-01", "present", value=stir)
    assert lesion_type([lesion(k) for k in kinds], findings, DARK) == answer


def test_without_any_ct_record(finding) -> None:
    """'T1 low, STIR high -> marrow_replacing, CT reaction unknown'."""
    assert lesion_type([lesion("t1_dark"), lesion("stir_bright")], {}, DARK) == "marrow_replacing"
