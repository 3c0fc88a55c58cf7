from dataclasses import replace

import numpy as np
import pytest

from spinemets.findings.judge import judge_cuts
from spinemets.knowledge import catalogue
from spinemets.measures.stir_bright import measure
from spinemets.model.finding import State
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference

ENTRY = catalogue.load()["MR-STIR-01"]
NORMAL = Reference(
    tissue="normal_marrow",
    median=40,
    spread=10,
    standard_error=0.3,
    n_voxels=3000,
    n_effective=1300,
    members=("L2", "L4"),
)


@pytest.fixture
def call(make_volume, make_region):
    def run(marrow=40.0, focus=None, normal=NORMAL, endplate=False):
        rng = np.random.default_rng(4)
        array = rng.normal(marrow, 4, (20, 20, 20))
        spot = np.zeros((20, 20, 20), bool)
        spot[4:12, 4:12, 4:12] = True
        if focus is not None:
            array[spot] = rng.normal(focus, 4, spot.sum())
        volume = make_volume(array.astype(np.float32), unit="1", quantity="mr_signal")
        lesion = Lesion(
            id="L3-1stir",
            level_id="L3",
            series_uid="1",
            criterion="MR-STIR-01",
            region=make_region("lesion", spot, volume),
            volume_ml=0.512,
            volume_ci95_ml=(0.3, 0.8),
            diameters_mm={"longest": 8.0},
            share_of_body=None,
            compartments={"body": 1.0},
            kind="stir_bright",
            values={"contrast": 2.0, "at_upper_endplate": float(endplate), "at_lower_endplate": 0.0},
            centroid_lps_mm=np.zeros(3),
        )
        return measure(
            stir=volume,
            marrow=make_region("marrow", np.ones((20, 20, 20), bool), volume),
            normal=normal,
            lesions=() if focus is None else (lesion,),
            **ENTRY.values(),
        )

    return run


def state(answer):
    return judge_cuts(answer.values["contrast"].ci95, ENTRY.judge.cuts)


def test_vector(call):
    """MR-STIR-01: "120 versus 40, noise SD 10 -> +2.0, CNR 8, present"."""
    answer = call(focus=120)
    assert answer.values["contrast"].value == pytest.approx(2.0, abs=0.02)
    assert answer.values["cnr"].value == pytest.approx(8, abs=0.1)
    assert state(answer) is State.PRESENT


def test_absent(call):
    assert state(call()) is State.ABSENT
    assert state(call(marrow=30)) is State.ABSENT


def test_bright_but_noisy_is_indeterminate(call):
    """MR-STIR-01: "C >= +0.5 **and** CNR >= 3"."""
    answer = call(focus=80, normal=replace(NORMAL, spread=20))
    assert answer.values["cnr"].value < 3
    assert state(answer) is State.INDETERMINATE


def test_endplate_change_alone_is_indeterminate(call):
    assert state(call(focus=120, endplate=True)) is State.INDETERMINATE


def test_reference_without_noise_or_signal_is_refused(call):
    for normal in (replace(NORMAL, spread=0), replace(NORMAL, median=0)):
        answer = call(focus=120, normal=normal)
        assert isinstance(answer, Refused)
        assert answer.code == "NA-REFERENCE"


def test_note_names_the_noise(call):
    """signs.md 0.11: noise "if it cannot be had: 1.4826 MAD of the reference region, flagged"."""
    assert "the noise is the spread of the reference marrow" in call(focus=120).notes[-1]
