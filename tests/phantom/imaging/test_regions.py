"""Parts of vertebrae against structures, landmarks and sides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.landmarks import landmarks
from spinemets.phantom.anatomy.levels import verse_id

CODES = table("phantom_anatomy")["regions"]["codes"]


@pytest.fixture(scope="module")
def mapped(first_light, cube):
    """Structures and parts around L2 to L3 at 1 mm."""
    grid = cube(first_light.anatomy.frames["L3"].origin + np.array([0.0, 22.0, 10.0]), (52, 55, 42), 1.0)
    return grid, first_light.labels(grid), first_light.region_labels(grid)


def test_numbers_of_the_published_scheme():
    """Parts that TPTBox names have its integers; every integer stands for one part."""
    assert len(CODES) == len(set(CODES.values()))
    for name, number in (("spinous", 42), ("transverse_left", 43), ("superior_articular_left", 45), ("body", 50)):
        assert CODES[name] == number
    assert CODES["inferior_articular_right"] == 48
    assert CODES["disc"] == 100
    assert set(table("phantom_anatomy")["regions"]["arch"].values()) <= set(CODES)


def test_parts_fill_the_structures(mapped):
    """A voxel has a part of bone or disc exactly where it has a structure, discs only in discs."""
    _, structures, parts = mapped
    in_canal = np.isin(parts, [CODES[name] for name in CANAL])
    assert np.array_equal((parts != 0) & ~in_canal, structures != 0)
    assert np.array_equal(parts == CODES["disc"], structures > 100)


def test_landmarks_lie_in_their_part(first_light, mapped):
    """The map at the landmarks of L3."""
    grid, _, parts = mapped
    vertebra = first_light.anatomy.vertebra("L3")
    found = landmarks(vertebra.frame, vertebra.body, vertebra.arch)
    into = np.linalg.inv(np.asarray(grid.affine_lps_mm))

    def part(point):
        return parts[tuple(np.round(into[:3, :3] @ point + into[:3, 3]).astype(int))]

    for side in ("left", "right"):
        assert part(found[f"pedicle_centre_{side}"]) in {CODES[f"pedicle_{side}"], CODES["cortex"], CODES["body"]}
        assert part(found[f"transverse_tip_{side}"]) == CODES[f"transverse_{side}"]
    assert part(found["spinous_tip"]) == CODES["spinous"]
    assert part(vertebra.frame.lps(0.0, 3.0, 0.0)) == CODES["body"]
    assert part(found["canal_centre"]) in {CODES["sac"], CODES["root"]}


def test_sides_and_sizes(first_light, mapped):
    """Each part of L3 is there, on its side; body larger than any other part; left as large as right."""
    grid, structures, parts = mapped
    vertebra = first_light.anatomy.vertebra("L3")
    of_level = np.where(structures == verse_id("L3"), parts, 0)
    count = {name: int((of_level == number).sum()) for name, number in CODES.items()}
    absent = {"sacrum", "coccyx", "atlas", "dens", "disc", *CANAL}
    assert all((n == 0) == (name in absent) for name, n in count.items()), count
    assert max(count, key=count.get) == "body"
    for name, number in CODES.items():
        if name.endswith("_left"):
            assert count[name] == pytest.approx(count[name.replace("left", "right")], rel=0.1, abs=25), name
            index = np.argwhere(of_level == number).mean(axis=0)
            apart = grid.to_lps_mm(index) - vertebra.frame.origin
            assert apart @ vertebra.frame.left > 3.0, name


def test_body_is_one_piece(mapped):
    """The spongy bone of a body hangs together."""
    _, structures, parts = mapped
    body = (structures == verse_id("L3")) & (parts == CODES["body"])
    pieces, n = ndimage.label(body)
    assert np.bincount(pieces.ravel())[1:].max() > 0.99 * body.sum(), n


# --- the canal --------------------------------------------------------------------------------------------------------

CANAL = ("cord", "sac", "root", "epidural_fat", "epidural_veins", "flavum", "posterior_longitudinal", "ganglion")


@pytest.fixture(scope="module")
def in_canal(normal, cube):
    """Function: map of an axial slab around the canal of a level at 0.5 mm, with its grid."""

    def of(level, share):
        size, frame = normal.anatomy.sizes[level], normal.anatomy.frames[level]
        centre = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, share * size.height[2] / 2)
        grid = cube(centre, (24, 16, 1.0), 0.5)
        return grid, normal.region_labels(grid)

    return of


def test_what_lies_where_in_the_canal(in_canal):
    """Cord at T9, roots alone at L3; flavum between laminae, none under one."""
    _, chest = in_canal("T9", 0.0)
    _, waist = in_canal("L3", 0.0)
    _, disc = in_canal("L3", -1.25)
    assert (chest == CODES["cord"]).any()
    assert not (waist == CODES["cord"]).any()
    for found in (chest, waist, disc):
        for name in ("sac", "epidural_fat", "epidural_veins", "posterior_longitudinal"):
            assert (found == CODES[name]).any(), name
    assert (disc == CODES["flavum"]).sum() > 5 * (waist == CODES["flavum"]).sum()


def test_order_from_front_to_back(in_canal):
    """In the midline at L3-L4: disc, ligament, sac, fat, flavum."""
    grid, found = in_canal("L3", -1.25)
    middle = found.shape[0] // 2
    band = found[middle - 3 : middle + 4]
    column = band[3, :, found.shape[2] // 2]
    first = {
        name: int(np.nonzero(band == CODES[name])[1].mean())
        for name in ("disc", "posterior_longitudinal", "sac", "flavum")
    }
    assert sorted(first, key=first.get) == ["disc", "posterior_longitudinal", "sac", "flavum"]
    behind_sac = column[first["sac"] : first["flavum"]]
    assert (behind_sac == CODES["epidural_fat"]).any()
    assert grid.to_lps_mm(np.array([0.0, 1.0, 0.0]))[1] > grid.to_lps_mm(np.array([0.0, 0.0, 0.0]))[1]


def test_canal_is_the_same_on_both_sides(in_canal):
    """Counts to the left and to the right of the midline."""
    _, found = in_canal("L3", -1.25)
    half = found.shape[0] // 2
    for name in ("sac", "epidural_fat", "flavum"):
        low, high = (int((side == CODES[name]).sum()) for side in (found[:half], found[half + 1 :]))
        assert low == pytest.approx(high, rel=0.15, abs=12), name


def test_ganglia_in_the_map(normal, cube):
    """Those of L3 stand where its roots leave: on both sides, below its pedicles."""
    rods = {side: normal.anatomy.lining.ganglia["L3", side] for side in ("left", "right")}
    for rod in rods.values():
        centre = (np.array(rod.start) + np.array(rod.end)) / 2
        found = normal.region_labels(cube(centre, 4.0, 1.0))
        assert found[found.shape[0] // 2, found.shape[1] // 2, found.shape[2] // 2] == CODES["ganglion"]
        assert (found == CODES["ganglion"]).sum() > 60
    assert rods["left"].start[0] > rods["right"].start[0]


def test_structures_know_no_canal(in_canal, normal):
    """The map of structures holds bone and discs only; the canal's parts lie outside them."""
    grid, found = in_canal("L3", 0.0)
    structures = normal.labels(grid)
    assert not structures[np.isin(found, [CODES[name] for name in CANAL])].any()
