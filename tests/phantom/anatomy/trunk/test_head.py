"""Head, skull base, brain stem."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.trunk.head import head


@pytest.fixture(scope="module")
def of_patient(first_light, person):
    """Head of the demonstration patient."""
    return head(first_light.anatomy.atlas.frame, person.size, person.fat)


def test_foramen_magnum_opens_over_the_canal(first_light, at, part):
    """No bone of the skull above the ring of C1; the canal goes on into it."""
    frame = first_light.anatomy.atlas.frame
    for up in (14.0, 20.0, 26.0):
        assert at(part("skull"), frame.lps(0.0, -15.0, up))[0] > 5


def test_condyles_stand_over_the_atlas_without_touching_it(first_light, held):
    """The lowest point of each lies above the lateral masses; no point in the ring."""
    ring = first_light.anatomy.atlas
    for side in ("left", "right"):
        points = held(f"condyle_{side}", 1.5)
        up = (points - ring.frame.origin) @ ring.frame.superior
        assert 8 < up.min() < 22
        assert min(_at(ring, p) for p in points[::4]) > 0


def _at(thing, place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return float(np.ravel(thing.distance(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)))[0])


def test_medulla_meets_the_cord(first_light, person, held):
    """Its lower end lies in the thecal sac where that leaves the atlas."""
    points = held("medulla", 1.5)
    low = points[points[:, 2] < points[:, 2].min() + 3].mean(axis=0)
    canal = first_light.anatomy.canal
    assert abs(low[0] - float(canal.x.at(np.asarray(low[2])))) < 4
    assert abs(low[1] - float(canal.y.at(np.asarray(low[2])))) < 8


def test_brain_lies_in_the_skull(held, at, part):
    """No point of brain in bone of the case; about 1.2 to 1.8 litres."""
    points = held("brain_grey", 8.0)
    assert at(part("skull"), points[::7]).min() > -0.5
    assert 1.0 < len(points) * 8.0**3 / 1e6 < 1.9


def test_skin_holds_all_bones(of_patient, body, around):
    """Every bone of the head lies under the skin of head or neck."""
    skin, neck = of_patient.layers[0], body.neck[0]
    for bone in of_patient.bones:
        block = around(bone.box, 5.0)
        inside = np.asarray(bone.distance(block)) < 0
        under = np.minimum(np.asarray(skin.distance(block)), np.asarray(neck.distance(block)))
        assert under[inside].max(initial=-1.0) < 0.5, bone.name


def test_layers_are_nested(of_patient, around):
    """Flesh in fat in skin."""
    block = around(of_patient.layers[0].box, 9.0)
    outer, middle, inner = (np.asarray(s.distance(block)) < 0 for s in of_patient.layers)
    assert inner.sum() > 500
    assert not (inner & ~middle).any() and not (middle & ~outer).any()


def test_face_looks_forwards(held, person):
    """Mandible and air spaces lie before the spine; paired ones on both sides of it."""
    assert held("mandible", 3.0)[:, 1].mean() < person.y("C2") - 30
    left, right = (held(f"sinus_maxillary_{side}", 2.0)[:, 0].mean() for side in ("left", "right"))
    assert left > held("nose_air", 2.0)[:, 0].mean() > right
