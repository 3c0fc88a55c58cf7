import numpy as np
import pytest

from spinemets.lesions.contrast import Contrast, explained, large, lines, of_region, of_vertebra, without
from spinemets.model.errors import GridMismatch
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference

NORMAL = Reference(
    tissue="normal_marrow",
    median=240,
    spread=24 * 1.4826,
    standard_error=3.64,
    n_voxels=300,
    n_effective=150,
    members=("L1",),
)


@pytest.fixture
def scene(make_volume, make_region):
    array = np.full((20, 20, 20), 180.0)
    array[::2] += 18
    array[1::2] -= 18
    volume = make_volume(array, unit="1", quantity="mr_signal")

    def region(name, box):
        mask = np.zeros((20, 20, 20), bool)
        mask[box] = True
        return make_region(name, mask, volume)

    def lesion(box, endplate=0.0):
        return Lesion(
            id="L2-1t1",
            level_id="L2",
            series_uid="1",
            criterion="MR-T1-03",
            region=region("lesion", box),
            volume_ml=1.0,
            volume_ci95_ml=(0.5, 1.5),
            diameters_mm={"longest": 9.0},
            share_of_body=None,
            compartments={},
            kind="t1_dark",
            values={"contrast": -0.3, "at_upper_endplate": endplate, "at_lower_endplate": 0.0},
            centroid_lps_mm=np.zeros(3),
        )

    return volume, region, lesion


def test_interval_is_that_of_a_ratio_of_medians(scene):
    """signs.md 0.9: "m1 180, MAD 18, n_eff 100; m2 240, MAD 24, n_eff 150 -> r 0.750, ci95 [0.716, 0.786]"."""
    volume, region, _ = scene
    found = of_region(volume, region("marrow", np.s_[:6, :6, :6]), NORMAL)
    assert isinstance(found, Contrast)
    assert found.contrast.value == pytest.approx(-0.25)
    assert found.difference == -60
    n_eff_100 = of_region(volume, region("marrow", np.s_[0:2, 0:7, 0:16]), NORMAL)  # 224 voxels: n_eff 99.6
    low, high = n_eff_100.contrast.ci95
    assert low + 1 == pytest.approx(0.716, abs=0.001)
    assert high + 1 == pytest.approx(0.786, abs=0.001)


def test_no_signal_is_refused(scene, make_volume):
    _, region, _ = scene
    dark = make_volume(np.zeros((20, 20, 20)), unit="1", quantity="mr_signal")
    assert of_region(dark, region("marrow", np.s_[:5]), NORMAL).code == "NA-FEW"


def test_without_and_large(scene):
    _, region, lesion = scene
    marrow = region("marrow", np.s_[:])
    assert without(marrow, (lesion(np.s_[:5, :5, :5]),)).n_voxels == 8000 - 125
    assert large(region("x", np.s_[:5, :5, :5]), (20, 0.1))
    assert not large(region("x", np.s_[:5, :5, :2]), (20, 0.1))
    assert not large(region("x", np.s_[:2, :3, :3]), (20, 0.0))


def test_other_grid_is_a_programming_error(scene, make_volume, make_region):
    _, _, lesion = scene
    other = make_volume(np.zeros((20, 20, 20)), spacing_mm=2.0)
    marrow = make_region("marrow", np.ones((20, 20, 20), bool), other)
    with pytest.raises(GridMismatch):
        without(marrow, (lesion(np.s_[:5]),))


def test_doubt_reaches_to_the_rest_of_the_marrow(scene):
    volume, region, lesion = scene
    marrow = region("marrow", np.s_[:])
    judged, around = of_vertebra(volume, marrow, NORMAL, (lesion(np.s_[:8, :8, :8], endplate=1.0),), (20, 0.1))
    assert judged.doubtful
    assert judged.contrast.ci95[0] <= around.contrast.ci95[0]
    assert judged.contrast.ci95[1] >= around.contrast.ci95[1]
    sure, _ = of_vertebra(volume, marrow, NORMAL, (lesion(np.s_[:8, :8, :8]),), (20, 0.1))
    assert not sure.doubtful


def test_nothing_to_measure(scene):
    volume, region, _ = scene
    answer = of_vertebra(volume, region("marrow", np.s_[:2, :2, :2]), NORMAL, (), (20, 0.1))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"


def test_words(scene):
    _, _, lesion = scene
    assert lines((lesion(np.s_[:5]),)) == ("L2-1t1: 1 mL, 9 mm, signal -30%.",)
    assert explained(lesion(np.s_[:5], endplate=1.0))
    assert not explained(lesion(np.s_[:5]))
