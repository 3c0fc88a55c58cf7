"""Label maps are samples of the same functions as the images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets import phantom
from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.labels import DISC_OFFSET, label_names
from spinemets.phantom.pathology.measure import held
from spinemets.phantom.shape.block import Block


@pytest.fixture(scope="module")
def on_ct(first_light):
    """Labels on the CT grid."""
    grid = first_light.grid(default("ct"))
    return grid, first_light.labels(grid)


def test_scheme(on_ct):
    """VerSe numbers T10 = 17 to L5 = 24, a tip of T9, sacrum 26, discs 100 more; int16."""
    _, labels = on_ct
    assert labels.dtype == np.int16
    expected = {0, *range(16, 25), 26, *range(117, 125)}
    assert set(np.unique(labels)) == expected


def test_names():
    """Every integer has a name, discs by the vertebra above."""
    names = label_names()
    assert names[verse_id("L3")] == "L3"
    assert names[26] == "sacrum"
    assert names[DISC_OFFSET + verse_id("L5")] == "disc_below_L5"
    assert DISC_OFFSET + 26 not in names


def test_order_head_to_feet(on_ct):
    """Centroids descend with the level."""
    grid, labels = on_ct
    z = [grid.to_lps_mm(np.argwhere(labels == n).mean(axis=0))[2] for n in range(17, 25)]
    assert all(np.diff(z) < 0)


def test_every_vertebra_is_one_piece(on_ct):
    """At the CT's resolution whole vertebrae hang together."""
    _, labels = on_ct
    boxes = ndimage.find_objects(np.where(labels < 100, labels, 0))
    for n in range(18, 25):
        inside = labels[boxes[n - 1]] == n
        parts, count = ndimage.label(inside, np.ones((3, 3, 3)))
        sizes = ndimage.sum_labels(inside, parts, range(1, count + 1))
        assert max(sizes) / sum(sizes) > 0.99, n


@pytest.mark.parametrize("level", ["T12", "L1", "L3"])
def test_label_heights_within_two_percent(first_light, cube, level):
    """Acceptance of PHA section 2: heights from labels within 2 % of the truth, also of the collapsed body."""
    frame, size = first_light.anatomy.frames[level], first_light.anatomy.sizes[level]
    # A grid along the vertebra's own axes: columns along s can be counted.
    step = 0.25
    shape = (60, 140, 200)
    affine = np.eye(4)
    for column, axis in enumerate((frame.left, frame.anterior, frame.superior)):
        affine[:3, column] = axis * step
    affine[:3, 3] = frame.lps(*(-(n - 1) / 2 * step for n in shape))
    labels = first_light.labels(Grid(shape_ijk=shape, affine_lps_mm=affine))
    counted = step * (labels == verse_id(level)).sum(axis=2)
    truth = next(lv for lv in first_light.truth["levels"] if lv["name"] == level)["heights_mm"]
    a = (np.arange(shape[1]) - (shape[1] - 1) / 2) * step / (size.mean_depth / 2)
    middle = np.median(counted[:, np.abs(a) < 1 / 6])
    front = np.median(counted[:, (a > 2 / 3) & (a < 0.92)])
    assert middle == pytest.approx(truth["middle"], rel=0.02)
    assert front == pytest.approx(truth["anterior"], rel=0.025)


def test_label_volume_equals_the_function(first_light, cube):
    """A finer map converges to the same volume: 1 mm and 0.5 mm agree within 1 %."""
    vertebra = first_light.anatomy.vertebra("L3")
    low, high = (np.asarray(c) for c in vertebra.box)
    volumes = []
    for step in (1.0, 0.5):
        grid = cube((low + high) / 2, (high - low) / 2, step)
        volumes.append(np.count_nonzero(first_light.labels(grid) == 22) * grid.voxel_volume_mm3)
    assert volumes[0] == pytest.approx(volumes[1], rel=0.01)


def test_image_and_labels_agree(first_light, clean_ct, on_ct):
    """Truth first: bone in the image lies where the label says (PHA-01)."""
    _, labels = on_ct
    bone = np.isin(labels, range(18, 25))
    dense = clean_ct.array > 350
    near = ndimage.binary_dilation(labels > 0, iterations=2)
    spine = near & (np.abs(np.arange(labels.shape[0]) - labels.shape[0] / 2) < 30)[:, None, None]
    outside = dense & spine & ~ndimage.binary_dilation(bone | (labels == 26) | (labels == 17), iterations=1)
    assert outside.sum() / (dense & spine).sum() < 0.02


def test_lesion_labels(first_light, cube):
    """Lesions are numbered in the order of the truth, inside the bone."""
    grid = cube(first_light.anatomy.frames["L2"].origin, 25, 1.0)
    lesions = first_light.lesion_labels(grid)
    assert set(np.unique(lesions)) == {0, 1}
    centroid = grid.to_lps_mm(np.argwhere(lesions == 1).mean(axis=0))
    assert centroid == pytest.approx(first_light.truth["lesions"][0]["centroid_lps_mm"], abs=0.2)
    assert (first_light.labels(grid)[lesions == 1] == verse_id("L2")).all()


# A grain, a body replaced by a share, a wall: every other case is held to its truth by the contract test.
@pytest.mark.parametrize("case", ["ct-mixed", pytest.param("fig05", marks=pytest.mark.slow), "cortex-frac-superior"])
def test_lesion_volume_from_a_fine_map(case, cube):
    """Acceptance of PHA section 5: from the 0.5 mm label map within 1 % of the truth, for lesions of 500 mm3 and more.

    Of a whole bone the truth is that of its body, times the share that is replaced.
    """
    patient = phantom.build(case, 1)
    for number, truth in enumerate(patient.truth["lesions"], start=1):
        if truth["volume_mm3"] < 500:
            continue
        insert, vertebra = patient.anatomy.inserts[number - 1], patient.anatomy.vertebra(truth["level"])
        centre, reach = insert.region.box
        # Off the lesion's centre, as a map of a whole patient is: a symmetric sampling of a ball errs more.
        grid = cube(vertebra.frame.lps(*centre) + np.array([0.13, 0.21, 0.07]), reach + 1.0, 0.5)
        inside = patient.lesion_labels(grid) == number
        if insert.whole:
            inside &= vertebra.bone(Block.of_grid(grid)).body < 0
        volume = np.count_nonzero(inside) * grid.voxel_volume_mm3 * truth["share"]
        assert volume == pytest.approx(truth["volume_mm3"], rel=0.01), truth["id"]


def test_later_lesions_win(cube):
    """Where two overlap, the label is that of the later one."""
    patient = phantom.build("mim-discitis", 1)
    oedema, erosion = patient.anatomy.inserts[:2]
    vertebra = patient.anatomy.vertebra("L3")
    grid = cube(vertebra.frame.lps(0.0, 0.0, -10.0), 12, 1.0)
    bone = vertebra.bone(Block.of_grid(grid))
    both = held(oedema, bone) & held(erosion, bone)
    assert both.sum() > 50
    assert set(np.unique(patient.lesion_labels(grid)[both])) == {2}


def test_no_lesion_no_label(normal, cube):
    """A patient without lesions has an empty lesion map."""
    assert not normal.lesion_labels(cube(normal.anatomy.frames["L2"].origin, 10, 2.0)).any()
