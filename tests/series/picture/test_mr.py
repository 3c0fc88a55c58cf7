"""Fat under the skin: bright where it is, nothing claimed where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.picture.mr import fat_ratio
from spinemets.series.picture.slices import Picture
from spinemets.series.picture.table import picture_table

RULE = picture_table().fat


def back(fat: float, pixel_mm: float = 0.8, air: bool = True) -> Picture:
    """Air, 8 mm of fat under the skin, muscle below; a sagittal back that reaches both ends of the picture."""
    rows, columns = np.indices((int(200 / pixel_mm),) * 2) * pixel_mm
    depth = 150 - columns if air else 300 - columns
    values = np.where(depth < 0, 4.0, np.where(depth < 8, fat, 100.0))
    values += np.abs(np.random.default_rng(4).normal(0, 3, values.shape)) + 0 * rows
    return Picture(values=values.astype(np.float32), spacing_mm=(pixel_mm, pixel_mm), plane="sagittal")


@pytest.mark.parametrize("pixel_mm", [0.5, 0.8, 1.3])
def test_bright_fat(pixel_mm):
    """Fat three times as bright as muscle is found at any pixel size."""
    assert fat_ratio(back(300, pixel_mm), RULE) > RULE.bright_min


@pytest.mark.parametrize("fat", [20, 60, 110, 150])
def test_fat_that_is_not_clearly_bright(fat):
    """Suppressed fat, and fat about as bright as muscle: no claim."""
    ratio = fat_ratio(back(fat), RULE)
    assert ratio is None or ratio < RULE.bright_min


def test_no_skin_in_the_picture():
    """A crop without air, and nothing at all, say nothing."""
    assert fat_ratio(back(300, air=False), RULE) is None
    empty = Picture(values=np.zeros((100, 100), np.float32), spacing_mm=(1.0, 1.0), plane="sagittal")
    assert fat_ratio(empty, RULE) is None
