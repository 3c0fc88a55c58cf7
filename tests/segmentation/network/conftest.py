"""Scores as a perfect network would give them: columns of boxes whose voxels point at their own centres."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation.network.card import Card, card_of
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.sampling import DIRECTIONS, lattice_of


@dataclass
class Drawn:
    """Boxes drawn into scores on a grid of 2 x 1 x 1 mm (left, down, back).

    `classes` are names of the card's classes; offsets point at the middle of the box they belong to.
    """

    card: Card
    shape: tuple[int, int, int] = (24, 220, 110)
    spacing: tuple[float, float, float] = (2.0, 1.0, 1.0)
    names: np.ndarray = field(init=False)
    core: np.ndarray = field(init=False)
    offset: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.names = np.zeros(self.shape, np.uint8)
        self.core = np.zeros(self.shape, np.uint8)
        self.offset = np.zeros((2, *self.shape), np.float32)

    def box(self, name: str, low, high, centre=None, core=False) -> None:
        at = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        self.names[at] = self.card.number(name)
        if core:
            inner = tuple(slice(a + (b - a) // 4, b - (b - a) // 4) for a, b in zip(low, high, strict=True))
            self.core[inner] = 255
        middle = centre if centre is not None else [(a + b - 1) / 2 for a, b in zip(low, high, strict=True)]
        place = np.indices(self.shape)[1:, at[0], at[1], at[2]]
        self.offset[:, at[0], at[1], at[2]] = np.array(middle[1:])[:, None, None, None] - place

    def body(self, top: int, height: int = 25, name: str = "body", back: int = 50, depth: int = 30) -> list[float]:
        """A body with its pedicle and spinous process behind the canal; returns its centre."""
        low, high = (4, top, back - depth), (20, top + height, back)
        centre = [(a + b - 1) / 2 for a, b in zip(low, high, strict=True)]
        self.box(name, low, high, core=True)
        if name == "body":
            self.box("posterior", (4, top + 2, back), (8, top + height // 2, back + 18), centre)
            self.box("posterior", (10, top + 5, back + 18), (14, top + height, back + 45), centre)
        return centre

    def canal(self, back: int = 50) -> None:
        self.box("canal", (9, 0, back + 1), (15, self.shape[1], back + 16))
        self.offset[:, 9:15, :, back + 1 : back + 16] = 0

    @property
    def scores(self) -> Scores:
        grid = Grid(shape_ijk=self.shape, affine_lps_mm=lps(self.spacing))
        lattice = lattice_of(grid, self.spacing)
        shares = np.zeros((len(self.card.classes), *self.shape), np.uint8)
        for n in range(len(self.card.classes)):
            shares[n][self.names == n] = 255
        return Scores(lattice=lattice, shares=shares, core=self.core, offset_mm=self.offset)


def lps(spacing) -> np.ndarray:
    """Affine of an image whose axes run to the left, down and to the back."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]) * np.array(spacing)
    return affine


@pytest.fixture(scope="session")
def card() -> Card:
    """Card of the weights in the package that read MR."""
    return card_of(ct=False)


@pytest.fixture
def drawn(card) -> Drawn:
    """Nothing yet."""
    return Drawn(card=card)


@pytest.fixture
def column(drawn) -> Drawn:
    """Five bodies 35 mm apart on their canal, discs between them."""
    drawn.canal()
    for n in range(5):
        drawn.body(10 + 35 * n)
        if n:
            drawn.box("disc", (4, 35 * n, 20), (20, 10 + 35 * n, 50))
            drawn.offset[:, 4:20, 35 * n : 10 + 35 * n, 20:50] = 0
    return drawn


@dataclass
class Bright:
    """Calls a pixel of the middle slice a body where it is brighter than 2.5 standard deviations."""

    card: object
    runs: list[tuple[int, ...]] = field(default_factory=list)

    def run(self, slabs):
        self.runs.append(slabs.shape)
        middle = slabs[:, slabs.shape[1] // 2]
        scores = np.zeros((len(slabs), len(self.card.classes) + 3, *slabs.shape[2:]), np.float32)
        scores[:, 0] = 6.0
        scores[:, self.card.number("body")] = np.where(middle > 2.5, 12.0, -6.0)
        scores[:, -3] = np.where(middle > 2.5, 4.0, -4.0)
        scores[:, -2], scores[:, -1] = 0.5, -1.0
        return scores


def bright_box(shape, spacing, low, high):
    """A bright box in an image of even noise (no pixel of which is 2 standard deviations bright), its axes to the left, down and to the back."""
    affine = np.eye(4)
    affine[:3, :3] = DIRECTIONS * np.array(spacing)
    array = np.random.default_rng(1).uniform(0, 100, shape).astype(np.float32)
    array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += 400
    return array, Grid(shape_ijk=shape, affine_lps_mm=affine)


@pytest.fixture
def engine(card) -> Bright:
    """An engine that takes bright for bone."""
    return Bright(card)


@pytest.fixture
def image():
    """A bright box in an image of even noise, and its grid."""
    return bright_box
