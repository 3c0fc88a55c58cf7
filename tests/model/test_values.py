"""The smaller values: levels, spine, studies, findings, assessment."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.assessment import Assessment, LevelAssessment
from spinemets.model.errors import SpinemetsError, UnreadableInput, UsageError
from spinemets.model.finding import Finding, State
from spinemets.model.lesion import Found
from spinemets.model.level import ORDER, Level
from spinemets.model.measurement import Subject
from spinemets.model.provenance import Provenance
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.spine import Completeness, Endplates, Frame, Spine, Vertebra
from spinemets.model.study import ClinicalFacts, PatientFacts, Study, Unread

MADE = Provenance(software_version="0", parameter_hash="h", options_digest="d")


def level(name: str | None = "L3", **more) -> Level:
    return Level(name=name, position=3, of=9, method="label map", **more)


def finding(key: str, state: State, level_id: str | None = "L3", part: str | None = None) -> Finding:
    return Finding(
        id=f"{level_id}-01", criterion=key, version="1", title="t", subject=Subject(level_id=level_id, part=part), state=state, statement=""
    )  # fmt: skip


def test_order_has_variants_at_their_place() -> None:
    """'VerSe order along the spine is 1..19, 28, 20..25, never by integer'."""
    assert ORDER.index("T12") < ORDER.index("T13") < ORDER.index("L1")
    assert ORDER.index("L5") < ORDER.index("L6") < ORDER.index("S1")


def test_level_words() -> None:
    """G-09: named, assumed, relative."""
    assert (level().id, level().words, level().region) == ("L3", "L3", "L")
    assert level(None).id == "v03"
    assert level(None).words == "vertebra 3 of 9 in view"
    assert level(None).region is None
    assert level(assumed=True, runner_up="L4").words == "L3 (numbering assumed, alternative L4)"


def test_frame_round_trip_and_axes() -> None:
    frame = Frame(
        origin_lps_mm=np.array([1.0, 2, 3]),
        left=np.array([1.0, 0, 0]),
        anterior=np.array([0, -1.0, 0]),
        superior=np.array([0, 0, 1.0]),
    )
    point = np.array([[4.0, -5, 6]])
    assert np.allclose(frame.to_local_mm(point), [[3, 7, 3]])
    assert np.allclose(frame.to_lps_mm(frame.to_local_mm(point)), point)
    assert np.allclose(np.cross(frame.superior, frame.anterior), frame.left)


def test_endplates_height() -> None:
    flat = np.zeros((3, 3))
    plates = Endplates(left_mm=np.arange(3.0), anterior_mm=np.arange(3.0), superior_mm=flat + 12, inferior_mm=flat - 13)
    assert np.allclose(plates.height_mm, 25)


def test_spine_lookup_and_sides() -> None:
    vertebra = Vertebra(level=level(), frame=None, regions={})
    spine = Spine(vertebrae=(vertebra,))
    assert spine["L3"] is vertebra
    assert spine.sides_known
    assert not dataclasses.replace(spine, sides=("side_a", "side_b")).sides_known
    with pytest.raises(KeyError):
        spine["L4"]


def test_sizes_by_which_a_body_is_known_again() -> None:
    """Those of `BODY_SIZES` that were measured; none where the body is cut off."""
    whole = Vertebra(level=level(), frame=None, regions={}, size_mm={"height_mm": 25.0, "canal_width_mm": 22.0})
    assert whole.known_by_mm == {"height_mm": 25.0}
    cut = dataclasses.replace(whole, completeness=Completeness(heights_valid=False))
    assert cut.known_by_mm == {}


def test_series_and_study() -> None:
    series = Series(uid="1.2", number=1, label="series 1", acquisition=Acquisition(), load=lambda: None)  # type: ignore[arg-type,return-value]
    assert series.kind == "unknown"
    assert not series.measurable
    assert series.pixels() is None
    known = series.with_recognition(Recognition(kind="t1", confidence=1.0))
    assert known.kind == "t1"
    study = Study(uid="9", patient=PatientFacts(), series=(known,))
    assert study.by_uid("1.2") is known
    with pytest.raises(KeyError):
        study.by_uid("nope")
    assert ClinicalFacts().pain is None


def test_refused_geometry_is_not_measurable(unit_grid) -> None:
    series = Series(
        uid="1", number=1, label="s", acquisition=Acquisition(), load=lambda: None, grid=unit_grid,  # type: ignore[arg-type,return-value]
        geometry=GeometryCheck(verdict="refused", notes=("tilted",)),
    )  # fmt: skip
    assert not series.measurable


def test_segmentation_parts_by_structure(make_region, make_volume) -> None:
    volume = make_volume(np.zeros((4, 4, 4)))
    part = Part(structure="disc", level="L3", region=make_region("disc", np.ones((4, 4, 4)), volume))
    seg = Segmentation(grid=volume.grid, parts=(part,), scheme="verse", naming="stated", body_only=False, source="x")
    assert seg.of("disc") == (part,)
    assert seg.of("vertebra") == ()
    assert Found().of("L3", "1", "CT-02") == ()


def test_finding_keys_and_not_assessable_list() -> None:
    """report.md 10: 'assessed + not = all'."""
    absent = finding("CT-02", State.ABSENT)
    wall = finding("CT-04", State.NOT_ASSESSABLE, part="posterior")
    gate = finding("CT-01", State.MEASURED, level_id=None)
    entry = LevelAssessment(level=level(), findings={f.key: f for f in (absent, wall)})
    whole = Assessment(
        study_uid="9", patient=PatientFacts(), clinical=ClinicalFacts(), provenance=MADE, levels={"L3": entry}, study_findings={"CT-01": gate}
    )  # fmt: skip
    assert wall.key == "CT-04:posterior"
    assert whole.not_assessable == (wall,)
    assert len(whole.all_findings()) == 3
    assert not entry.abnormal
    assert LevelAssessment(level=level(), findings={}, lesions=("L3-1",)).abnormal
    assert '"schema":"spinemets-assessment/1"' in whole.to_json()


def test_errors_carry_exit_code_and_remedy() -> None:
    error = UnreadableInput("The folder is empty.", "Give a folder with images.")
    assert str(error) == "The folder is empty. Give a folder with images."
    assert (error.exit_code, UsageError("x").exit_code, SpinemetsError("x").exit_code) == (3, 2, 8)
    assert str(UsageError("Only what.")) == "Only what."


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("IM 1.dcm", "IM 1.dcm"),
        ("ウシ.dcm", "ウシ.dcm"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
    ],
)
def test_a_line_about_a_file_is_one_printable_line(given: str, shown: str) -> None:
    """Names and headers of strangers may hold control characters: spelled out, never sent to a terminal."""
    row = Unread(file=given, reason=f"unknown class {given}")
    assert (row.file, row.reason) == (shown, f"unknown class {shown}")
