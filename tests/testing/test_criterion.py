"""The battery of contracts is able to fail: each rule is broken on purpose by a criterion of the test's own."""

from __future__ import annotations

import math
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge.catalogue import Criterion, Given, Judge, Needs, Parameter
from spinemets.model.measurement import Estimate, Measured, NotAssessable, Refused
from spinemets.testing.criterion import CriterionContract, calls, expected_arguments, finite
from spinemets.testing.scene import results

CONTRACT = CriterionContract()


def good(*, ct, body):
    """Mean attenuation of a body; refuses what it cannot measure."""
    values = body.values(ct)
    if values.size < 10 or not np.isfinite(values).all():
        return Refused(code="NA-FEW", missing="the body has too few voxels", remedy="Needs thinner slices.")
    mean = float(values.mean())
    return Measured(values={"v": Estimate(value=mean, ci95=(mean - 1, mean + 1))}, n_voxels=values.size)


def entry(**more) -> Criterion:
    needs = {"volumes": {"ct": ["ct_bone"]}, "regions": ["body"]}
    fixed = {
        "id": "XX-01", "version": "1", "title": "Test", "asks": "?", "shows": "s", "decided": "d", "kind": "measure",
        "per": "vertebra", "modalities": ["CT"], "module": "fake", "needs": Needs(**needs),
        "gives": {"v": Given(quantity="q", unit="[hnsf'U]")}, "judge": Judge(by="none", of="v"), "remedy": "Add it.",
    }  # fmt: skip
    return Criterion(**{**fixed, **more})


@pytest.fixture
def module(monkeypatch):
    """Put a criterion module of the test's own in place."""

    def put(function) -> None:
        fake = types.ModuleType("spinemets.measures.fake")
        fake.measure = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "spinemets.measures.fake", fake)

    return put


def battery(one: Criterion, scene) -> None:
    """Everything the contract asks of one entry."""
    catalogue = {one.id: one}
    answers = results(scene, catalogue)
    CONTRACT.test_signature_is_the_entry(one)
    CONTRACT.test_every_subject_has_exactly_one_result(one, scene, answers)
    CONTRACT.test_refusals_say_what_is_missing(one, answers)
    CONTRACT.test_numbers_have_units_and_are_plausible(one, answers)
    CONTRACT.test_each_need_removed_in_turn_is_named(one, scene, catalogue)
    CONTRACT.test_degenerate_regions_and_images(one, scene)
    CONTRACT.test_threads_agree_and_inputs_stay(one, scene)


def test_a_sound_criterion_passes(module, scene):
    module(good)
    battery(entry(), scene)


def test_arguments_are_those_of_the_entry(module):
    """'The signature of `measure` is the entry's `needs` plus its parameters, by keyword.'"""
    whole = entry(
        needs=Needs(
            volumes={"ct": ["ct_bone"]}, regions=["body"], references=["muscle"], normal=True, lesions={"foci": "CT-02"},
            cortex=True, anatomy=["frame"], acquisition=["kvp"], results=["G-08"], facts=["patient"], tables=["sins"],
        ),
        parameters={"limit_mm": Parameter(value=1.0, unit="mm", mark="E", about="a limit")},
    )  # fmt: skip
    assert expected_arguments(whole) == {
        "ct", "body", "muscle", "normal", "foci", "cortex", "neighbour_cortex", "frame", "kvp", "results", "patient",
        "sins", "limit_mm",
    }  # fmt: skip
    module(lambda *, ct: None)
    with pytest.raises(AssertionError):
        CONTRACT.test_signature_is_the_entry(entry())
    module(lambda ct, body: None)
    with pytest.raises(AssertionError):  # by position is not by keyword
        CONTRACT.test_signature_is_the_entry(entry())


def test_an_entry_of_data_has_no_function(scene):
    """`kind: data` holds parameters only."""
    data = entry(kind="data", module=None, needs=Needs())
    CONTRACT.test_signature_is_the_entry(data)
    CONTRACT.test_every_subject_has_exactly_one_result(data, scene, ())
    CONTRACT.test_each_need_removed_in_turn_is_named(data, scene, {})
    CONTRACT.test_degenerate_regions_and_images(data, scene)
    CONTRACT.test_threads_agree_and_inputs_stay(data, scene)


def test_a_dropped_subject_is_noticed(module, scene):
    module(good)
    answers = results(scene, {"XX-01": entry()})
    with pytest.raises(AssertionError):
        CONTRACT.test_every_subject_has_exactly_one_result(entry(), scene, answers[1:])


@pytest.mark.parametrize(
    "changes", [{"code": "BROKEN"}, {"missing": "short"}, {"remedy": ""}], ids=["code", "sentence", "remedy"]
)
def test_a_poor_refusal_is_noticed(module, scene, changes):
    module(good)
    refusal = NotAssessable(
        criterion="XX-01", version="1", subject=results(scene, {"XX-01": entry()})[0].subject, code="NA-SERIES",
        missing="there is no such series", remedy="Add it.",
    )  # fmt: skip
    CONTRACT.test_refusals_say_what_is_missing(entry(), (refusal,))
    with pytest.raises(AssertionError):
        CONTRACT.test_refusals_say_what_is_missing(entry(), (replace(refusal, **changes),))


def test_anatomy_alone_needs_no_remedy():
    """A vertebra that has no such part cannot be helped by another scan."""
    refusal = NotAssessable(
        criterion="XX-01", version="1", subject=None, code="NA-ANATOMY", missing="C1 has no body"  # type: ignore[arg-type]
    )  # fmt: skip
    CONTRACT.test_refusals_say_what_is_missing(entry(), (refusal,))


@pytest.mark.parametrize("interval", [None, (200.0, 300.0)])
def test_a_judged_number_without_its_interval_is_noticed(module, scene, interval):
    """'Every number has source and interval.'"""
    module(lambda *, ct, body: Measured(values={"v": Estimate(value=100.0, ci95=interval)}))
    answers = results(scene, {"XX-01": entry()})
    with pytest.raises(AssertionError):
        CONTRACT.test_numbers_have_units_and_are_plausible(entry(), answers)


def test_gates_are_taken_away_too(module, scene, catalogue):
    """'A gate that cannot be evaluated counts as failed.'"""
    module(good)
    gated = entry(needs=Needs(volumes={"ct": ["ct_bone"]}, regions=["body"], gates={"CT-01": "lesion"}))
    CONTRACT.test_each_need_removed_in_turn_is_named(gated, scene, {**catalogue, "XX-01": gated})


@pytest.mark.parametrize("optional", [[], ["body"]])
def test_a_region_taken_away_never_becomes_none_unasked(module, scene, optional):
    """'All others lead to a refusal that names them': the function is not even called."""
    seen = []

    def careless(*, ct, body):
        seen.append(body is None)
        return Measured(values={"v": Estimate(value=1.0, ci95=(0.0, 2.0))})

    module(careless)
    one = entry(needs=Needs(volumes={"ct": ["ct_bone"]}, regions=["body"], optional=optional))
    CONTRACT.test_each_need_removed_in_turn_is_named(one, scene, {"XX-01": one})
    assert not any(seen)


@pytest.mark.parametrize("spoil", ["empty", "nan"])
def test_a_number_out_of_nothing_is_noticed(module, scene, spoil):
    """'Empty, one-voxel, constant and all-NaN input: a refusal or finite numbers.'"""

    def careless(*, ct, body):
        values = body.values(ct)
        answers = {"empty": math.nan if values.size == 0 else 1.0, "nan": float(values.sum())}
        return Measured(values={"v": Estimate(value=answers[spoil])})

    module(careless)
    with pytest.raises(AssertionError):
        CONTRACT.test_degenerate_regions_and_images(entry(), scene)


def test_a_criterion_with_a_memory_is_noticed(module, scene):
    """'Two threads give the same bits.'"""
    count = iter(range(1000))
    module(lambda *, ct, body: Measured(values={"v": Estimate(value=float(next(count)))}))
    with pytest.raises(AssertionError):
        CONTRACT.test_threads_agree_and_inputs_stay(entry(), scene)


def test_a_criterion_cannot_write_into_its_input(module, scene):
    """'Arrays are read-only and unchanged.'"""

    def rude(*, ct, body):
        ct.array[0, 0, 0] = 1
        return Measured(values={})

    module(rude)
    with pytest.raises(ValueError, match="read-only"):
        CONTRACT.test_threads_agree_and_inputs_stay(entry(), scene)


def test_calls_skip_what_cannot_be_called(module, scene):
    """An entry whose series is not there has no call, and one per study has one without a vertebra."""
    module(good)
    assert list(calls(entry(needs=Needs(volumes={"pet": ["pet"]})), scene)) == []
    assert list(calls(entry(needs=Needs(volumes={"ct": ["ct_bone"]}, regions=["canal"])), scene)) == []
    ((arguments, series, vertebra),) = calls(entry(per="study", needs=Needs()), scene)
    assert (arguments, series, vertebra) == ({}, None, None)
    assert [c[1].number for c in calls(entry(per="series", needs=Needs(volumes={"ct": ["ct_bone"]})), scene)] == [1]


@pytest.mark.parametrize(
    ("answer", "sound"),
    [
        (Refused(code="NA-FEW", missing="x"), True),
        (Measured(values={}), True),
        (Measured(values={"v": Estimate(value=1.0, ci95=(0.0, 2.0))}), True),
        (Measured(values={"v": Estimate(value=math.inf)}), False),
        (Measured(values={"v": Estimate(value=1.0, ci95=(0.0, math.nan))}), False),
    ],
)
def test_finite(answer, sound):
    assert finite(answer) is sound
