"""Reference tissues (G-06) on a painted trunk: five bodies 34 mm apart, discs, muscle, fat, skin, air."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.anatomy import references as module
from spinemets.anatomy.references import reference
from spinemets.knowledge.catalogue import decode
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.reference import NoReference, Reference
from spinemets.model.region import Region
from spinemets.model.spine import Endplates, Frame, Spine, Vertebra
from spinemets.model.volume import Volume

LEVELS = ("L1", "L2", "L3", "L4", "L5")
PITCH, HEIGHT, DEPTH, WIDTH = 34.0, 26.0, 32.0, 44.0
SIGNAL = {"air": 2.0, "muscle": 100.0, "fat": 400.0, "marrow": 250.0, "disc": 130.0}


def grid() -> Grid:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-53.0, -40.0, -175.0]
    return Grid(shape_ijk=(54, 75, 100), affine_lps_mm=affine)


def centre(n: int) -> np.ndarray:
    return np.array([0.0, 0.0, -PITCH * n])


@pytest.fixture(scope="module")
def rules():
    from importlib.resources import files

    text = (files("spinemets.knowledge") / "criteria" / "G-06.yaml").read_text()
    return decode(text, "G-06")


@pytest.fixture(autouse=True)
def _only_this_entry(monkeypatch, rules):
    monkeypatch.setattr(module, "load", lambda: {"G-06": rules})


@pytest.fixture(scope="module")
def spine() -> Spine:
    samples = np.linspace(-WIDTH / 2, WIDTH / 2, 23), np.linspace(-DEPTH / 2, DEPTH / 2, 17)
    flat = np.full((23, 17), HEIGHT / 2)
    g = grid()
    vertebrae = []
    for n, name in enumerate(LEVELS):
        frame = Frame(
            origin_lps_mm=centre(n),
            left=np.array([1.0, 0, 0]),
            anterior=np.array([0, -1.0, 0]),
            superior=np.array([0, 0, 1.0]),
        )
        vertebrae.append(
            Vertebra(
                level=Level(name=name, position=n + 1, of=5, method="label map"),
                frame=frame,
                regions={},
                endplates=Endplates(left_mm=samples[0], anterior_mm=samples[1], superior_mm=flat, inferior_mm=-flat),
                size_mm={"width_mm": WIDTH, "depth_mm": DEPTH, "height_mm": HEIGHT},
            )
        )
    return Spine(vertebrae=tuple(vertebrae), grid=g)


def paint(noise: float = 0.0, muscle=None, disc=None, fat=SIGNAL["fat"], quantity="mr_signal", shape=None) -> Volume:
    """Muscle everywhere behind and beside, fat from 66 mm behind the centre, skin at 96 mm, air beyond."""
    g = grid()
    x, y, z = np.moveaxis(g.to_lps_mm(np.moveaxis(np.indices(g.shape_ijk), 0, -1)), -1, 0)
    array = np.full(g.shape_ijk, SIGNAL["muscle"] if muscle is None else 0.0, np.float64)
    place = np.clip(np.rint(-z / PITCH), 0, 4).astype(int)
    if muscle is not None:
        array = np.asarray(muscle, np.float64)[place]
    body = (np.abs(x) <= WIDTH / 2) & (np.abs(y) <= DEPTH / 2)
    array[body] = SIGNAL["marrow"]
    below = np.clip(np.floor(-z / PITCH), 0, 4).astype(int)
    gap = np.abs(z + PITCH * (below + 0.5)) < (PITCH - HEIGHT) / 2
    array[body & gap] = (np.asarray(disc, np.float64)[below] if disc is not None else np.full(z.shape, SIGNAL["disc"]))[
        body & gap
    ]
    array[y >= 66] = fat
    array[y >= 96] = SIGNAL["air"]
    if noise:
        array = array + np.random.default_rng(7).normal(0, noise, array.shape)
    return Volume(array=array, grid=g, quantity=quantity, unit="1", series_uid="1")


def ask(volume, spine, tissue, level="L3", **parameters) -> Reference | NoReference:
    return reference(volume, spine, level, tissue, parameters)


def test_tissues_are_found(spine):
    """'disc = slab between facing endplates, muscle = 42-60 mm behind the body centre, 10-24 mm lateral'."""
    volume = paint()
    for tissue in ("disc", "muscle", "fat"):
        found = ask(volume, spine, tissue)
        assert isinstance(found, Reference), tissue
        assert found.median == SIGNAL[tissue]
        assert found.spread == 0
        assert found.n_voxels >= 30


def test_only_what_is_near(spine):
    """'within 60 mm craniocaudally'."""
    assert ask(paint(), spine, "muscle", "L1").members == ("L1", "L2")
    assert ask(paint(), spine, "muscle", "L3").members == ("L2", "L3", "L4")
    assert ask(paint(), spine, "muscle", "L3", reach_mm=80.0).members == LEVELS
    assert ask(paint(), spine, "disc", "L3").members == ("L2", "L3", "L4")


def test_fatty_levels_are_refused(spine):
    """'a level whose median is > 1.3x the levels' median refused as fatty'."""
    found = ask(paint(muscle=[100, 100, 100, 100, 180]), spine, "muscle", "L4")
    assert found.members == ("L3", "L4")
    assert found.refused == (("L5", "fatty muscle, 1.8 times the other levels"),)
    assert found.median == 100
    lowest = ask(paint(muscle=[100, 100, 100, 180, 200]), spine, "muscle", "L5")
    assert isinstance(lowest, NoReference)
    assert lowest.code == "NA-REFERENCE"
    assert "L4: fatty muscle" in lowest.missing
    assert ask(paint(muscle=[100, 100, 100, 100, 125]), spine, "muscle", "L5").refused == ()


def test_fatty_streaks_are_left_out(spine):
    """'voxels above the 75th percentile removed': one voxel in five of fat does not move the median."""
    volume = paint(noise=5)
    clean = ask(volume, spine, "muscle").median
    array = np.array(volume.array)
    streaks = np.random.default_rng(1).random(array.shape) < 0.2
    array[streaks] = 380
    with_streaks = ask(replace(volume, array=array), spine, "muscle")
    assert abs(with_streaks.median - clean) < 3
    assert with_streaks.spread < 10


def test_box_outside_the_image(spine):
    volume = paint()
    cut = Volume(
        array=volume.array[:, :40].copy(),
        grid=volume.grid.crop((0, 0, 0), (54, 40, 100)),
        quantity="mr_signal",
        unit="1",
    )
    found = ask(cut, spine, "muscle")
    assert isinstance(found, NoReference)
    assert "muscle outside the image" in found.missing
    assert found.remedy


def test_box_that_leaves_the_body(spine):
    """A thin patient's skin lies before the far edge of the box: air is no muscle."""
    volume = paint()
    array = np.array(volume.array)
    y = volume.grid.to_lps_mm(np.array([[0, j, 0] for j in range(75)]))[:, 1]
    array[:, y >= 57, 60:] = SIGNAL["air"]  # a sixth of the boxes of the upper levels
    found = ask(replace(volume, array=array), spine, "muscle", "L2")
    assert found.median == SIGNAL["muscle"]
    array = np.array(array)
    array[:, y >= 47, 80:] = SIGNAL["air"]
    refused = ask(replace(volume, array=array), spine, "muscle", "L1")
    assert ("L1", "its muscle box reaches out of the body") in refused.refused


def test_two_discs_are_needed(spine):
    """'median of >= 2 discs'; NA below."""
    few = replace(spine, vertebrae=spine.vertebrae[:2])
    found = ask(paint(), few, "disc", "L1")
    assert isinstance(found, NoReference)
    assert found.missing == "1 usable disc near L1, 2 are needed"


def test_low_disc_is_refused(spine):
    """'height >= 5 mm'."""
    lower = [replace(v, frame=replace(v.frame, origin_lps_mm=v.frame.origin_lps_mm + np.array([0, 0, 4.0]))) if n > 2 else v
             for n, v in enumerate(spine.vertebrae)]  # fmt: skip
    found = ask(paint(), replace(spine, vertebrae=tuple(lower)), "disc", reach_mm=80.0)
    assert ("L3", "disc 4.0 mm high") in found.refused


def test_odd_discs_are_refused(spine):
    """'not vacuum, calcified or above T1 fat * 0.6'."""
    void = ask(paint(disc=[130, 130, 20, 130, 130]), spine, "disc")
    assert void.refused == (("L3", "disc without signal (gas or calcium)"),)
    bright = ask(paint(disc=[130, 130, 300, 130, 130]), spine, "disc")
    assert bright.refused == (("L3", "disc nearly as bright as fat"),)
    assert bright.median == 130
    unknown_fat = ask(paint(disc=[130, 130, 300, 130, 130], fat=SIGNAL["muscle"]), spine, "disc")
    assert unknown_fat.refused == ()


def test_discs_on_ct(spine):
    volume = paint(disc=[80, -200, 90, 400, 85], quantity="attenuation")
    found = ask(volume, spine, "disc", reach_mm=80.0)
    assert dict(found.refused) == {"L2": "gas in the disc", "L4": "calcified disc"}
    assert found.median == pytest.approx(85, abs=5)


def test_muscle_on_ct_without_fat_and_bone(spine):
    volume = paint(muscle=[55] * 5, quantity="attenuation")
    array = np.array(volume.array)
    array[::3] = -90
    array[1::3] = 700
    assert ask(replace(volume, array=array), spine, "muscle").median == 55
    assert isinstance(ask(replace(volume, array=np.full_like(array, -90.0)), spine, "muscle"), NoReference)


def test_no_fat_no_reference(spine):
    """'fat = subcutaneous/epidural if findable else NoReference'."""
    found = ask(paint(fat=SIGNAL["muscle"]), spine, "fat")
    assert isinstance(found, NoReference)
    assert found.missing.startswith("0 voxels of fat near L3")
    assert isinstance(ask(paint(quantity="attenuation"), spine, "fat"), NoReference)


def test_labelled_tissue_wins(spine):
    """'Without disc or muscle labels' the boxes are drawn; with them the labels are used, eroded."""
    volume = paint()
    g = volume.grid
    mask = np.zeros(g.shape_ijk, bool)
    mask[5:20, 5:20, 40:70] = True
    array = np.array(volume.array)
    array[mask] = 70.0
    labelled = replace(spine, others={"muscle_left": Region.from_mask("muscle_left", mask, g, source="x.nii.gz")})
    found = ask(replace(volume, array=array), labelled, "muscle")
    assert (found.median, found.members) == (70.0, ("muscle",))
    assert found.caveats == ("CV-FEWREF",)
    assert found.n_voxels < mask.sum()
    fat = np.zeros(g.shape_ijk, bool)
    fat[:, 60:64, 40:70] = True
    with_fat = replace(spine, others={"fat": Region.from_mask("fat", fat, g, source="x.nii.gz")})
    assert ask(volume, with_fat, "fat").members == ("fat",)


def test_labelled_disc_loses_margin_and_outer_third(spine):
    """'disc region eroded 2 mm, outer third (annulus) removed'."""
    volume = paint()
    g = volume.grid
    x, y, z = np.moveaxis(g.to_lps_mm(np.moveaxis(np.indices(g.shape_ijk), 0, -1)), -1, 0)
    discs, array = {}, np.array(volume.array)
    for n, name in enumerate(LEVELS[:-1]):
        inside = (x / 22) ** 2 + (y / 16) ** 2 <= 1
        slab = inside & (np.abs(z + PITCH * (n + 0.5)) <= 6)
        array[slab & ((x / 22) ** 2 + (y / 16) ** 2 > 0.5)] = 40  # dark annulus
        discs[name] = Region.from_mask("disc", slab, g, source="x.nii.gz")
    found = ask(replace(volume, array=array), replace(spine, discs=discs), "disc")
    assert found.median == SIGNAL["disc"]
    assert found.spread == 0


def test_disagreement_widens_the_interval(spine):
    """Two members that differ are a worse reference than two that agree, however many voxels they have."""
    agree = ask(paint(noise=4), spine, "disc")
    differ = ask(paint(noise=4, disc=[110, 110, 150, 130, 130]), spine, "disc")
    assert differ.standard_error > 5 * agree.standard_error


def test_rounding_of_stored_integers_counts(spine):
    volume = paint()
    stored = replace(volume, array=volume.array.astype(np.int16))
    assert ask(volume, spine, "muscle").standard_error == 0
    assert ask(stored, spine, "muscle").standard_error == pytest.approx(1 / np.sqrt(12))


def test_no_frame(spine):
    blind = replace(spine, vertebrae=(replace(spine.vertebrae[0], frame=None), *spine.vertebrae[1:]))
    found = ask(paint(), blind, "muscle", "L1")
    assert isinstance(found, NoReference)
    assert "has no frame" in found.missing
    assert isinstance(ask(paint(), blind, "muscle", "L2"), Reference)


def test_unknown_tissue(spine):
    with pytest.raises(ValueError, match="no rule for the reference tissue"):
        ask(paint(), spine, "liver")


@settings(deadline=None, max_examples=6)
@given(axes=st.permutations([0, 1, 2]), flips=st.tuples(*[st.booleans()] * 3), scale=st.floats(0.2, 50))
def test_axis_order_and_scale_do_not_matter(axes, flips, scale):
    """The same voxels in another axis order give the same reference; a scaled image a scaled one."""
    volume = paint(noise=6)
    g = volume.grid
    array = np.transpose(volume.array, axes)
    affine = np.array(g.affine_lps_mm)
    matrix = affine[:3, :3][:, list(axes)]
    origin = affine[:3, 3].copy()
    for new, flip in enumerate(flips):
        if flip:
            array = np.flip(array, new)
            origin = origin + matrix[:, new] * (array.shape[new] - 1)
            matrix[:, new] *= -1
    affine[:3, :3], affine[:3, 3] = matrix, origin
    turned = Volume(
        array=np.ascontiguousarray(array) * scale,
        grid=Grid(shape_ijk=array.shape, affine_lps_mm=affine),
        quantity="mr_signal",
        unit="1",
    )
    column = _column()
    plain, other = ask(volume, column, "muscle"), ask(turned, column, "muscle")
    assert other.n_voxels == plain.n_voxels
    assert other.median == pytest.approx(scale * plain.median)


def _column() -> Spine:
    vertebrae = tuple(
        Vertebra(
            level=Level(name=name, position=n + 1, of=5, method="label map"),
            frame=Frame(
                origin_lps_mm=centre(n) + np.array([0.3, 0.4, 0.1]),
                left=np.array([1.0, 0, 0]),
                anterior=np.array([0, -1.0, 0]),
                superior=np.array([0, 0, 1.0]),
            ),
            regions={},
            size_mm={"depth_mm": DEPTH, "height_mm": HEIGHT},
        )
        for n, name in enumerate(LEVELS)
    )
    return Spine(vertebrae=vertebrae, grid=grid())


def test_without_endplates_the_body_height_is_used():
    found = ask(paint(), _column(), "disc")
    assert isinstance(found, Reference)
    assert found.median == SIGNAL["disc"]


def test_real_lumbar_mr(shared_data):
    """Muscle and discs of real T1 exams: fatty muscle behind the two lowest bodies is left out, discs are dark."""
    pytest.importorskip("spinemets.anatomy.locate")
    import nibabel as nib

    from spinemets.anatomy.locate import locate
    from spinemets.anatomy.options import LevelOptions
    from spinemets.model.acquisition import Acquisition
    from spinemets.model.series import Series
    from spinemets.model.study import PatientFacts, Study
    from spinemets.segmentation.label_map import read
    from spinemets.segmentation.options import LabelFile

    for name in ("vb1_02", "vb1_10"):
        image = nib.load(shared_data / "mr-lumbar-vb" / f"{name}_img.nii.gz")
        g = Grid(shape_ijk=image.shape, affine_lps_mm=np.diag([-1, -1, 1, 1]) @ image.affine)
        volume = Volume(array=np.asarray(image.dataobj), grid=g, quantity="mr_signal", unit="1")
        series = Series(uid="1", number=1, label=name, acquisition=Acquisition(), load=lambda v=volume: v, grid=g)
        study = Study(uid="1", patient=PatientFacts(), series=(series,))
        path = shared_data / "mr-lumbar-vb" / f"{name}_msk.nii.gz"
        found = locate(study, read([LabelFile(path=path, scheme="instances_body")], study), LevelOptions())
        muscle = ask(volume, found, "muscle", "v05")
        disc = ask(volume, found, "disc", "v05")
        fat = ask(volume, found, "fat", "v05")
        assert muscle.members == ("v04", "v05", "v06")
        assert disc.median < 1.2 * muscle.median < fat.median
        assert "fatty muscle" in ask(volume, found, "muscle", "v09").missing
