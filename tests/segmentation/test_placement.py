"""Where labels lie in the study."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spinemets.model.errors import LabelSchemeError
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.segmentation.placement import lattice, overlaps, place

ROTATION = np.array([[0.8, -0.6, 0, 5.0], [0.6, 0.8, 0, -3.0], [0, 0, 1, 40.0], [0, 0, 0, 1]])
SERIES = Grid(shape_ijk=(9, 8, 7), affine_lps_mm=ROTATION @ np.diag([1.5, 2.0, 3.0, 1.0]), frame_of_reference_uid="1.5")


def labels_on(grid: Grid, index=((1, 1, 1), (2, 1, 3))) -> Segmentation:
    mask = np.zeros(grid.shape_ijk, bool)
    for i, j, k in index:
        mask[i, j, k] = True
    part = Part(structure="vertebra", level="L1", region=Region.from_mask("L1", mask, grid))
    return Segmentation(grid=grid, parts=(part,), scheme="verse", naming="stated", body_only=False, source="x.nii.gz")


def positions(labels: Segmentation) -> set[tuple[float, ...]]:
    points = labels.grid.to_lps_mm(labels.parts[0].region.indices)
    return {tuple(np.round(p, 6).tolist()) for p in points}


def reordered(grid: Grid, axes, flips, start=(0, 0, 0), stop=None) -> Grid:
    """The same voxels (or a block of them) with permuted and reversed axes."""
    stop = grid.shape_ijk if stop is None else stop
    matrix, origin = np.eye(4), np.zeros(3)
    shape = [stop[a] - start[a] for a in axes]
    for new, (old, flip) in enumerate(zip(axes, flips, strict=True)):
        matrix[:3, new] = grid.affine_lps_mm[:3, old] * (-1 if flip else 1)
        origin[old] = stop[old] - 1 if flip else start[old]
    matrix[:3, 3] = grid.to_lps_mm(origin)
    return Grid(shape_ijk=tuple(shape), affine_lps_mm=matrix, frame_of_reference_uid=grid.frame_of_reference_uid)


def test_equal_grid_gets_the_series(make_study):
    placed = place(labels_on(SERIES), make_study(SERIES))
    assert placed.series_uid == "1.2.1"
    assert placed.parts[0].region.grid is SERIES


def test_a_measurable_series_is_preferred(make_study):
    assert place(labels_on(SERIES), make_study(SERIES, SERIES, refused=True)).series_uid == "1.2.2"


@pytest.mark.parametrize(
    ("axes", "flips"), list(itertools.product(itertools.permutations(range(3)), itertools.product((0, 1), repeat=3)))
)
def test_every_axis_order_is_the_same_place(make_study, axes, flips):
    """A map in another axis order lands on the series voxel by voxel, whatever the order."""
    labels = labels_on(reordered(SERIES, axes, flips))
    placed = place(labels, make_study(SERIES))
    assert placed.series_uid == "1.2.1"
    assert placed.grid == SERIES
    assert positions(placed) == positions(labels)


def test_fewer_slices(make_study):
    """A SEG leaves out empty frames: its block of slices lands where it belongs."""
    labels = labels_on(reordered(SERIES, (2, 1, 0), (1, 0, 0), start=(1, 2, 3), stop=(6, 7, 7)))
    placed = place(labels, make_study(SERIES))
    assert placed.series_uid == "1.2.1"
    assert positions(placed) == positions(labels)


def test_larger_than_the_series_keeps_its_own_grid(make_study):
    bigger = Grid(shape_ijk=(20, 8, 7), affine_lps_mm=SERIES.affine_lps_mm)
    inside = place(labels_on(bigger), make_study(SERIES))
    assert inside.series_uid == "1.2.1"
    outside = place(labels_on(bigger, index=((1, 1, 1), (15, 1, 1))), make_study(SERIES))
    assert outside.series_uid is None
    assert outside.grid is bigger


def test_own_grid_that_overlaps(make_study):
    """'one whose grid equals none is kept with its own grid if it overlaps some series physically'."""
    shifted = np.array(SERIES.affine_lps_mm)
    shifted[:3, 3] += [0.4, 0.3, 0.2]
    labels = labels_on(Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=shifted))
    placed = place(labels, make_study(SERIES))
    assert placed is labels
    assert placed.series_uid is None


def test_no_overlap_is_refused(make_study):
    """'does not overlap any series'."""
    far = np.array(SERIES.affine_lps_mm)
    far[2, 3] += 300
    with pytest.raises(LabelSchemeError, match="does not overlap any series") as caught:
        place(labels_on(Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=far)), make_study(SERIES))
    assert "series 1: 9 x 8 x 7 voxels" in caught.value.what


def test_another_frame_of_reference_is_no_overlap(make_study):
    other = Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=SERIES.affine_lps_mm, frame_of_reference_uid="9.9")
    assert lattice(other, SERIES) is None
    assert not overlaps(labels_on(other), SERIES)
    with pytest.raises(LabelSchemeError):
        place(labels_on(other), make_study(SERIES))


def test_grids_that_overlap_where_no_label_is(make_study):
    """Boxes that meet are not enough: some labelled voxel must lie in the series."""
    half = np.array(SERIES.affine_lps_mm)
    half[:3, 3] = SERIES.to_lps_mm([0.5, 0, 4.5])
    labels = labels_on(Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=half), index=((1, 1, 6),))
    assert not overlaps(labels, SERIES)


def test_other_spacing_is_no_lattice():
    finer = Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=SERIES.affine_lps_mm @ np.diag([0.5, 1, 1, 1]))
    assert lattice(finer, SERIES) is None
    tilted = np.array(SERIES.affine_lps_mm)
    tilted[2, 0] += 1.0
    assert lattice(Grid(shape_ijk=SERIES.shape_ijk, affine_lps_mm=tilted), SERIES) is None


def test_no_image_to_compare_with(make_study):
    placed = place(labels_on(SERIES), make_study())
    assert placed.series_uid is None
    assert "no image volume" in placed.warnings[-1]


def test_wrong_origin_of_a_real_file(shared_data, make_study):
    """The torso labels do not lie on the copy of its upper part that carries a wrong origin voxel by voxel in place."""
    import nibabel as nib

    from spinemets.segmentation.label_map import read
    from spinemets.segmentation.options import LabelFile

    folder = shared_data / "ct-torso-ts-labelled"
    image = nib.load(folder / "ct.nii.gz")
    grid = Grid(shape_ijk=image.shape, affine_lps_mm=np.diag([-1, -1, 1, 1]) @ image.affine)
    file = LabelFile(path=folder / "labels_vertebrae.nii.gz", scheme="totalsegmentator_total_v2")
    (labels,) = read([file], make_study(grid))
    assert labels.series_uid == "1.2.1"
