"""design 4: the runner 'orders [the catalogue], finds the needs, ... and writes NotAssessable itself'."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue as knowledge
from spinemets.knowledge.catalogue import Criterion, Given, Judge, Needs
from spinemets.measures import runner
from spinemets.model.acquisition import Acquisition
from spinemets.model.lesion import Found
from spinemets.model.level import Level
from spinemets.model.measurement import Estimate, Measured, Measurement, NotAssessable, Refused
from spinemets.model.reference import Reference
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import PatientFacts, Study


@pytest.fixture
def module(monkeypatch):
    """Put a criterion module of the test's own in place."""

    def put(name: str, function) -> None:
        fake = types.ModuleType(f"spinemets.measures.{name}")
        fake.measure = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"spinemets.measures.{name}", fake)

    return put


def entry(
    name: str = "XX-01", kind: str = "measure", per: str = "vertebra", module: str = "fake", **needs
) -> Criterion:
    return Criterion(
        id=name, version="1.0", title="Test", asks="?", shows="s", decided="d", kind=kind, per=per, modalities=["CT"], module=module,
        needs=Needs(**needs), gives={"v": Given(quantity="q", unit="mm")}, judge=Judge(by="none", of="v"), remedy="Add it.",
    )  # fmt: skip


def mean_of(ct, body, **_):
    values = body.values(ct)
    return Measured(values={"v": Estimate(value=float(values.mean()), ci95=(0.0, 1e6))}, n_voxels=len(values))


@pytest.fixture
def patient(make_volume, make_region):
    """One CT and one vertebra of 6 x 6 x 6 voxels."""
    volume = make_volume(np.full((20, 20, 20), 150, np.int16))
    mask = np.zeros((20, 20, 20), bool)
    mask[5:11, 5:11, 5:11] = True
    body = make_region("body", mask, volume)
    level = Level(name="L1", position=1, of=1, method="label map")
    vertebra = Vertebra(
        level=level, frame=None, regions={"body": body}, missing={"pedicle_left": ("NA-SEGMENTATION", "bodies only")}
    )
    series = Series(
        uid="1.2.3", number=1, label="series 1", acquisition=Acquisition(modality="CT", kvp=120.0), load=lambda: volume,
        grid=volume.grid, recognition=Recognition(kind="ct_bone"),
    )  # fmt: skip
    return Study(uid="9", patient=PatientFacts(), series=(series,)), Spine(vertebrae=(vertebra,), grid=volume.grid)


def run(patient, *entries: Criterion, found: Found | None = None):
    study, spine = patient
    return runner.run(knowledge.ordered({e.id: e for e in entries}), study, spine, found or Found())


def test_calls_by_keyword_and_gives_units(patient, module) -> None:
    module("fake", mean_of)
    (result,) = run(patient, entry(volumes={"ct": ["ct_bone"]}, regions=["body"]))
    assert isinstance(result, Measurement)
    assert (result.values["v"].value, result.values["v"].unit, result.judged) == (150.0, "mm", "v")
    assert result.series_uids == ("1.2.3",)
    assert result.context == {"level": "L1", "series_kind": "ct_bone", "kvp": 120.0}
    assert result.outline is not None


def test_repeats_with_the_region_one_voxel_smaller(patient, module) -> None:
    """0.9: 'repeat with the region eroded by one voxel'."""
    sizes = []

    def count(ct, body):
        sizes.append(body.n_voxels)
        return Measured(values={"v": Estimate(value=body.n_voxels, ci95=(0, 1e6))})

    module("fake", count)
    (result,) = run(patient, entry(volumes={"ct": ["ct_bone"]}, regions=["body"], repeat="eroded"))
    assert sizes == [216, 64]
    assert result.eroded["v"].value == 64


def test_too_small_to_repeat_is_said(patient, module) -> None:
    def once(ct, body):
        return (
            Refused(code="NA-FEW", missing="few")
            if body.n_voxels < 100
            else Measured(values={"v": Estimate(value=1.0)})
        )

    module("fake", once)
    (result,) = run(patient, entry(volumes={"ct": ["ct_bone"]}, regions=["body"], repeat="eroded"))
    assert "too small to be repeated" in result.notes[0]


@pytest.mark.parametrize(
    ("needs", "code", "word"),
    [
        ({"volumes": {"t1": ["t1"]}}, "NA-SERIES", "no T1 spin echo series"),
        ({"volumes": {"ct": ["ct_bone"]}, "regions": ["pedicle_left"]}, "NA-SEGMENTATION", "bodies only"),
        ({"volumes": {"ct": ["ct_bone"]}, "regions": ["canal"]}, "NA-SEGMENTATION", "canal was not found"),
        ({"volumes": {"ct": ["ct_bone"]}, "normal": True}, "NA-REFERENCE", "no unaffected neighbour"),
        ({"volumes": {"ct": ["ct_bone"]}, "lesions": {"x": "CT-02"}}, "NA-REFERENCE", "not searched"),
        ({"anatomy": ["endplates"]}, "NA-SEGMENTATION", "endplates could not be fitted"),
    ],
)
def test_a_missing_need_is_a_refusal_that_names_it(patient, module, needs, code, word) -> None:
    module("fake", mean_of)
    (result,) = run(patient, entry(**needs))
    assert isinstance(result, NotAssessable)
    assert result.code == code
    assert word in result.missing


def test_wrong_physics_is_na_sequence(patient, module) -> None:
    """0.6: 'NA-SEQUENCE series exists, wrong physics'."""
    study, spine = patient
    flair = replace(study.series[0], recognition=Recognition(kind="t1_flair"))
    (result,) = run((replace(study, series=(flair,)), spine), entry(volumes={"t1": ["t1"]}))
    assert result.code == "NA-SEQUENCE"
    assert "t1_flair" in result.missing


def test_refused_geometry_and_other_frames_are_named(patient) -> None:
    study, spine = patient
    bent = replace(study.series[0], geometry=GeometryCheck(verdict="refused", notes=("tilted by 3 degrees",)))
    (result,) = run((replace(study, series=(bent,)), spine), entry(volumes={"ct": ["ct_bone"]}))
    assert (result.code, "tilted" in result.missing) == ("NA-GEOMETRY", True)
    series = study.series[0]
    assert series.grid is not None
    theirs, mine = (replace(series.grid, frame_of_reference_uid=u) for u in ("1.9", "1.8"))
    (result,) = run(
        (replace(study, series=(replace(series, grid=theirs),)), replace(spine, grid=mine)),
        entry(volumes={"ct": ["ct_bone"]}),
    )
    assert result.code == "NA-REGISTRATION"


def test_level_outside_the_series_is_na_coverage(patient) -> None:
    study, spine = patient
    series = study.series[0]
    assert series.grid is not None
    away = np.array(series.grid.affine_lps_mm)
    away[2, 3] += 500
    moved = replace(series, grid=replace(series.grid, affine_lps_mm=away))
    (result,) = run((replace(study, series=(moved,)), spine), entry(volumes={"ct": ["ct_bone"]}, regions=["body"]))
    assert result.code == "NA-COVERAGE"


def gate(verdict: str | None):
    def measure(ct):
        if verdict is None:
            return Refused(code="NA-META", missing="kernel unknown", remedy="State it.")
        return Measured(values={}, verdicts={"cortex": verdict}, notes=("slice 5 mm",))

    return measure


@pytest.mark.parametrize(
    ("verdict", "code"), [("ok", None), ("limited", None), ("NA-RESOLUTION", "NA-RESOLUTION"), (None, "NA-META")]
)
def test_gates_open_and_close(patient, module, verdict, code) -> None:
    """'A gate that cannot be evaluated counts as failed, with its code.'"""
    module("fake", mean_of)
    module("gate", gate(verdict))
    gates = entry("GG-01", kind="gate", per="series", module="gate", volumes={"ct": ["ct_bone"]})
    user = entry(volumes={"ct": ["ct_bone"]}, regions=["body"], gates={"GG-01": "cortex"})
    result = next(r for r in run(patient, user, gates) if r.criterion == "XX-01")
    assert isinstance(result, Measurement) if code is None else result.code == code


def test_the_next_series_serves_where_the_first_fails_its_gate(patient, module) -> None:
    """MR-GEN-02: 'Several candidates: best coverage, then thinnest slice'; a closed gate moves on to the next."""
    study, spine = patient
    soft = replace(study.series[0], uid="1.2.4", number=2, recognition=Recognition(kind="ct_soft"))
    module("fake", mean_of)
    module(
        "gate",
        lambda ct, series_kind: Measured(
            values={}, verdicts={"x": "ok" if series_kind == "ct_soft" else "NA-ARTEFACT"}
        ),
    )
    gates = entry(
        "GG-01",
        kind="gate",
        per="series",
        module="gate",
        volumes={"ct": ["ct_bone", "ct_soft"]},
        acquisition=["series_kind"],
    )
    user = entry(volumes={"ct": ["ct_bone", "ct_soft"]}, regions=["body"], gates={"GG-01": "x"})
    result = next(
        r for r in run((replace(study, series=(*study.series, soft)), spine), user, gates) if r.criterion == "XX-01"
    )
    assert result.series_uids == ("1.2.4",)


def test_numbers_that_are_none_never_pass(patient, module) -> None:
    module("fake", lambda ct: Measured(values={"v": Estimate(value=float("nan"))}))
    (result,) = run(patient, entry(volumes={"ct": ["ct_bone"]}))
    assert (result.code, "finite" in result.missing) == ("NA-FEW", True)


def test_optional_needs_become_none(patient, module) -> None:
    seen = {}
    module("fake", lambda ct, normal: seen.update(normal=normal) or Measured(values={}))
    run(patient, entry(volumes={"ct": ["ct_bone"]}, normal=True, optional=["normal"]))
    assert seen == {"normal": None}


def test_normal_reference_is_passed(patient, module) -> None:
    reference = Reference(
        tissue="normal_marrow", median=160, spread=20, standard_error=1, n_voxels=100, n_effective=50, members=("L2",)
    )
    seen = {}
    module("fake", lambda ct, normal: seen.update(normal=normal) or Measured(values={}))
    run(patient, entry(volumes={"ct": ["ct_bone"]}, normal=True), found=Found(normal={("1.2.3", "L1"): reference}))
    assert seen["normal"] is reference


def test_walls_and_sides_have_one_subject_each(patient, module) -> None:
    """G-12: sides carry the names the spine allows."""
    study, spine = patient
    walls = run(patient, entry(per="wall", volumes={"ct": ["ct_bone"]}, cortex=True))
    assert [r.subject.part for r in walls] == ["anterior", "posterior", "superior", "inferior", "left", "right"]
    unknown = replace(spine, sides=("side_a", "side_b"))
    sides = run((study, unknown), entry(per="side", volumes={"ct": ["ct_bone"]}, regions=["pedicle"]))
    assert [r.subject.part for r in sides] == ["side_a", "side_b"]


def test_without_vertebrae_each_criterion_says_so_once(patient) -> None:
    """'every level not assessable (NA-SEGMENTATION)'."""
    study, _ = patient
    none = Spine(vertebrae=(), absent=("NA-SEGMENTATION", "no label map was given"))
    (result,) = run((study, none), entry(volumes={"ct": ["ct_bone"]}))
    assert (result.code, result.subject.level_id) == ("NA-SEGMENTATION", None)
    assert "--labels" in result.remedy


def test_study_and_unbound_series_subjects(patient, module) -> None:
    module("fake", lambda: Measured(values={}))
    assert [r.subject.series_uid for r in run(patient, entry(per="study"))] == [None]
    assert [r.subject.series_uid for r in run(patient, entry(per="series"))] == ["1.2.3"]


def test_a_gate_of_a_vertebra_judges_every_series_that_may_serve(patient, module) -> None:
    """CT-08 may prefer the soft kernel where CT-04 takes the bone kernel: each needs the verdict of its own series."""
    study, spine = patient
    soft = replace(study.series[0], uid="1.2.4", number=2, recognition=Recognition(kind="ct_soft"))
    module("fake", mean_of)
    module("gate", lambda ct: Measured(values={}, verdicts={"x": "ok"}))
    gates = entry("GG-01", kind="gate", module="gate", volumes={"ct": ["ct_bone", "ct_soft"]})
    user = entry(volumes={"ct": ["ct_soft"]}, regions=["body"], gates={"GG-01": "x"})
    results = run((replace(study, series=(*study.series, soft)), spine), user, gates)
    assert [r.subject.series_uid for r in results if r.criterion == "GG-01"] == ["1.2.3", "1.2.4"]
    assert isinstance(next(r for r in results if r.criterion == "XX-01"), Measurement)


def test_the_gate_of_one_vertebra_says_nothing_of_another(patient, module) -> None:
    """CT-09: metal in L4 closes L4; L1 keeps its own verdict."""
    study, spine = patient
    (first,) = spine.vertebrae
    second = replace(first, level=Level(name="L2", position=2, of=2, method="label map"))
    module("fake", mean_of)
    closed = iter(["ok", "NA-ARTEFACT"])
    module("gate", lambda ct: Measured(values={}, verdicts={"x": next(closed)}))
    gates = entry("GG-01", kind="gate", module="gate", volumes={"ct": ["ct_bone"]})
    user = entry(volumes={"ct": ["ct_bone"]}, regions=["body"], gates={"GG-01": "x"})
    results = run((study, replace(spine, vertebrae=(first, second))), user, gates)
    one, two = (r for r in results if r.criterion == "XX-01")
    assert isinstance(one, Measurement)
    assert (two.subject.level_id, two.code) == ("L2", "NA-ARTEFACT")


def test_a_gate_that_found_no_series_of_its_own_closes_what_needs_it(patient, module) -> None:
    """'A gate that cannot be evaluated counts as failed, with its code.'"""
    module("fake", mean_of)
    gates = entry("GG-01", kind="gate", module="gate", volumes={"t1": ["t1"]})
    user = entry(volumes={"ct": ["ct_bone"]}, regions=["body"], gates={"GG-01": "x"})
    gate_result, result = run(patient, user, gates)
    assert (gate_result.criterion, gate_result.subject.series_uid) == ("GG-01", None)
    assert isinstance(result, NotAssessable)
    assert (result.code, "gate GG-01" in result.missing) == ("NA-SERIES", True)
