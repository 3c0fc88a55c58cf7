import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.lesions.ground import prepare
from spinemets.lesions.place import Place, Zones, place
from spinemets.model.spine import Endplates

NUMBERS = catalogue.load()["G-11"].values()
ZONES = Zones(**{n: NUMBERS[n] for n in Zones.__dataclass_fields__})
SIDES = ("left", "right")


@pytest.fixture
def located(blocks):
    """Place of a box of points given by its extent around the centre of L2 (a block of 32 x 28 x 24 mm)."""
    scene = blocks(levels=("L1", "L2", "L3"))

    def run(x, y, z, sides=SIDES, vertebra=None):
        ground = prepare(
            scene.volume(),
            vertebra or scene.spine["L2"],
            inner_depth_mm=2.0,
            fwhm_mm=0.0,
            raw_marrow=True,
            most_voxels=1000,
        )
        axes = [np.arange(a, b + 0.5, 1.0) for a, b in (x, y, z)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) + scene.centres["L2"]
        return place(points, ground, sides, ZONES)

    run.scene = scene
    return run


def test_under_the_upper_endplate(located):
    """MIM-03, MIM-02: next to one endplate, at most half of the height."""
    found = located((-4, 4), (-4, 4), (4, 9))
    assert found.endplate == "upper"
    assert found.endplate_share > 0.8
    assert found.beside == ("upper",)
    assert found.words == "under the upper endplate, middle third of the depth"


def test_above_the_lower_endplate_at_the_back(located):
    found = located((-4, 4), (6, 12), (-9, -5))
    assert found.endplate == "lower"
    assert found.words == "above the lower endplate, posterior third of the depth"


def test_middle_of_the_body_is_no_endplate_change(located):
    found = located((-4, 4), (-12, -6), (-4, 4))
    assert found == Place(words="at mid-height, anterior third of the depth")


def test_large_focus_that_touches_an_endplate_is_none(located):
    """It lies mostly away from it: `beside` at best."""
    found = located((-8, 8), (-8, 8), (-6, 9))
    assert found.endplate is None
    assert found.beside == ()
    assert found.touches == ("upper",)


def test_band_in_the_lower_half_counts_only_as_a_partner(located):
    found = located((-8, 8), (-8, 8), (-9.2, 2.4))
    assert found.endplate is None
    assert found.beside == ("lower",)


def test_from_endplate_to_endplate(located):
    found = located((-8, 8), (-8, 8), (-9.5, 9.5))
    assert found.touches == ("upper", "lower")
    assert found.words.startswith("from endplate to endplate")
    assert found.endplate is None


def test_sides(located):
    assert located((9, 14), (-4, 4), (-4, 4)).words.endswith("toward left")
    assert located((-14, -9), (-4, 4), (-4, 4)).words.endswith("toward right")
    assert located((9, 14), (-4, 4), (-4, 4), sides=("side_a", "side_b")).words.endswith("toward side a")


@pytest.mark.parametrize(("z", "third"), [((-7, -6.5), "lower"), ((6.5, 7), "upper")])
def test_thirds_of_the_height(located, z, third):
    assert located((-2, 2), (-2, 2), z).words.startswith(f"in the {third} third")


def test_fitted_endplates_count_more_than_the_box(located):
    """A concave endplate lies lower than the highest voxel of the body."""
    from dataclasses import replace

    vertebra = located.scene.spine["L2"]
    left, anterior = np.arange(-16.0, 17, 2), np.arange(-14.0, 15, 2)
    shape = (len(left), len(anterior))
    bowl = Endplates(
        left_mm=left, anterior_mm=anterior, superior_mm=np.full(shape, 8.0), inferior_mm=np.full(shape, np.nan)
    )
    deep = located((-4, 4), (-4, 4), (1, 5), vertebra=replace(vertebra, endplates=bowl))
    assert deep.endplate == "upper"
    assert located((-4, 4), (-4, 4), (1, 5)).touches == ()


def test_without_a_frame_nothing_is_said(located):
    from dataclasses import replace

    assert located((0, 4), (0, 4), (0, 4), vertebra=replace(located.scene.spine["L2"], frame=None)) == Place()
