"""The made-up patient of the contract battery: what it holds, and that the world stays where it is when arrays turn."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.model.measurement import Measurement
from spinemets.testing.scene import CENTRES_MM, FOCUS_LEVEL, LEVELS, UPRIGHT, VALUES, build, results

TURNED = ((2, 0, 1), (True, False, True))


@pytest.fixture(scope="module")
def turned(catalogue):
    return build(catalogue, TURNED)


def test_five_levels_head_to_feet(scene):
    assert [v.level.name for v in scene.spine.vertebrae] == list(LEVELS[::-1])
    assert all(v.frame is not None and v.endplates is not None for v in scene.spine.vertebrae)
    assert all(v.completeness.complete for v in scene.spine.vertebrae)


def test_bodies_stand_where_they_were_put(scene):
    for name, centre in zip(LEVELS, CENTRES_MM, strict=True):
        body = scene.spine[name].regions["body"]
        assert body.centroid_lps_mm[2] == pytest.approx(centre, abs=1.0)
        assert body.centroid_lps_mm[0] == pytest.approx(0.0, abs=0.5)


def test_sides_are_those_of_the_patient(scene):
    """LPS: +x is the patient's left."""
    assert scene.spine.sides == ("left", "right")
    for vertebra in scene.spine.vertebrae:
        assert vertebra.regions["pedicle_left"].centroid_lps_mm[0] > 5
        assert vertebra.regions["pedicle_right"].centroid_lps_mm[0] < -5


def test_three_series_of_known_class(scene):
    assert [s.kind for s in scene.study.series if s.computed is None] == ["ct_bone", "t1", "stir"]
    assert all(s.kind in table("assessed_maps")["kinds"] for s in scene.study.series[3:])
    assert [s.pixels().unit for s in scene.study.series[:3]] == ["[hnsf'U]", "1", "1"]
    assert all(s.measurable for s in scene.study.series)


@pytest.mark.parametrize(("number", "key"), [(0, "ct"), (1, "t1"), (2, "stir")])
def test_tissues_have_their_values(scene, number, key):
    volume = scene.study.series[number].pixels()
    core = scene.spine["L2"].regions["trabecular_core"]
    assert np.median(core.values(volume)) == pytest.approx(VALUES[key]["marrow"], abs=5)


def test_the_focus_is_found_and_is_the_largest(scene):
    """'L3 holds a dark (CT, T1) and bright (STIR) focus': 4/3 pi 7.5^3 = 1.77 mL."""
    largest = {x.criterion: x for x in sorted(scene.found.lesions, key=lambda x: x.volume_ml)}
    assert {x.level_id for x in largest.values()} == {FOCUS_LEVEL}
    assert {c: x.kind for c, x in largest.items()} == {
        "CT-02": "lytic",
        "MR-T1-03": "t1_dark",
        "MR-STIR-01": "stir_bright",
    }
    for lesion in largest.values():
        assert lesion.volume_ml == pytest.approx(1.77, rel=0.2)
        assert lesion.centroid_lps_mm == pytest.approx([-4.0, -2.0, CENTRES_MM[LEVELS.index(FOCUS_LEVEL)]], abs=1.0)


def test_the_same_patient_twice_is_the_same(scene, catalogue):
    """No randomness: two builds hold the same voxels."""
    again = build(catalogue, UPRIGHT)
    for one, two in zip(scene.study.series, again.study.series, strict=True):
        assert np.array_equal(one.pixels().array, two.pixels().array)
    assert [x.id for x in again.found.lesions] == [x.id for x in scene.found.lesions]


def test_turned_arrays_show_the_same_world(scene, turned):
    """'Any array orientation (same patient, same world)': the value at a point does not depend on the array's axes."""
    points = np.random.default_rng(5).uniform((-30, -30, 10), (30, 60, 200), (300, 3))
    for one, two in zip(scene.study.series, turned.study.series, strict=True):
        values = []
        for volume in (one.pixels(), two.pixels()):
            index = np.rint(volume.grid.to_ijk(points)).astype(int)
            values.append(volume.array[tuple(index.T)])
        same = np.isclose(values[0], values[1])
        assert same.mean() > 0.97  # a point half-way between two voxels may fall to either


def test_turned_arrays_have_other_shapes(scene, turned):
    shapes = [s.study.series[0].pixels().array.shape for s in (scene, turned)]
    assert shapes[0] != shapes[1]
    assert sorted(shapes[0]) == sorted(shapes[1])


def test_most_criteria_can_answer(scene_results):
    """It is of use for contracts only where criteria give numbers."""
    answered = {r.criterion for r in scene_results if isinstance(r, Measurement)}
    assert {"CT-01", "CT-02", "CT-04", "CT-05", "CT-08", "G-08", "MR-T1-01", "MR-T1-03", "MR-STIR-01"} <= answered


def test_results_are_those_of_the_runner(scene, scene_results, catalogue):
    again = results(scene, catalogue)
    assert [(r.criterion, r.subject, type(r)) for r in again] == [
        (r.criterion, r.subject, type(r)) for r in scene_results
    ]
