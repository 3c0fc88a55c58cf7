"""Organs: sides, sizes, places."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.organs import directions, gut, organs


def side_of(held, person, name):
    """Mean place left of the midline."""
    points = held(name, 4.0)
    return float((points[:, 0] - person.midline.at(points[:, 2])).mean())


def test_situs(held, person):
    """Liver, gallbladder and caecum right; spleen, stomach and descending colon left; the apex of the heart left and low."""
    for name in ("liver", "gallbladder", "ascending", "kidney_right", "atrium_right"):
        assert side_of(held, person, name) < -15, name
    for name in ("spleen", "stomach", "descending", "kidney_left", "heart"):
        assert side_of(held, person, name) > 10, name
    heart = held("heart", 4.0)
    left = heart[np.argsort(heart[:, 0])[-200:]].mean(axis=0)
    assert left[2] < heart[:, 2].mean() and left[1] < heart[:, 1].mean()


def test_right_kidney_is_the_lower_one_and_both_have_their_length(held):
    """110 mm (morphometry), the right one lower."""
    found = {side: held(f"kidney_{side}", 2.0) for side in ("left", "right")}
    assert found["right"][:, 2].mean() < found["left"][:, 2].mean() - 5
    for points in found.values():
        centred = points - points.mean(axis=0)
        along = centred @ np.linalg.svd(centred[::7], full_matrices=False)[2][0]
        assert np.ptp(along) == pytest.approx(110, rel=0.10)


def test_liver_has_its_length(held):
    """150 mm from dome to tip (morphometry), within 12 %."""
    assert np.ptp(held("liver", 4.0)[:, 2]) == pytest.approx(150, rel=0.12)


@pytest.mark.parametrize("name", ["liver", "spleen", "kidney_left", "kidney_right", "heart", "stomach", "pancreas"])
def test_organs_keep_clear_of_the_spine(first_light, held, name):
    """No organ in the bone of a vertebra."""
    points = held(name, 4.0)
    for vertebra in first_light.anatomy.vertebrae:
        low, high = (np.asarray(c) for c in vertebra.box)
        for place in points[((points > low) & (points < high)).all(axis=1)][::25]:
            assert vertebra.bone(_block(place)).outer.ravel()[0] > 0, vertebra.level


def _block(place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


@pytest.mark.parametrize("name", ["liver", "spleen", "stomach", "ascending", "transverse", "small_bowel_0"])
def test_organs_stay_inside_ribs_and_wall(held, body, name):
    """What ribs and wall enclose holds all of them."""
    for place in held(name, 5.0)[::40]:
        assert body.cavity.section(_block(place)).ravel()[0] < 0


def test_each_row_becomes_one_organ(person):
    """In the order of the table, in its tissue."""
    rows = table("phantom_trunk")["organs"]
    assert [(s.name, s.tissue) for s in organs(person)] == [(name, row["tissue"]) for name, row in rows.items()]


def test_gut_is_drawn_by_seed(person):
    """The same seed gives the same loops, another one others; gas lies in some."""
    first, again, other = (gut(person, seed) for seed in (1, 1, 2))
    assert [s.box for s in first] == [s.box for s in again]
    assert [s.box for s in first] != [s.box for s in other]
    assert any(s.tissue == "gas" for s in first)
    assert {s.tissue for s in first} == {"bowel", "stool", "chyme", "gas"}


def test_gas_lies_in_front_in_the_gut(held):
    """The patient lies on the back: gas rises to the front of the filling."""
    gas, filling = held("transverse_gas", 2.0), held("transverse_filling", 2.0)
    assert gas[:, 1].mean() < filling[:, 1].mean() - 2


def test_directions_are_rotations():
    """Orthonormal rows; a quarter turn about z brings x to y."""
    axes = directions((20.0, -30.0, 40.0))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert directions((0.0, 0.0, 90.0))[0] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)


# Nothing else cuts these: the table's ellipsoids as they stand.
ROWS = table("phantom_trunk")["organs"]


@pytest.fixture(scope="module")
def made(person):
    """Organs of the demonstration patient as the table has them, by name."""
    return {organ.name: organ for organ in organs(person)}


def volume_ml(organ, around, step):
    """Volume by counting points."""
    block = around(organ.box, step)
    return np.count_nonzero(np.broadcast_to(organ.distance(block) < 0, block.shape)) * step**3 / 1000


@pytest.mark.parametrize("name", ["liver", "spleen", "kidney_left", "kidney_right", "heart", "bladder", "gallbladder"])
def test_volumes_are_those_of_the_table(made, person, around, name):
    """4/3 pi abc of the row's half axes, grown by the patient's size in all three directions, however it is turned."""
    half = np.array(ROWS[name]["half_mm"]) * person.size
    step = float(min(half)) / 8
    assert volume_ml(made[name], around, step) == pytest.approx(4 / 3 * np.pi * np.prod(half) / 1000, rel=0.02)


@pytest.mark.parametrize(
    ("name", "low_ml", "high_ml"),
    [
        ("liver", 1200, 2000),
        ("spleen", 120, 350),
        ("kidney_left", 110, 220),
        ("heart", 350, 800),
        ("bladder", 120, 400),
    ],
)
def test_volumes_are_those_of_people(part, around, name, low_ml, high_ml):
    """As they are painted, as large as adults': both parts of the liver counted once where they overlap."""
    parts = [part(one) for one in (("liver", "liver_left") if name == "liver" else (name,))]
    low = np.min([one.box[0] for one in parts], axis=0)
    high = np.max([one.box[1] for one in parts], axis=0)
    block = around((low, high), 4.0)
    inside = np.any([np.broadcast_to(one.distance(block) < 0, block.shape) for one in parts], axis=0)
    assert low_ml < np.count_nonzero(inside) * 4.0**3 / 1000 < high_ml


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("medulla_left", "kidney_left"), ("medulla_right", "kidney_right"), ("sinus_left", "kidney_left"),
        ("sinus_right", "kidney_right"), ("pelvis_left", "sinus_left"), ("pelvis_right", "sinus_right"),
        ("stomach_filling", "stomach"), ("urine", "bladder"),
    ],
)  # fmt: skip
def test_what_is_inside_stays_inside(made, around, inner, outer):
    """Medulla and sinus in the kidney, filling in the stomach, urine in the bladder: a hundredth at most stands out."""
    block = around(made[inner].box, 1.5)
    inside = np.broadcast_to(made[inner].distance(block) < 0, block.shape)
    out = np.broadcast_to(made[outer].distance(block) > 0, block.shape) & inside
    assert inside.sum() > 100
    assert out.sum() <= 0.01 * inside.sum()


def test_kidneys_are_twins_but_for_their_height(made, around, person):
    """Equal volumes; mirrored about the midline."""
    volumes = [volume_ml(made[f"kidney_{side}"], around, 3.0) for side in ("left", "right")]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.02)
    away = []
    for side in ("left", "right"):
        low, high = (np.asarray(corner) for corner in made[f"kidney_{side}"].box)
        x, _, z = (low + high) / 2
        away.append(float(x - person.midline.at(np.asarray(z))))
    assert away[0] == pytest.approx(-away[1], abs=0.5) and away[0] > 40


def test_organs_grow_with_height_and_not_with_weight(someone):
    """Every box as wide as the size factor says; fat changes nothing inside."""
    tall, short, heavy = someone(height_cm=185.0), someone(height_cm=155.0), someone(height_cm=155.0, weight_kg=95.0)
    factor = tall.size / short.size
    assert factor > 1.08
    for big, small, fat in zip(organs(tall), organs(short), organs(heavy), strict=True):
        # Boxes have 2 mm around them on each side.
        wide = [np.subtract(*reversed(organ.box)) - 4.0 for organ in (big, small, fat)]
        assert wide[0] == pytest.approx(factor * wide[1]), big.name
        assert wide[2] == pytest.approx(wide[1]), big.name


@pytest.mark.parametrize("traits", [{"cobb_deg": 30.0, "apex": "L2"}, {"variant": "l6"}, {"variant": "eleven-ribs"}])
def test_situs_holds_in_other_spines(someone, traits):
    """Curved spines and other numbers of levels keep the liver right and high, the spleen left, the bladder low and middle."""
    h = someone(**traits)
    at = {organ.name: (np.add(*organ.box) / 2) for organ in organs(h)}
    away = {name: float(x - h.midline.at(np.asarray(z))) for name, (x, _, z) in at.items()}
    assert away["liver"] < -40 and away["spleen"] > 40 and abs(away["bladder"]) < 5
    assert away["kidney_left"] > 40 > -40 > away["kidney_right"]
    assert at["heart"][2] > at["liver"][2] > at["kidney_right"][2] > at["bladder"][2]
