import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.lesions.candidates import Candidate
from spinemets.lesions.describe import Kinds, Setting, describe, kind_of
from spinemets.lesions.ground import prepare
from spinemets.lesions.place import Zones
from spinemets.lesions.rules import rules
from spinemets.model.reference import Reference

CATALOGUE = catalogue.load()
NUMBERS = CATALOGUE["G-11"].values()
KINDS = Kinds(lytic_below=0.2, blastic_above=0.8)
NORMAL = Reference(
    tissue="normal_marrow", median=160, spread=25, standard_error=2, n_voxels=900, n_effective=400, members=("L1", "L3")
)


@pytest.fixture
def described(blocks):
    def run(centre=(0, -3, 0), radius=5.0, value=700.0, criterion="CT-02", blur=0.0, **facts):
        from scipy.ndimage import gaussian_filter

        scene = blocks(levels=("L1", "L2", "L3"), sd=facts.get("sd", 5.0))
        ball = scene.ball("L2", centre, radius)
        scene.array[ball] = value
        if blur:
            scene.array = gaussian_filter(scene.array, blur)
        ground = prepare(
            scene.volume(), scene.spine["L2"], inner_depth_mm=2.0, fwhm_mm=0.0, raw_marrow=True, most_voxels=9999
        )
        box = tuple(slice(s, s + n) for s, n in zip(ground.start_ijk, ground.inner.shape, strict=True))
        mask = ball[box] & ground.inner
        nothing = np.zeros_like(mask)
        low, high = (mask, nothing) if value < 160 else (nothing, mask)
        rule = next(r for r in rules(CATALOGUE) if r.criterion == criterion)
        setting = Setting(
            series_uid="ct",
            rule=rule,
            sides=("left", "right"),
            kinds=KINDS,
            zones=Zones(**{n: NUMBERS[n] for n in Zones.__dataclass_fields__}),
            tiny_mm=NUMBERS["tiny_mm"],
        )
        return describe(Candidate(mask=mask, low=low, high=high), 1, ground, NORMAL, setting), scene, ball

    return run


@pytest.mark.parametrize(
    ("lytic", "blastic", "kind"), [(1, 0, "lytic"), (0, 1, "blastic"), (3, 2, "mixed"), (0.81, 0.19, "lytic")]
)
def test_kind(lytic, blastic, kind):
    """CT-02: "f_B < 0.2 lytic, > 0.8 blastic, else mixed"."""
    assert kind_of(lytic, blastic, KINDS) == kind


def test_numbers_of_a_ball(described):
    """G-11: "Report longest in-plane diameter, orthogonal, craniocaudal, volume, % of body, region shares"."""
    lesion, scene, ball = described()
    assert lesion.id == "L2-1"
    assert lesion.volume_ml == pytest.approx(ball.sum() / 1000)
    for name in ("longest", "orthogonal", "craniocaudal"):
        assert lesion.diameters_mm[name] == pytest.approx(10, abs=1.2)
    assert lesion.share_of_body == pytest.approx(ball.sum() / scene.spine["L2"].regions["body"].n_voxels)
    assert lesion.compartments == {"body": 1.0}
    assert lesion.values["peak_hu"] == 700
    assert lesion.values["mean_hu"] == 700
    assert lesion.values["difference_hu"] == 540
    assert lesion.notes == ("Lies at mid-height, middle third of the depth.",)


def test_margin_grows_with_the_blur(described):
    """MIM: "Sharp margin: 10-90 % edge"; a Gaussian edge of sd s reads 2.0 s."""
    sharp, blurred = described(radius=6.0)[0], described(radius=6.0, blur=1.5, sd=0.0)[0]
    assert sharp.values["margin_mm"] < 1.2
    assert blurred.values["margin_mm"] == pytest.approx(2.0 * 1.5, rel=0.2)


def test_tiny_is_said(described):
    """LES-02: "Long axis < 5 mm = `tiny`, listed, not counted"."""
    assert "Shorter than 5 mm: listed, not counted." in described(radius=1.8)[0].notes


def test_pedicle_and_arch_are_named(described):
    assert described(centre=(11, 19, 6), radius=2.5)[0].notes[0] == "Lies in the left pedicle."
    assert described(centre=(0, 29, 6), radius=2.5)[0].notes[0] == "Lies in the arch."


@pytest.mark.parametrize(("value", "word"), [(700.0, "bone island"), (40.0, "erosion of the endplate")])
def test_endplate_notes(described, value, word):
    lesion, _, _ = described(centre=(0, 0, 7), radius=4.0, value=value)
    assert "CV-DEGEN" in lesion.caveats
    assert word in lesion.notes[1]


def test_mr_focus_has_a_contrast_and_no_hounsfield_units(described):
    lesion, _, _ = described(value=80.0, criterion="MR-T1-03")
    assert lesion.id == "L2-1t1"
    assert lesion.kind == "t1_dark"
    assert lesion.values["contrast"] == pytest.approx(-0.5)
    assert "mean_hu" not in lesion.values


def test_caveats_of_the_reference_are_kept(described, blocks):
    assert described()[0].caveats == ()
