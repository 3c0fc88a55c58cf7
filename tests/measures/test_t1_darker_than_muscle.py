"""MR-T1-01: darker than muscle on T1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.findings.judge import judge
from spinemets.knowledge.catalogue import decode
from spinemets.measures.runner import to_measurement
from spinemets.measures.t1_darker_than_muscle import measure
from spinemets.model.finding import State
from spinemets.model.grid import Grid
from spinemets.model.lesion import Lesion
from spinemets.model.level import Level
from spinemets.model.measurement import Measured, Refused, Subject
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


@pytest.fixture(scope="module")
def entry():
    from importlib.resources import files

    return decode((files("spinemets.knowledge") / "criteria" / "MR-T1-01.yaml").read_text(), "MR-T1-01")


def muscle(median=240.0, se=3.64, **kwargs) -> Reference:
    fields = {"tissue": "muscle", "median": median, "spread": 24.0, "standard_error": se, "n_voxels": 300,
              "n_effective": 150.0, "members": ("L2", "L3")}  # fmt: skip
    return Reference(**{**fields, **kwargs})


def spread_values(median: float, mad: float, n: int = 225) -> np.ndarray:
    far = np.linspace(0.5 * mad, 1.5 * mad, n // 2)
    return np.concatenate([median - far, [median], median + far])


def marrow_of(values) -> tuple[Volume, Region]:
    grid = Grid(shape_ijk=(9, 9, 9), affine_lps_mm=np.diag([2.0, 2.0, 2.0, 1.0]))
    array, mask = np.zeros(grid.shape_ijk), np.zeros(grid.shape_ijk, bool)
    mask.flat[: len(values)] = True
    array[mask] = values
    volume = Volume(array=array, grid=grid, quantity="mr_signal", unit="1", series_uid="1.2.3")
    return volume, Region.from_mask("marrow", mask, grid)


def run(entry, values, reference=None, lesions=(), field_t=1.5) -> Measured | Refused:
    volume, marrow = marrow_of(values)
    return measure(
        t1=volume, marrow=marrow, muscle=reference or muscle(), lesions=lesions, field_t=field_t, **entry.values()
    )


def finding(entry, answer, field_t=1.5):
    context = {
        "context": {} if field_t is None else {"field_t": float(field_t)},
        "series_uids": ("1.2.3",), "regions": ("marrow",), "references": ("muscle",), "lesions": (), "region": None,
    }  # fmt: skip
    result = to_measurement(entry, Subject(level_id="L3"), answer, None, context)
    return judge(result, entry, Level(name="L3", position=1, of=1, method="label map"), "L3-01")


def test_darker_is_present(entry):
    """'180/240 -> 0.750 [0.716, 0.786] present'."""
    answer = run(entry, spread_values(180, 18))
    assert answer.values["ratio"].value == pytest.approx(0.750)
    assert answer.values["ratio"].ci95 == pytest.approx((0.716, 0.786), abs=0.001)
    assert answer.category == "hypointense"
    found = finding(entry, answer)
    assert found.state is State.PRESENT
    assert found.statement == "L3: marrow darker than muscle on T1, ratio 0.75 (95 % interval 0.72 to 0.79)."
    assert "CV-REDMARROW" in found.caveats
    assert found.counts_for == "metastasis (for, moderate)"


def test_isointense_is_undecided(entry):
    """'235/240, relSE 0.02 -> 0.979 [0.942, 1.018] indeterminate', category isointense."""
    reference = muscle(se=240 * np.sqrt(0.02**2 - (1.2533 * 1.4826 * 9 / 10 / 235) ** 2))
    answer = run(entry, spread_values(235, 9), reference)
    assert answer.values["ratio"].value == pytest.approx(0.979, abs=0.001)
    assert answer.values["ratio"].ci95 == pytest.approx((0.942, 1.018), abs=0.001)
    assert answer.category == "isointense"
    assert finding(entry, answer).state is State.INDETERMINATE


def test_brighter_is_absent(entry):
    """'380/240 -> absent'; "3 of 20 brighter foci were infiltrative too, so `absent` carries CV-FN"."""
    answer = run(entry, spread_values(380, 30))
    found = finding(entry, answer)
    assert found.state is State.ABSENT
    assert "CV-FN" in found.caveats
    assert "CV-REDMARROW" not in found.caveats


@pytest.mark.parametrize(("field_t", "state"), [(1.5, State.PRESENT), (3.0, State.PRESENT), (1.0, State.NOT_ASSESSABLE),
                                                (0.35, State.NOT_ASSESSABLE), (None, State.NOT_ASSESSABLE)])  # fmt: skip
def test_other_field_reports_the_value_only(entry, field_t, state):
    """'other field: value, NA-FIELD'."""
    found = finding(entry, run(entry, spread_values(180, 18), field_t=field_t), field_t)
    assert found.state is state
    assert found.value == pytest.approx(0.75)
    assert found.reason == (None if state is State.PRESENT else "NA-FIELD")


def focus(volume: Volume, n: int) -> Lesion:
    mask = np.zeros(volume.grid.shape_ijk, bool)
    mask.flat[:n] = True
    return Lesion(
        id="L3-1", level_id="L3", series_uid="1.2.3", criterion="MR-T1-03", region=Region.from_mask("lesion", mask, volume.grid),
        volume_ml=0.4, volume_ci95_ml=(0.3, 0.5), diameters_mm={}, share_of_body=0.1, compartments={}, kind="t1_dark",
        values={}, centroid_lps_mm=np.zeros(3),
    )  # fmt: skip


def test_a_focus_is_judged_and_the_whole_marrow_kept(entry):
    """'median(marrow or lesion)': a dark focus in bright marrow is present, and MR-MAR-02 still sees the whole marrow."""
    values = np.concatenate([np.full(50, 150.0), np.full(250, 400.0)])
    volume, _ = marrow_of(values)
    answer = run(entry, values, lesions=(focus(volume, 50),))
    assert answer.values["ratio"].value == pytest.approx(150 / 240)
    assert answer.values["marrow_ratio"].value == pytest.approx(400 / 240)
    assert answer.n_voxels == 50
    assert finding(entry, answer).state is State.PRESENT
    assert finding(entry, run(entry, values)).state is State.ABSENT


def test_a_tiny_focus_does_not_decide(entry):
    values = np.concatenate([np.full(8, 100.0), np.full(250, 400.0)])
    volume, _ = marrow_of(values)
    assert run(entry, values, lesions=(focus(volume, 8),)).values["ratio"].value == pytest.approx(400 / 240)


def test_refusals(entry):
    small = run(entry, np.full(15, 200.0))
    assert isinstance(small, Refused)
    assert small.code == "NA-FEW"
    assert run(entry, np.full(100, np.nan)).code == "NA-FEW"
    assert run(entry, np.zeros(100)).code == "NA-ARTEFACT"


def test_what_was_left_out_is_said(entry):
    answer = run(entry, spread_values(180, 18), muscle(refused=(("L5", "fatty muscle"),), caveats=("CV-FEWREF",)))
    assert "Muscle not used at L5: fatty muscle." in answer.notes
    assert "CV-FEWREF" in answer.caveats
    assert "1.5 T" in answer.notes[0]
    assert "field strength not stated" in run(entry, spread_values(180, 18), field_t=None).notes[0]


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(0.01, 1000), median=st.floats(100, 500))
def test_scale_does_not_matter(entry, scale, median):
    """'Independent of window and level': signal and reference times any factor give the same ratio and interval."""
    values, reference = spread_values(median, 20), muscle()
    scaled = replace(reference, median=scale * reference.median, standard_error=scale * reference.standard_error)
    one, other = run(entry, values), run(entry, scale * values, scaled)
    assert other.values["ratio"].value == pytest.approx(one.values["ratio"].value)
    assert other.values["ratio"].ci95 == pytest.approx(one.values["ratio"].ci95)


def test_inputs_are_not_touched(entry):
    volume, marrow = marrow_of(spread_values(180, 18))
    before = volume.array.copy()
    measure(t1=volume, marrow=marrow, muscle=muscle(), lesions=(), field_t=1.5, **entry.values())
    np.testing.assert_array_equal(volume.array, before)


def test_without_a_search_the_whole_marrow_is_compared(entry):
    """In diffuse disease no vertebra is left as a reference and nothing can be searched: muscle still answers."""
    from spinemets.measures.supply import lesion_arguments
    from spinemets.model.acquisition import Acquisition
    from spinemets.model.lesion import Found
    from spinemets.model.series import Series

    series = Series(uid="1.2.3", number=1, label="x", acquisition=Acquisition(), load=lambda: None)
    assert lesion_arguments(entry, Found(), "L3", series) == {"lesions": ()}
