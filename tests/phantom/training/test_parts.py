"""Label geometry: against the maps of the digital spine, and by what must hold of any spine."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.imaging.labels import structure_labels
from spinemets.phantom.shape.block import Block
from spinemets.phantom.training.parts import MOST, SACRUM, part_map, parts_of
from spinemets.phantom.training.recipe import recipe_of

LABELS = recipe_of("slab", {"labels": {"disc_rim": {"mm": 0.0}}})["labels"]
CODES = LABELS["codes"]


@pytest.fixture(scope="module")
def mapped(normal, cube):
    """Parts, classes, instances and structures about L5 at 1.5 mm."""
    grid = cube(normal.anatomy.frames["L5"].origin + np.array([0.0, 20.0, 0.0]), (50, 55, 60), 1.5)
    parts = parts_of(normal.anatomy, CODES)
    found = part_map(normal.anatomy, Block.of_grid(grid), parts, LABELS)
    return parts, parts.classes[found], parts.instances[found], structure_labels(normal.anatomy, grid)


def test_numbers_fit_seven_bits_for_every_variant(normal):
    """A part for each class and level, found again by both; none is marked as several."""
    parts = parts_of(normal.anatomy, CODES)
    assert len(parts.classes) == MOST
    number = parts.number(CODES["disc"], 5)
    assert (parts.classes[number], parts.instances[number]) == (CODES["disc"], 5)
    assert parts.names[0] == "C1"
    assert parts.names[-1] == SACRUM


def test_structures_are_those_of_the_label_map(mapped, normal):
    """Vertebrae, sacrum and discs voxel for voxel."""
    parts, classes, instances, structures = mapped
    bone = np.isin(classes, [CODES["body"], CODES["border"], CODES["posterior"]])
    for number, level in enumerate(parts.names[1:-1], start=2):
        assert np.array_equal(bone & (instances == number), structures == verse_id(level)), level
        assert np.array_equal((classes == CODES["disc"]) & (instances == number), structures == 100 + verse_id(level))
    sacrum = instances == parts.names.index(SACRUM) + 1
    assert np.array_equal(sacrum & (classes != CODES["disc"]), np.isin(structures, [26, 27]))


def test_no_disc_beside_a_body(mapped):
    """In the axial cut through the middle of a body there is no disc of its own level around it."""
    parts, classes, instances, _ = mapped
    number = parts.names.index("L4") + 1
    middle = round(np.argwhere((instances == number) & (classes == CODES["body"]))[:, 2].mean())
    disc = (classes == CODES["disc"]) & (instances == number)
    body = (instances == number) & np.isin(classes, [CODES["body"], CODES["border"]])
    assert body[:, :, middle].sum() > 300
    assert not disc[:, :, middle].any()


def test_border_closes_the_body(normal, cube):
    """Marrow of a body touches its border and arch, never disc, canal or background: sampled finer than the border."""
    grid = cube(normal.anatomy.frames["L3"].origin, (32, 28, 12), 1.0)
    parts = parts_of(normal.anatomy, CODES)
    classes = parts.classes[part_map(normal.anatomy, Block.of_grid(grid), parts, LABELS)]
    marrow = classes == CODES["body"]
    around = ndimage.binary_dilation(marrow) & ~marrow
    touched, counts = np.unique(classes[around], return_counts=True)
    stray = counts[~np.isin(touched, [CODES["border"], CODES["posterior"]])].sum()
    assert stray / around.sum() < 0.01
    assert 0.05 < (classes == CODES["border"]).sum() / marrow.sum() < 0.8


def test_canal_lies_behind_the_bodies_in_the_midline(mapped, normal, cube):
    """One piece, no bone in it; the cord, where there is one, lies in it."""
    _, classes, _, _ = mapped
    canal = classes == CODES["canal"]
    pieces, _ = ndimage.label(canal, np.ones((3, 3, 3)))
    assert np.bincount(pieces.ravel())[1:].max() / canal.sum() > 0.98
    grid = cube(normal.anatomy.frames["T10"].origin + np.array([0.0, 22.0, 0.0]), (25, 25, 15), 1.0)
    parts = parts_of(normal.anatomy, CODES)
    high = parts.classes[part_map(normal.anatomy, Block.of_grid(grid), parts, LABELS)]
    cord = high == CODES["cord"]
    around = ndimage.binary_dilation(cord) & ~cord
    around[:, :, [0, -1]] = False
    assert cord.sum() > 500
    assert set(np.unique(high[around])) == {CODES["canal"]}


def test_ribs_are_ribs_and_pelvis_is_nothing(normal):
    """Other bone by its name: beside T10 there are ribs, beside S1 the pelvis alone."""
    parts = parts_of(normal.anatomy, CODES)
    for level, wanted in (("T10", True), ("S1", False)):
        affine = np.eye(4) * 3.0
        affine[:3, 3] = normal.anatomy.frames[level].origin - np.array([120.0, 60.0, 45.0])
        affine[3, 3] = 1.0
        grid = Grid(shape_ijk=(80, 50, 30), affine_lps_mm=affine)
        found = parts.classes[part_map(normal.anatomy, Block.of_grid(grid), parts, LABELS)]
        assert bool((found == CODES["rib"]).any()) == wanted


def test_the_body_of_s1_is_its_own_class(mapped):
    """Below L5, with wings and the rest of the sacrum around it."""
    parts, classes, instances, _ = mapped
    own = classes == CODES["sacral_body"]
    assert own.sum() > 2000
    assert set(np.unique(instances[own])) == {parts.names.index(SACRUM) + 1}
    lowest = np.argwhere((classes == CODES["body"]) & (instances == parts.names.index("L5") + 1))[:, 2].mean()
    assert np.argwhere(own)[:, 2].mean() < lowest - 10
