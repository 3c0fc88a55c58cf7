"""MR-MAR-02: diffuse marrow infiltration."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.findings.diffuse_marrow import weigh
from spinemets.findings.judge import judge
from spinemets.knowledge.catalogue import decode
from spinemets.measures.runner import to_measurement
from spinemets.model.finding import State
from spinemets.model.measurement import Measurement, NotAssessable, Refused, Subject, Value
from spinemets.model.study import ClinicalFacts, PatientFacts

LEVELS = ("T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")


@pytest.fixture(scope="module")
def entry():
    from importlib.resources import files

    return decode((files("spinemets.knowledge") / "criteria" / "MR-MAR-02.yaml").read_text(), "MR-MAR-02")


def results(criterion, ratios, field_t=1.5, uid="1.2"):
    found = []
    for level, r in zip(LEVELS, ratios, strict=False):
        subject = Subject(level_id=level)
        if r is None:
            found.append(
                NotAssessable(criterion=criterion, version="1", subject=subject, code="NA-REFERENCE", missing="x")
            )
            continue
        values = {"ratio": Value(value=0.1, unit="1"), "marrow_ratio": Value(value=r, unit="1")}
        context = {} if field_t is None else {"field_t": field_t}
        found.append(
            Measurement(
                criterion=criterion,
                version="1",
                subject=subject,
                values=values,
                judged="ratio",
                series_uids=(uid,),
                context=context,
            )
        )
    return tuple(found)


def ask(entry, r_d, r_m, field_t=1.5, age=60.0, clinical_age=None):
    given_results = {"MR-T1-01": results("MR-T1-01", r_m, field_t), "MR-T1-02": results("MR-T1-02", r_d, field_t)}
    ((subject, answer),) = weigh(
        results=given_results,
        patient=PatientFacts(age_years=age),
        clinical=ClinicalFacts(age_years=clinical_age),
        **entry.values(),
    )
    assert subject == Subject()
    return answer


def state(entry, answer):
    context = {"context": {}, "series_uids": (), "regions": (), "references": (), "lesions": (), "region": None}
    return judge(to_measurement(entry, Subject(), answer, None, context), entry, None, "S-01")


def test_all_dark(entry):
    """'r_d 0.84, r_m 0.80 in 9 of 10 -> present'."""
    answer = ask(entry, [0.84] * 9 + [1.3], [0.80] * 9 + [1.2])
    found = state(entry, answer)
    assert found.state is State.PRESENT
    assert found.value == pytest.approx(0.9)
    assert "90% of 10 bodies" in found.statement
    assert answer.values["share_dark"].ci95[0] < 0.9 < answer.values["share_dark"].ci95[1]


def test_all_bright(entry):
    """'r_d 1.6, r_m 1.5 -> absent'."""
    found = state(entry, ask(entry, [1.6] * 10, [1.5] * 10))
    assert found.state is State.ABSENT
    assert found.value == 0.0


def test_only_the_disc_at_3_t(entry):
    """'r_d 0.95, r_m 1.15, 3 T -> indeterminate'."""
    assert state(entry, ask(entry, [0.95] * 10, [1.15] * 10, 3.0)).state is State.INDETERMINATE


@pytest.mark.parametrize(
    ("field_t", "expected"), [(3.0, State.PRESENT), (1.5, State.INDETERMINATE), (None, State.INDETERMINATE)]
)
def test_only_muscle(entry, field_t, expected):
    """'r_d 1.05, r_m 0.92: 3 T present, 1.5 T indeterminate'."""
    answer = ask(entry, [1.05] * 10, [0.92] * 10, field_t)
    assert state(entry, answer).state is expected
    assert ("CV-FIELD" in answer.caveats) == (field_t is None)


@pytest.mark.parametrize(
    ("dark", "expected"), [(8, State.PRESENT), (7, State.ABSENT), (3, State.ABSENT), (1, State.ABSENT)]
)
def test_share(entry, dark, expected):
    """'in >= 80 % of assessable bodies'; a few dark bodies are focal, not diffuse."""
    ratios = [0.8] * dark + [1.4] * (10 - dark)
    assert state(entry, ask(entry, ratios, ratios)).state is expected


def test_four_bodies_are_needed(entry):
    """'>= 80 % of assessable bodies (>= 4)'."""
    answer = ask(entry, [0.8] * 3, [0.8] * 3)
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"
    assert answer.missing.startswith("3 bodies")
    assert state(entry, ask(entry, [0.8] * 4, [0.8] * 4)).state is State.PRESENT


def test_nothing_measured(entry):
    assert ask(entry, [], []).code == "NA-FEW"
    assert ask(entry, [None] * 10, [None] * 10).code == "NA-FEW"


def test_without_discs(entry):
    """Missing discs never make an answer up: 3 T decides by muscle, 1.5 T stays open or says why not."""
    no_discs = [None] * 10
    assert state(entry, ask(entry, no_discs, [0.8] * 10, 3.0)).state is State.PRESENT
    assert state(entry, ask(entry, no_discs, [0.8] * 10, 1.5)).state is State.INDETERMINATE
    answer = ask(entry, no_discs, [1.5] * 10, 1.5)
    assert isinstance(answer, Refused)
    assert answer.code == "NA-REFERENCE"
    assert "0% of bodies" in answer.missing


def test_without_muscle(entry):
    assert ask(entry, [0.8] * 10, [None] * 10).code == "NA-FEW"


def test_whole_marrow_counts_not_the_focus(entry):
    """`ratio` of each level is a focus of 0.1 here; the marrow is bright: not diffuse."""
    assert state(entry, ask(entry, [1.5] * 6, [1.5] * 6)).state is State.ABSENT


def test_the_series_with_most_bodies(entry):
    """Ratios of two series are never mixed."""
    muscle = results("MR-T1-01", [1.5] * 8, uid="1.1") + results("MR-T1-01", [0.7] * 4, uid="1.2")
    disc = results("MR-T1-02", [1.5] * 8, uid="1.1") + results("MR-T1-02", [0.7] * 4, uid="1.2")
    ((_, answer),) = weigh(
        results={"MR-T1-01": muscle, "MR-T1-02": disc},
        patient=PatientFacts(),
        clinical=ClinicalFacts(),
        **entry.values(),
    )
    assert answer.values["bodies"].value == 8
    assert answer.category == "not diffuse"


@pytest.mark.parametrize(("age", "clinical_age", "said"), [(25.0, None, True), (60.0, 25.0, True), (60.0, None, False),
                                                           (None, None, False)])  # fmt: skip
def test_young_marrow(entry, age, clinical_age, said):
    """'CV-REDMARROW first under 40 y'."""
    answer = ask(entry, [0.84] * 10, [0.80] * 10, age=age, clinical_age=clinical_age)
    assert answer.caveats[0] == "CV-REDMARROW"
    assert any("blood-forming" in note for note in answer.notes) == said
    assert "CV-REDMARROW" not in ask(entry, [1.6] * 10, [1.5] * 10, age=20.0).caveats


def test_what_it_withdraws(entry):
    """'When present: G-07 is invalid, all C-based signs become NA-REFERENCE'."""
    assert entry.invalidates == ["MR-T1-03", "MR-STIR-01"]


@settings(deadline=None, max_examples=40)
@given(
    ratios=st.lists(st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)), min_size=4, max_size=10),
    darker=st.floats(0.3, 0.99),
    field_t=st.sampled_from([1.5, 3.0]),
)
def test_darker_marrow_never_looks_less_diffuse(entry, ratios, darker, field_t):
    """All ratios times a factor below 1: the answer moves towards present or stays."""
    rank = {"not diffuse": 0, "by one reference": 1, "diffuse": 2}
    r_d, r_m = zip(*ratios, strict=True)
    before = ask(entry, r_d, r_m, field_t)
    after = ask(entry, [darker * r for r in r_d], [darker * r for r in r_m], field_t)
    assert rank[after.category] >= rank[before.category]
