"""Painting: tissue by tissue, later over earlier, each with the share of the sample it fills.

Several contrasts of the same samples are painted together: geometry and texture are worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.trunk import Soft
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.signals import Channels, Contrast
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.block import Array, Block, Box, Slices
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.shape.narrow import narrowed
from spinemets.phantom.shape.texture import Field
from spinemets.phantom.tissue.tissues import Tissue, tissue

LIGAMENT_MM = 1.2
# Width over which nucleus and annulus pass into each other.
NUCLEUS_EDGE_MM = 3.0


class Boxed(Protocol):
    """Something that lies in a box in LPS mm."""

    @property
    def box(self) -> Box:
        """The box."""
        ...


Thing = TypeVar("Thing", bound=Boxed)
Found = tuple[Slices, Block]


@dataclass(frozen=True, kw_only=True, eq=False)
class Palette:
    """Values of tissues in the channels of several contrasts, side by side.

    Attributes
    ----------
    textures
        Names of the textures that any contrast shows.
    texture_of
        Which of them each channel shows.
    """

    contrasts: tuple[Contrast, ...]
    textures: tuple[str, ...]
    texture_of: NDArray[np.int64]
    _known: dict[Any, Array] = field(default_factory=dict)

    def tissue(self, name: str) -> Array:
        """Value of a uniform tissue by channel."""
        if name not in self._known:
            self._known[name] = self._channels([c.tissue(tissue(name)) for c in self.contrasts])
        return self._known[name]

    def plain(self, name: str) -> Array:
        """(base, slope) by channel of a tissue without texture."""
        values = self.tissue(name)
        return np.stack([values, np.zeros_like(values)])

    def spongy(self, of: Tissue, mineral_mg_per_ml: float) -> Array:
        """(base, slope) by channel of spongy bone with that mineral."""
        key = (of, mineral_mg_per_ml)
        if key not in self._known:
            parts = [c.spongy(of, mineral_mg_per_ml) for c in self.contrasts]
            self._known[key] = np.stack([self._channels([part[n] for part in parts]) for n in (0, 1)])
        return self._known[key]

    @staticmethod
    def _channels(values: Sequence[Channels]) -> Array:
        return np.array([number for part in values for number in part], np.float32)


@lru_cache(maxsize=32)
def palette_of(contrasts: tuple[Contrast, ...]) -> Palette:
    """The palette of some contrasts, the same one for every block."""
    textures = tuple(dict.fromkeys(c.texture for c in contrasts))
    shown = [textures.index(c.texture) for c in contrasts for _ in range(c.n_channels)]
    return Palette(contrasts=contrasts, textures=textures, texture_of=np.array(shown, np.int64))


@lru_cache(maxsize=64)
def _boxes(things: tuple[Boxed, ...]) -> NDArray[np.float64]:
    """Boxes (n, 2, 3) of things that do not change."""
    return np.array([thing.box for thing in things], np.float64).reshape(-1, 2, 3)


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """Channel images (channel, i, j, k) of one block."""

    channels: NDArray[np.float32]
    block: Block
    palette: Palette

    def met(self, things: tuple[Thing, ...]) -> Iterator[tuple[Thing, Found]]:
        """The things whose boxes meet the block, in order, each with its place and its part of the block."""
        for n, place, part in self.block.meeting(_boxes(things)):
            yield things[n], (place, part)

    def cover(self, found: Found, name: str, distance: Array) -> None:
        """Mix a tissue over what is there inside a surface, given by the distance to it."""
        place, part = found
        self.fill(place, self.palette.tissue(name), coverage(distance, part.reach_mm))

    def fill(self, place: Slices, values: Channels | Array, share: Array) -> None:
        """Mix a tissue, given by its value in each channel, over what is there."""
        from spinemets.phantom.shape import mixing  # lazy: compiled

        corner, shape = self._corner(place)
        if len(values) != len(self.channels):
            raise ValueError(f"{len(values)} values for {len(self.channels)} channels")
        shares = np.ascontiguousarray(np.broadcast_to(share, shape), np.float32)
        mixing.fill(self.channels, corner, shares, np.asarray(values, np.float32))

    def _corner(self, place: Slices) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """First sample of a place, and its lengths."""
        i, j, k = (range(n)[along] for along, n in zip(place, self.block.shape, strict=True))
        return (i.start, j.start, k.start), (len(i), len(j), len(k))


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What replaces a part of a bone: share of each sample, (base, slope) by channel, whether the shell is replaced too."""

    share: Array
    mixture: Array
    in_shell: bool


def paint(anatomy: Anatomy, block: Block, *contrasts: Contrast) -> Array:
    """Channel images (channel, i, j, k) of the patient at a block's points, before blur and noise.

    The channels of several contrasts follow one another. One more contrast costs little: it shares the geometry.
    """
    palette = palette_of(contrasts)
    channels = np.empty((len(palette.texture_of), *block.shape), np.float32)
    channels[:] = palette.tissue("gas")[:, None, None, None]
    canvas = Canvas(channels=channels, block=block, palette=palette)
    for soft, found in canvas.met(anatomy.soft):
        _soft(canvas, anatomy, soft, found)
    discs = [(disc, found, disc.distance(found[1])) for disc, found in canvas.met(anatomy.discs)]
    bones = [(vertebra, found, vertebra.bone(found[1])) for vertebra, found in canvas.met(anatomy.vertebrae)]
    _ligaments(canvas, discs, bones)
    for rod, found in canvas.met(anatomy.roots):
        canvas.cover(found, "nerve_root", rod.distance(found[1]))
    _canal(canvas, anatomy)
    _discs(canvas, discs)
    for rod, found in canvas.met(anatomy.other_bone):
        _plain_bone(canvas, anatomy, found, rod.distance(found[1]))
    _sacrum(canvas, anatomy)
    _atlas(canvas, anatomy)
    for vertebra, found, bone in bones:
        _vertebra(canvas, anatomy, vertebra, (found, bone))
    for rod, found in canvas.met(anatomy.metal):
        canvas.cover(found, "titanium", rod.distance(found[1]))
    return channels


def _soft(canvas: Canvas, anatomy: Anatomy, soft: Soft, met: Found) -> None:
    """One soft structure; muscle carries streaks of fat, fat carries vessels."""
    near = narrowed(met[1], soft.distance)
    if near is None:
        return
    place = _inside(met[0], near[0])
    part = near[1]
    share = coverage(np.broadcast_to(soft.distance(part), part.shape), part.reach_mm)
    canvas.fill(place, canvas.palette.tissue(soft.tissue), share)
    if soft.marbled:
        streaks = anatomy.fields["marbling"].where(share > 0, part.axes)
        # Streaks start where the field is in its upper half; their mean is about the stated share.
        streaks -= np.float32(0.6)
        np.clip(streaks, 0.0, 1.0, out=streaks)
        streaks *= np.float32(4 * soft.marbled)
        share *= np.minimum(streaks, np.float32(0.8), out=streaks)
        canvas.fill(place, canvas.palette.tissue(soft.streaks), share)


def _inside(outer: Slices, inner: Slices) -> Slices:
    """Place in the whole block of a place inside a part of it."""
    i, j, k = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(outer, inner, strict=True))
    return i, j, k


MetDisc = tuple[Disc, Found, tuple[Array, Array]]
MetBone = tuple[Vertebra, Found, Bone]


def _ligaments(canvas: Canvas, discs: list[MetDisc], bones: list[MetBone]) -> None:
    """Longitudinal ligaments and annulus border around the column of bodies and discs."""
    for _, found, (outer, _) in discs:
        canvas.cover(found, "ligament", outer - np.float32(LIGAMENT_MM))
    for vertebra, (place, part), bone in bones:
        near = part.within(vertebra.body_box)
        if near is not None:
            body = bone.body[near[0]]
            canvas.cover((_inside(place, near[0]), near[1]), "ligament", body - np.float32(LIGAMENT_MM))


def _canal(canvas: Canvas, anatomy: Anatomy) -> None:
    """Flavum, epidural fat, sac, roots, cord."""
    found = canvas.block.within(anatomy.canal.box)
    if found is None:
        return
    canal = anatomy.canal
    for name, distance in (
        ("ligament", canal.flavum),
        ("epidural_fat", canal.fat),
        ("csf", canal.sac),
        ("nerve_root", canal.roots),
        ("cord_white", canal.cord),
    ):
        canvas.cover(found, name, distance(found[1]))


def _discs(canvas: Canvas, discs: list[MetDisc]) -> None:
    """Annulus, then nucleus."""
    for _, found, (outer, nucleus) in discs:
        place, part = found
        share = coverage(np.broadcast_to(outer, part.shape), part.reach_mm)
        canvas.fill(place, canvas.palette.tissue("annulus"), share)
        share *= coverage(nucleus, NUCLEUS_EDGE_MM)
        canvas.fill(place, canvas.palette.tissue("nucleus_healthy"), share)


def _sacrum(canvas: Canvas, anatomy: Anatomy) -> None:
    """Sacrum, with what is left of its first disc."""
    found = canvas.block.within(anatomy.sacrum.box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.sacrum.distance(found[1]))
    remnant = anatomy.sacrum.remnant
    found = canvas.block.within(remnant.box)
    if found is not None:
        canvas.cover(found, "annulus", remnant.distance(found[1]))


def _atlas(canvas: Canvas, anatomy: Anatomy) -> None:
    found = canvas.block.within(anatomy.atlas.box)
    if found is not None:
        _plain_bone(canvas, anatomy, found, anatomy.atlas.distance(found[1]))


def _bone(canvas: Canvas, anatomy: Anatomy, where: tuple[Found, Bone], host: Tissue, layers: Sequence[Layer]) -> None:
    """Bone: cortex around the host's marrow, with its layers."""
    from spinemets.phantom.shape import mixing  # lazy: compiled

    (place, part), bone = where
    palette, rows = canvas.palette, table("phantom_anatomy")["texture"]
    outer, inner = (coverage(np.broadcast_to(d, part.shape), part.reach_mm) for d in (bone.outer, bone.inner))
    fields = [anatomy.fields[name].log_normal(inner > 0, bone.local, rows[f"{name}_cv"]) for name in palette.textures]
    shares = np.empty((len(layers), *part.shape), np.float32)
    for number, layer in enumerate(layers):
        shares[number] = layer.share
    marrow = palette.spongy(host, host.mineral_mg_per_ml)
    mixing.shell(
        canvas.channels,
        (place[0].start, place[1].start, place[2].start),
        (outer, inner),
        (np.stack(fields), palette.texture_of),
        (
            shares,
            np.array([layer.in_shell for layer in layers], bool),
            np.stack([palette.plain("cortical_bone"), marrow, *(layer.mixture for layer in layers)]),
        ),
    )


def _plain_bone(canvas: Canvas, anatomy: Anatomy, found: Found, distance: Array) -> None:
    """Bone without lesions: cortex over the host marrow of L5."""
    thickness = np.float32(table("phantom_anatomy")["shell_mm"]["sacrum"])
    bone = Bone(outer=distance, inner=distance + thickness, local=found[1].axes, body=distance)
    _bone(canvas, anatomy, (found, bone), anatomy.hosts["L5"], ())


def _vertebra(canvas: Canvas, anatomy: Anatomy, vertebra: Vertebra, where: tuple[Found, Bone]) -> None:
    """One vertebra with its lesions."""
    (_, part), bone = where
    host = anatomy.hosts[vertebra.level]
    layers = [_vein(canvas, vertebra, where)]
    for insert in anatomy.inserts:
        if insert.level == vertebra.level:
            layers += _lesion(canvas, insert, (bone, part.reach_mm), (host, anatomy.fields["islands"]))
    _bone(canvas, anatomy, where, host, layers)


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


def _lesion(canvas: Canvas, insert: Insert, where: tuple[Bone, float], host: tuple[Tissue, Field]) -> list[Layer]:
    """The tissue that an insert writes; where it is mixed, dense tissue with lytic islands in it."""
    bone, reach_mm = where
    around, islands = host
    written = tissue(insert.tissue)
    mineral = written.mineral_mg_per_ml
    if insert.mineral_retained is not None:
        mineral = insert.mineral_retained * around.mineral_mg_per_ml
    member = insert.membership(bone, reach_mm)
    mixture = canvas.palette.spongy(written, mineral)
    if insert.kind != "mixed":
        return [Layer(share=member, mixture=mixture, in_shell=insert.breaks_cortex)]
    blastic = tissue("blastic_tumour")
    lytic = member * insert.lytic_part(bone, islands)
    # Of the host (1 - member) must be left under both layers: (1 - dense)(1 - lytic) = 1 - member.
    dense = (member - lytic) / np.maximum(1 - lytic, np.float32(1e-6))
    return [
        Layer(
            share=dense,
            mixture=canvas.palette.spongy(blastic, blastic.mineral_mg_per_ml),
            in_shell=insert.breaks_cortex,
        ),
        Layer(share=lytic, mixture=mixture, in_shell=insert.breaks_cortex),
    ]
