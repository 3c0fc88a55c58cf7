"""Thumbnails of radiographs."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.files.radiograph_sheet import panels
from spinemets.phantom.files.radiographs import truth
from spinemets.phantom.imaging.acquisition import default

COLOURS = {"name": (0, 0, 255), "lesion": (255, 0, 0), "pedicle": (0, 255, 0)}
HEIGHT_PX = 120


@pytest.fixture(scope="module")
def drawn(first_light):
    """Both panels of a frontal view as arrays."""
    return [np.asarray(panel) for panel in panels(first_light, default("xr_ap"), HEIGHT_PX, COLOURS)]


def test_plain_and_marked_have_one_size(drawn):
    """Height as asked, width by the field; the plain one is grey."""
    plain, marked = drawn
    assert plain.shape == marked.shape == (HEIGHT_PX, round(300 / 420 * HEIGHT_PX), 3)
    assert np.ptp(plain, axis=2).max() == 0
    assert plain.max() == 255
    assert plain.min() == 0


def test_marks_lie_where_the_truth_says(drawn, first_light):
    """Red around both lesions, the lytic one of L2 on the right of the picture; green at the pedicles."""
    _, marked = drawn
    found = truth(first_light, default("xr_ap"))
    red = np.argwhere((marked == (255, 0, 0)).all(axis=2))
    shape = np.array(marked.shape[:2])
    for lesion in found["lesions"]:
        column, row = np.array(lesion["centre_mm"]) / (420 / HEIGHT_PX) + (shape[::-1] - 1) / 2
        assert np.abs(red - (row, column)).sum(axis=1).min() < 6
    assert (marked == (0, 255, 0)).all(axis=2).sum() > 50
    # Letters are drawn with soft edges.
    assert (marked[..., 2].astype(int) - marked[..., 0] > 60).sum() > 50


def test_pedicles_are_ringed_from_the_front_only(first_light):
    """From the side both lie behind one another."""
    _, marked = (np.asarray(panel) for panel in panels(first_light, default("xr_lat"), 60, COLOURS))
    assert not (marked == (0, 255, 0)).all(axis=2).any()
    assert (marked == (255, 0, 0)).all(axis=2).any()
