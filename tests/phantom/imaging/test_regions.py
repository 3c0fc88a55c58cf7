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
    """A voxel has a part exactly where it has a structure, discs only in discs."""
    _, structures, parts = mapped
    assert np.array_equal(parts != 0, structures != 0)
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
    assert part(found["canal_centre"]) == 0


def test_sides_and_sizes(first_light, mapped):
    """Each part of L3 is there, on its side; body larger than any other part; left as large as right."""
    grid, structures, parts = mapped
    vertebra = first_light.anatomy.vertebra("L3")
    of_level = np.where(structures == verse_id("L3"), parts, 0)
    count = {name: int((of_level == number).sum()) for name, number in CODES.items()}
    absent = {"sacrum", "coccyx", "atlas", "dens", "disc"}
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
