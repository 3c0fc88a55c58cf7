"""Figures of the classical CT method: table `classical_ct`."""

from __future__ import annotations

from functools import cache

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError

Pair = tuple[float, float]


@cache
def load() -> Settings:
    """Settings as the table states them.

    Raises
    ------
    CatalogueError
        If the table is malformed.
    """
    try:
        return msgspec.convert(catalogue.table("classical_ct"), Table).settings
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table classical_ct: {error}") from error


class Row(Strict, frozen=True):
    """One figure."""

    value: int | float | list[int | float]
    unit: str
    about: str


class Settings(Strict, frozen=True):
    """Parameters by name; each is explained, with its unit, in the table."""

    step_mm: float
    bone_hu: float
    ring_mm: float
    ring_directions: int
    front_hu: float
    front_mm: float
    front_box_mm: tuple[float, float, float]
    canal_hu: tuple[float, float, float, float]
    midline_mm: float
    move_cost: float
    canal_least: float
    column_least_mm: float
    smooth_mm: float
    wall_mm: Pair
    body_middle_mm: float
    tilt_deg: Pair
    tilt_cost_hu: float
    thick_mm: float
    half_disc_mm: tuple[int, int]
    disc_gap_mm: tuple[int, int]
    disc_least: float
    disc_least_hu: float
    irregular_cost: float
    outline_mm: Pair
    outline_cost: float
    outline_slab: Pair
    posterior_drop_mm: float
    posterior_mm: Pair
    side_share: float
    side_least_mm: float
    posterior_hu: Pair
    canal_window_mm: float


class Table(Strict, frozen=True):
    """The table as a whole."""

    mark: Mark
    source: str
    values: dict[str, Row]

    @property
    def settings(self) -> Settings:
        """Values by name."""
        return msgspec.convert({name: row.value for name, row in self.values.items()}, Settings)
