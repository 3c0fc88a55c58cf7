import pytest

from spinemets.findings.judge import judge
from spinemets.findings.negative_ct import weigh
from spinemets.knowledge import catalogue
from spinemets.measures.runner import to_measurement
from spinemets.model.finding import State
from spinemets.model.level import Level
from spinemets.model.measurement import Measurement, NotAssessable, Subject, Value
from spinemets.model.study import PatientFacts, Study

ENTRY = catalogue.load()["CT-10"]


def negative(level, value=0.0, ci95=(0.0, 0.0)):
    return Measurement(
        criterion="CT-02",
        version="1",
        subject=Subject(level_id=level),
        values={"volume_ml": Value(value=value, unit="mL", ci95=ci95)},
        judged="volume_ml",
        n_voxels=900,
    )


@pytest.fixture
def study():
    return Study(uid="1", patient=PatientFacts())


def test_every_absent_level_carries_the_figure(study):
    """CT-10: "every CT-02 `absent` carries CV-FN with 66.2 % (Wilson 59-72 %)"."""
    unknown = NotAssessable(
        criterion="CT-02", version="1", subject=Subject(level_id="L4"), code="NA-REFERENCE", missing="x"
    )
    results = {"CT-02": (negative("L1"), negative("L2", 1.2, (0.8, 1.6)), negative("L3", 0.2, (0.0, 0.4)), unknown)}
    answers = weigh(results=results, study=study, **ENTRY.values())
    assert [s.level_id for s, _ in answers] == ["L1"]
    estimate = answers[0][1].values["sensitivity"]
    assert estimate.value == pytest.approx(0.662, abs=0.0005)
    assert estimate.ci95 == (pytest.approx(0.59, abs=0.005), pytest.approx(0.72, abs=0.005))


def test_text(study):
    """CT-10: "text test"; the figure and its interval stand in the sentence, and what would show more in the note."""
    ((subject, answer),) = weigh(results={"CT-02": (negative("L1"),)}, study=study, **ENTRY.values())
    context = {
        "context": {}, "series_uids": (), "regions": (), "references": (), "lesions": (), "region": None,
    }  # fmt: skip
    result = to_measurement(ENTRY, subject, answer, None, context)
    finding = judge(result, ENTRY, Level(name="L1", position=1, of=1, method="x"), "L1-01")
    assert finding.state is State.MEASURED
    assert "66.2%" in finding.statement
    assert "59% to 72%" in finding.statement
    assert "CV-FN" in finding.caveats
    assert finding.notes == ("T1 and STIR MR would show marrow lesions that CT misses.",)


def test_note_names_what_is_missing(study):
    from dataclasses import replace

    from spinemets.model.acquisition import Acquisition
    from spinemets.model.series import Recognition, Series

    def series(kind):
        return Series(
            uid=kind,
            number=1,
            label=kind,
            acquisition=Acquisition(),
            load=lambda: None,
            recognition=Recognition(kind=kind),
        )

    def note(*kinds):
        made = replace(study, series=tuple(series(k) for k in kinds))
        return weigh(results={"CT-02": (negative("L1"),)}, study=made, **ENTRY.values())[0][1].notes[0]

    assert note("t1").startswith("STIR MR would")
    assert note("t1", "stir").startswith("This study has T1 and STIR")
