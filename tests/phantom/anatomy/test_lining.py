"""What lines the canal: where it touches bone, what it keeps clear of, its sides and levels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.shape.block import Block

LUMBAR = ("L1", "L2", "L3", "L4")
ROW = table("phantom_anatomy")["lining"]


def _behind(anatomy, level, share):
    """LPS point in the middle of the canal at a share of the half height of a body (1 upper edge)."""
    size, frame = anatomy.sizes[level], anatomy.frames[level]
    return frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, share * size.height[2] / 2)


@pytest.fixture(scope="module")
def section(normal):
    """Function: block of an axial plane, 0.2 mm, at a level and share of its half height."""

    def of(level, share, half_mm=14.0, step=0.2):
        x, y, z = _behind(normal.anatomy, level, share)
        n = int(2 * half_mm / step) + 1
        affine = np.eye(4)
        affine[:3, :3] = step * np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])
        affine[:3, 3] = (x - half_mm, y - half_mm, z)
        return Block(affine=affine, start=(0, 0, 0), shape=(n, 1, n), reach_mm=step)

    return of


def _inside(distance, block):
    return np.broadcast_to(distance < 0, block.shape)[:, 0, :]


def _vertebra(anatomy, level, points):
    """Distance of LPS points to the bone of a level."""
    found = []
    for point in points:
        affine = np.eye(4)
        affine[:3, 3] = point
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.2)
        found.append(float(anatomy.vertebra(level).bone(block).outer[0, 0, 0]))
    return np.array(found)


@pytest.mark.parametrize("upper", [*LUMBAR, "T6", "C4"])
@pytest.mark.parametrize("side", list(SIDES))
def test_flavum_touches_both_laminae(normal, upper, side):
    """Its upper and its lower edge lie in the bone of the two levels it joins, its middle in neither."""
    anatomy = normal.anatomy
    names = tuple(anatomy.sizes)
    lower = names[names.index(upper) + 1]
    rod = anatomy.lining.flava[upper, side]
    up = rod.directions[1] * np.sign(rod.directions[1] @ anatomy.frames[upper].superior)
    start, half = np.array(rod.start), rod.half_mm[0][0]
    assert _vertebra(anatomy, upper, [start + 0.95 * half * up])[0] < 0.5
    assert _vertebra(anatomy, lower, [start - 0.95 * half * up])[0] < 0.5
    if upper in LUMBAR:
        assert min(_vertebra(anatomy, level, [start])[0] for level in (upper, lower)) > 1.0


def test_flavum_is_a_pair(normal):
    """Each level has a left and a right half, mirror images that meet in the midline."""
    anatomy = normal.anatomy
    names = tuple(anatomy.sizes)
    assert set(anatomy.lining.flava) == {(a, side) for a, _ in pairwise(names) for side in SIDES}
    for upper in LUMBAR:
        frame = anatomy.frames[upper]
        left, right = (anatomy.lining.flava[upper, side] for side in ("left", "right"))
        assert left.start == right.start
        across = [(np.array(r.end) - frame.origin) @ frame.left for r in (left, right)]
        assert across[0] == pytest.approx(-across[1], abs=1e-6)
        assert across[0] > 8


@pytest.mark.parametrize(("upper", "region"), [("C4", "cervical"), ("T6", "thoracic"), ("L3", "lumbar")])
def test_flavum_has_its_thickness(normal, upper, region):
    """Across its plate: the sourced 3.5 mm in the lumbar spine, less above."""
    rod = normal.anatomy.lining.flava[upper, "left"]
    middle = (np.array(rod.start) + np.array(rod.end)) / 2
    affine = np.eye(4)
    affine[:3, 0] = 0.05 * rod.directions[2]
    affine[:3, 3] = middle - 5 * rod.directions[2]
    block = Block(affine=affine, start=(0, 0, 0), shape=(201, 1, 1), reach_mm=0.05)
    assert 0.05 * (rod.distance(block) < 0).sum() == pytest.approx(ROW["flavum_mm"][region], abs=0.15)


@pytest.mark.parametrize("level", ["C5", "T7", "L3"])
@pytest.mark.parametrize("share", [0.0, -0.9])
def test_nothing_lies_in_the_sac(normal, section, level, share):
    """Ligaments, veins and flava keep clear of the sac and its dura."""
    anatomy, block = normal.anatomy, section(level, share)
    lining = anatomy.lining
    sac, dura = (_inside(d, block) for d in (anatomy.canal.sac(block), lining.dura(block)))
    assert (sac & ~dura).sum() == 0
    assert dura.sum() > sac.sum()
    found = [lining.longitudinal(block), lining.septum(block), lining.veins(block)]
    found += [lining.flavum(rod, block) for rod in lining.flava.values()]
    for distance in found:
        assert not (_inside(distance, block) & dura).any()


def test_dura_has_its_thickness(normal, section):
    """0.4 mm around the sac: area of the shell over the sac's outline."""
    block = section("L3", 0.0)
    sac, dura = (
        _inside(d, block).sum() * 0.04 for d in (normal.anatomy.canal.sac(block), normal.anatomy.lining.dura(block))
    )
    outline = np.sqrt(4 * np.pi * sac)
    assert (dura - sac) / outline == pytest.approx(table("phantom_anatomy")["neural"]["dura_mm"], abs=0.06)


@pytest.mark.parametrize("level", ["T7", "L2", "L4"])
def test_longitudinal_ligament_lies_between_bone_and_sac(normal, section, level):
    """In the midline: behind the back wall, in front of the sac; broad behind the disc, narrow behind the body."""
    anatomy = normal.anatomy
    widths = {}
    for name, share in (("body", 0.0), ("disc", -1.15)):
        block = section(level, share)
        ligament = _inside(anatomy.lining.longitudinal(block), block)
        sac = _inside(anatomy.canal.sac(block), block)
        middle = len(ligament) // 2
        v = np.flatnonzero(ligament[middle])
        assert v.size
        assert v.max() < np.flatnonzero(sac[middle]).min()
        assert 0.2 * v.size <= ROW["pll"]["thickness_mm"] + 0.2
        widths[name] = 0.2 * ligament.any(axis=1).sum()
    assert widths["body"] == pytest.approx(2 * ROW["pll"]["half_width_mm"][0], abs=0.6)
    assert widths["disc"] > 1.5 * widths["body"]


def test_septum_ties_the_ligament_to_the_body(normal, section):
    """In the midline behind the body, not behind the disc; half a millimetre thin."""
    lining = normal.anatomy.lining
    block = section("L3", 0.0)
    septum = _inside(lining.septum(block), block)
    assert 0.2 * septum.any(axis=1).sum() <= 2 * ROW["septum"]["half_mm"] + 0.2
    assert septum.any()
    across = np.broadcast_to(normal.anatomy.canal.across(block)[0], block.shape)[:, 0, :]
    assert np.abs(across[septum]).max() < 0.5
    disc = section("L3", -1.2)
    assert not _inside(lining.septum(disc), disc).any()


def test_veins_run_on_both_sides(normal, section):
    """A pair behind each disc, joined behind the middle of each body, in front of the middle of the sac."""
    from scipy import ndimage

    lining = normal.anatomy.lining
    counts = {}
    for name, share in (("middle", 0.0), ("quarter", 0.5), ("disc", -1.2)):
        block = section("L3", share)
        veins = _inside(lining.veins(block), block)
        u, v, _ = (np.broadcast_to(a, block.shape)[:, 0, :] for a in normal.anatomy.canal.across(block))
        assert np.all(v[veins] < -2)
        assert u[veins].max() == pytest.approx(-u[veins].min(), abs=0.4)
        counts[name] = ndimage.label(veins)[1]
        in_the_middle = veins & (np.abs(u) < 2)
        assert in_the_middle.any() == (name == "middle")
    assert counts["quarter"] == counts["disc"] == 2


def test_dorsal_fat(normal, section):
    """Lumbar: a triangle of about 5 mm between the sac and the flava; thoracic less, cervical none."""
    anatomy = normal.anatomy
    assert not any(level.startswith("C") for level in anatomy.lining.pads)
    for level, least, most in (("L3", 3.0, 6.5), ("T7", 1.5, 6.0)):
        gap_share = -1.25 if level == "L3" else -1.0
        block = section(level, gap_share)
        sac = _inside(anatomy.canal.sac(block), block)
        middle = len(sac) // 2
        pad = _inside(np.minimum(anatomy.canal.fat(block), anatomy.lining.pads[level].distance(block)), block)[middle]
        for side in SIDES:
            pad = pad & ~_inside(anatomy.lining.flava[level, side].distance(block), block)[middle]
        deepest = np.flatnonzero(sac[middle]).max()
        assert least < 0.2 * pad[deepest + 1 :].sum() < most


@pytest.mark.parametrize("level", ["T8", "L2", "L4"])
@pytest.mark.parametrize(("side", "sign"), [("left", 1.0), ("right", -1.0)])
def test_ganglion_lies_in_its_foramen(normal, level, side, sign):
    """Under its own pedicle, above that of the level below, on its own side, outside all bone."""
    anatomy = normal.anatomy
    names = tuple(anatomy.sizes)
    below = names[names.index(level) + 1]
    rod = anatomy.lining.ganglia[level, side]
    middle = (np.array(rod.start) + np.array(rod.end)) / 2
    frame = anatomy.frames[level]
    assert ((middle - frame.origin) @ frame.left) * sign > anatomy.sizes[level].canal[1] / 2
    own, next_one = (
        np.mean(
            [
                anatomy.vertebra(n).arch.rods[f"pedicle_{side}"][0].start,
                anatomy.vertebra(n).arch.rods[f"pedicle_{side}"][0].end,
            ],
            axis=0,
        )
        for n in (level, below)
    )
    assert next_one @ frame.superior < middle @ frame.superior < own @ frame.superior
    assert np.linalg.norm(middle - own) < np.linalg.norm(middle - next_one)
    assert min(_vertebra(anatomy, n, [middle])[0] for n in (level, below)) > 0.5


def test_ganglia_have_their_sizes(normal):
    """Width, and length with the rounded ends, of the table; wider than the root that carries them."""
    for level, region in (("T8", "thoracic"), ("L4", "lumbar")):
        width, length = table("phantom_anatomy")["ganglion_mm"][region]
        rod = normal.anatomy.lining.ganglia[level, "left"]
        assert 2 * rod.half_mm[0][0] == width > table("phantom_anatomy")["neural"]["exiting_root_diameter_mm"]
        reach = np.linalg.norm(np.subtract(rod.end, rod.start)) + width
        assert 0.75 * length < reach <= length + 0.01


def test_follows_a_pushed_sac():
    """With a mass in the canal the lining keeps clear of the sac as it then is, which gives the veins of that side up to the mass."""
    anatomy = phantom.build("epi-escc-2", 1).anatomy
    assert anatomy.lining.canal is anatomy.canal
    z = anatomy.site.z(("T6", 0.0))
    affine = np.diag([0.25, 0.25, 0.25, 1.0])
    x, y, _ = anatomy.frames["T6"].origin
    affine[:3, 3] = (x - 16.0, y + 4.0, z)
    block = Block(affine=affine, start=(0, 0, 0), shape=(128, 128, 1), reach_mm=0.25)
    sac, expected = (f(block) < 0 for f in (anatomy.canal.sac, anatomy.canal.expected_sac))
    assert np.count_nonzero(expected) > np.count_nonzero(sac)
    for distance in (anatomy.lining.longitudinal(block), anatomy.lining.veins(block)):
        assert not ((distance < 0) & sac).any()


def test_same_patient_same_lining():
    """The same numbers each time."""
    one, two = (phantom.build("normal", 7).anatomy.lining for _ in range(2))
    assert np.array_equal(one.vein_beside.values, two.vein_beside.values)
    assert all(one.flava[key].start == two.flava[key].start for key in one.flava)
    assert all(one.ganglia[key].end == two.ganglia[key].end for key in one.ganglia)


def test_supraspinous_ligament_joins_the_tips(normal):
    """From T1 to the last level of the table, behind the middle of each tip at the surface of its bone; none in the neck."""
    anatomy = normal.anatomy
    rods = anatomy.lining.supraspinous
    last = ROW["supraspinous_mm"]["last"]
    assert next(iter(rods)) == "T1"
    assert "C7" not in rods
    assert last not in rods
    assert "L3" in rods
    for upper in ("T5", "L2", "L3"):
        frame = anatomy.frames[upper]
        knob = anatomy.vertebra(upper).arch.rods["spinous"][-1]
        start = np.array(rods[upper].start)
        assert (start - np.array(knob.end)) @ frame.anterior < 0
        assert abs((start - frame.origin) @ frame.left) < 1e-6
        assert -1.5 < _vertebra(anatomy, upper, [start])[0] < 2.5
    for upper, lower in pairwise(list(rods)):
        assert rods[upper].end == rods[lower].start
