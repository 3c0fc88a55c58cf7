"""Painting: tissue by tissue, later over earlier, each with the share of the sample it fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk import Soft
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.signals import Channels, Contrast
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.block import Array, Block, Slices
from spinemets.phantom.shape.distance import coverage, union
from spinemets.phantom.tissue.tissues import Tissue, tissue

LIGAMENT_MM = 1.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """Channel images of one block."""

    channels: Array
    block: Block
    contrast: Contrast

    def fill(self, place: Slices, values: Channels | Sequence[Array], share: Array) -> None:
        """Mix a tissue over what is there."""
        for channel, value in zip(self.channels, values, strict=True):
            there = channel[place]
            there += share * (value - there)


def paint(anatomy: Anatomy, block: Block, contrast: Contrast) -> Array:
    """Channel images (channel, i, j, k) of the patient at a block's points, before blur and noise."""
    air = contrast.tissue(tissue("gas"))
    channels = np.empty((contrast.n_channels, *block.shape), np.float32)
    channels[:] = np.asarray(air, np.float32).reshape(-1, 1, 1, 1)
    canvas = Canvas(channels=channels, block=block, contrast=contrast)
    for soft in anatomy.soft:
        _soft(canvas, anatomy, soft)
    _ligaments(canvas, anatomy)
    _roots(canvas, anatomy)
    _canal(canvas, anatomy)
    _discs(canvas, anatomy)
    _other_bone(canvas, anatomy)
    _sacrum(canvas, anatomy)
    for vertebra in anatomy.vertebrae:
        _vertebra(canvas, anatomy, vertebra)
    _metal(canvas, anatomy)
    return channels


def _soft(canvas: Canvas, anatomy: Anatomy, soft: Soft) -> None:
    """One soft structure; muscle carries streaks of fat, fat carries vessels."""
    found = canvas.block.within(soft.box)
    if found is None:
        return
    place, part = found
    share = np.broadcast_to(coverage(soft.distance(part), part.reach_mm), part.shape)
    if not share.any():
        return
    canvas.fill(place, canvas.contrast.tissue(tissue(soft.tissue)), share)
    if soft.marbled:
        streaks = anatomy.fields["marbling"].where(share > 0, part.axes)
        # Streaks start where the field is in its upper half; their mean is about the stated share.
        fat = np.clip(streaks - np.float32(0.6), 0.0, 1.0) * np.float32(4 * soft.marbled)
        canvas.fill(place, canvas.contrast.tissue(tissue(soft.streaks)), share * np.minimum(fat, 0.8))


def _ligaments(canvas: Canvas, anatomy: Anatomy) -> None:
    """Longitudinal ligaments and annulus border around the column of bodies and discs."""
    value = canvas.contrast.tissue(tissue("ligament"))
    for disc in anatomy.discs:
        found = canvas.block.within(disc.box)
        if found is not None:
            place, part = found
            outer, _ = disc.distance(part)
            canvas.fill(place, value, coverage(outer - np.float32(LIGAMENT_MM), part.reach_mm))
    for vertebra in anatomy.vertebrae:
        found = canvas.block.within(vertebra.body_box)
        if found is not None:
            place, part = found
            body = vertebra.body.distance(*vertebra.frame.local(part)).whole
            canvas.fill(place, value, coverage(body - np.float32(LIGAMENT_MM), part.reach_mm))


def _canal(canvas: Canvas, anatomy: Anatomy) -> None:
    """Flavum, epidural fat, sac, roots, cord."""
    found = canvas.block.within(anatomy.canal.box)
    if found is None:
        return
    place, part = found
    canal = anatomy.canal
    for name, distance in (
        ("ligament", canal.flavum),
        ("epidural_fat", canal.fat),
        ("csf", canal.sac),
        ("nerve_root", canal.roots),
        ("cord_white", canal.cord),
    ):
        canvas.fill(place, canvas.contrast.tissue(tissue(name)), coverage(distance(part), part.reach_mm))


def _roots(canvas: Canvas, anatomy: Anatomy) -> None:
    """Roots on their way through the foramina."""
    value = canvas.contrast.tissue(tissue("nerve_root"))
    for rod in anatomy.roots:
        found = canvas.block.within(rod.box)
        if found is not None:
            place, part = found
            canvas.fill(place, value, coverage(rod.distance(part), part.reach_mm))


def _discs(canvas: Canvas, anatomy: Anatomy) -> None:
    """Annulus, then nucleus."""
    for disc in anatomy.discs:
        found = canvas.block.within(disc.box)
        if found is None:
            continue
        place, part = found
        outer, nucleus = disc.distance(part)
        canvas.fill(place, canvas.contrast.tissue(tissue("annulus")), coverage(outer, part.reach_mm))
        # Nucleus and annulus pass into each other over 3 mm.
        soft_edge = np.clip(np.float32(0.5) - nucleus / 3, 0.0, 1.0)
        canvas.fill(
            place, canvas.contrast.tissue(tissue("nucleus_healthy")), soft_edge * coverage(outer, part.reach_mm)
        )


def _shell_fill(canvas: Canvas, place: Slices, shares: tuple[Array, Array], values: Sequence[Sequence[Array]]) -> None:
    """Bone with a shell: outer and inner share, shell and marrow values."""
    outer, inner = shares
    for channel, shell, marrow in zip(canvas.channels, *values, strict=True):
        there = channel[place]
        there *= 1 - outer
        there += (outer - inner) * shell + inner * marrow


def _other_bone(canvas: Canvas, anatomy: Anatomy) -> None:
    """Ribs and iliac wings."""
    for rod in anatomy.other_bone:
        found = canvas.block.within(rod.box)
        if found is not None:
            place, part = found
            _plain_bone(canvas, anatomy, (place, part), rod.distance(part))


def _sacrum(canvas: Canvas, anatomy: Anatomy) -> None:
    """Sacrum, with what is left of its first disc."""
    found = canvas.block.within(anatomy.sacrum.box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.sacrum.distance(found[1]))
    remnant = anatomy.sacrum.remnant
    found = canvas.block.within(remnant.box)
    if found is not None:
        share = coverage(remnant.distance(found[1]), found[1].reach_mm)
        canvas.fill(found[0], canvas.contrast.tissue(tissue("annulus")), share)


def _plain_bone(canvas: Canvas, anatomy: Anatomy, where: tuple[Slices, Block], distance: Array) -> None:
    """Bone without lesions: cortex over the host marrow of L5."""
    place, part = where
    thickness = np.float32(table("phantom_anatomy")["shell_mm"]["sacrum"])
    shares = coverage(distance, part.reach_mm), coverage(distance + thickness, part.reach_mm)
    host = anatomy.hosts["L5"]
    texture = _texture(canvas, anatomy, shares[1] > 0, part.axes)
    marrow = _spongy(canvas, host, host.mineral_mg_per_ml, texture)
    shell = [np.asarray(v, np.float32) for v in canvas.contrast.tissue(tissue("cortical_bone"))]
    _shell_fill(canvas, place, shares, (shell, marrow))


def _texture(canvas: Canvas, anatomy: Anatomy, wanted: NDArray[np.bool_], points: tuple[Array, Array, Array]) -> Array:
    """Mineral or fat texture, mean 1, at the wanted points."""
    rows = table("phantom_anatomy")["texture"]
    name = canvas.contrast.texture
    return anatomy.fields[name].log_normal(wanted, points, rows[f"{name}_cv"])


def _spongy(canvas: Canvas, of: Tissue, mineral: float, texture: Array) -> list[Array]:
    """Channel values of spongy bone."""
    base, slope = canvas.contrast.spongy(of, mineral)
    return [np.float32(b) + np.float32(s) * texture for b, s in zip(base, slope, strict=True)]


def _vertebra(canvas: Canvas, anatomy: Anatomy, vertebra: Vertebra) -> None:
    """One vertebra with its lesions."""
    found = canvas.block.within(vertebra.box)
    if found is None:
        return
    place, part = found
    bone = vertebra.bone(part)
    shares = coverage(bone.outer, part.reach_mm), coverage(bone.inner, part.reach_mm)
    host = anatomy.hosts[vertebra.level]
    texture = _texture(canvas, anatomy, shares[1] > 0, bone.local)
    marrow = _spongy(canvas, host, host.mineral_mg_per_ml, texture)
    shell: list[Array] = [np.full(part.shape, v, np.float32) for v in canvas.contrast.tissue(tissue("cortical_bone"))]
    _vein(canvas, vertebra, bone, (shell, marrow))
    for insert in anatomy.inserts:
        if insert.level == vertebra.level:
            member = insert.membership(bone, part.reach_mm)
            for values, written in zip((shell, marrow), (insert.breaks_cortex, True), strict=True):
                if written:
                    _write(canvas, anatomy, (insert, member), (host, texture, bone), values)
    _shell_fill(canvas, place, shares, (shell, marrow))


def _vein(canvas: Canvas, vertebra: Vertebra, bone: Bone, values: tuple[list[Array], list[Array]]) -> None:
    """Basivertebral vein: a funnel through the middle of the back wall."""
    rows = table("phantom_anatomy")["basivertebral"]
    depth = rows["depth_share"] * vertebra.body.size.mean_depth
    l, a, s = bone.local  # noqa: E741  # left, anterior, superior
    behind = a + np.float32(vertebra.body.size.mean_depth / 2)
    norm = np.sqrt((l / np.float32(rows["width_mm"] / 2)) ** 2 + (s / np.float32(rows["height_mm"] / 2)) ** 2)
    funnel = np.clip(np.float32(1.0) - norm - behind / np.float32(depth), 0.0, 0.4) / np.float32(0.4)
    share = np.where(behind > -4, funnel, 0.0).astype(np.float32)
    for part in values:
        for channel, value in zip(part, canvas.contrast.tissue(tissue("basivertebral")), strict=True):
            np.add(channel, share * (np.float32(value) - channel), out=channel)


def _write(
    canvas: Canvas,
    anatomy: Anatomy,
    what: tuple[Insert, Array],
    host: tuple[Tissue, Array, Bone],
    values: list[Array],
) -> None:
    """Replace values inside an insert."""
    insert, member = what
    around, texture, bone = host
    written = tissue(insert.tissue)
    mineral = written.mineral_mg_per_ml
    if insert.mineral_retained is not None:
        mineral = insert.mineral_retained * around.mineral_mg_per_ml
    lesion = _spongy(canvas, written, mineral, texture)
    if insert.kind == "mixed":
        blastic = tissue("blastic_tumour")
        dense = _spongy(canvas, blastic, blastic.mineral_mg_per_ml, texture)
        share = insert.lytic_part(bone, anatomy.fields["islands"])
        lesion = [d + share * (v - d) for v, d in zip(lesion, dense, strict=True)]
    for channel, value in zip(values, lesion, strict=True):
        np.add(channel, member * (value - channel), out=channel)


def _metal(canvas: Canvas, anatomy: Anatomy) -> None:
    """Screws over everything."""
    found = None
    for rod in anatomy.metal:
        found = canvas.block.within(rod.box)
        if found is not None:
            place, part = found
            distance = union(part, (rod,), 0.1)
            canvas.fill(place, canvas.contrast.tissue(tissue("titanium")), coverage(distance, part.reach_mm))
