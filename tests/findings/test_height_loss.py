"""FX-01: vertebral heights against expected ones, Genant grade and shape."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.findings.expected_height import Expected
from spinemets.findings.height_loss import category, grade, losses, shape
from spinemets.findings.judge import judge
from spinemets.knowledge.catalogue import load, table
from spinemets.measures.runner import to_measurement
from spinemets.model.finding import State
from spinemets.model.measurement import Measured, Refused, Subject
from spinemets.testing.heights import cut, heights, levels_of, run, usual

ENTRY = load()["FX-01"]
LIMITS = (0.20, 0.25, 0.40)


class TestVectors:
    """The vectors of FX-01."""

    def test_t12_between_t11_and_l1(self):
        """T11 (24, 23.5, 25), L1 (26, 25, 27) -> E (25, 24.25, 26); T12 (15, 17, 25) -> 0.400, 0.299, 0.038, grade 3
        wedge.
        """
        t11, t12, l1 = levels_of("T11", "T12", "L1")
        found = run(
            [heights(t11, 24, 23.5, 25), heights(t12, 15, 17, 25), heights(l1, 26, 25, 27)],
            (t11, t12, l1),
            interpolation_sd=0.0,
        )["T12"]
        assert isinstance(found, Measured)
        assert [found.values[f"expected_{p}_mm"].value for p in ("ant", "mid", "post")] == [25.0, 24.25, 26.0]
        assert found.values["loss_ant"].value == pytest.approx(0.400, abs=5e-4)
        assert found.values["loss_mid"].value == pytest.approx(0.299, abs=5e-4)
        assert found.values["loss_post"].value == pytest.approx(0.038, abs=5e-4)
        assert found.category == "grade 3 wedge"
        assert found.notes == ("Expected heights: interpolated between T11 and L1.",)

    def test_error_by_propagation_and_grade_as_a_range(self):
        """`H 19.2 +- 1.0`, `E 25 +- 0.8` -> loss 0.232 +- 0.047, 68 % interval 0.185-0.279 -> "grade 0-2"."""
        reference = Expected(heights_mm=np.full(3, 25.0), sds_mm=np.full(3, 0.8), words="")
        loss, sd = losses(np.full(3, 19.2), np.full(3, 1.0), reference)
        assert loss[0] == pytest.approx(0.232, abs=5e-4)
        assert sd[0] == pytest.approx(0.047, abs=5e-4)
        assert loss[0] - sd[0] == pytest.approx(0.185, abs=5e-4)
        assert loss[0] + sd[0] == pytest.approx(0.279, abs=5e-4)
        assert category(np.array([0.232, 0.1, 0.0]), np.full(3, 0.047), LIMITS) == "grade 0-2 wedge"

    @pytest.mark.parametrize(("sex", "ratio"), [("women", 0.929), ("men", 0.901)])
    def test_usual_wedge_as_a_ratio(self, sex: str, ratio: float):
        """Ha/Hp = 1 - D*tan(angle)/Hp (depth D 30, Hp 26: T12 woman 0.929, man 0.901)."""
        angle = table("morphometry")["levels"]["T12"]["wedge"][sex]
        assert 1 - 30 * np.tan(np.radians(angle)) / 26 == pytest.approx(ratio, abs=5e-4)

    def test_g08_vector(self):
        """G-08 T: ref 25.0, H_m 18.0 -> 28 %."""
        reference = Expected(heights_mm=np.full(3, 25.0), sds_mm=np.zeros(3), words="")
        loss, _ = losses(np.array([25.0, 18.0, 25.0]), np.zeros(3), reference)
        assert loss[1] == pytest.approx(0.28)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(0.0, 0), (0.1999, 0), (0.20, 1), (0.2499, 1), (0.25, 2), (0.3999, 2), (0.40, 3), (0.9, 3), (-0.2, 0)],
)
def test_grades(loss: float, expected: int):
    """< 0.20 = 0; 0.20 to < 0.25 = 1; 0.25 to < 0.40 = 2; >= 0.40 = 3."""
    assert grade(loss, LIMITS) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [((0.3, 0.2, 0.0), "wedge"), ((0.1, 0.3, 0.05), "biconcave"), ((0.4, 0.3, 0.21), "crush"), ((0, 0, 0.1), "crush")],
)
def test_shapes(loss, expected: str):
    """Anterior largest wedge, middle biconcave, posterior loss >= 0.20 crush."""
    assert shape(np.array(loss), 0.20) == expected


def test_no_shape_is_named_without_loss():
    assert category(np.array([0.02, 0.05, 0.01]), np.full(3, 0.03), LIMITS) == "grade 0"


def test_a_refusal_of_g08_is_passed_on():
    t12, l1 = levels_of("T12", "L1")
    found = run([cut(t12), usual(l1)], (t12, l1))["T12"]
    assert isinstance(found, Refused)
    assert found.code == "NA-COVERAGE"
    assert "superior endplate" in found.missing


def test_every_level_gets_an_answer():
    names = levels_of("T10", "T11", "T12", "L1")
    rows = [cut(names[0]), *(usual(n) for n in names[1:])]
    assert set(run(rows, names)) == {"T10", "T11", "T12", "L1"}


def test_below_25_percent_the_lookalikes_are_named():
    names = levels_of("T11", "T12", "L1")
    found = run([usual(names[0]), heights(names[1], 17.3, 20, 25), usual(names[2])], names)["T12"]
    assert isinstance(found, Measured)
    assert any("Scheuermann" in n for n in found.notes)


def test_usual_bodies_lose_nothing():
    names = levels_of("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
    found = run([usual(n, sd=0.7) for n in names], names)
    for answer in found.values():
        assert isinstance(answer, Measured)
        assert answer.values["loss_max"].value < 0.10


@pytest.mark.parametrize("scale", [0.8, 1.25])
def test_size_of_the_patient_changes_no_loss(scale: float):
    names = levels_of("T11", "T12", "L1")
    small = run([usual(names[0]), heights(names[1], 15, 17, 25), usual(names[2])], names)["T12"]
    large = run(
        [usual(names[0], scale), heights(names[1], 15 * scale, 17 * scale, 25 * scale), usual(names[2], scale)], names
    )["T12"]
    assert isinstance(small, Measured)
    assert isinstance(large, Measured)
    assert large.values["loss_max"].value == pytest.approx(small.values["loss_max"].value)


class TestJudged:
    """cut on loss_max >= 0.20, 68 % interval."""

    @staticmethod
    def state(ant: float, sd: float) -> State:
        names = levels_of("T11", "T12", "L1")
        rows = [usual(names[0]), heights(names[1], ant, 21, 25, sd=sd), usual(names[2])]
        answer = run(rows, names)["T12"]
        assert isinstance(answer, Measured)
        context = {"context": {}, "series_uids": (), "regions": (), "references": (), "lesions": (), "region": None}
        result = to_measurement(ENTRY, Subject(level_id="T12"), answer, None, context)
        return judge(result, ENTRY, names[1], "T12-01").state

    def test_present(self):
        assert self.state(14.0, 0.8) is State.PRESENT

    def test_absent(self):
        assert self.state(22.5, 0.8) is State.ABSENT

    def test_indeterminate(self):
        assert self.state(18.6, 1.5) is State.INDETERMINATE


def test_a_body_taller_than_its_reference_shows_that_the_reference_does_not_fit() -> None:
    """A loss hidden by a reference that is too low would be silently wrong: the reference is refused instead."""
    (t12,) = levels_of("T12")
    row = table("morphometry")["levels"]["T12"]
    shallow = heights(
        t12,
        1.3 * row["ant"],
        1.3 * row["mid"],
        1.3 * row["post"],
        depth=0.75 * row["depth"],
        wedge=row["wedge"]["mean"],
    )
    answer = run([shallow], (t12,))["T12"]
    assert isinstance(answer, Refused)
    assert answer.code == "NA-REFERENCE"
    assert "exceeds the expected height" in answer.missing
    assert isinstance(run([usual(t12)], (t12,))["T12"], Measured)
