"""Where the spine lies in a large image ("coarse locate, then the spine's own region")."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation.network import inference, locating
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.locating import spine_box
from spinemets.segmentation.network.sampling import DIRECTIONS, lattice_of
from spinemets.segmentation.network.segmenter import seen


def around(column, wide: int = 6):
    """The column's scores in every sixth slice of an image so many times as wide, and the whole image's lattice."""
    scores = column.scores
    n_i, n_j, n_k = column.shape
    affine = np.eye(4)
    affine[:3, :3] = DIRECTIONS * np.array(column.spacing)
    grid = Grid(shape_ijk=(n_i * wide, n_j, n_k), affine_lps_mm=affine)
    lattice = lattice_of(grid, column.spacing)
    coarse = lattice.coarser_across(4)
    shares = np.zeros((len(column.card.classes), *coarse.shape), np.uint8)
    shares[0] = 255
    core, offset = np.zeros(coarse.shape, np.uint8), np.zeros((2, *coarse.shape), np.float32)
    middle = coarse.shape[0] // 2
    for place in range(6):
        shares[:, middle + place] = scores.shares[:, 4 * place]
        core[middle + place] = scores.core[4 * place]
        offset[:, middle + place] = scores.offset_mm[:, 4 * place]
    return Scores(lattice=coarse, shares=shares, core=core, offset_mm=offset), lattice


def test_the_box_holds_the_column_and_its_margins(column, card):
    coarse, lattice = around(column)
    box = spine_box(coarse, card, lattice)
    assert box.shape[0] < lattice.shape[0]
    middle = coarse.lattice.shape[0] // 2
    body = coarse.lattice.grid.to_lps_mm([[middle + 1, 10, 20], [middle + 4, 174, 49]])
    inside = box.grid.to_ijk(body)
    aside = locating.ASIDE_MM / lattice.spacing_mm[0]
    assert inside[:, 0].min() >= aside - 5 and inside[:, 0].max() <= box.shape[0] - aside + 5
    assert (inside >= 0).all() and (inside <= np.array(box.shape) - 1).all()


def test_no_column_no_box(column, card):
    coarse, lattice = around(column)
    nothing = Scores(
        lattice=coarse.lattice, shares=np.zeros_like(coarse.shares), core=coarse.core * 0, offset_mm=coarse.offset_mm
    )
    assert spine_box(nothing, card, lattice) is None


def test_below_a_sacrum_the_box_reaches_farther(drawn, card):
    """The coccyx lies 130 mm below the first body of the sacrum."""
    drawn.shape = (24, 400, 110)
    drawn.__post_init__()
    drawn.canal()
    drawn.body(10)
    drawn.body(45)
    plain, lattice = around(drawn)
    without = spine_box(plain, card, lattice)
    drawn.box("sacral_body", (4, 80, 20), (20, 100, 50), core=True)
    with_it = spine_box(around(drawn)[0], card, lattice)
    assert with_it.axes[1].number - without.axes[1].number == pytest.approx(30 + 130 - 60, abs=3)


def test_no_spine_in_view(card, engine, image):
    """'No spine in view: says so, invents nothing'."""
    array, grid = image((100, 200, 150), (4.0, 2.0, 2.0), (0, 0, 0), (1, 1, 1))
    assert seen(array, grid, (card, engine), ct=False) is None


def test_a_large_image_is_searched_and_only_its_spine_labelled(card, engine, image):
    array, grid = image((100, 200, 150), (4.0, 2.0, 2.0), (45, 60, 80), (56, 110, 100))
    scores = seen(array, grid, (card, engine), ct=False)
    lattice = inference.whole_lattice(grid, card)
    assert scores.lattice.shape < lattice.shape
    inside = scores.lattice.grid.to_ijk(grid.to_lps_mm(np.array([[45, 60, 80], [55, 109, 99]])))
    assert (inside >= 0).all() and (inside <= np.array(scores.lattice.shape) - 1).all()
