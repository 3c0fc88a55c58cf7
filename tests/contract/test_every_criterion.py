"""design 4: 'tests/contract runs on every entry, unasked'."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.knowledge.catalogue import Criterion
from spinemets.model.measurement import Measurement
from spinemets.testing import scene as made_up
from spinemets.testing.criterion import CriterionContract

TESTS = Path(__file__).resolve().parents[1]
ROOM = {"gate": "measures", "measure": "measures", "weigh": "findings"}
TURNED = [
    ((2, 0, 1), (False, False, False)),
    ((1, 2, 0), (True, False, True)),
    ((0, 1, 2), (True, True, False)),
]


class TestEveryCriterion(CriterionContract):
    """The public battery on our own entries."""


def test_mirrored_test_exists(entry: Criterion) -> None:
    """One criterion: one source file, one catalogue entry, one mirrored test."""
    if entry.module is not None and entry.kind in ROOM:
        assert (TESTS / ROOM[entry.kind] / f"test_{entry.module}.py").is_file()


def test_cutoffs_are_sourced(entry: Criterion) -> None:
    """'A cut-off without mark, source, population and caveat does not load'; E needs a study or the word 'choice'."""
    for cut in (*entry.judge.cuts, *entry.judge.bands):
        assert cut.source and cut.population and cut.caveat, f"{entry.id}: {cut.name}"
    for name, parameter in entry.parameters.items():
        assert parameter.about, f"{entry.id}: parameter {name} says nothing about itself"
        assert parameter.mark == "E" or parameter.source, f"{entry.id}: parameter {name} is marked without a source"


def test_judged_value_is_given(entry: Criterion) -> None:
    """The judged number is one that the entry gives, and each state that can arise has a sentence."""
    if entry.judge.of is not None:
        assert entry.judge.of in entry.gives
    if entry.kind in ("measure", "weigh") and entry.judge.by == "cut":
        assert {"present", "absent", "indeterminate"} <= set(entry.statements)


@pytest.fixture(scope="session", params=TURNED, ids=["sagittal stack", "flipped coronal", "from the feet"])
def turned(request, catalogue):
    scene = made_up.build(catalogue, request.param)
    return {(r.criterion, r.subject): r for r in made_up.results(scene, catalogue)}


def test_orientation_of_the_array_does_not_matter(turned, results, catalogue) -> None:
    """'array flipped or permuted with its affine -> same value'."""
    for result in results:
        other = turned[(result.criterion, result.subject)]
        assert type(other) is type(result), f"{result.criterion} {result.subject}"
        if not isinstance(result, Measurement):
            continue
        assert other.category == result.category, f"{result.criterion} {result.subject}"
        assert other.verdicts == result.verdicts, f"{result.criterion} {result.subject}"
        if catalogue[result.criterion].kind == "gate":
            continue  # gates look at samples taken along the array axes: their verdicts must agree, not each number
        for name, value in result.values.items():
            tolerance = max(0.03 * abs(value.value), 0.25 if value.unit == "mm" else 0.05)
            assert other.values[name].value == pytest.approx(value.value, abs=tolerance), (result.criterion, name)
