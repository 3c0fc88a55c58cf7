"""MR-T2-02: 'C >= +0.25 present; Darkness or isointensity never excludes'."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.findings.judge import judge_cuts
from spinemets.knowledge import catalogue
from spinemets.measures.t2_bright import measure
from spinemets.model.finding import State
from spinemets.model.measurement import Measured, Refused
from spinemets.model.reference import Reference

ENTRY = catalogue.load()["MR-T2-02"]


def tissue(name: str, median: float) -> Reference:
    return Reference(
        tissue=name, median=median, spread=15, standard_error=0.8, n_voxels=2000, n_effective=800, members=("L2", "L4")
    )


@pytest.fixture
def call(make_volume, make_region):
    def run(signal: float, normal: float = 200.0, scale: float = 1.0, n: int = 16, muscle=None, disc=None):
        array = scale * np.random.default_rng(3).normal(signal, 12, (20, 20, 20))
        volume = make_volume(array.astype(np.float32), unit="1", quantity="mr_signal")
        mask = np.zeros((20, 20, 20), bool)
        mask[2 : 2 + n, 2 : 2 + n, 2 : 2 + n] = True
        return measure(
            t2=volume, marrow=make_region("marrow", mask, volume), normal=tissue("normal_marrow", scale * normal),
            muscle=muscle, disc=disc, **ENTRY.values(),
        )  # fmt: skip

    return run


def state(answer: Measured) -> State:
    return judge_cuts(answer.values["contrast"].ci95, ENTRY.judge.cuts)


def test_vector(call) -> None:
    """T: '300 versus 200 -> +0.50 present'."""
    answer = call(300)
    assert answer.values["contrast"].value == pytest.approx(0.50, abs=0.01)
    assert state(answer) is State.PRESENT


@pytest.mark.parametrize(("signal", "expected"), [(210, State.ABSENT), (150, State.ABSENT), (250, State.INDETERMINATE)])
def test_not_bright(call, signal, expected) -> None:
    assert state(call(signal)) is expected


def test_absent_never_excludes() -> None:
    """'Darkness or isointensity never excludes: of 15 patients T2 was dark, iso or mixed in 11'."""
    assert ENTRY.absent_caveats == ["CV-FN"]
    assert ENTRY.weights == {}


def test_ratios_are_given_where_their_tissue_is(call) -> None:
    answer = call(300, muscle=tissue("muscle", 60), disc=tissue("disc", 400))
    assert answer.values["muscle_ratio"].value == pytest.approx(5.0, rel=0.01)
    assert answer.values["disc_ratio"].value == pytest.approx(0.75, rel=0.01)
    low, high = answer.values["disc_ratio"].ci95
    assert low < 0.75 < high
    assert set(call(300).values) == {"contrast"}
    assert "muscle_ratio" not in call(300, muscle=tissue("muscle", 0)).values


def test_too_few_voxels_and_no_signal_are_refused(call) -> None:
    few = call(300, n=2)
    assert isinstance(few, Refused)
    assert few.code == "NA-FEW"
    dark = call(300, normal=0.0)
    assert isinstance(dark, Refused)
    assert dark.code == "NA-REFERENCE"


def test_scanner_gain_does_not_matter(call) -> None:
    """MR signal is unitless and compared only within one series."""
    assert call(300).values["contrast"].value == pytest.approx(call(300, scale=7.5).values["contrast"].value, abs=1e-5)
