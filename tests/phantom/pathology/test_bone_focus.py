"""Foci in ribs and sacrum."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.labels import lesion_labels
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.bone_focus import BoneFocus, _along
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.tissue.tissues import tissue
from tests.phantom.region_block import region_block

RIB = BoneFocus(id="rib", bone="rib_T8_left", at=0.4, radius_mm=8.0)
SACRAL = BoneFocus(id="sacral", bone="sacrum", at=(-30.0, -8.0, -8.0), radius_mm=9.0)


@pytest.fixture(scope="module")
def patient():
    """A rib of the left side and the right wing of the sacrum."""
    return phantom.build(Case(name="foci", about="-", foci=(RIB, SACRAL), series=("ct",)), 1)


def test_truth_names_side_and_height(patient):
    """The rib's focus lies to the left, the sacral one to the right and below L5; both are counted after the vertebrae's."""
    rib, sacral = patient.truth["soft_lesions"]
    middle = patient.anatomy.frames["L5"].origin
    assert [row["kind"] for row in (rib, sacral)] == ["bone_focus"] * 2
    assert rib["centroid_lps_mm"][0] > middle[0] + 50
    assert sacral["centroid_lps_mm"][0] < middle[0] - 15
    assert sacral["level"] == "L5"
    assert sacral["centroid_lps_mm"][2] < middle[2]
    assert [row["label"] for row in (rib, sacral)] == [1, 2]


def test_volume_is_the_part_of_the_ball_inside_the_bone(patient):
    """A slow count of points inside both, at another step."""
    for row, focus, region in zip(
        patient.truth["soft_lesions"], (RIB, SACRAL), patient.anatomy.soft_lesions, strict=True
    ):
        block = region_block(region, 0.4)
        bone = (
            patient.anatomy.sacrum
            if focus.bone == "sacrum"
            else next(b for b in patient.anatomy.other_bone if b.name == focus.bone)
        )
        x, y, z = (np.broadcast_to(axis, block.shape) for axis in block.axes)
        low, high = (np.array(c) for c in region.box)
        cx, cy, cz = (low + high) / 2
        ball = (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < focus.radius_mm**2
        inside = ball & (np.broadcast_to(bone.distance(block), block.shape) < 0)
        assert row["volume_mm3"] == pytest.approx(inside.sum() * 0.4**3, rel=0.02)
        assert row["volume_mm3"] < 4 / 3 * np.pi * focus.radius_mm**3


@pytest.mark.parametrize("number", [0, 1])
def test_it_is_painted_and_labelled_where_it_is(patient, number):
    """CT and T1 deep inside are those of the tissue; the label map holds its number there, and outside the bone nothing."""
    region = patient.anatomy.soft_lesions[number]
    block = region_block(region, 1.0)
    inside = np.broadcast_to(region.distance(block), block.shape) < -1.5
    assert inside.sum() >= 8
    hu, t1 = paint(patient.anatomy, block, CtContrast(), MrContrast(default("t1")))[:2]
    assert np.median(hu[inside]) == pytest.approx(CtContrast().tissue(tissue("blastic_tumour"))[0], abs=2)
    assert np.median(t1[inside]) == pytest.approx(
        MrContrast(default("t1")).tissue(tissue("blastic_tumour"))[0], rel=0.02
    )
    labels = lesion_labels(patient.anatomy, Grid(shape_ijk=block.shape, affine_lps_mm=block.affine))
    assert (labels[inside] == number + 1).all()
    assert (labels[np.broadcast_to(region.distance(block), block.shape) > 1.0] == 0).all()


def test_a_place_along_bars():
    """Half of the way along bars of 10 and 30 mm lies 10 mm into the second; ends are ends."""
    bars = [((0, 0, 0), (10, 0, 0)), ((10, 0, 0), (10, 30, 0))]
    rods = tuple(Rod(start=a, end=b, across=(0, 0, 1), half_mm=((2, 2), (2, 2))) for a, b in bars)
    assert _along(rods, 0.5) == pytest.approx([10, 10, 0])
    assert _along(rods, 0.0) == pytest.approx([0, 0, 0])
    assert _along(rods, 1.0) == pytest.approx([10, 30, 0])


@pytest.mark.parametrize(
    ("focus", "words"),
    [
        (BoneFocus(id="x", bone="rib_T13_left", at=0.5, radius_mm=5.0), "no bone 'rib_T13_left'"),
        (BoneFocus(id="x", bone="sacrum", at=0.5, radius_mm=5.0), "three millimetres"),
        (BoneFocus(id="x", bone="rib_T6_left", at=(0.0, 0.0, 0.0), radius_mm=5.0), "a share of the way"),
        (BoneFocus(id="x", bone="skull", at=0.5, radius_mm=5.0), "not made of bars"),
        (BoneFocus(id="x", bone="sacrum", at=(0.0, 80.0, 0.0), radius_mm=5.0), "outside the bone"),
    ],
)
def test_what_cannot_be_placed_is_refused(focus, words):
    """One line that says why."""
    with pytest.raises(UsageError, match=words):
        phantom.build(Case(name="foci", about="-", foci=(focus,)), 1).anatomy  # noqa: B018
