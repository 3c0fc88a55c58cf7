"""Bone: cortex around marrow, and what replaces parts of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, Painted, inside
from spinemets.phantom.imaging.painting.degenerative import benign_layers
from spinemets.phantom.imaging.painting.fractures import fracture_layers
from spinemets.phantom.imaging.painting.lesions import Layer, lesion
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.shape.narrow import narrowed


def other_bones(canvas: Canvas, anatomy: Anatomy) -> None:
    """Ribs, pelvis and what else is not of the column."""
    for bone, (place, part) in canvas.met(anatomy.other_bone):
        near = narrowed(part, bone.distance)
        if near is not None:
            _plain_bone(canvas, anatomy, (inside(place, near[0]), near[1]), bone.distance(near[1]), bone.shell_mm)


def sacrum(canvas: Canvas, anatomy: Anatomy) -> None:
    """Sacrum, with what is left of its first disc, and coccyx."""
    found = canvas.block.within(anatomy.sacrum.box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.sacrum.distance(found[1]))
    found = canvas.block.within(anatomy.sacrum.coccyx_box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.sacrum.coccyx_distance(found[1]))
    remnant = anatomy.sacrum.remnant
    found = canvas.block.within(remnant.box)
    if found is not None:
        canvas.cover(found, "annulus", remnant.distance(found[1]))


def atlas(canvas: Canvas, anatomy: Anatomy) -> None:
    """The ring of C1."""
    found = canvas.block.within(anatomy.atlas.box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.atlas.distance(found[1]))


def vertebra_with_lesions(canvas: Canvas, anatomy: Anatomy, vertebra: Vertebra, where: tuple[Found, Bone]) -> None:
    """One vertebra with its lesions."""
    (_, part), bone = where
    host = anatomy.hosts[vertebra.level]
    layers = [_vein(canvas, vertebra, where), *fracture_layers(canvas, anatomy, vertebra, part)]
    layers += benign_layers(canvas, anatomy, vertebra, part)
    for insert in anatomy.inserts:
        if insert.level == vertebra.level:
            layers += lesion(canvas, insert, (bone, part.reach_mm), (host, anatomy.fields))
    _bone(canvas, anatomy, where, vertebra, layers)


def _bone(
    canvas: Canvas, anatomy: Anatomy, where: tuple[Found, Bone], vertebra: Vertebra | None, layers: Sequence[Layer]
) -> None:
    """Bone: cortex around its level's marrow (that of L5 outside the column), with its layers."""
    (_, part), bone = where
    palette, host = canvas.palette, anatomy.hosts["L5" if vertebra is None else vertebra.level]
    outer, inner = (coverage(np.broadcast_to(d, part.shape), part.reach_mm) for d in (bone.outer, bone.inner))
    shares = np.empty((len(layers), *part.shape), np.float32)
    for number, layer in enumerate(layers):
        shares[number] = layer.share
    marrow = palette.spongy(host, host.mineral_mg_per_ml)
    painted = Painted(
        structure=anatomy.texture,
        vertebra=vertebra,
        in_shell=np.array([layer.in_shell for layer in layers], bool),
        mixtures=np.stack([palette.plain("cortical_bone"), marrow, *(layer.mixture for layer in layers)]),
    )
    canvas.shell(where[0], bone, (outer, inner, shares), painted)


def _plain_bone(canvas: Canvas, anatomy: Anatomy, found: Found, distance: Array, shell_mm: float | None = None) -> None:
    """Bone without lesions: cortex, as thick as that of the sacrum unless stated, over the host marrow of L5."""
    thickness = np.float32(table("phantom_anatomy")["shell_mm"]["sacrum"] if shell_mm is None else shell_mm)
    bone = Bone(outer=distance, inner=distance + thickness, local=found[1].axes, body=distance)
    _bone(canvas, anatomy, (found, bone), None, ())


def _vein(canvas: Canvas, vertebra: Vertebra, where: tuple[Found, Bone]) -> Layer:
    """Basivertebral vein: a funnel through the middle of the back wall."""
    rows = table("phantom_anatomy")["basivertebral"]
    (_, part), bone = where
    share = np.zeros(part.shape, np.float32)
    near = part.within(vertebra.body_box)
    if near is not None:
        l, a, s = (np.broadcast_to(axis, part.shape)[near[0]] for axis in bone.local)  # noqa: E741  # left, anterior, superior
        depth = rows["depth_share"] * vertebra.body.size.mean_depth
        behind = a + np.float32(vertebra.body.size.mean_depth / 2)
        norm = np.sqrt((l / np.float32(rows["width_mm"] / 2)) ** 2 + (s / np.float32(rows["height_mm"] / 2)) ** 2)
        funnel = np.clip(np.float32(1.0) - norm - behind / np.float32(depth), 0.0, 0.4) / np.float32(0.4)
        share[near[0]] = np.where(behind > -4, funnel, 0.0)
    return Layer(share=share, mixture=canvas.palette.plain("basivertebral"), in_shell=True)
