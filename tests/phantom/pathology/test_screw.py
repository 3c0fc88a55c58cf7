"""Pedicle screws: where they run."""

from __future__ import annotations

import numpy as np

from spinemets import phantom
from spinemets.phantom.shape.block import Block


def test_screws_pass_through_the_pedicles():
    """Screws start behind the pedicle, end inside the body, converge, and stay in bone on the way."""
    anatomy = phantom.build("hw-ct", 1).anatomy
    vertebra = anatomy.vertebra("L3")
    rod = anatomy.metal[0]
    along = np.linspace(0.15, 0.85, 30)
    for t in along:
        point = np.asarray(rod.start) * (1 - t) + np.asarray(rod.end) * t
        affine = np.eye(4)
        affine[:3, 3] = point
        bone = vertebra.bone(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=1.0))
        assert bone.outer.item() < 0
    assert abs(rod.end[0] - anatomy.frames["L3"].origin[0]) < abs(rod.start[0] - anatomy.frames["L3"].origin[0])
