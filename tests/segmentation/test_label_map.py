"""Label files -> named structures."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import LabelSchemeError, UnreadableInput, UsageError
from spinemets.segmentation.label_map import read
from spinemets.segmentation.options import LabelFile

BIG = np.diag([2.5, 2.5, 2.0, 1.0])


@pytest.fixture
def read_one(make_study):
    def build(path, scheme=None):
        (labels,) = read([LabelFile(path=path, scheme=scheme)], make_study())
        return labels

    return build


def named(labels, structure="vertebra"):
    return [p.level for p in labels.of(structure)]


def test_stated_scheme(read_one, write_labels, column):
    labels = read_one(write_labels(column([19, 28, 20, 21])), "verse")
    assert sorted(named(labels)) == ["L1", "L2", "T12", "T13"]
    assert (labels.scheme, labels.naming, labels.body_only) == ("verse", "stated", False)
    assert labels.of("vertebra")[0].region.n_voxels == 12**3


def test_unlisted_integers_are_ignored_and_listed(read_one, write_labels, column):
    """'An integer that the stated scheme does not list is ignored and listed in the report, never an error'."""
    labels = read_one(write_labels(column([20, 21, 201, 99])), "verse")
    assert named(labels) == ["L1", "L2"]
    assert labels.ignored == ((99, 12**3), (201, 12**3))


def test_sacrum_is_a_union(read_one, write_labels, column):
    """'TotalSegmentator v2 sacrum = union 25 + 26'; S1 is kept as well."""
    labels = read_one(write_labels(column([27, 26, 25])), "totalsegmentator_total_v2")
    assert labels.of("sacrum")[0].region.n_voxels == 2 * 12**3
    assert labels.of("sacral_segment")[0].level == "S1"
    assert labels.of("sacral_segment")[0].region.n_voxels == 12**3


@pytest.mark.parametrize(
    ("lowest", "level"), [([43, 44, 45], "L5"), ([44, 45, 46], "L6"), ([43, 44], "L4"), ([31, 32], None)]
)
def test_disc_above_the_sacrum(read_one, write_labels, column, lowest, level):
    """'TotalSpineSeg disc 100 -> disc below lowest lumbar', not always L5."""
    labels = read_one(write_labels(column([*lowest, 100, 50])), "totalspineseg")
    assert named(labels, "disc") == [level]


def test_l7_has_no_name(read_one, write_labels, column):
    labels = read_one(write_labels(column([45, 46, 47])), "totalspineseg")
    assert sorted(named(labels), key=str) == ["L5", "L6", None]


@pytest.mark.parametrize(("scheme", "structure", "body_only"), [("instances_body", "vertebral_body", True),
                                                                ("instances_vertebra", "vertebra", False)])  # fmt: skip
def test_instances(read_one, write_labels, column, scheme, structure, body_only):
    labels = read_one(write_labels(column([4, 1, 3])), scheme)
    assert named(labels, structure) == [None, None, None]
    assert (labels.naming, labels.body_only) == ("none", body_only)


def test_bodies_in_one_mass(read_one, write_labels, column):
    labels = read_one(write_labels(column([1, 2, 1])), "totalsegmentator_vertebrae_body")
    assert labels.body_only
    assert labels.of("bodies")[0].region.n_voxels == 2 * 12**3
    assert len(labels.of("discs")) == 1


def test_subregions(read_one, write_labels, column):
    labels = read_one(write_labels(column([41, 43, 49, 60, 100])), "spineps_subreg")
    assert labels.of("posterior_elements")[0].region.n_voxels == 2 * 12**3
    assert labels.of("transverse")[0].side == "left"
    assert {p.structure for p in labels.parts} == {
        "posterior_elements",
        "bodies",
        "cord",
        "discs",
        "arch",
        "transverse",
    }


def test_names_in_the_file_are_read_first(read_one, write_labels, column):
    """'Names inside the file (NIfTI extension, DICOM SEG) are read first'."""
    names = {26: "vertebrae_S1", 27: "vertebrae_L5", 28: "vertebrae_L4", 5: "liver", 25: "sacrum"}
    labels = read_one(write_labels(column([5, 28, 27, 26, 25, 90]), names=names))
    assert (labels.naming, labels.scheme) == ("self-naming", "names in the file")
    assert sorted(named(labels)) == ["L4", "L5"]
    assert labels.of("sacrum")[0].region.n_voxels == 2 * 12**3
    assert labels.ignored == ((90, 12**3),)


def test_names_of_bodies(read_one, write_labels, column):
    labels = read_one(write_labels(column([1, 2]), names={1: "L1 vertebral body", 2: "L2 vertebral body"}))
    assert labels.body_only
    assert named(labels, "vertebral_body") == ["L1", "L2"]


def test_conflict_of_names_and_stated_scheme(read_one, write_labels, column):
    """'a conflict with the stated scheme is reported'."""
    path = write_labels(column([28, 27]), names={27: "vertebrae_L5", 28: "vertebrae_L4"})
    labels = read_one(path, "totalspineseg")
    assert sorted(named(labels)) == ["T7", "T8"]
    assert labels.warnings[0].startswith("CONFLICT: the names inside labels.nii.gz contradict the stated scheme")
    assert "27 is vertebrae_L5 in the file and vertebra T7 in totalspineseg" in labels.warnings[0]
    agreed = read_one(path, "totalsegmentator_total_v2")
    assert not any("CONFLICT" in w for w in agreed.warnings)


def test_an_integer_the_scheme_does_not_list_is_ignored_not_contradicted(read_one, write_labels, column):
    """'An integer that the stated scheme does not list is ignored and listed in the report, never an error by itself.'"""
    path = write_labels(column([20, 119]), names={20: "vertebrae_L1", 119: "disc_below_T12"})
    labels = read_one(path, "verse")
    assert not any("CONFLICT" in w for w in labels.warnings)
    assert labels.ignored == ((119, 12**3),)


def test_names_that_mean_nothing_here(read_one, write_labels, column):
    path = write_labels(column([1, 2]), names={1: "Liver", 2: "Spleen"})
    with pytest.raises(LabelSchemeError, match="Liver, Spleen"):
        read_one(path)
    assert named(read_one(path, "verse")) == ["C1", "C2"]


def test_guess_is_recorded(read_one, write_labels, column):
    labels = read_one(write_labels(column([20, 21, 22, 23, 24]), affine=BIG))
    assert labels.naming == "only scheme that fits"
    assert any("only scheme that fits" in w for w in labels.warnings)


def test_binary_masks_together(write_labels, column, make_study):
    """'FILE:T12 (a level name instead of a scheme) reads a binary mask of that one vertebra'."""
    array = column([1, 2])
    paths = [write_labels((array == n).astype(np.uint8), name=f"{n}.nii.gz") for n in (1, 2)]
    files = [LabelFile(path=p, scheme=level) for p, level in zip(paths, ("T12", "L1"), strict=True)]
    (labels,) = read(files, make_study())
    assert named(labels) == ["T12", "L1"]
    assert (labels.naming, labels.source) == ("stated", "1.nii.gz, 2.nii.gz")
    shifted = write_labels((array == 1).astype(np.uint8), name="far.nii.gz", affine=BIG)
    assert len(read([*files, LabelFile(path=shifted, scheme="L2")], make_study())) == 2


def test_a_mask_holds_one_integer(read_one, write_labels, column):
    with pytest.raises(LabelSchemeError, match="read as a mask of vertebra T12, but holds several integers: 1, 2"):
        read_one(write_labels(column([1, 2])), "T12")
    assert read_one(write_labels(column([255])), "sacrum").of("sacrum")[0].region.n_voxels == 12**3


def test_folder_of_masks(tmp_path, write_labels, column, make_study):
    """One mask per structure, named after it; segmenters write an empty mask for what is not in view."""
    array = column([1, 2])
    for n, name in ((1, "vertebrae_L4"), (2, "vertebrae_L5"), (1, "liver"), (9, "vertebrae_T1")):
        write_labels((array == n).astype(np.uint8), name=f"{name}.nii.gz")
    (labels,) = read([LabelFile(path=tmp_path)], make_study())
    assert named(labels) == ["L4", "L5"]
    assert labels.naming == "self-naming"


def test_folder_without_the_spine(tmp_path, write_labels, column, make_study):
    write_labels(column([1]), name="liver.nii.gz")
    with pytest.raises(LabelSchemeError, match=r"No file of the folder .* \(liver.nii.gz\)"):
        read([LabelFile(path=tmp_path)], make_study())


def test_scheme_that_lists_none(read_one, write_labels, column):
    with pytest.raises(LabelSchemeError, match="lists none of them"):
        read_one(write_labels(column([201])), "verse")


def test_no_bone(read_one, write_labels, column):
    labels = read_one(write_labels(column([20, 21])), "sct_vertebrae")
    assert any("holds no vertebra" in w for w in labels.warnings)


def test_missing_and_wrong_files(tmp_path, read_one):
    with pytest.raises(UsageError, match="does not exist"):
        read_one(tmp_path / "none.nii.gz")
    text = tmp_path / "notes.txt"
    text.write_text("no labels")
    with pytest.raises(UnreadableInput, match="neither NIfTI nor DICOM"):
        read_one(text)


REAL = [
    ("ct-torso-ts-labelled/labels_vertebrae.nii.gz:totalsegmentator_total_v2", "T11 T12 L1 L2 L3 L4 L5"),
    ("ct-torso-ts-labelled/labels_bodies_verse.nii.gz:verse", "T12 L1 L2 L3 L4 L5"),
    ("ct-torso-ts-labelled/labels_full_top30.nii.gz", "T11 T12 L1 L2"),
    ("masks-verse/sub-verse010_seg-vert_msk.nii.gz", "L1 L2 L3 L4 L5"),
    ("masks-verse/sub-gl003_dir-ax_seg-vert_msk.nii.gz", "C1 C2 C3 C4 C5 C6 C7 T1 T2 T3 T4 T5"),
    ("vertebra-crops-tptbox/sub-ct_seg-vert_label-22_msk.nii.gz:spineps_vert", "L2 L3 L4"),
    ("ct-thoracic-cta/label_T12.nii.gz:T12", "T12"),
]


@pytest.mark.parametrize(("text", "levels"), REAL)
def test_real_maps(shared_data, make_study, text, levels):
    (labels,) = read([LabelFile.parse(str(shared_data / text))], make_study())
    heights = {p.level: p.region.centroid_lps_mm[2] for p in labels.of("vertebra")}
    assert sorted(heights, key=lambda n: -heights[n]) == levels.split()


@pytest.mark.parametrize(
    "name",
    ["ct-torso-ts-labelled/labels_vertebrae.nii.gz", "ct-torso-ts-labelled/labels_bodies_verse.nii.gz",
     "mr-lumbar-vb/vb1_02_msk.nii.gz", "vertebra-crops-tptbox/sub-mri_seg-vert_label-6_msk.nii.gz",
     "mr-lumbar-discs/ivd_11_msk.nii.gz", "ct-thoracic-cta/label_T12.nii.gz", "ct-torso-ts-labelled/ct.nii.gz"],
)  # fmt: skip
def test_real_maps_that_prove_nothing(shared_data, make_study, name):
    """'refuse a label map whose scheme is neither stated nor provable'."""
    with pytest.raises(LabelSchemeError):
        read([LabelFile(path=shared_data / name)], make_study())


def test_real_bodies_of_mr(shared_data, make_study):
    for path in sorted((shared_data / "mr-lumbar-vb").glob("*_msk.nii.gz")):
        (labels,) = read([LabelFile(path=path, scheme="instances_body")], make_study())
        assert len(labels.of("vertebral_body")) == (9 if path.name.startswith("vb1") else 7)
        assert labels.body_only
