"""The couch."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk.couch import couch


def test_lies_behind_the_back(person, body, around):
    """No part of it in the trunk; its mattress comes within 15 mm of it."""
    made = couch(person, body)
    block = around(body.skin.box, 8.0)
    skin = np.asarray(body.skin.distance(block))
    nearest = 99.0
    for part in made:
        inside = np.broadcast_to(part.distance(block) < 0, block.shape)
        assert not (inside & (skin < -2.0)).any(), part.name
        if inside.any():
            nearest = min(nearest, float(skin[inside].min()))
    assert nearest < 15.0


def test_foam_in_a_shell(person, body, around):
    """The foam of the plate is held by its shell on all sides."""
    mattress, shell, foam = couch(person, body)
    assert (mattress.tissue, shell.tissue, foam.tissue) == ("couch_foam", "couch_shell", "couch_foam")
    (x0, y0, _), (x1, y1, _) = shell.box
    block = around(((x0, y0, 0.0), (x1, y1, 0.0)), 1.0)
    inner, outer = (np.broadcast_to(p.distance(block) < 0, block.shape) for p in (foam, shell))
    assert inner.sum() > 1000
    assert not (inner & ~outer).any()
    assert (outer & ~inner).sum() > 300


def test_couch_is_long_enough_for_every_field(person, body):
    """From below the hips to above the head."""
    (_, _, z0), (_, _, z1) = couch(person, body)[0].box
    assert z0 < person.hip[2] - 400 and z1 > person.z("C2") + 400
