"""MR-DCE-01: types of the mean curve, and noise that must not decide them."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.enhancement_curve import measure
from spinemets.model.measurement import Refused
from spinemets.model.volume import Volume
from tests.measures.looks import BLOCK, FOCUS, GRID, MARROW, NO_FOCUS, SHAPE, region

ENTRY = catalogue.load()["MR-DCE-01"]
TIMES = [6.0 * n for n in range(41)]
# Signals by time after an arrival at 24 s.
CURVES = {
    "A": ((24, 100), (60, 110), (240, 112)),
    "B": ((24, 100), (240, 220)),
    "C": ((24, 100), (64, 220), (240, 222)),
    "D": ((24, 100), (64, 220), (204, 195), (240, 195)),
    "E": ((24, 100), (64, 180), (240, 240)),
}


def curve(kind):
    return np.interp(TIMES, *zip(*CURVES[kind], strict=True))


def image(focus, noise=1.0, seed=4):
    array = np.full((*SHAPE, len(TIMES)), 100.0)
    array[BLOCK] = focus
    array += noise * np.random.default_rng(seed).standard_normal(array.shape)
    return Volume(array=array.astype(np.float32), grid=GRID, quantity="dynamic_curves", unit="1")


def of(kind, focus=FOCUS, baseline=4, volume=None, marrow=MARROW, times=TIMES):
    volume = image(curve(kind)) if volume is None else volume
    return measure(
        dynamic=volume, marrow=marrow, focus=focus, times_s=times, baseline_volumes=baseline, **ENTRY.values()
    )


@pytest.mark.parametrize(
    ("kind", "state"),
    [("A", "absent"), ("B", "indeterminate"), ("C", "indeterminate"), ("D", "present"), ("E", "indeterminate")],
)
def test_types(kind, state):
    answer = of(kind)
    assert answer.category.startswith(f"type {kind}") and ENTRY.judge.categories[answer.category] == state
    assert answer.values["agreeing"].value >= 7


def test_vector():
    """T: 'signal 100 -> 220 at 40 s -> 195 at 180 s (89 % of peak) -> D'."""
    answer = of("D")
    assert answer.values["peak_percent"].value == pytest.approx(120, abs=2)
    assert answer.values["end_over_peak"].value == pytest.approx(0.89, abs=0.01)
    low, high = answer.values["end_over_peak"].ci95
    assert low < 195 / curve("D").max() < high and answer.values["late_slope_percent"].value < 0


def test_noise_of_voxels_does_not_make_a_wash_out():
    """Single voxels of a noisy plateau end below 95 % of their own peak; their mean does not."""
    noisy = image(curve("C"), noise=30)
    voxels = noisy.array[BLOCK]
    assert (voxels[..., -1] < 0.95 * voxels.max(axis=-1)).mean() > 0.5
    assert "type D" not in of("C", volume=noisy).category


def test_samples_that_differ_leave_the_type_open():
    """A curve at the border between two types."""
    between = np.interp(TIMES, (24, 64, 240), (100, 220, 209))
    answer = of("D", volume=image(between, noise=25))
    assert answer.category == "type not told" and "noise decides" in answer.notes[-1]


def test_a_series_that_ends_early_tells_no_type():
    n = 11
    short = image(curve("C"))
    short = Volume(array=short.array[..., :n].copy(), grid=GRID, quantity="dynamic_curves", unit="1")
    answer = of("C", volume=short, times=TIMES[:n])
    assert answer.category == "type not told" and "late_slope_percent" not in answer.values
    assert answer.notes[-1].startswith("Type not told in ")


def test_too_few_volumes_before_the_agent():
    """'baseline >= 3 points'."""
    answer = of("D", baseline=2)
    assert isinstance(answer, Refused) and answer.code == "NA-CONTRAST"


def test_voxels_without_a_signal_have_no_curve():
    volume = image(curve("D"))
    array = volume.array.copy()
    array[4:12, 4:12, 6] = np.nan
    holed = Volume(array=array, grid=GRID, quantity="dynamic_curves", unit="1")
    answer = of("D", volume=holed)
    assert answer.category.startswith("type D") and answer.n_voxels < of("D").n_voxels


def test_marrow_as_a_whole_is_not_judged():
    answer = of("A", NO_FOCUS)
    assert answer.category is None and "peak_percent" in answer.values
    assert isinstance(of("A", NO_FOCUS, marrow=region("marrow", (slice(0, 2),) * 3)), Refused)


def test_no_signal_before_the_agent():
    dark = Volume(array=np.zeros((*SHAPE, len(TIMES)), np.float32), grid=GRID, quantity="dynamic_curves", unit="1")
    answer = of("A", volume=dark)
    assert isinstance(answer, Refused) and answer.code == "NA-FEW"
