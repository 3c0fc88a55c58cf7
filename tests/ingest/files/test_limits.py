"""Limits are "checked before allocation (rows * cols * frames claims vs file size)"; values in a table, mark E."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.files import limits as bounds
from spinemets.knowledge.catalogue import table

MB = bounds.MB


def test_every_limit_has_value_unit_mark_and_reason():
    """Cut-offs and tuned numbers are not in code."""
    for name, row in table("reading_limits").items():
        assert set(row) == {"value", "unit", "mark", "about"} and row["mark"] == "E", name
    assert bounds.load().max_files > 10_000


@pytest.mark.parametrize(
    ("frame", "n", "stored", "compressed", "word"),
    [
        (512 * 512 * 2, 1, 512 * 512 * 2, False, None),
        (512 * 512 * 2, 1, 512 * 512 * 2 - 1, False, "cut off"),
        (512 * 512 * 2, 2, 512 * 512 * 2, False, "cut off"),
        (0, 1, 100, False, "no image size"),
        (100, 0, 100, True, "no image size"),
        (600 * MB, 1, 600 * MB, True, "limit"),
        (100 * MB, 200, MB, True, "limit"),
        (MB, 100, 1000, True, "compressed bytes"),
        (512 * 512 * 2, 1, 3500, True, None),
        (100, 1, -5, False, "holds 0"),
        (1, 20_001, 20_001, False, "images in one file"),
    ],
)
def test_claims(frame, n, stored, compressed, word):
    """A claim that cannot be true says why."""
    refusal = bounds.refuse_claim(frame, n, stored, compressed=compressed)
    assert refusal is None if word is None else word in refusal


def test_unpacking():
    """Small files may shrink as much as they like; large ones not."""
    assert bounds.refuse_unpacking(10 * MB, 1) is None
    assert "times" in (bounds.refuse_unpacking(300 * MB, MB) or "")
    assert bounds.refuse_unpacking(2000 * MB, 500 * MB) is None
    assert "MB" in (bounds.refuse_unpacking(10**12, 10**11) or "")


@pytest.mark.parametrize(
    ("steps", "origin", "word"),
    [
        ((0.3, 0.3, 1.0), (-250.0, -250.0, 1500.0), None),
        ((0.05, 0.05, 20.0), (0.0, 0.0, -1800.0), None),
        ((1.0, 1.0, 1.0), (np.nan, 0.0, 0.0), "not a finite number"),
        ((1.0, np.inf, 1.0), (0.0, 0.0, 0.0), "not a finite number"),
        ((1.0, 1.0, 1e300), (0.0, 0.0, 0.0), "from the origin"),
        ((1.0, 1.0, 1.0), (0.0, -2e6, 0.0), "from the origin"),
        ((1e-30, 1.0, 1.0), (0.0, 0.0, 0.0), "nm apart"),
        ((0.0, 1.0, 1.0), (0.0, 0.0, 0.0), "nm apart"),
    ],
)
def test_places(steps, origin, word):
    """Grids of every real scanner pass; absurd steps and positions do not, before anything is computed with them."""
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = origin
    refusal = bounds.refuse_place(affine, (512, 512, 300))
    assert refusal is None if word is None else word in (refusal or "")


def test_axes_in_one_plane():
    """Three directions that span no space, however long the steps; an oblique and a sheared grid pass."""
    affine = np.eye(4)
    affine[:3, 2] = affine[:3, 0] + affine[:3, 1]
    assert "one plane" in (bounds.refuse_place(affine, (4, 4, 4)) or "")
    affine[:3, 2] = (0.3, -0.2, 0.9)
    assert bounds.refuse_place(affine, (4, 4, 4)) is None


def test_volumes_of_one_series():
    """A dynamic series of a spine passes, a file whose every pixel is a volume does not."""
    assert bounds.refuse_volumes(1321) is None
    assert "more than the limit of 4096" in (bounds.refuse_volumes(20_000) or "")
