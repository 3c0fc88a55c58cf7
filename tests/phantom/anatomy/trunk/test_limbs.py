"""Shoulders, arms, thighs."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.trunk.limbs import flesh, shoulder_bones


def ends(h):
    """Lowest and highest point of all flesh of arms."""
    boxes = np.array([layers[0].box for layers in flesh(h) if "arm" in layers[0].name])
    return boxes[:, 0, 2].min(), boxes[:, 1, 2].max()


def test_arms_above_or_beside(someone):
    """Above they reach over the head, beside down to the hips, and only there."""
    above, beside = someone(arms="above"), someone(arms="beside")
    low, high = ends(above)
    assert low > above.z("T7") and high > above.z("C2") + 150
    low, high = ends(beside)
    assert low < beside.z("S1") and high < beside.z("C5") + 40


def test_arms_elsewhere_are_refused(someone):
    """One line that says what there is."""
    with pytest.raises(UsageError, match="arms 'crossed': choose above or beside"):
        ends(someone(arms="crossed"))


def test_layers_are_nested(person, around):
    """Muscle in fat in skin."""
    for skin, fat, muscle in flesh(person)[:3]:
        block = around(skin.box, 8.0)
        outer, middle, inner = (np.asarray(s.distance(block)) < 0 for s in (skin, fat, muscle))
        assert inner.sum() > 50
        assert not (inner & ~middle).any() and not (middle & ~outer).any()


def test_bones_lie_in_flesh(person, held, at):
    """Humeri in the muscle of the arms."""
    muscles = {layers[2].name: layers[2] for layers in flesh(person)}
    for side in ("left", "right"):
        points = held(f"humerus_shaft_{side}", 6.0)
        assert at(muscles[f"body_wall_arm_{side}"], points[::4]).max() < 0


def test_bones_of_both_shoulders(person):
    """Clavicle, scapula, humerus with its shaft, radius and ulna on each side, shafts with thick cortex."""
    bones = {bone.name: bone for bone in shoulder_bones(person)}
    assert len(bones) == 12
    assert bones["humerus_shaft_left"].shell_mm > 2
    left, right = (np.array(bones[f"clavicle_{side}"].box) for side in ("left", "right"))
    middle = float(person.midline.at(np.asarray(left[:, 2].mean())))
    assert left[1, 0] - middle == pytest.approx(middle - right[0, 0], abs=1.5)


def test_scapulae_lie_behind_the_ribs(held, first_light, at):
    """No point of a blade in a rib."""
    points = held("scapula_left", 3.0)
    for bone in first_light.anatomy.other_bone:
        if bone.name in {f"rib_T{n}_left" for n in (3, 4, 5, 6)}:
            low, high = (np.asarray(c) for c in bone.box)
            near = points[((points > low) & (points < high)).all(axis=1)]
            if len(near):
                assert at(bone, near[::2]).min() > -0.5, bone.name


def test_fat_of_the_limbs_grows_with_weight(someone):
    """Skin of the heavy lies farther out."""
    slim, heavy = (flesh(someone(weight_kg=w))[2][0].box for w in (50.0, 95.0))
    assert heavy[1][0] > slim[1][0]
