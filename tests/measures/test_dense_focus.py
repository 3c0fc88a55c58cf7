import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.dense_focus import largest_circle, measure
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused

ENTRY = catalogue.load()["CT-03"]


@pytest.fixture
def scene(make_volume, make_region):
    """A ball of 6 mm radius: mean and highest value can be set; marrow 150 HU."""

    def build(mean=1190.0, highest=None, radius=6.0, **facts):
        endplate, sd, blastic, spacing = (
            facts.get(n, d) for n, d in (("endplate", False), ("sd", 0.0), ("blastic", 1.0), ("spacing", 1.0))
        )
        rng = np.random.default_rng(3)
        x, y, z = np.indices((24, 24, 24)) - 11.5
        ball = x**2 + y**2 + z**2 <= (radius / spacing) ** 2
        array = np.full((24, 24, 24), 150.0)
        array[ball] = rng.normal(mean, sd, ball.sum())
        if highest is not None:
            array[11, 11, 4:20] = highest
        ct = make_volume(array.astype(np.float32), spacing_mm=spacing)
        lesion = Lesion(
            id="L2-1",
            level_id="L2",
            series_uid="1",
            criterion="CT-02",
            region=make_region("lesion", ball, ct),
            volume_ml=0.9,
            volume_ci95_ml=(0.7, 1.1),
            diameters_mm={"longest": 12.0},
            share_of_body=0.03,
            compartments={"body": 1.0},
            kind="blastic",
            values={
                "blastic_ml": blastic,
                "peak_hu": float(array.max()),
                "at_upper_endplate": float(endplate),
                "at_lower_endplate": 0.0,
            },
            centroid_lps_mm=np.zeros(3),
            caveats=("CV-DEGEN",) if endplate else (),
            notes=("Lies under the upper endplate.",),
        )
        return ct, lesion

    return build


def call(ct, *lesions):
    return measure(ct=ct, lesions=lesions, **ENTRY.values())


def test_bone_island_vector(scene):
    """CT-03: "mean 1190, max 1578 -> favours enostosis; treated metastasis not excluded"."""
    answer = call(*scene(mean=1190, highest=1578))
    assert answer.category == "bone island favoured"
    assert answer.values["mean"].value == pytest.approx(1190, abs=10)
    assert answer.values["maximum"].value == 1578
    assert ENTRY.judge.categories[answer.category] == "present"
    assert "a treated metastasis cannot be excluded" in ENTRY.statements["present"]
    assert "CV-TREATED" in ENTRY.caveats


def test_metastasis_vector(scene):
    """CT-03: "mean 654, max 787 -> favours metastasis"."""
    answer = call(*scene(mean=654, highest=787))
    assert answer.category == "less dense than a bone island"
    assert ENTRY.judge.categories[answer.category] == "absent"


def test_maximum_alone_decides(scene):
    """CT-03: "mean >= 885 **or** max >= 1060"."""
    assert call(*scene(mean=700, highest=1060)).category == "bone island favoured"


def test_mean_that_straddles_the_limit(scene):
    answer = call(*scene(mean=885, sd=60))
    assert answer.values["maximum"].value < 1060
    assert answer.category == "near the limit"


def test_focus_at_an_endplate_is_not_judged(scene):
    answer = call(*scene(mean=1190, endplate=True))
    assert answer.category == "beside an endplate"
    assert "CV-DEGEN" in answer.caveats
    assert ENTRY.judge.categories[answer.category] == "indeterminate"


def test_no_dense_focus(scene):
    ct, lesion = scene(blastic=0.0)
    for lesions in ((), (lesion,)):
        answer = call(ct, *lesions)
        assert answer.category == "no dense focus"
        assert answer.values == {}


def test_small_focus_is_refused(scene):
    answer = call(*scene(radius=1.2))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"


def test_densest_focus_is_taken(scene):
    from dataclasses import replace

    ct, lesion = scene(mean=1190)
    other = replace(lesion, id="L2-2", values={**lesion.values, "peak_hu": 300.0})
    assert call(ct, other, lesion).notes[0] == "Measured in L2-1."


def test_circle_lies_inside_one_slice(scene):
    """Circular ROI: an edge of lower values stays outside."""
    ct, lesion = scene()
    circle = largest_circle(ct, lesion.region)
    assert circle.radius_mm == pytest.approx(6, abs=1)
    mask = circle.region.full_mask()
    assert mask.any(axis=(0, 1)).sum() == 1
    assert (circle.values == 1190).all()
    assert not (mask & ~lesion.region.full_mask()).any()


@pytest.mark.parametrize("spacing", [0.5, 1.0])
def test_circle_grows_with_the_focus_not_with_the_voxel(scene, spacing):
    ct, lesion = scene(radius=4.0, spacing=spacing)
    assert largest_circle(ct, lesion.region).radius_mm == pytest.approx(4, abs=0.9)


def test_part_of_a_focus_that_is_not_dense_is_left_out(scene):
    ct, lesion = scene(mean=1190)
    array = np.array(ct.array)
    array[:12] = np.minimum(array[:12], 60)
    from spinemets.model.volume import Volume

    mixed = Volume(array=array, grid=ct.grid, quantity=ct.quantity, unit=ct.unit)
    assert call(mixed, lesion).values["mean"].value == 1190


def test_focus_without_a_dense_voxel_is_refused(scene):
    """A mixed focus whose smoothed voxels passed CT-02 may hold none that is dense in the image itself."""
    answer = call(*scene(mean=240))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"
