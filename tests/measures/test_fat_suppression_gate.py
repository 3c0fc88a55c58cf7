"""MR-ART-02: whether fat was suppressed at this level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge import catalogue
from spinemets.measures.fat_suppression_gate import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.volume import Volume

VALUES = catalogue.load()["MR-ART-02"].values()
GRID = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
IMAGE = Volume(array=np.ones((2, 2, 2)), grid=GRID, quantity="mr_signal", unit="1")


def tissue(name: str, median: float, caveats: tuple[str, ...] = ()) -> Reference:
    return Reference(
        tissue=name,
        median=median,
        spread=5.0,
        standard_error=1.0,
        n_voxels=200,
        n_effective=90.0,
        members=("L3",),
        caveats=caveats,
    )


def gate(fat: float, muscle: float) -> Measured | Refused:
    return measure(
        fat_suppressed=IMAGE, muscle=tissue("muscle", muscle), fat=tissue("fat", fat), subcutaneous=None, **VALUES
    )


def test_suppressed_fat_is_judged_by_its_place():
    """Fat that is suppressed is not bright and cannot be found by being bright: the layer under the skin is judged."""
    found = measure(
        fat_suppressed=IMAGE, muscle=tissue("muscle", 100), fat=None, subcutaneous=tissue("subcutaneous", 40), **VALUES
    )
    assert isinstance(found, Measured)
    assert found.verdicts == {"fat_suppressed": "ok"}
    bright = measure(
        fat_suppressed=IMAGE,
        muscle=tissue("muscle", 100),
        fat=tissue("fat", 300),
        subcutaneous=tissue("s", 90),
        **VALUES,
    )
    assert isinstance(bright, Measured)
    assert bright.verdicts == {"fat_suppressed": "NA-FATSAT"}
    neither = measure(fat_suppressed=IMAGE, muscle=tissue("muscle", 100), fat=None, subcutaneous=None, **VALUES)
    assert isinstance(neither, Refused)
    assert neither.code == "NA-REFERENCE"


@pytest.mark.parametrize(
    ("fat", "muscle", "verdict"),
    [(300, 100, "NA-FATSAT"), (80, 100, "ok"), (81, 100, "limited"), (119, 100, "limited"), (120, 100, "NA-FATSAT")],
)
def test_ratio(fat, muscle, verdict):
    """D: works if q <= 0.8; failed if q >= 1.2; between locally uncertain. T: fat 300, muscle 100 -> q 3.0 -> failed."""
    found = gate(fat, muscle)
    assert isinstance(found, Measured)
    assert found.verdicts == {"fat_suppressed": verdict}
    assert found.values["fat_to_muscle"].value == pytest.approx(fat / muscle)


@pytest.mark.parametrize(("fat", "muscle"), [(0.0, 100.0), (50.0, 0.0), (50.0, -3.0), (float("nan"), 100.0)])
def test_no_ratio_without_signal(fat, muscle):
    """A gate that cannot be evaluated is refused with its code, never passed."""
    found = gate(fat, muscle)
    assert isinstance(found, Refused) and found.code == "NA-REFERENCE"


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.01, 100))
def test_scale_of_the_signal_does_not_matter(fat, muscle, scale):
    """Property: MR signal is compared only as ratios within one series."""
    first, second = gate(fat, muscle), gate(fat * scale, muscle * scale)
    assert isinstance(first, Measured) and isinstance(second, Measured)
    q = first.values["fat_to_muscle"].value
    assert second.values["fat_to_muscle"].value == pytest.approx(q)
    low, high = first.values["fat_to_muscle"].ci95 or (q, q)
    assert low <= q <= high


def test_caveats_of_the_references_are_kept():
    """A reference from one sample only says so in the gate as well."""
    found = measure(
        fat_suppressed=IMAGE,
        muscle=tissue("muscle", 100, ("CV-SHADING",)),
        fat=tissue("fat", 40, ("CV-SHADING", "CV-FEWREF")),
        subcutaneous=None,
        **VALUES,
    )
    assert isinstance(found, Measured)
    assert found.caveats == ("CV-SHADING", "CV-FEWREF")
