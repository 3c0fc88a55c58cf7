"""Planted foci in a spine of blocks, and the real images (where they are at hand)."""

import json
from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue as knowledge
from spinemets.lesions.find import find
from spinemets.model.reference import NoReference, Reference
from spinemets.model.spine import Completeness, Spine
from spinemets.model.study import ClinicalFacts, Device, Treatment


@pytest.fixture(scope="module")
def catalogue():
    return knowledge.load()


@pytest.fixture
def search(make_study, catalogue):
    def run(scene, kind="ct", clinical=None, spine=None):
        return find(make_study(scene.series(kind), clinical=clinical), spine or scene.spine, catalogue)

    return run


def test_plain_spine_has_no_candidate_and_every_level_was_searched(blocks, search):
    found = search(blocks())
    assert found.lesions == ()
    assert {x[1] for x in found.searched} == {"T11", "T12", "L1", "L2", "L3", "L4", "L5"}
    assert {x[2] for x in found.searched} == {"CT-02"}


def test_lytic_and_blastic_foci_are_found_where_they_are(blocks, search):
    """CT-02: "component 45 HU -> lytic; 650 -> blastic"."""
    scene = blocks()
    lytic, blastic = scene.ball("L2", (6, 0, 0), 6), scene.ball("L4", (-5, -3, 1), 5)
    scene.array[lytic], scene.array[blastic] = 45, 650
    found = search(scene)
    kinds = {x.id: x for x in found.lesions}
    assert set(kinds) == {"L2-1", "L4-1"}
    assert kinds["L2-1"].kind == "lytic"
    assert kinds["L4-1"].kind == "blastic"
    for lesion, ball in ((kinds["L2-1"], lytic), (kinds["L4-1"], blastic)):
        truth = ball.sum() / 1000
        assert lesion.volume_ml == pytest.approx(truth, rel=0.15)
        assert lesion.volume_ci95_ml[0] < truth < lesion.volume_ci95_ml[1]
        mask = lesion.region.full_mask()
        assert 2 * (mask & ball).sum() / (mask.sum() + ball.sum()) > 0.9
        assert lesion.compartments["body"] == 1
    assert kinds["L4-1"].values["peak_hu"] == 650
    assert kinds["L2-1"].diameters_mm["longest"] == pytest.approx(12, abs=1.5)
    assert np.linalg.norm(kinds["L2-1"].centroid_lps_mm - (scene.centres["L2"] + (6, 0, 0))) < 1


def test_touching_lytic_and_blastic_parts_are_one_mixed_lesion(blocks, search):
    """CT-02: "3.0 mL lytic + 2.0 blastic -> f_B 0.40 mixed" (same shares)."""
    scene = blocks()
    ball = scene.ball("L3", (0, -4, 0), 7)
    scene.array[ball] = 45
    x = scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1))[..., 0]
    scene.array[ball & (x > 1)] = 650
    (lesion,) = search(scene).lesions
    assert lesion.kind == "mixed"
    assert 0.2 < lesion.values["blastic_ml"] / lesion.volume_ml < 0.6


def test_fat_is_not_lytic(blocks, search):
    """CT-02: "fat part (HU < -30) >= 50 % -> not lytic"."""
    scene = blocks()
    scene.array[scene.ball("L2", (0, -4, 0), 6)] = -80
    assert search(scene).lesions == ()


def test_gas_is_no_lesion(blocks, search):
    """CT-02: lytic voxels lie "> -150"; only the rim of a gas cleft comes near it."""
    scene = blocks()
    scene.array[scene.ball("L2", (0, -4, 0), 6)] = -800
    assert all(x.volume_ml < 0.3 for x in search(scene).lesions)


def test_two_foci_are_numbered_by_size(blocks, search):
    scene = blocks()
    scene.array[scene.ball("L2", (9, 0, 0), 3.5)] = 650
    scene.array[scene.ball("L2", (-7, 0, 0), 5)] = 650
    lesions = search(scene).lesions
    assert [x.id for x in lesions] == ["L2-1", "L2-2"]
    assert lesions[0].volume_ml > lesions[1].volume_ml


def test_shell_of_cortex_is_no_lesion(blocks, search):
    """Cortex shell, endplate sclerosis and osteophytes must not become blastic lesions (G-05)."""
    from scipy.ndimage import binary_dilation, binary_erosion

    scene = blocks()
    for vertebra in scene.spine.vertebrae:
        bone = vertebra.regions["vertebra"].full_mask()
        scene.array[bone & ~binary_erosion(bone, iterations=1)] = 900
        low, high = scene.centres[vertebra.level.id][2] - 12, scene.centres[vertebra.level.id][2] - 9
        z = scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1))[..., 2]
        scene.array[vertebra.regions["body"].full_mask() & (z >= low) & (z <= high)] = 700
        spur = binary_dilation(bone, iterations=2) & ~bone
        scene.array[spur] = 600
    assert search(scene).lesions == ()


def test_basivertebral_vein_is_no_lesion(blocks, search):
    """A lucent canal at the posterior wall outside the marrow mask is not lytic."""
    scene = blocks()
    for vertebra in scene.spine.vertebrae:
        x, y, z = (
            scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1))
            - scene.centres[vertebra.level.id]
        ).transpose(3, 0, 1, 2)
        scene.array[(np.abs(x) <= 4) & (y > 7.5) & (y <= 14) & (np.abs(z) <= 3)] = 20
        marrow = vertebra.regions["marrow"].full_mask() & ~((np.abs(x) <= 5) & (y > 6.5) & (np.abs(z) <= 4))
        regions = {**vertebra.regions}
        regions["marrow"] = type(regions["marrow"]).from_mask("marrow", marrow, scene.grid)
        object.__setattr__(vertebra, "regions", regions)
    assert search(scene).lesions == ()


def test_pedicle_focus_belongs_to_the_pedicle(blocks, search):
    """CT-02: "also in pedicles and posterior elements"."""
    scene = blocks()
    scene.array[scene.ball("L2", (11, 19, 6), 3.2)] = 20
    (lesion,) = search(scene).lesions
    assert lesion.kind == "lytic"
    assert lesion.compartments["pedicle_left"] > 0.9
    assert "pedicle_right" not in lesion.compartments
    assert lesion.notes[0] == "Lies in the left pedicle."
    assert lesion.values["at_lower_endplate"] == lesion.values["at_upper_endplate"] == 0


def test_dense_focus_at_the_endplate_carries_the_caveat(blocks, search):
    """CT-03 and MIM-03: endplate sclerosis and Schmorl nodes look alike: said, and marked as degenerative."""
    scene = blocks()
    scene.array[scene.ball("L3", (0, 0, 7), 4.5)] = 700
    (lesion,) = search(scene).lesions
    assert lesion.values["at_upper_endplate"] == 1
    assert "CV-DEGEN" in lesion.caveats
    assert any("bone island" in note for note in lesion.notes)


def test_normal_neighbours(blocks, search):
    """G-07: "complete bodies within 3 levels ... median of bodies' medians, >= 2 bodies", the diseased left out."""
    scene = blocks()
    scene.array[scene.ball("L1", (0, 0, 0), 9)] = 30
    found = search(scene)
    reference = found.normal["ct", "L3"]
    assert reference.members == ("T12", "L2", "L4", "L5")
    assert reference.refused == (("L1", "lesion candidate"),)
    assert reference.median == pytest.approx(160, abs=3)
    own = found.normal["ct", "L1"]
    assert "L1" not in own.members
    assert own.standard_error > 0


def test_vector_of_bodies(blocks, search):
    """G-07: "bodies T1 = 400, 410, 390, lesion body 210 -> ref 400, C = -0.475"."""
    scene = blocks(levels=("L1", "L2", "L3", "L4"), marrow=0.0, sd=0.0)
    rng = np.random.default_rng(0)
    for level, signal in zip(("L1", "L2", "L3", "L4"), (400, 410, 390, 210), strict=True):
        body = scene.spine[level].regions["body"].full_mask()
        scene.array[body] = rng.normal(signal, 8, body.sum())
    found = search(scene, "t1")
    assert found.normal["t1", "L4"].median == pytest.approx(400, abs=1)
    (lesion,) = found.lesions
    assert lesion.id == "L4-1t1"
    assert lesion.values["contrast"] == pytest.approx(-0.475, abs=0.01)


def test_diffuse_disease_has_no_outlier(blocks, search):
    """G-07: "All bodies 205 to 215 -> no outlier"."""
    scene = blocks(levels=("L1", "L2", "L3", "L4"), marrow=210, sd=8)
    assert search(scene, "t1").lesions == ()


def test_stir_focus(blocks, search):
    """MR-STIR-01: "120 versus 40, noise SD 10 -> +2.0"."""
    scene = blocks(marrow=40, sd=10)
    scene.array[scene.ball("L2", (3, -3, 0), 6)] += 80
    (lesion,) = search(scene, "stir").lesions
    assert lesion.id == "L2-1stir"
    assert lesion.kind == "stir_bright"
    assert lesion.values["contrast"] == pytest.approx(2.0, abs=0.15)


def test_one_body_alone_has_no_reference_and_is_not_searched(blocks, search):
    """G-07: "no valid neighbour -> NA-REFERENCE"; `absent` is allowed only where it was searched."""
    found = search(blocks(levels=("L3",)))
    assert isinstance(found.normal["ct", "L3"], NoReference)
    assert found.normal["ct", "L3"].code == "NA-REFERENCE"
    assert found.searched == frozenset()


def test_one_neighbour_carries_a_caveat(blocks, search):
    """G-07: "one body: CV-FEWREF"."""
    found = search(blocks(levels=("L3", "L4")))
    assert found.normal["ct", "L3"].caveats == ("CV-FEWREF",)


def test_treated_metal_and_cut_bodies_are_no_reference(blocks, search):
    """G-07: "no fracture, metal, cement; outside a known radiation field", "complete bodies"."""
    scene = blocks()
    scene.array[scene.ball("L5", (0, 0, 0), 3)] = 3050
    scene.array[scene.ball("L4", (0, 0, 0), 5)] = 1700
    cut = replace(scene.spine["L1"], completeness=Completeness(complete=False, heights_valid=False))
    spine = replace(scene.spine, vertebrae=tuple(cut if v.level.id == "L1" else v for v in scene.spine.vertebrae))
    clinical = ClinicalFacts(
        treatments=(Treatment(kind="radiotherapy", levels=("L3",)),), devices=(Device(kind="screws", levels=("T12",)),)
    )
    found = search(scene, clinical=clinical, spine=spine)
    refused = dict(found.normal["ct", "L2"].refused)
    assert refused["L5"] == "metal"
    assert refused["L4"] == "cement"
    assert refused["L1"] == "cut off by the edge of the image"
    assert refused["L3"].startswith("treated")
    assert refused["T12"].startswith("device")


def test_levels_with_metal_are_not_searched(blocks, make_study, catalogue):
    """CT-09: bone beside metal is not read: a screw is no blastic lesion, its void on T1 no dark one."""
    scene, mr = blocks(), blocks(marrow=400, sd=10)
    for one, value in ((scene, 3050), (mr, 20)):
        one.array[one.ball("L3", (0, 0, 0), 4)] = value
    found = find(make_study(scene.series("ct"), mr.series("t1", number=2)), scene.spine, catalogue)
    assert found.lesions == ()
    assert "L3" not in {x[1] for x in found.searched}


def test_a_body_with_a_lesion_on_one_series_is_no_reference_on_another(blocks, make_study, catalogue):
    """G-07: "no present/indeterminate lesion on any series"."""
    scene = blocks(marrow=400, sd=10)
    ct = blocks()
    scene.array[scene.ball("L2", (0, 0, 0), 9)] = 200
    found = find(make_study(scene.series("t1"), ct.series("ct", number=2)), scene.spine, catalogue)
    assert [x.id for x in found.lesions] == ["L2-1t1"]
    assert "L2" not in found.normal["ct", "L3"].members


def test_the_better_series_is_searched_and_never_both(blocks, make_study, catalogue):
    scene = blocks()
    scene.array[scene.ball("L2", (0, -4, 0), 6)] = 650
    soft, bone = scene.series("ct_soft", "soft", 1), scene.series("ct_bone", "bone", 2)
    found = find(make_study(soft, bone), scene.spine, catalogue)
    assert {x.series_uid for x in found.lesions} == {"bone"}
    assert {x[0] for x in found.searched} == {"bone"}


def test_nothing_to_search(make_study, blocks, catalogue):
    assert find(make_study(), blocks(levels=("L1",)).spine, catalogue).searched == frozenset()
    assert find(make_study(blocks(levels=("L1",)).series("ct")), Spine(vertebrae=()), catalogue).lesions == ()


def test_facing_endplate_changes_are_a_pair(blocks, search):
    """MIM-02: "parallel to the endplate at both sides of a degenerated disc" -> CV-DEGEN on both."""
    scene = blocks(marrow=400, sd=10)
    for level, up in (("L3", -6.5), ("L4", 6.5)):
        centre = scene.centres[level]
        points = scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1)) - centre
        scene.array[
            (np.abs(points[..., 0]) < 12) & (np.abs(points[..., 1]) < 12) & (np.abs(points[..., 2] - up) < 5.4)
        ] = 230
    lesions = search(scene, "t1").lesions
    assert [x.id for x in lesions] == ["L3-1t1", "L4-1t1"]
    for lesion in lesions:
        assert "CV-DEGEN" in lesion.caveats
        assert any("across the disc" in note for note in lesion.notes)


def test_coil_shading_is_named(blocks, search):
    """MR-ART-03, CV-SHADING: bodies of the reference differ by more than 10 %."""
    scene = blocks(marrow=400, sd=10)
    z = scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1))[..., 2]
    scene.array *= (0.8 + 0.4 * z / z.max()).astype(np.float32)
    assert "CV-SHADING" in search(scene, "t1").normal["t1", "L2"].caveats


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 1.6), (2.0, 2.0, 2.0)])
def test_volume_does_not_depend_on_the_voxel(blocks, search, spacing):
    scene = blocks(spacing=spacing, levels=("L1", "L2", "L3"))
    scene.array[scene.ball("L2", (2, -2, 0), 7)] = 650
    (lesion,) = search(scene).lesions
    truth = 4 / 3 * np.pi * 7**3 / 1000
    assert lesion.volume_ci95_ml[0] < truth < lesion.volume_ci95_ml[1]
    assert lesion.volume_ml == pytest.approx(truth, rel=0.2)


def test_lesion_share_of_body_is_withheld_where_the_body_is_cut(blocks, search):
    """G-02: percent of body `NA-COVERAGE` for a truncated body."""
    scene = blocks()
    scene.array[scene.ball("L2", (0, -4, 0), 6)] = 650
    whole = search(scene).lesions[0]
    cut = replace(scene.spine["L2"], completeness=Completeness(complete=False, heights_valid=True))
    spine = replace(scene.spine, vertebrae=tuple(cut if v.level.id == "L2" else v for v in scene.spine.vertebrae))
    assert whole.share_of_body == pytest.approx(0.905 / 22, rel=0.2)
    assert search(scene, spine=spine).lesions[0].share_of_body is None


def test_sides_that_are_not_known_are_not_named(blocks, search):
    """G-12: no left or right anywhere where laterality is unknown."""
    scene = blocks()
    scene.array[scene.ball("L2", (10, 0, 0), 4)] = 650
    assert "toward left" in search(scene).lesions[0].notes[0]
    unknown = replace(scene.spine, sides=("side_a", "side_b"))
    text = " ".join(search(scene, spine=unknown).lesions[0].notes)
    assert "side a" in text
    assert "left" not in text
    assert "right" not in text


def test_same_answer_twice(blocks, search):
    scene = blocks()
    scene.array[scene.ball("L2", (0, -4, 0), 6)] = 45
    first, second = search(scene), search(scene)
    assert [x.values for x in first.lesions] == [x.values for x in second.lesions]
    assert isinstance(first.normal["ct", "L2"], Reference)


# ---------------------------------------------------------------- real images


@pytest.fixture(scope="module")
def real_ct(shared_data):
    nibabel = pytest.importorskip("nibabel")
    from spinemets.anatomy.locate import locate
    from spinemets.anatomy.options import LevelOptions
    from spinemets.model.acquisition import Acquisition
    from spinemets.model.grid import Grid
    from spinemets.model.region import Region
    from spinemets.model.segmentation import Part, Segmentation
    from spinemets.model.series import Recognition, Series
    from spinemets.model.study import PatientFacts, Study
    from spinemets.model.volume import Volume

    folder = shared_data / "ct-torso-ts-labelled"
    image = nibabel.load(folder / "ct.nii.gz")
    grid = Grid(shape_ijk=image.shape, affine_lps_mm=np.diag([-1.0, -1, 1, 1]) @ image.affine)
    volume = Volume(
        array=np.asarray(image.dataobj), grid=grid, quantity="attenuation", unit="[hnsf'U]", series_uid="ct"
    )

    def labels(file, names, structure, body_only):
        array = np.asarray(nibabel.load(folder / file).dataobj)
        parts = tuple(
            Part(structure=structure, level=n, region=Region.from_mask(n, array == k, grid)) for k, n in names.items()
        )
        return Segmentation(grid=grid, parts=parts, scheme="x", naming="stated", body_only=body_only, source=file)

    whole = {27: "L5", 28: "L4", 29: "L3", 30: "L2", 31: "L1", 32: "T12", 33: "T11"}
    bodies = {19: "T12", 20: "L1", 21: "L2", 22: "L3", 23: "L4", 24: "L5"}
    series = Series(
        uid="ct",
        number=1,
        label="ct",
        acquisition=Acquisition(kvp=120.0),
        load=lambda: volume,
        grid=grid,
        recognition=Recognition(kind="ct", confidence=1.0),
    )
    study = Study(uid="1", patient=PatientFacts(), series=(series,))
    segmentations = (
        labels("labels_vertebrae.nii.gz", whole, "vertebra", body_only=False),
        labels("labels_bodies_verse.nii.gz", bodies, "vertebral_body", body_only=True),
    )
    return study, locate(study, segmentations, LevelOptions()), folder


def test_real_dense_focus_of_l1_is_found_and_explained(real_ct, catalogue):
    """Its record: "L1 holds a dense focus under its upper endplate (about 0.8 mL ..., peak 771 HU ...)", not metastasis."""
    study, spine, _ = real_ct
    found = find(study, spine, catalogue)
    (lesion,) = found.lesions  # T12 and L2 to L5: none
    assert lesion.id == "L1-1"
    assert lesion.kind == "blastic"
    assert lesion.values["blastic_ml"] == pytest.approx(0.8, abs=0.2)
    assert lesion.values["peak_hu"] == 771
    assert lesion.values["at_upper_endplate"] == 1
    assert any("Schmorl" in note and "bone island" in note for note in lesion.notes)


def test_real_density_keeps_the_rank_of_another_tool(real_ct, catalogue):
    """HU rank: Spearman >= 0.7 against the tool's medians, no pair that differs by more than 8 HU reversed."""
    from scipy.stats import spearmanr

    from spinemets.measures.trabecular_density import measure

    study, spine, folder = real_ct
    report = json.loads((folder / "spine_report.json").read_text())["results"]
    found = find(study, spine, catalogue)
    volume = study.series[0].pixels()
    names = ("L1", "L2", "L3", "L4", "L5")
    theirs = [report[f"vertebrae_{n}_intensity_median"] for n in names]
    ours = [
        measure(
            ct=volume,
            trabecular_core=spine[n].regions["trabecular_core"],
            lesions=found.of(n, "ct", "CT-02"),
            contrast_agent=None,
            **catalogue["CT-08"].values(),
        )
        .values["median"]
        .value
        for n in names
    ]
    assert spearmanr(theirs, ours).statistic >= 0.7
    for a in range(5):
        for b in range(5):
            if theirs[a] - theirs[b] > 8:
                assert ours[a] > ours[b]


@pytest.mark.parametrize("exam", ["vb1_02", "vb1_06"])
def test_real_endplate_change_on_t1_is_held_as_degenerative(shared_data, catalogue, exam, make_series, make_study):
    """Its record: endplates beside one disc T1-dark, "endplate-type marrow change, must stay benign" (CV-DEGEN)."""
    nibabel = pytest.importorskip("nibabel")
    from spinemets.anatomy.locate import locate
    from spinemets.anatomy.options import LevelOptions
    from spinemets.model.grid import Grid
    from spinemets.model.region import Region
    from spinemets.model.segmentation import Part, Segmentation
    from spinemets.model.volume import Volume

    folder = shared_data / "mr-lumbar-vb"
    rows = next(e for e in json.loads((folder / "exams.json").read_text()) if e["file"] == exam)["cranial_to_caudal"]
    image = nibabel.load(folder / f"{exam}_img.nii.gz")
    masks = np.asarray(nibabel.load(folder / f"{exam}_msk.nii.gz").dataobj)
    grid = Grid(shape_ijk=image.shape, affine_lps_mm=np.diag([-1.0, -1, 1, 1]) @ image.affine)
    volume = Volume(array=np.asarray(image.dataobj), grid=grid, quantity="mr_signal", unit="1", series_uid=exam)
    parts = tuple(
        Part(structure="vertebral_body", level=None, region=Region.from_mask("b", masks == r["label"], grid))
        for r in rows
    )
    study = make_study(make_series(exam, "t1", volume))
    labels = Segmentation(grid=grid, parts=parts, scheme="x", naming="none", body_only=True, source="x")
    found = find(study, locate(study, (labels,), LevelOptions()), catalogue)
    pair = {x.level_id: x for x in found.lesions if any("across the disc" in n for n in x.notes)}
    assert set(pair) == {"v05", "v06"}
    assert all("CV-DEGEN" in x.caveats for x in found.lesions)
