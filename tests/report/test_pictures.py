"""Which slices are shown, and what is written below them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Acquisition
from spinemets.model.finding import Evidence
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.region import Region
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.report import pictures, wording
from spinemets.testing import words

CT, T1 = "1.2.3.4", "1.2.3.5"
NAMES = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")


def pixels(data: bytes) -> np.ndarray:
    """Pixels (rows, columns, 3) of a picture file."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def phantom(order=(0, 1, 2), flips=(False, False, False)):
    """Nine bodies in a row, a bright marker on the patient's left of L3, a lytic hole in L3."""
    shape, spacing = (90, 80, 140), np.array([1.0, 1.0, 2.0])
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-45.0, -40.0, -140.0)
    i, j, k = np.indices(shape)
    array = np.full(shape, 20.0, np.float32)
    labels = np.zeros(shape, np.int8)
    for n in range(9):
        middle = 132 - 15 * n
        body = (abs(i - 45) <= 18) & (abs(j - 40) <= 14) & (abs(k - middle) <= 5)
        array[body] = 180.0
        labels[body] = n + 1
    hole = (abs(i - 52) <= 5) & (abs(j - 44) <= 4) & (abs(k - 42) <= 2)
    array[hole] = 30.0
    array[(abs(i - 80) <= 2) & (abs(j - 40) <= 2) & (abs(k - 42) <= 3)] = 1200.0
    for axis, flip in enumerate(flips):
        if flip:
            array, labels, hole = (np.flip(x, axis) for x in (array, labels, hole))
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1
    affine[:3, :3] = affine[:3, list(order)]
    array, labels, hole = (np.ascontiguousarray(x.transpose(order)) for x in (array, labels, hole))
    return array, labels, hole, Grid(shape_ijk=array.shape, affine_lps_mm=affine)


def scene(named, order=(0, 1, 2), flips=(False, False, False), **series):
    array, labels, hole, grid = phantom(order, flips)
    volume = Volume(array=array, grid=grid, quantity="attenuation", unit=series.pop("unit", "[hnsf'U]"), series_uid=CT)
    kind = series.pop("kind", "ct_bone")
    made = Series(uid=CT, number=4, label="ct", acquisition=Acquisition(modality="CT"), load=lambda: volume, grid=grid,
                  recognition=Recognition(kind=kind), **series)  # fmt: skip
    vertebrae = tuple(
        Vertebra(level=Level(name=name, position=n + 1, of=9, method="label map"), frame=None,
                 regions={"body": Region.from_mask("body", labels == n + 1, grid)})
        for n, name in enumerate(NAMES)
    )  # fmt: skip
    spine = Spine(vertebrae=vertebrae, grid=grid)
    study = Study(uid="1", patient=PatientFacts(), series=(made,))
    bare = replace(named, pictures=())
    outline = Region.from_mask("lesion", hole, grid)
    return bare, study, spine, {"L3-1": outline, "L3-01": outline}


@pytest.fixture
def taken(named):
    return pictures.take(*scene(named))


def test_overview_level_and_record_pictures_are_taken(taken):
    """Task: "for each present/indeterminate finding with an outline ... and for each abnormal level"."""
    kinds = [(p.level_id, p.finding_id, p.plane.split(",")[0]) for p in taken.pictures]
    assert kinds == [
        (None, None, "sagittal"),
        ("T10", None, "sagittal"), ("T10", None, "axial"),
        ("L3", None, "sagittal"), ("L3", None, "axial"),
        ("L3", "L3-01", "sagittal"), ("L3", "L3-01", "axial"),
    ]  # fmt: skip
    assert [p.id for p in taken.pictures] == [f"{n:03d}" for n in range(1, 8)]


def test_nothing_else_of_the_assessment_changes(named, taken):
    assert replace(taken, pictures=()) == replace(named, pictures=())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True), (True, True, True)])
def test_stored_order_does_not_change_a_pixel(named, taken, order, flips):
    """ "test with permuted/flipped volumes giving identical pictures"."""
    other = pictures.take(*scene(named, order, flips))
    for a, b in zip(taken.pictures, other.pictures, strict=True):
        assert (a.image, a.plain) == (b.image, b.plain)
        assert a.position_lps_mm == pytest.approx(b.position_lps_mm)


def test_marker_on_the_left_of_the_patient_is_on_the_right_of_the_picture(taken):
    axial = next(p for p in taken.pictures if p.level_id == "L3" and p.plane == "axial")
    grey = pixels(axial.plain)[..., 0].astype(int)
    height, width = grey.shape
    _, columns = np.nonzero(grey[40 : height - 40, 40 : width - 40] > 170)
    assert columns.size
    assert columns.mean() + 40 > width / 2


def test_picture_says_series_slice_place_and_window(taken):
    axial = next(p for p in taken.pictures if p.finding_id == "L3-01" and p.plane == "axial")
    assert axial.series_label == "series 4 (CT bone kernel)"
    assert axial.window == "Window W 1800 L 400"
    assert axial.slice_index == 42
    assert axial.position_lps_mm[2] == pytest.approx(-140.0 + 2 * 42)
    assert "L3" in axial.alt
    assert "axial" in axial.alt.lower()


def test_planes_across_the_stack_are_called_reformatted(taken):
    planes = {p.plane for p in taken.pictures}
    assert planes == {"axial", "sagittal, reformatted"}


def test_captions_name_what_is_outlined_and_pass_the_wording_rules(taken):
    for p in taken.pictures:
        assert p.caption
        assert wording.forbidden(p.caption, statement=False) == (), p.caption
        assert wording.forbidden(p.alt, statement=False) == ()
    record = next(p for p in taken.pictures if p.finding_id == "L3-01")
    assert "Outlined: lytic, blastic or mixed lesion" in record.caption


def test_plain_copy_has_no_outline(taken):
    for p in taken.pictures:
        assert p.plain is not None
        assert p.image != p.plain


def test_size_and_true_aspect(taken):
    size = table("windows")["pictures"]["width_px"]["value"]
    for p in taken.pictures:
        if p.level_id is not None:
            assert max(p.width_px, p.height_px) == size
            assert pixels(p.image).shape == (p.height_px, p.width_px, 3)


def test_default_page_stays_small(taken):
    """report.md 2: 60 thumbnails are about 0.9 MB."""
    sizes = [len(p.image) + len(p.plain) for p in taken.pictures]
    assert max(sizes) < 60_000


def test_side_unknown_study_has_no_left_or_right(sideless):
    """G-12: "no "left/right" anywhere; "side A/B"."""
    bare, study, spine, outlines = scene(sideless)
    made = pictures.take(bare, study, replace(spine, sides=("side_a", "side_b")), outlines)
    known = pictures.take(replace(bare, sides=("left", "right")), study, spine, outlines)
    for p, q in zip(made.pictures, known.pictures, strict=True):
        assert "Side unknown." in p.caption
        assert words.side_words(p.caption + p.alt) == ()
        assert p.plain != q.plain


@pytest.mark.parametrize(
    ("sides", "shown"),
    [
        (("left", "right"), ("R", "L", "A", "PI")),
        (("side_a", "side_b"), ("side B", "side A", "A", "PI")),
        (None, ("?", "?", "A", "PI")),
    ],
)
def test_edge_letters(sides, shown):
    assert pictures.edge_letters(("R", "L", "A", "PI"), sides) == shown


def test_a_series_of_unknown_side_in_a_known_study_gets_question_marks(named):
    bare, study, spine, outlines = scene(named, sides_known=False)
    made = pictures.take(bare, study, spine, outlines)
    assert all("Side unknown." in p.caption for p in made.pictures)


def test_mr_window_is_one_per_series_and_printed_as_percentiles(named):
    """ "window printed (W/L for CT, percentiles for MR)"."""
    made = pictures.take(*scene(named, unit="1", kind="t1"))
    windows = {p.window for p in made.pictures}
    assert len(windows) == 1
    assert windows.pop().startswith("Window from percentile 1 to 99.5 (20.0 to ")


def test_the_window_of_a_map_is_in_its_unit(named):
    """Coefficients of 0.00078 mm2/s are not "0 to 0"."""
    made = pictures.take(*scene(named, unit="mm2/s", kind="t1"))
    assert made.pictures[0].window.endswith("×10⁻³ mm²/s)")


def test_ct_window_follows_the_criterion(named):
    _, study, _, _ = scene(named)
    volume = study.series[0].pixels()
    shown = pictures.Shown(series=study.series[0], volume=volume, turned=pictures.Turned.of(volume.grid), sides=None)
    assert pictures.window_of(shown, None)[0] == (-500.0, 1300.0)
    assert pictures.window_of(shown, "CT-06") == ((-75.0, 175.0), "Window W 250 L 50")


def test_ct_without_a_unit_is_windowed_as_ct(named):
    """NIfTI files do not say their unit."""
    made = pictures.take(*scene(named, unit="1", kind="ct"))
    assert {p.window for p in made.pictures} == {"Window W 1800 L 400"}


def test_a_constant_image_has_a_window_too(named):
    volume = Volume(
        array=np.full((4, 4, 4), 7.0), grid=Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4)), quantity="q", unit="1"
    )
    _, study, _, _ = scene(named, kind="t1")
    shown = pictures.Shown(series=study.series[0], volume=volume, turned=pictures.Turned.of(volume.grid), sides=None)
    (low, high), _ = pictures.window_of(shown, None)
    assert low < high


@pytest.mark.parametrize("change", [{"geometry": GeometryCheck(verdict="refused")}, {"kind": "localizer"}])
def test_series_that_are_not_measured_are_not_shown(named, change):
    bare, study, spine, outlines = scene(named, **change)
    assert pictures.take(bare, study, spine, outlines).pictures == ()


def test_too_many_pictures_of_one_level_are_counted(named):
    """Nothing dropped without a line saying so."""
    bare, study, spine, outlines = scene(named)
    l3 = bare.levels["L3"]
    wanted = dict.fromkeys((f.id for f in l3.findings.values() if f.state.value == "present"), outlines["L3-1"])
    findings = {k: replace(f, evidence=Evidence(series_uids=(CT,))) for k, f in l3.findings.items()}
    extra = {f"{k}x{n}": replace(f, id=f"{f.id}x{n}") for n in range(4) for k, f in findings.items() if f.id in wanted}
    wanted |= {f.id: outlines["L3-1"] for f in extra.values()}
    more = replace(bare, levels={**bare.levels, "L3": replace(l3, findings={**findings, **extra})})
    made = pictures.take(more, study, spine, wanted)
    most = table("windows")["pictures"]["most_per_level"]["value"]
    assert sum(p.level_id == "L3" for p in made.pictures) == most
    assert any("not shown" in w and "L3" in w for w in made.warnings)


def test_lesions_of_another_series_are_not_drawn_on_this_one(named):
    """T1 and STIR may share a grid; each shows its own candidates."""
    bare, study, spine, outlines = scene(named)
    foreign = replace(bare, lesions=(replace(bare.lesions[0], series_uid="9.9"),))
    with_own = pictures.take(bare, study, spine, outlines)
    without = pictures.take(foreign, study, spine, {"L3-1": outlines["L3-1"]})
    picked = [next(p for p in a.pictures if p.level_id == "L3" and p.plane == "axial") for a in (with_own, without)]
    assert picked[0].image != picked[1].image


def test_an_outline_of_another_series_is_not_drawn_here(named):
    bare, study, spine, _ = scene(named)
    other = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4))
    wrong = {"L3-01": Region.from_mask("x", np.ones((4, 4, 4), bool), other)}
    assert not [p for p in pictures.take(bare, study, spine, wrong).pictures if p.finding_id == "L3-01"]


def test_bodies_on_another_grid_are_brought_to_the_image(named):
    """The mask moves, the image never does."""
    bare, study, spine, outlines = scene(named)
    coarse = Grid(shape_ijk=(45, 40, 140), affine_lps_mm=np.diag([2.0, 2.0, 2.0, 1.0]) + np.array(
        [[0, 0, 0, -44.5], [0, 0, 0, -39.5], [0, 0, 0, -140.0], [0, 0, 0, 0]]))  # fmt: skip
    moved = []
    for v in spine.vertebrae:
        mask = v.regions["body"].full_mask()[::2, ::2]
        moved.append(replace(v, regions={"body": Region.from_mask("body", mask, coarse)}))
    made = pictures.take(bare, study, Spine(vertebrae=tuple(moved), grid=coarse), outlines)
    assert len(made.pictures) == 7
    assert made.pictures[0].image != made.pictures[0].plain


def test_a_study_without_vertebrae_has_no_pictures(named, empty):
    _, study, _, _ = scene(named)
    assert pictures.take(empty, study, Spine(vertebrae=()), {}).pictures == ()


def test_real_ct_with_labels(named, shared_data):
    """A real torso CT: bodies, lumbar lordosis, 3 mm cubes; the outline lies on bone."""
    import nibabel as nib

    folder = shared_data / "ct-torso-ts-labelled"
    image, labels = nib.load(folder / "ct.nii.gz"), nib.load(folder / "labels_bodies_verse.nii.gz")
    grid = Grid(shape_ijk=image.shape, affine_lps_mm=np.diag([-1, -1, 1, 1]) @ image.affine)
    volume = Volume(array=np.asarray(image.dataobj), grid=grid, quantity="attenuation", unit="[hnsf'U]", series_uid=CT)
    integers = np.asarray(labels.dataobj)
    names = {19: "T12", 20: "L1", 21: "L2", 22: "L3", 23: "L4", 24: "L5"}
    spine = Spine(grid=grid, vertebrae=tuple(
        Vertebra(level=Level(name=name, position=n, of=6, method="label map"), frame=None,
                 regions={"body": Region.from_mask("body", integers == number, grid)})
        for n, (number, name) in enumerate(names.items(), start=1)))  # fmt: skip
    series = Series(uid=CT, number=4, label="ct", acquisition=Acquisition(modality="CT"), load=lambda: volume, grid=grid,
                    recognition=Recognition(kind="ct"))  # fmt: skip
    study = Study(uid="1", patient=PatientFacts(), series=(series,))
    only = replace(named, pictures=(), levels={k: named.levels[k] for k in ("L2", "L3")}, lesions=())
    made = pictures.take(only, study, spine, {})
    l3 = next(p for p in made.pictures if p.level_id == "L3" and p.plane == "axial")
    centre = spine["L3"].regions["body"].centroid_lps_mm
    assert abs(l3.position_lps_mm[2] - centre[2]) <= 1.6
    middle = pixels(l3.plain)[180:220, 180:220, 0]
    edge = pixels(l3.plain)[40:80, 60:100, 0]
    assert middle.mean() > edge.mean()
