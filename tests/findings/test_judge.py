"""signs.md 0.5: from number to state."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from spinemets.findings.judge import judge, judge_bands, judge_cuts
from spinemets.knowledge.catalogue import Band, Criterion, Cut, Given, Judge, Needs, Validity, Weight
from spinemets.model.finding import State
from spinemets.model.level import Level
from spinemets.model.measurement import Measurement, NotAssessable, Subject, Value

L1 = Level(name="L1", position=1, of=5, method="label map", confidence=0.97)


def cut(value: float, side: str, name: str = "cut") -> Cut:
    return Cut(name=name, value=value, side=side, mark="E", source="test", population="test", caveat="test")


def band(name: str, up_to: float | None, state: str) -> Band:
    return Band(name=name, up_to=up_to, state=state, mark="V", source="s", population="p", caveat="c")


BANDS = [
    band("<= 110", 110, "present"),
    band("110-135", 135, "indeterminate"),
    band("135-160", 160, "indeterminate"),
    band("> 160", None, "absent"),
]


def entry(rule: Judge, **more) -> Criterion:
    return Criterion(
        id="XX-01", version="1.0", title="Test value", asks="?", shows="s", decided="d", kind="measure", per="vertebra",
        modalities=["CT"], gives={"v": Given(quantity="attenuation", unit="[hnsf'U]")}, judge=rule, **more,
    )  # fmt: skip


def measured(value: float, ci: tuple[float, float] | None, **more) -> Measurement:
    number = Value(value=value, unit="[hnsf'U]", ci95=ci, sd=more.pop("sd", None))
    return Measurement(
        criterion="XX-01", version="1.0", subject=Subject(level_id="L1"), values={"v": number}, judged="v", **more
    )


@pytest.mark.parametrize(
    ("interval", "side", "state"),
    [
        ((0.716, 0.786), "below", State.PRESENT),
        ((0.942, 1.018), "below", State.INDETERMINATE),
        ((1.5, 1.7), "below", State.ABSENT),
        ((1.0, 1.2), "below", State.ABSENT),
        ((0.9, 1.0), "below", State.INDETERMINATE),
        ((2.1, 3.0), "above", State.PRESENT),
        ((1.0, 1.2), "above", State.PRESENT),
        ((0.2, 0.9), "above", State.ABSENT),
        ((0.2, 1.1), "above", State.INDETERMINATE),
    ],
)
def test_one_cut(interval, side, state) -> None:
    """'whole interval on the positive side = present; on the negative side = absent; straddling = indeterminate'."""
    assert judge_cuts(interval, [cut(1.0, side)]) is state


def test_cuts_that_disagree_are_indeterminate() -> None:
    """'If two published cut-offs disagree and the value lies between them: indeterminate, both shown'."""
    cuts = [cut(104, "below"), cut(160, "below")]
    assert judge_cuts((120, 130), cuts) is State.INDETERMINATE
    assert judge_cuts((80, 90), cuts) is State.PRESENT
    finding = judge(measured(125, (120, 130)), entry(Judge(by="cut", of="v", cuts=cuts)), L1, "L1-01")
    assert [c.value for c in finding.cutoffs] == [104, 160]


def test_bands_in_order_and_straddled() -> None:
    """CT-08: '98, 120, 150, 180 HU -> the four bands in order'; a straddled band is named as a range."""
    names = [judge_bands((v - 1, v + 1), BANDS)[1] for v in (98, 120, 150, 180)]
    assert names == [b.name for b in BANDS]
    state, name = judge_bands((105, 120), BANDS)
    assert (state, name) == (State.INDETERMINATE, "<= 110 to 110-135")


def test_no_rounding_before_comparison() -> None:
    """'No rounding before the comparison'."""
    assert judge_cuts((0.9999999, 0.99999999), [cut(1.0, "below")]) is State.PRESENT


def test_erosion_that_changes_the_state_makes_it_indeterminate() -> None:
    """0.9: 'repeat with the region eroded by one voxel; if the state changes: indeterminate'."""
    rule = Judge(by="cut", of="v", cuts=[cut(1.0, "below")])
    flipped = measured(0.8, (0.7, 0.9), eroded={"v": Value(value=1.2, unit="1", ci95=(1.1, 1.3))})
    same = measured(0.8, (0.7, 0.9), eroded={"v": Value(value=0.7, unit="1", ci95=(0.6, 0.8))})
    assert judge(flipped, entry(rule), L1, "L1-01").state is State.INDETERMINATE
    assert "one voxel smaller" in judge(flipped, entry(rule), L1, "L1-01").notes[0]
    assert judge(same, entry(rule), L1, "L1-01").state is State.PRESENT


def test_validity_by_level_and_kvp() -> None:
    """CT-08: 'any at 140 kVp -> no band'; outside its level the value is still given."""
    rule = Judge(
        by="bands", of="v", bands=BANDS,
        valid_when=[
            Validity(otherwise="measured", code="CV-LEVEL", levels=["L1"]),
            Validity(otherwise="measured", code="CV-KVP", kvp=(120, 120)),
        ],
    )  # fmt: skip
    good = judge(measured(98, (90, 106), context={"level": "L1", "kvp": 120.0}), entry(rule), L1, "L1-01")
    other_kvp = judge(measured(98, (90, 106), context={"level": "L1", "kvp": 140.0}), entry(rule), L1, "L1-01")
    silent = judge(measured(98, (90, 106), context={"level": "L1"}), entry(rule), L1, "L1-01")
    assert (good.state, good.category) == (State.PRESENT, "<= 110")
    assert (other_kvp.state, other_kvp.category, other_kvp.value) == (State.MEASURED, None, 98)
    assert "CV-KVP" in other_kvp.caveats
    assert "140 kVp" in other_kvp.notes[0]
    assert silent.state is State.MEASURED
    assert "does not say" in silent.notes[0]


def test_validity_by_field_reports_the_value_without_a_state() -> None:
    """MR-T1-01 NA: 'other field: value, NA-FIELD'."""
    rule = Judge(
        by="cut", of="v", cuts=[cut(1.0, "below")],
        valid_when=[Validity(otherwise="not_assessable", code="NA-FIELD", field_t=[(1.3, 1.7), (2.7, 3.2)])],
    )  # fmt: skip
    finding = judge(measured(0.7, (0.6, 0.8), context={"field_t": 0.5}), entry(rule), L1, "L1-01")
    assert finding.state is State.NOT_ASSESSABLE
    assert (finding.reason, finding.value) == ("NA-FIELD", 0.7)
    assert judge(measured(0.7, (0.6, 0.8), context={"field_t": 3.0}), entry(rule), L1, "x").state is State.PRESENT


def test_validity_by_kind_of_map() -> None:
    """MR-DIX-01 NA: 'two-point: no cut-off'; the value is still given."""
    rule = Judge(
        by="bands", of="v", bands=BANDS, valid_when=[Validity(otherwise="measured", code="CV-SEQUENCE", kinds=["pdff_map"])]
    )  # fmt: skip
    good = judge(measured(98, (90, 106), context={"series_kind": "pdff_map"}), entry(rule), L1, "L1-01")
    other = judge(measured(98, (90, 106), context={"series_kind": "signal_fat_map"}), entry(rule), L1, "L1-01")
    assert good.state is State.PRESENT
    assert (other.state, other.value) == (State.MEASURED, 98) and "CV-SEQUENCE" in other.caveats
    assert "proton density fat fraction" in other.notes[0] and "this is signal fat fraction" in other.notes[0]


def test_a_coefficient_is_said_in_thousandths() -> None:
    """REP-02; the record keeps mm2/s."""
    rule = Judge(by="cut", of="v", cuts=[cut(0.0007, "above")])
    template = "{level}: {value:.2f} ({low:.2f} to {high:.2f}) {unit}, {values[v]:.1f}"
    made = msgspec.structs.replace(
        entry(rule), gives={"v": Given(quantity="c", unit="mm2/s")}, statements={"present": template}
    )
    value = {"v": Value(value=0.0008, unit="mm2/s", ci95=(0.00075, 0.00085))}
    found = judge(replace(measured(0, None), values=value), made, L1, "L1-01")
    assert found.value == 0.0008 and found.statement.endswith("0.80 (0.75 to 0.85) ×10⁻³ mm²/s, 0.8")


def test_sixty_eight_percent_interval_where_the_entry_says_so() -> None:
    """'Records hold ci95; where an entry compares the 68 % interval it says so'."""
    rule = Judge(by="cut", of="v", cuts=[cut(0.20, "above")], interval="ci68")
    finding = judge(measured(0.25, (0.16, 0.34), sd=0.045), entry(rule), L1, "L1-01")
    assert finding.state is State.PRESENT
    assert finding.ci95 == (0.16, 0.34)


def test_category_rule_and_measured() -> None:
    rule = Judge(by="category", of="v", categories={"lytic": "present", "none": "absent"})
    assert judge(measured(1, (1, 1), category="lytic"), entry(rule), L1, "a").state is State.PRESENT
    assert judge(measured(1, (1, 1), category=None), entry(rule), L1, "a").state is State.MEASURED
    assert judge(measured(1, (1, 1)), entry(Judge(by="none")), L1, "a").state is State.MEASURED


def test_absent_carries_its_own_caveats_and_weights() -> None:
    """CT-10: every absent carries CV-FN; weights follow the state."""
    weight = Weight(hypothesis="metastasis", strength=-2, group="T1", mark="R", source="s")
    criterion = entry(
        Judge(by="cut", of="v", cuts=[cut(1, "below")]), absent_caveats=["CV-FN"], weights={"absent": [weight]}
    )
    finding = judge(measured(2, (1.8, 2.2)), criterion, L1, "L1-01")
    assert "CV-FN" in finding.caveats
    assert finding.counts_for == "metastasis (against, moderate)"


def test_refusal_becomes_a_record_with_reason_and_remedy() -> None:
    """'not_assessable: code of 0.6, what to add'."""
    refusal = NotAssessable(
        criterion="XX-01",
        version="1.0",
        subject=Subject(level_id="L1"),
        code="NA-SERIES",
        missing="no CT",
        remedy="Add CT.",
    )
    finding = judge(refusal, entry(Judge(by="none"), needs=Needs()), L1, "L1-01")
    assert (finding.state, finding.reason, finding.remedy) == (State.NOT_ASSESSABLE, "NA-SERIES", "Add CT.")
    assert finding.value is None
    assert finding.statement == "L1: test value not assessed because no CT."


def test_statement_template_is_filled() -> None:
    criterion = entry(
        Judge(by="cut", of="v", cuts=[cut(1, "above")]),
        statements={"present": "{level}: {value:.0f} {unit} ({low:.0f}-{high:.0f})."},
    )
    assert judge(measured(150, (140, 160)), criterion, L1, "L1-01").statement == "L1: 150 HU (140-160)."
    assert judge(measured(150, (140, 160)), criterion, None, "S-01").statement.startswith("Study:")


@pytest.mark.parametrize("of", [None, "v"])
def test_a_number_that_does_not_exist_here_is_not_judged(of) -> None:
    """'A name may be left out where it does not exist here': then the record is a measurement, never `absent`."""
    nothing = replace(measured(1.0, None), values={}, judged=None)
    rule = Judge(by="cut", of=of, cuts=[cut(1.0, "above")] if of else [])
    finding = judge(nothing, entry(rule), L1, "L1-01")
    assert (finding.state, finding.value, finding.ci95) == (State.MEASURED, None, None)
