"""Options: one field each, and what a wrong value says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.app.options import Levels, Options, Reading, Report, anchor, build, level_name, walk
from spinemets.model.errors import UsageError


def test_every_field_carries_its_flag_and_help():
    """'A parameter exists in three places: a field of its stage's options (type, default, unit, help) ...'"""
    for name, item, _ in walk(Options()):
        assert item.metadata["flag"].startswith("--"), name
        assert len(item.metadata["help"]) > 10, name


def test_flags_are_unique():
    flags = [item.metadata["flag"] for _, item, _ in walk(Options())]
    shorts = [item.metadata["short"] for _, item, _ in walk(Options()) if item.metadata["short"]]
    assert len(flags) == len(set(flags))
    assert len(shorts) == len(set(shorts))


def test_build_fills_groups():
    values = {name: value for name, _, value in walk(Options())}
    assert build(Options, {**values, "top": "T3", "study": "1.2"}.__getitem__) == Options(
        reading=Reading(study="1.2"), levels=Levels(top="T3")
    )


def test_digest_depends_on_what_changes_the_answer_only():
    """Options digest of the provenance: where the report goes and how loudly does not change the answer."""
    plain = Options()
    assert Options(report=Report(out=Path("elsewhere"), quiet=True)).digest() == plain.digest()
    assert Options(levels=Levels(top="T3")).digest() != plain.digest()


def test_stated_holds_no_paths():
    """Provenance is shown in the report: 'never patient data in a file name, logs, URLs', so folders stay out."""
    options = Options(
        reading=Reading(facts=Path("/home/someone/facts.yaml")),
        labels=("/home/someone/labels.nii.gz:verse",),
        levels=Levels(anchor=("L5=1,2,3", "L4=1,2,40")),
    )
    assert options.stated() == {
        "facts": "facts.yaml",
        "labels": "labels.nii.gz:verse",
        "anchor": "L5=1,2,3 L4=1,2,40",
    }


def test_anchor_reads_lps_mm():
    assert anchor("l5=3.0,-12.5,-410") == ("L5", (3.0, -12.5, -410.0))


@pytest.mark.parametrize(
    "text", ["L5", "L5=1,2", "L5=1,2,3,4", "L5=a,b,c", "L5=nan,0,0", "L5=inf,0,0", "=1,2,3", "X9=1,2,3"]
)
def test_wrong_anchor_is_refused_with_a_remedy(text: str):
    """'An error says what was wrong, where, what was expected, what to do.'"""
    with pytest.raises(UsageError) as caught:
        anchor(text)
    assert caught.value.remedy


@given(st.tuples(*[st.floats(-1e4, 1e4, allow_nan=False)] * 3))
def test_anchor_keeps_any_point(point: tuple[float, float, float]):
    assert anchor("T7=" + ",".join(repr(x) for x in point)) == ("T7", point)


@pytest.mark.parametrize(("text", "name"), [("t12", "T12"), (" L6 ", "L6"), ("T13", "T13"), ("S1", "S1")])
def test_level_names_include_variants(text: str, name: str):
    assert level_name(text, "--top") == name


@pytest.mark.parametrize("text", ["", "C8", "T14", "L7", "lumbar 3"])
def test_unknown_level_name_is_refused(text: str):
    with pytest.raises(UsageError, match="--top"):
        level_name(text, "--top")
