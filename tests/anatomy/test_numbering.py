"""Level naming and its guard (G-09)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.anatomy.earlier import Match
from spinemets.anatomy.evidence import Evidence
from spinemets.anatomy.hypotheses import expected_heights_mm
from spinemets.anatomy.label_names import Candidate
from spinemets.anatomy.numbering import number
from spinemets.anatomy.options import LevelOptions
from spinemets.knowledge.catalogue import decode
from spinemets.model.errors import UsageError
from spinemets.model.level import ORDER

NONE = LevelOptions()
STATED = Evidence(naming="stated")


@pytest.fixture(scope="module")
def rules():
    from importlib.resources import files

    text = (files("spinemets.knowledge") / "criteria" / "G-09.yaml").read_text()
    return decode(text, "G-09").values()


def candidates(names, pitch_mm=30.0, heights=None):
    return tuple(
        Candidate(
            name=name,
            centroid_lps_mm=np.array([0.0, 0.0, -pitch_mm * n]),
            height_mm=None if heights is None else heights[n],
        )
        for n, name in enumerate(names)
    )


@pytest.fixture
def run(rules):
    def go(names, evidence=STATED, options=NONE, **kwargs):
        return number(candidates(names, **kwargs), evidence, options, rules)

    return go


def ids(levels):
    return [level.name for level in levels]


def at(place: int, pitch_mm: float = 30.0) -> tuple[float, float, float]:
    return (4.0, -6.0, -pitch_mm * place - 5.0)


# --- the vectors of the specification ---


def test_sacrum_and_rib_that_agree(run):
    """'sacrum + 5 free vertebrae, lowest rib on the 6th above -> L1-L5, T12 named'."""
    levels = run([None] * 6, Evidence(sacrum=5, last_rib=0))
    assert ids(levels) == ["T12", "L1", "L2", "L3", "L4", "L5"]
    assert not any(level.assumed for level in levels)
    assert all(level.confidence >= 0.95 and level.method == "landmarks" for level in levels)


def test_sacrum_and_rib_that_contradict(run):
    """'lowest rib on the 5th above -> conflict': no names, both hypotheses shown."""
    levels = run([None] * 6, Evidence(sacrum=5, last_rib=1))
    assert ids(levels) == [None] * 6
    assert "T11 to L4" in levels[0].conflict
    assert "T12 to L5" in levels[0].conflict
    assert levels[0].method == "relative"


def test_sacrum_alone(run):
    """'sacrum alone -> lowest body L5 assumed (0.87)'."""
    lowest = run([None] * 4, Evidence(sacrum=3))[-1]
    assert (lowest.name, lowest.assumed, lowest.runner_up) == ("L5", True, "L4")
    assert round(lowest.confidence, 2) == 0.87
    assert lowest.words == "L5 (numbering assumed, alternative L4)"


def test_nothing_in_view(run):
    """'chest stack without rib 1, rib 12, C2, sacrum -> 0 names'; 'relative numbers, never guessed'."""
    levels = run([None] * 9, Evidence())
    assert ids(levels) == [None] * 9
    assert levels[2].words == "vertebra 3 of 9 in view"
    assert levels[2].id == "v03"
    assert levels[0].conflict is None


def test_soft_evidence_alone_names_nothing(run):
    heights = [expected_heights_mm()[n] for n in ("T8", "T9", "T10", "T11", "T12")]
    assert ids(run([None] * 5, Evidence(conus=5.0), heights=heights)) == [None] * 5


# --- label maps ---


@pytest.mark.parametrize("naming", ["stated", "self-naming", "only scheme that fits"])
def test_label_map_names_by_itself(run, naming):
    """'names levels by itself (method "label map", its reliability as confidence)'."""
    levels = run(["T11", "T12", "L1", "L2"], Evidence(naming=naming))
    assert ids(levels) == ["T11", "T12", "L1", "L2"]
    assert {(level.method, level.confidence, level.assumed) for level in levels} == {("label map", 0.97, False)}
    assert levels[0].runner_up == "T12"
    assert levels[0].runner_up_confidence == pytest.approx(0.01)
    assert [level.position for level in levels] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "names",
    [["T12", "T13", "L1"], ["T12", "L1", "L2"], ["L4", "L5", "L6"], ["C1", "C2", "C3"], ["C7", "T1"], ["L3"],
     ["T12", "T13", "L1", "L2", "L3", "L4", "L5", "L6"]],
)  # fmt: skip
def test_variants_are_runs(run, names):
    """'T13 and L6 in order'; one vertebra is a run as well."""
    if {"T13", "L6"} <= set(names):
        assert ids(run(names)) == names  # two variants at once: as the map says
    else:
        assert ids(run(names, STATED)) == names


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["T12", "L1", "L1", "L2"], "L1 comes next below L1"),
        (["T12", "L2", "L3"], "L2 comes next below T12"),
        (["L2", "L1", "L3"], "L1 comes next below L2"),
        (["T12", "L1", None, "L2"], "L2 comes 2 places below L1"),
    ],
)
def test_names_that_do_not_run(run, names, words):
    """'names run head to feet without gap, repeat or jump', else relative numbers; both are shown."""
    levels = run(names)
    assert ids(levels) == [None] * len(names)
    assert words in levels[0].conflict
    called = [f"The label map calls it {n}." if n else "The label map gives it no name." for n in names]
    assert [level.evidence[0] for level in levels] == called


def test_eleven_thoracic_vertebrae(run, rules):
    """T11 and L1 can be neighbours (11 thoracic vertebrae) if their distance is that of neighbours."""
    names = ["T10", "T11", "L1", "L2"]
    assert ids(run(names)) == names
    apart = list(candidates(names))
    for n in (2, 3):
        apart[n] = Candidate(name=names[n], centroid_lps_mm=apart[n].centroid_lps_mm - [0, 0, 30.0])
    assert ids(number(tuple(apart), STATED, NONE, rules)) == [None] * 4


def test_count_of_instances_is_no_name(run):
    """A map that counts from the top calls lumbar vertebrae C5 to C7: their bodies are twice too high."""
    levels = run(["C5", "C6", "C7"], heights=[31.0, 33.0, 34.0])
    assert ids(levels) == [None] * 3
    assert "2.3 times as high" in levels[0].conflict
    assert ids(run(["C5", "C6", "C7"], heights=[14.0, 15.0, 16.0])) == ["C5", "C6", "C7"]


def test_untrusted_names_are_not_used(run):
    assert ids(run(["L1", "L2"], Evidence(naming="none"))) == [None, None]


def test_partly_named_map(run):
    """A map that names T12 only anchors the others; they need the thresholds."""
    levels = run([None, None, "T12", None], STATED)
    assert ids(levels) == ["T10", "T11", "T12", "L1"]
    assert all(level.confidence >= 0.95 for level in levels)


# --- contradictions from outside a label map ---


def test_landmarks_that_agree_are_said(run):
    levels = run(["T12", "L1", "L2", "L3", "L4", "L5"], Evidence(naming="stated", sacrum=5, last_rib=0))
    assert levels[0].evidence == ("Named by the label map (stated).", "The last rib agrees.", "The sacrum agrees.")


@pytest.mark.parametrize(
    ("names", "sacrum", "variant"), [(["L2", "L3", "L4"], 2, "L5 fused"), (["L4", "L5", "L6"], 2, "6 lumbar")]
)
def test_a_variant_explains_the_sacrum(run, names, sacrum, variant):
    """A map whose lowest name is L4 or L6 on the sacrum says so; the usual count is no argument against it."""
    levels = run(names, Evidence(naming="stated", sacrum=sacrum))
    assert ids(levels) == names
    assert variant in levels[0].evidence[1]


def test_a_run_shifted_as_a_whole_is_caught(run):
    """'a run of names shifted by one is self-consistent: evidence must come from outside'."""
    levels = run(["T12", "L1", "L2", "L3"], Evidence(naming="stated", sacrum=3))
    assert ids(levels) == [None] * 4
    assert "label map names T12 to L3" in levels[0].conflict
    assert "the sacrum makes them L2 to L5" in levels[0].conflict


def test_a_short_twelfth_rib_contradicts_nothing(run):
    names = ["T10", "T11", "T12", "L1"]
    assert ids(run(names, Evidence(naming="stated", last_rib=1))) == names
    assert ids(run(names, Evidence(naming="stated", last_rib=0))) == [None] * 4


def test_header_contradicts_but_never_names(run):
    """'header BodyPart and SeriesDescription never name, they only raise a conflict'."""
    levels = run(["C3", "C4"], Evidence(naming="stated", header_regions=("L",)))
    assert ids(levels) == ["C3", "C4"]
    assert levels[0].conflict == "The header says lumbar spine, the levels found are C3 to C4."
    assert run(["T12", "L1"], Evidence(naming="stated", header_regions=("L",)))[0].conflict is None
    assert ids(run([None] * 2, Evidence(header_regions=("L",)))) == [None] * 2


# --- what the user says ---


def test_a_named_point(run):
    """'--anchor L5=x,y,z (finds nearest vertebra centroid within 30 mm)'."""
    levels = run([None] * 5, Evidence(), LevelOptions(anchors=(("L5", at(4)),)))
    assert ids(levels) == ["L1", "L2", "L3", "L4", "L5"]
    assert {level.method for level in levels} == {"anchor"}
    assert levels[0].confidence >= 0.99


def test_a_point_in_no_vertebra(run):
    with pytest.raises(UsageError, match=r"given for L5 lies in no vertebra: the nearest centre is 7\d mm away"):
        run([None] * 3, Evidence(), LevelOptions(anchors=(("L5", (70.0, 0.0, -60.0)),)))


def test_top_is_stated(run):
    levels = run([None] * 4, Evidence(), LevelOptions(top="T6"))
    assert ids(levels) == ["T6", "T7", "T8", "T9"]
    assert levels[0].method == "top stated"


def test_top_leaves_open_what_variants_change(run):
    """Below T11 the count depends on the number of thoracic vertebrae: less sure than the levels above."""
    levels = run([None] * 8, Evidence(), LevelOptions(top="T10"))
    assert ids(levels)[:3] == ["T10", "T11", "T12"]
    assert levels[0].confidence > levels[4].confidence >= 0.95


def test_anchor_that_agrees_with_the_map(run):
    levels = run(["T12", "L1", "L2"], STATED, LevelOptions(anchors=(("L1", at(1)),)))
    assert ids(levels) == ["T12", "L1", "L2"]
    assert {level.method for level in levels} == {"label map and anchor"}
    assert 0.999 < levels[0].confidence < 1


def test_anchor_that_contradicts_the_map(run):
    """'conflict = no names, both hypotheses shown'."""
    levels = run(["T12", "L1", "L2"], STATED, LevelOptions(anchors=(("L2", at(1)),)))
    assert ids(levels) == [None] * 3
    assert "label map names T12 to L2; the point given for L2 makes them L1 to L3" in levels[0].conflict


def test_two_points_that_contradict(run):
    options = LevelOptions(anchors=(("L1", at(0)), ("L4", at(2))))
    levels = run([None] * 3, Evidence(), options)
    assert ids(levels) == [None] * 3
    assert "L1 to L3" in levels[0].conflict
    assert "L2 to L4" in levels[0].conflict


def test_a_person_may_call_l4_the_lowest(run):
    """Whoever names L4 as the vertebra on the sacrum says that L5 is fused: no contradiction."""
    levels = run([None] * 3, Evidence(sacrum=2), LevelOptions(anchors=(("L4", at(2)),)))
    assert ids(levels) == ["L2", "L3", "L4"]
    assert ids(run([None] * 3, Evidence(sacrum=2), LevelOptions(anchors=(("L2", at(2)),)))) == [None] * 3


def test_another_series(run):
    levels = run([None] * 3, Evidence(other_series=((1, "T8", 0.99),)))
    assert ids(levels) == ["T7", "T8", "T9"]
    assert levels[0].confidence == pytest.approx(0.98 * 0.99, abs=0.01)


def test_an_earlier_study_alone_names_and_is_said(run):
    levels = run([None] * 3, Evidence(earlier=Match(place=1, name="T8", confidence=0.985)))
    assert ids(levels) == ["T7", "T8", "T9"]
    assert {level.method for level in levels} == {"earlier study"}
    assert "The earlier study, whose T8 has the sizes of this vertebra, speaks for T7 to T9." in levels[0].evidence


def test_an_earlier_study_that_contradicts_the_sacrum_names_nothing(run):
    """A fusion between two dates is rarer than a wrong overlay: both are shown."""
    levels = run([None] * 5, Evidence(sacrum=4, last_rib=None, earlier=Match(place=4, name="L3", confidence=0.98)))
    assert ids(levels) == [None] * 5
    assert "the earlier study" in levels[0].conflict


def test_counts_of_the_column_are_shown(run):
    """'explicit transitional hypotheses': each with its probability, down to one in a hundred."""
    (said,) = (e for e in run([None] * 5, Evidence(sacrum=4))[0].evidence if e.startswith("Counts"))
    assert said.startswith("Counts of the column: 12 thoracic and 5 lumbar vertebrae (")
    assert "; L5 fused to the sacrum, L4 the last mobile one (" in said
    assert "; 6 lumbar vertebrae (L6, or S1 free) (" in said


@pytest.mark.parametrize("name", ["T13", "L6"])
def test_runner_up_of_a_variant(run, name):
    """A shift by one of T13 or L6 is the level above: what a usual count would call it."""
    levels = run(["T12", "T13", "L1"] if name == "T13" else ["L4", "L5", "L6"])
    assert next(level.runner_up for level in levels if level.name == name) == ("T12" if name == "T13" else "L5")


def test_evidence_that_nothing_explains(run):
    """The dens far below the sacrum: no count of the column has that, so nothing is named."""
    levels = run([None] * 4, Evidence(sacrum=0, c2=3))
    assert ids(levels) == [None] * 4
    assert levels[0].conflict


def test_below_the_threshold_the_best_guess_is_only_said(rules):
    """'below: relative numbers': the doubt is written down, the name is not given."""
    weak = {**rules, "reliability_sacrum": 0.7}
    levels = number(candidates([None] * 3), Evidence(sacrum=2), NONE, weak)
    assert ids(levels) == [None] * 3
    assert levels[2].evidence[-1].startswith("Could be L5 (")


def test_order_of_sizes_joins_an_anchor(run):
    """'size progression +- 1.5 levels' sharpens what the sacrum says."""
    names = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
    heights = [expected_heights_mm()[n] for n in names]
    plain = run([None] * 7, Evidence(sacrum=6))
    with_sizes = run([None] * 7, Evidence(sacrum=6, conus=2.0), heights=heights)
    assert ids(with_sizes) == list(names)
    assert with_sizes[6].confidence > plain[6].confidence


def test_dens_and_first_rib(run):
    levels = run([None] * 9, Evidence(c2=1, first_rib=7))
    assert ids(levels)[:8] == ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "T1"]
    assert levels[0].confidence > 0.99


# --- properties ---


def test_no_vertebra(run):
    assert run([]) == ()


@settings(deadline=None, max_examples=40)
@given(start=st.integers(0, 22), n=st.integers(1, 8))
def test_any_run_of_usual_names_is_kept(start, n):
    usual = [name for name in ORDER if name not in ("T13", "L6") and not name.startswith("S")]
    names = usual[start : start + n]
    assert ids(number(candidates(names), STATED, NONE)) == names


@settings(deadline=None, max_examples=40)
@given(order=st.permutations(["T11", "T12", "L1", "L2"]))
def test_any_other_order_names_nothing(order):
    levels = number(candidates(order), STATED, NONE)
    assert ids(levels) == (order if order == ["T11", "T12", "L1", "L2"] else [None] * 4)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 12), sacrum=st.booleans(), rib=st.integers(0, 11), top=st.sampled_from([None, "T6", "L1"]))
def test_names_never_repeat_or_jump(n, sacrum, rib, top):
    """'duplicates and gaps impossible by construction', whatever the evidence."""
    evidence = Evidence(sacrum=n - 1 if sacrum else None, last_rib=rib if rib < n else None)
    levels = number(candidates([None] * n), evidence, LevelOptions(top=top))
    assert len(levels) == n
    named = [(level.position, ORDER.index(level.name)) for level in levels if level.name]
    assert len({name for _, name in named}) == len(named)
    assert named == sorted(named)
    for level in levels:
        assert level.confidence is None or 0.8 <= level.confidence <= 1
        assert level.assumed == (level.confidence is not None and level.confidence < 0.95)
