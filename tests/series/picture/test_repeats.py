"""Vertebrae that repeat: the height of the vertebrae in a drawn sagittal slice is found, and nothing in noise."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.picture.repeats import hits, region
from spinemets.series.picture.slices import Picture
from spinemets.series.picture.table import picture_table

RULE = picture_table().repeat


def spine(period_mm: float, pixel_mm: float = 0.8, noise: float = 0.05, tilt: float = 0.0, length_mm: float = 260):
    """Bodies (two thirds of a period) and discs along a column of 30 mm in a body of even signal."""
    rows, columns = np.indices((int(length_mm / pixel_mm), int(220 / pixel_mm))) * pixel_mm
    axis = 90 + tilt * (rows - length_mm / 2)
    inside = np.abs(columns - axis) < 15
    disc = (rows % period_mm) > 0.65 * period_mm
    values = np.where(inside, np.where(disc, 40.0, 100.0), 70.0)
    values += np.random.default_rng(2).normal(0, 100 * noise, values.shape)
    return Picture(values=values.astype(np.float32), spacing_mm=(pixel_mm, pixel_mm), plane="sagittal")


def found(*pictures: Picture):
    return region([hit for p in pictures for hit in hits(p, RULE)], RULE)


@pytest.mark.parametrize("period_mm", [14, 15, 16.5])
@pytest.mark.parametrize("pixel_mm", [0.5, 0.8, 1.2])
def test_a_neck(period_mm, pixel_mm):
    """14 to 17 mm from disc to disc: the neck of an adult, at any pixel size."""
    name, sure, said = found(spine(period_mm, pixel_mm))
    assert name == "neck" and sure < 1
    assert float(said.split()[3]) == pytest.approx(period_mm, abs=1)


@pytest.mark.parametrize("period_mm", [32, 34, 36, 38])
def test_a_lumbar_spine(period_mm):
    """32 to 38 mm from disc to disc, over three slices as the check takes them."""
    assert found(spine(period_mm), spine(period_mm, tilt=0.05), spine(period_mm))[0] == "lumbar spine"


@pytest.mark.parametrize("period_mm", [22, 25])
def test_a_thoracic_spine_is_not_named(period_mm):
    """Between neck and lumbar spine nothing is said: their heights overlap between patients."""
    assert found(spine(period_mm), spine(period_mm)) is None


def test_noise_and_even_tissue_do_not_repeat():
    """Neither noise nor a smooth body, nor a slice shorter than the window."""
    even = spine(36, noise=0.0)
    flat = Picture(values=np.full_like(even.values, 70), spacing_mm=even.spacing_mm, plane="sagittal")
    noise = np.random.default_rng(7).normal(100, 30, even.values.shape).astype(np.float32)
    assert found(flat) is None
    assert found(Picture(values=noise, spacing_mm=even.spacing_mm, plane="sagittal")) is None
    assert hits(spine(36, length_mm=80), RULE) == []


def test_two_heights_in_one_slice_are_no_answer():
    """A whole spine shows a neck and a lumbar spine: neither names the field of view."""
    both = [*hits(spine(15), RULE), *hits(spine(36), RULE), *hits(spine(36, tilt=0.05), RULE)]
    short = [h for h in both if h.period_mm < 19 and h.strength > RULE.hit_min]
    long = [h for h in both if h.period_mm > 28 and h.strength > RULE.hit_min]
    n = min(len(short), len(long))
    assert n > 3 and region(short[:n] + long[:n], RULE) is None
