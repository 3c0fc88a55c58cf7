"""The demonstration patient's trunk on coarse lattices, worked out once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.anatomy.alignment import stack
from spinemets.phantom.anatomy.sizes import sizes
from spinemets.phantom.anatomy.trunk import column
from spinemets.phantom.anatomy.trunk.contour import contours
from spinemets.phantom.anatomy.trunk.habitus import habitus
from spinemets.phantom.shape.block import Block


@pytest.fixture(scope="session")
def person(first_light):
    """Habitus of the demonstration patient."""
    return habitus(first_light.anatomy.column, first_light.anatomy.frames["S1"], first_light.case.patient)


@pytest.fixture(scope="session")
def body(person):
    """Contours of the demonstration patient."""
    return contours(person)


@pytest.fixture(scope="session")
def someone(first_light):
    """Function: habitus of the demonstration patient with other traits."""

    def make(**traits):
        patient = replace(first_light.case.patient, **traits)
        levels = sizes(patient, 1, {})
        frames = stack(levels, patient, 1)
        return habitus(column(levels, frames, patient), frames["S1"], patient)

    return make


@pytest.fixture(scope="session")
def around(cube):
    """Function: points of a box in LPS mm."""

    def make(box, step=3.0):
        low, high = (np.asarray(c, float) for c in box)
        return Block.of_grid(cube((low + high) / 2, (high - low) / 2 + step, step))

    return make


@pytest.fixture(scope="session")
def part(first_light):
    """Function: a structure of the demonstration patient by name."""
    anatomy = first_light.anatomy
    named = {thing.name: thing for thing in (*anatomy.soft, *anatomy.brain, *anatomy.other_bone)}
    return named.__getitem__


@pytest.fixture(scope="session")
def held(around, part):
    """Function: points (n, 3) inside a named structure."""
    found = {}

    def points(name, step=3.0):
        if (name, step) not in found:
            thing = part(name)
            block = around(thing.box, step)
            inside = np.broadcast_to(thing.distance(block) < 0, block.shape)
            found[name, step] = np.stack([np.broadcast_to(a, block.shape)[inside] for a in block.axes], axis=1)
        return found[name, step]

    return points


@pytest.fixture(scope="session")
def at():
    """Function: distances of something at points (n, 3)."""

    def distances(thing, points):
        values = []
        for point in np.atleast_2d(points):
            affine = np.eye(4)
            affine[:3, 3] = point
            block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)
            values.append(float(np.ravel(thing.distance(block))[0]))
        return np.array(values)

    return distances
