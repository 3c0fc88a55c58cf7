"""Typed form of the table `picture_check`."""

from __future__ import annotations

from functools import cache

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError

Pair = tuple[float, float]


class Hounsfield(Strict, frozen=True):
    """When values are no Hounsfield units."""

    air_hu: float
    air_tolerance_hu: float
    air_range_hu: Pair
    air_share_min: float
    air_percentile: float
    tissue_range_hu: Pair
    tissue_share_min: float
    content_share_min: float
    dense_hu: float
    dense_share_max: float


class Texture(Strict, frozen=True):
    """Fine against coarse noise."""

    fine_mm: float
    coarse_mm: float
    tissue_hu: Pair
    erode_mm: float
    pixels_min: int
    side_px: int
    smooth_max: float
    sharp_min: float


class Head(Strict, frozen=True):
    """Brain inside bone."""

    tissue_hu: Pair
    smooth_mm: float
    median_hu: Pair
    bone_hu: float
    bone_reach_mm: float
    bone_share_min: float
    edge_seen_min: float
    area_min_cm2: float
    confidence: float


class Thorax(Strict, frozen=True):
    """Lungs inside the body."""

    air_below_hu: float
    lung_hu: Pair
    area_min_cm2: float
    confidence: float


class Canal(Strict, frozen=True):
    """The hole in a vertebra."""

    bone_hu: float
    close_mm: float
    area_cm2: Pair


class Period(Strict, frozen=True):
    """How often vertebrae of one region repeat."""

    period_mm: Pair
    hits_min: int
    best_min: float
    confidence: float


class Repeat(Strict, frozen=True):
    """How repetition along the spine is looked for."""

    window_mm: float
    step_mm: float
    band_mm: float
    smooth_mm: float
    level_mm: float
    level_share_min: float
    contrast_min: float
    period_mm: tuple[int, int]
    hit_min: float
    share_min: float
    neck: Period
    lumbar: Period


class Fat(Strict, frozen=True):
    """Fat under the skin."""

    skin_mm: Pair
    below_mm: Pair
    border_mm: float
    pixels_min: int
    air_share_min: float
    air_below_share: float
    bright_min: float
    slices_min: int


class PictureTable(Strict, frozen=True):
    """The table `picture_check`."""

    mark: Mark
    source: str
    slices: list[float]
    side_min_px: int
    plane_angle_deg: float
    coarse_px_mm: float
    hounsfield: Hounsfield
    texture: Texture
    head: Head
    thorax: Thorax
    body_above_hu: float
    canal: Canal
    repeat: Repeat
    fat: Fat


@cache
def picture_table() -> PictureTable:
    """Figures of the picture checks.

    Raises
    ------
    CatalogueError
        If the table is malformed.
    """
    try:
        return msgspec.convert(catalogue.table("picture_check"), PictureTable)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table picture_check: {error}") from error
