"""The field of a patient."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk import Soft
from spinemets.phantom.training import field as fields
from spinemets.phantom.training.field import field_of


def test_the_same_name_gives_the_same_field(healthy, field):
    """Voxel for voxel; another name another patient."""
    again = field_of(healthy, 3, "patient")
    assert np.array_equal(again.tissues, field.tissues)
    assert np.array_equal(again.where, field.where)
    assert not np.array_equal(again.affine, field_of(healthy, 3, "another").affine)


def test_tissues_fit_their_parts(field):
    """Sac holds CSF and roots, cord cord, marrow spongy bone, where voxels hold one tissue."""
    names = [m.tissue.name for m in field.materials]
    most = field.mixtures[field.tissues & 0x7FFF]
    pure = most[..., 2] == 0
    classes = field.parts.classes[field.where & 0x7F]
    for code, wanted in ((1, {"spongiosa", "basivertebral"}), (5, {"csf", "nerve_root"})):
        found = {names[c] for c in np.unique(most[..., 0][pure & (classes == code)])}
        assert found
        assert len(found - wanted) <= 1, found
        share = np.isin(most[..., 0][classes == code], [n for n, name in enumerate(names) if name in wanted]).mean()
        assert share > 0.9


def test_centres_lie_in_their_bodies(field):
    """Every body that the field holds, by its instance."""
    inverse = np.linalg.inv(field.affine)
    held = 0
    for instance, centre in field.bodies.items():
        index = np.round(inverse[:3, :3] @ centre + inverse[:3, 3]).astype(int)
        if ((index >= 0) & (index < field.where.shape)).all():
            part = field.where[tuple(index)] & 0x7F
            assert field.parts.instances[part] == instance
            held += 1
    assert held >= 2


def test_air_lies_behind_the_back(field):
    """The field ends in air at the back, and holds none at its middle."""
    names = [m.tissue.name for m in field.materials]
    first = field.mixtures[field.tissues & 0x7FFF][..., 0]
    middle = first.shape[0] // 2
    assert (first[middle, -3:] == names.index("gas")).mean() > 0.9
    assert (first[middle, first.shape[1] // 2] == names.index("gas")).mean() < 0.3


def test_a_structure_new_to_the_anatomy_is_picked_up(healthy, monkeypatch):
    """Soft structures and bones that the anatomy gains come out without change here."""
    plain = fields.assemble
    spots = []

    def with_more(case, seed, **how):
        from dataclasses import replace

        from spinemets.phantom.anatomy.trunk.structures import bone_of
        from spinemets.phantom.shape.distance import Rod

        found = plain(case, seed, **how)
        # Beside the vertebra, in front: 34 mm to the left and to the right of the line of the bodies.
        centre = next(f.origin for f in found.frames.values() if abs(f.origin[2] - 110) < 40)
        spots.append(centre)
        ball = Soft(
            name="new", tissue="liver",
            distance=lambda b: np.sqrt(sum((a - np.float32(c)) ** 2 for a, c in zip(b.axes, centre + np.array([34, 0, 0]), strict=True))) - 7,
        )  # fmt: skip
        ends = [tuple((centre + np.array([-34, 0, dz])).tolist()) for dz in (-6, 6)]
        rod = Rod(start=ends[0], end=ends[1], across=(1.0, 0.0, 0.0), half_mm=((5.0, 5.0), (5.0, 5.0)))
        return replace(found, soft=(*found.soft, ball), other_bone=(*found.other_bone, bone_of("new", (rod,))))

    monkeypatch.setattr(fields, "assemble", with_more)
    for name in ("a", "b", "c", "d", "e", "f"):
        made = field_of(healthy, 8, name)
        low, high = made.affine[:3, 3] + 8, made.affine[:3, 3] + np.diag(made.affine)[:3] * made.where.shape - 8
        if all(low[2] < s < high[2] for s in (spots[-1][2],)):
            break
    names = [m.tissue.name for m in made.materials]

    def at(offset):
        index = np.round(np.linalg.inv(made.affine) @ [*(spots[-1] + offset), 1.0])[:3].astype(int)
        return names[made.mixtures[made.tissues[tuple(index)] & 0x7FFF][0]]

    assert at([34, 0, 0]) == "liver"
    assert at([-34, 0, 0]) in ("spongiosa", "cortical_bone")
