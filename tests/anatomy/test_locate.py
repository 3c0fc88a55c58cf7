"""The door of the room: labels -> Spine."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.acquisition import Acquisition
from spinemets.model.region import Region
from spinemets.model.segmentation import Part
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study


def series(uid: str = "1.2", **facts) -> Series:
    def load():
        raise AssertionError("anatomy reads no pixels")

    sides = facts.pop("sides_known", True)
    return Series(uid=uid, number=1, label="series 1", acquisition=Acquisition(**facts), load=load, sides_known=sides)


def study(*members: Series) -> Study:
    return Study(uid="1", patient=PatientFacts(), series=members)


def test_no_labels(locate_all):
    spine = locate_all()
    assert spine.vertebrae == ()
    assert spine.absent is not None
    assert spine.absent[0] == "NA-SEGMENTATION"


def test_labels_without_vertebrae(analytic, locate_all):
    whole = analytic.Builder().segmentation(analytic.column(2))
    part = Part(structure="cord", level=None, region=whole.parts[0].region)
    spine = locate_all(replace(whole, parts=(part,)))
    assert spine.absent is not None
    assert "cord" in spine.others


@pytest.mark.parametrize(("known", "sides"), [(True, ("left", "right")), (False, ("side_a", "side_b"))])
def test_sides_are_named_only_where_known(analytic, known: bool, sides):
    """G-12: no left or right where orientation is not known."""
    labels = replace(analytic.Builder().segmentation(analytic.column(2)), series_uid="1.2")
    spine = locate(study(series(sides_known=known)), (labels,), LevelOptions())
    assert spine.sides == sides
    names = [*spine.vertebrae[0].regions, *spine.vertebrae[0].surfaces, *spine.vertebrae[0].size_mm]
    assert any("left" in n for n in names) is known


def test_left_is_the_patients_left(analytic):
    """A lump on the patient's left (+x in LPS) shows in the regions of the left side."""

    class Lumpy(analytic.Solid):
        def rest(self, p):
            lump = (np.abs(p[..., 0] - 30) < 6) & (np.abs(p[..., 1] + 27) < 5) & (np.abs(p[..., 2] - 2) < 9)
            return super().rest(p) | lump

    labels = replace(analytic.Builder().segmentation(analytic.column(2, solid=Lumpy())), series_uid="1.2")
    regions = locate(study(series()), (labels,), LevelOptions()).vertebrae[0].regions
    assert regions["transverse_left"].n_voxels > 1.3 * regions["transverse_right"].n_voxels


def test_shuffled_labels_change_nothing(analytic, locate_all):
    """Order head -> feet along the spine curve, never by label integer."""
    labels = analytic.Builder().segmentation(analytic.column(4))
    plain = locate_all(labels)
    shuffled = locate_all(replace(labels, parts=labels.parts[::-1]))
    for one, other in zip(plain.vertebrae, shuffled.vertebrae, strict=True):
        assert np.allclose(one.frame.origin_lps_mm, other.frame.origin_lps_mm)
        assert one.level.id == other.level.id
        assert {k: r.n_voxels for k, r in one.regions.items()} == {k: r.n_voxels for k, r in other.regions.items()}


def test_stated_names_are_kept(analytic, locate_all):
    names = ["T11", "T12", "L1"]
    spine = locate_all(analytic.Builder().segmentation(analytic.column(3, names=names)))
    assert [v.level.name for v in spine.vertebrae] == names
    assert spine["T12"].level.position == 2


def test_plain_instances_get_relative_numbers(analytic, locate_all):
    spine = locate_all(analytic.Builder().segmentation(analytic.column(3)))
    assert [v.level.id for v in spine.vertebrae] == ["v01", "v02", "v03"]


def test_a_crop_of_the_grid_changes_nothing(analytic, locate_all):
    """Work on bounding boxes only: the same labels inside a larger image give the same answer."""
    labels = analytic.Builder().segmentation(analytic.column(2))
    grid = labels.grid
    big = grid.crop((-20, -30, -10), tuple(n + 50 for n in grid.shape_ijk))
    parts = tuple(
        replace(
            p,
            region=Region(
                name=p.region.name,
                mask=p.region.mask,
                start_ijk=tuple(s + o for s, o in zip(p.region.start_ijk, (20, 30, 10), strict=True)),
                grid=big,
            ),
        )
        for p in labels.parts
    )
    one, other = locate_all(labels), locate_all(replace(labels, grid=big, parts=parts))
    for first, second in zip(one.vertebrae, other.vertebrae, strict=True):
        assert np.allclose(first.frame.axes, second.frame.axes)
        assert first.size_mm == pytest.approx(second.size_mm)


def test_inputs_are_untouched_and_two_runs_agree(analytic, locate_all):
    labels = analytic.Builder().segmentation(analytic.column(2))
    before = [p.region.mask.copy() for p in labels.parts]
    first, second = locate_all(labels), locate_all(labels)
    assert all(np.array_equal(p.region.mask, b) for p, b in zip(labels.parts, before, strict=True))
    for one, other in zip(first.vertebrae, second.vertebrae, strict=True):
        assert np.array_equal(one.endplates.superior_mm, other.endplates.superior_mm, equal_nan=True)


def test_a_tilted_lowest_body_may_be_the_sacrum(analytic, locate_all):
    """Unnamed lowest body tilted > 35 degrees from the curve's tangent: flag "possible sacrum"."""
    column = analytic.column(4)
    tilt = analytic.rotation(48, 0, 0)
    last = analytic.Placed(column[3].solid, column[3].centre + np.array([0, 9.0, 0]), tilt @ column[3].axes)
    spine = locate_all(analytic.Builder().segmentation([*column[:3], last], body_only=True))
    assert any("possible sacrum" in flag for flag in spine.vertebrae[-1].flags)
    assert spine.vertebrae[-1].size_mm["possible_sacrum_tilt_deg"] == pytest.approx(48.0, abs=3.0)
    straight = locate_all(analytic.Builder().segmentation(column, body_only=True))
    assert not any("possible sacrum" in flag for flag in straight.vertebrae[-1].flags)


def test_a_named_lowest_body_is_not_doubted(analytic, locate_all):
    column = analytic.column(3, names=["L3", "L4", "L5"])
    last = analytic.Placed(column[2].solid, column[2].centre, analytic.rotation(45, 0, 0) @ column[2].axes, "L5")
    spine = locate_all(analytic.Builder().segmentation([*column[:2], last], body_only=True))
    assert not any("possible sacrum" in flag for flag in spine.vertebrae[-1].flags)


def test_a_labelled_canal_gives_anterior_to_bodies(analytic, locate_all):
    """Bodies and a cord label: anterior comes from the cord, not from the patient's position."""
    turn = analytic.rotation(0, 0, 35)
    placed = analytic.column(2, turn=turn)
    labels = analytic.Builder().segmentation(placed, body_only=True)
    index = np.moveaxis(np.indices(labels.grid.shape_ijk), 0, -1)
    local = (labels.grid.to_lps_mm(index) - placed[0].centre) @ placed[0].axes
    tube = np.hypot(local[..., 0], local[..., 1] + 25.0) < 6.0
    cord = Part(structure="cord", level=None, region=Region.from_mask("cord", tube, labels.grid))
    spine = locate_all(replace(labels, parts=(*labels.parts, cord)))
    assert spine.vertebrae[0].frame.anterior @ placed[0].axes[:, 1] > np.cos(np.radians(2.0))


@pytest.mark.slow
def test_speed(analytic, locate_all):
    """8 whole vertebrae at 1 mm located in < 3 s; at 3 mm in < 0.8 s (processor time, one core)."""
    placed = analytic.column(8, turn=analytic.rotation(5, 3, 4))
    for spacing, limit in (((1.0, 1.0, 1.0), 3.0), ((3.0, 3.0, 3.0), 0.8)):
        labels = analytic.Builder(spacing=spacing).segmentation(placed)
        locate_all(labels)
        start = time.process_time()
        locate_all(labels)
        assert time.process_time() - start < limit
