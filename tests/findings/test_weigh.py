"""design 4: entries of kind `weigh` join what `measures` returned; everything is judged and numbered."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from spinemets.findings.weigh import replace_with_refusal, weigh
from spinemets.knowledge.catalogue import Criterion, Given, Judge, Needs, decode
from spinemets.model.finding import State
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.measurement import Estimate, Measured, Measurement, NotAssessable, Refused, Subject, Value
from spinemets.model.region import Region
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import PatientFacts, Study

STUDY = Study(uid="1", patient=PatientFacts(age_years=60.0))
WITHDRAWN = ("MR-T1-03", "MR-STIR-01")


def spine(*names: str, **more) -> Spine:
    vertebrae = tuple(
        Vertebra(level=Level(name=name, position=n, of=len(names), method="label map", **more), frame=None, regions={})
        for n, name in enumerate(names, 1)
    )
    return Spine(vertebrae=vertebrae)


def entry(name: str, kind: str = "measure", module: str | None = None, **needs) -> Criterion:
    return Criterion(
        id=name, version="2.1", title=f"Test of {name}", asks="?", shows="s", decided="d", kind=kind, per="vertebra",
        modalities=["CT"], module=module, needs=Needs(**needs), gives={"v": Given(quantity="q", unit="mm")},
        judge=Judge(by="none", of="v"), remedy="Add it.",
    )  # fmt: skip


def measurement(criterion: str, level: str | None, value: float = 1.0, **more) -> Measurement:
    values = {"v": Value(value=value, unit="mm", ci95=(value - 1, value + 1))}
    return Measurement(
        criterion=criterion, version="2.1", subject=Subject(level_id=level), values=values, judged="v", **more
    )


@pytest.fixture
def module(monkeypatch):
    """Put a weighing module of the test's own in place."""

    def put(function) -> None:
        fake = types.ModuleType("spinemets.findings.fake")
        fake.weigh = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "spinemets.findings.fake", fake)

    return put


class TestNumbers:
    def test_ids_run_per_level_in_catalogue_order(self):
        """`L3-02`: 'running number within the level (`S-01` for the study), stable for the same input'."""
        catalogue = {"AA-01": entry("AA-01"), "BB-01": entry("BB-01")}
        results = (
            measurement("BB-01", "L2"),
            measurement("BB-01", "L1"),
            measurement("AA-01", "L1"),
            measurement("AA-01", None),
        )
        found = weigh(results, catalogue, STUDY, spine("L1", "L2")).findings
        assert [(f.id, f.criterion) for f in found] == [
            ("L1-01", "AA-01"),
            ("S-01", "AA-01"),
            ("L2-01", "BB-01"),
            ("L1-02", "BB-01"),
        ]

    def test_one_finding_for_each_result(self, scene, scene_results, catalogue):
        """'assessed + not assessable = all'; ids are unique."""
        found = weigh(scene_results, catalogue, scene.study, scene.spine).findings
        given = {(r.criterion, r.subject) for r in scene_results}
        assert given <= {(f.criterion, f.subject) for f in found}
        assert len({f.id for f in found}) == len(found)
        joined = {name for name, entry_ in catalogue.items() if entry_.kind == "weigh"}
        assert {"FX-01", "MR-MAR-02"} <= {f.criterion for f in found} - {c for c, _ in given} <= joined

    def test_same_input_same_findings(self, scene, scene_results, catalogue):
        one, two = (weigh(scene_results, catalogue, scene.study, scene.spine).findings for _ in range(2))
        assert one == two

    def test_outlines_are_kept_under_the_finding_they_belong_to(self):
        grid = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4))
        outline = Region.from_mask("body", np.ones((4, 4, 4), bool), grid)
        results = (measurement("AA-01", "L1", outline=outline), measurement("AA-01", "L2"))
        weighed = weigh(results, {"AA-01": entry("AA-01")}, STUDY, spine("L1", "L2"))
        assert dict(weighed.outlines) == {"L1-01": outline}

    def test_an_assumed_level_carries_its_doubt(self):
        """G-09: 'name with a warning in every statement' between 0.80 and 0.95."""
        doubtful = spine("L4", "L5", assumed=True, runner_up="L6", confidence=0.9)
        results = (measurement("AA-01", "L5", caveats=("CV-PV",)), measurement("AA-01", None))
        on_level, on_study = weigh(results, {"AA-01": entry("AA-01")}, STUDY, doubtful).findings
        assert on_level.caveats == ("CV-PV", "CV-LEVEL")
        assert "numbering assumed, alternative L6" in on_level.statement
        assert on_study.caveats == ()
        sure = weigh(results, {"AA-01": entry("AA-01")}, STUDY, spine("L4", "L5")).findings
        assert sure[0].caveats == ("CV-PV",)


class TestJoining:
    """An entry of kind `weigh` gets results and facts by name, and its answer carries the evidence of both."""

    def test_arguments_are_what_the_entry_names(self, module):
        seen = {}

        def function(**arguments):
            seen.update(arguments)
            return ((Subject(level_id="L1"), Measured(values={"v": Estimate(value=3.0, ci95=(2.0, 4.0))})),)

        module(function)
        joined = entry("WW-01", kind="weigh", module="fake", results=["AA-01"], facts=["patient", "levels"])
        results = (measurement("AA-01", "L1"), measurement("BB-01", "L1"))
        catalogue = {"AA-01": entry("AA-01"), "BB-01": entry("BB-01"), "WW-01": joined}
        found = weigh(results, catalogue, STUDY, spine("L1")).findings
        assert set(seen) == {"results", "patient", "levels"}
        assert [r.criterion for r in seen["results"]["AA-01"]] == ["AA-01"]
        assert seen["patient"] is STUDY.patient
        assert [x.id for x in seen["levels"]] == ["L1"]
        assert (found[-1].criterion, found[-1].value, found[-1].unit) == ("WW-01", 3.0, "mm")

    def test_tables_are_loaded_by_name(self, module):
        seen = {}
        module(lambda **arguments: seen.update(arguments) or ())
        joined = entry("WW-01", kind="weigh", module="fake", tables=["morphometry"])
        weigh((), {"WW-01": joined}, STUDY, spine("L1"))
        assert seen["morphometry"]

    def test_evidence_of_a_level_is_its_own(self, module):
        """A joined answer rests on the results of its own level; one about the study rests on all of them."""
        answers = (
            (Subject(level_id="L1"), Measured(values={"v": Estimate(value=3.0)})),
            (Subject(), Measured(values={"v": Estimate(value=4.0)})),
        )
        module(lambda **_: answers)
        joined = entry("WW-01", kind="weigh", module="fake", results=["AA-01"])
        results = (
            measurement("AA-01", "L1", series_uids=("1.1",), regions=("body",), context={"level": "L1", "kvp": 120.0}),
            measurement("AA-01", "L2", series_uids=("1.2",), regions=("body",), context={"level": "L2", "kvp": 100.0}),
        )
        catalogue = {"AA-01": entry("AA-01"), "WW-01": joined}
        found = {f.id: f for f in weigh(results, catalogue, STUDY, spine("L1", "L2")).findings}
        assert found["L1-02"].evidence.series_uids == ("1.1",)
        assert found["L1-02"].evidence.regions == ("body",)
        assert found["S-01"].evidence.series_uids == ("1.1", "1.2")

    def test_a_refusal_takes_the_entrys_remedy_where_it_has_none(self, module):
        answers = (
            (Subject(level_id="L1"), Refused(code="NA-REFERENCE", missing="no neighbour", remedy="Scan more.")),
            (Subject(level_id="L2"), Refused(code="NA-REFERENCE", missing="no neighbour")),
        )
        module(lambda **_: answers)
        joined = entry("WW-01", kind="weigh", module="fake")
        found = weigh((), {"WW-01": joined}, STUDY, spine("L1", "L2")).findings
        assert [f.state for f in found] == [State.NOT_ASSESSABLE] * 2
        assert [f.remedy for f in found] == ["Scan more.", "Add it."]
        assert [f.version for f in found] == ["2.1", "2.1"]

    def test_without_vertebrae_it_says_so_once(self, module):
        """'every level not assessable (NA-SEGMENTATION)': a joining criterion is no exception."""
        module(lambda **_: ())
        joined = entry("WW-01", kind="weigh", module="fake", results=["AA-01"])
        nowhere = Spine(vertebrae=(), absent=("NA-SEGMENTATION", "no label map was given"))
        (finding,) = weigh((), {"WW-01": joined}, STUDY, nowhere).findings
        assert (finding.id, finding.reason, finding.missing) == ("S-01", "NA-SEGMENTATION", "no label map was given")
        assert "--labels" in (finding.remedy or "")

    def test_silence_with_vertebrae_adds_nothing(self, module):
        module(lambda **_: ())
        assert weigh((), {"WW-01": entry("WW-01", kind="weigh", module="fake")}, STUDY, spine("L1")).findings == ()


class TestDiffuseMarrow:
    """MR-MAR-02 present: no vertebra is normal, so contrasts against normal neighbours mean nothing."""

    @staticmethod
    def dark(scene_results, ratio: float):
        """The scene's results with the marrow of every body at this share of muscle and disc."""

        def darker(result):
            if not isinstance(result, Measurement) or "marrow_ratio" not in result.values:
                return result
            value = replace(result.values["marrow_ratio"], value=ratio, ci95=(ratio - 0.05, ratio + 0.05))
            return replace(result, values={**result.values, "marrow_ratio": value})

        return tuple(darker(r) for r in scene_results)

    def test_contrasts_are_withdrawn(self, scene, scene_results, catalogue):
        found = weigh(self.dark(scene_results, 0.6), catalogue, scene.study, scene.spine).findings
        (diffuse,) = (f for f in found if f.criterion == "MR-MAR-02")
        assert diffuse.state is State.PRESENT
        withdrawn = [f for f in found if f.criterion in WITHDRAWN]
        assert len(withdrawn) == 2 * len(scene.spine.vertebrae)
        for finding in withdrawn:
            assert (finding.state, finding.reason) == (State.NOT_ASSESSABLE, "NA-REFERENCE")
            assert "no marrow can serve as reference" in (finding.missing or "")
            assert "(MR-MAR-02)" in (finding.missing or "")
            assert finding.remedy
            assert finding.value is None

    def test_other_criteria_stay(self, scene, scene_results, catalogue):
        before = weigh(scene_results, catalogue, scene.study, scene.spine).findings
        after = weigh(self.dark(scene_results, 0.6), catalogue, scene.study, scene.spine).findings
        kept = {f.id: f.state for f in after if f.criterion not in (*WITHDRAWN, "MR-MAR-02")}
        assert kept == {f.id: f.state for f in before if f.id in kept}

    def test_ids_do_not_move(self, scene, scene_results, catalogue):
        before = weigh(scene_results, catalogue, scene.study, scene.spine).findings
        after = weigh(self.dark(scene_results, 0.6), catalogue, scene.study, scene.spine).findings
        assert [(f.id, f.key) for f in before] == [(f.id, f.key) for f in after]

    def test_nothing_is_withdrawn_where_marrow_is_bright(self, scene, scene_results, catalogue):
        found = weigh(self.dark(scene_results, 1.9), catalogue, scene.study, scene.spine).findings
        assert all(f.state is not State.NOT_ASSESSABLE for f in found if f.criterion in WITHDRAWN)

    def test_an_earlier_reason_is_not_replaced(self):
        """A criterion that already said why keeps its own reason."""
        catalogue = {"AA-01": entry("AA-01"), "DD-01": self.present("DD-01")}
        earlier = NotAssessable(
            criterion="AA-01", version="1", subject=Subject(level_id="L1"), code="NA-SERIES", missing="no STIR series"
        )
        results = (earlier, measurement("AA-01", "L2"), measurement("DD-01", None, 9.0))
        found = {f.id: f for f in weigh(results, catalogue, STUDY, spine("L1", "L2")).findings}
        assert found["L1-01"].reason == "NA-SERIES"
        assert found["L2-01"].reason == "NA-REFERENCE"

    def test_an_absent_or_open_sign_withdraws_nothing(self):
        catalogue = {"AA-01": entry("AA-01"), "DD-01": self.present("DD-01")}
        for value in (1.0, 5.2):
            results = (measurement("AA-01", "L1"), measurement("DD-01", None, value))
            assert weigh(results, catalogue, STUDY, spine("L1")).findings[0].state is State.MEASURED

    def test_withdrawal_names_its_ground_inside_a_sentence(self, catalogue):
        refused = replace_with_refusal(measurement("MR-T1-03", "L3"), "MR-MAR-02", catalogue)
        assert refused.subject == Subject(level_id="L3")
        assert refused.version == "2.1"
        assert refused.missing.startswith(catalogue["MR-MAR-02"].title[0].lower())

    @staticmethod
    def present(name: str) -> Criterion:
        """A sign that is present from 5 mm on, and withdraws AA-01."""
        text = f"""
id: {name}
version: "1.0"
title: Sign
asks: "?"
shows: s
decided: d
kind: measure
per: study
modalities: [CT]
module: fake
gives: {{v: {{quantity: q, unit: mm}}}}
judge:
  by: cut
  of: v
  cuts: [{{name: c, value: 5.0, side: above, mark: E, source: a choice, population: none, caveat: none}}]
statements: {{present: "{{level}}: p.", absent: "{{level}}: a.", indeterminate: "{{level}}: i."}}
remedy: Add it.
invalidates: [AA-01]
"""
        return decode(text, name)
