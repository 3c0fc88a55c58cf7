"""The canvas of one block of samples, and the palette: what each tissue is in the channels of several contrasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.imaging.painting.marrow import textures
from spinemets.phantom.imaging.signals import Channels, Contrast
from spinemets.phantom.shape.block import Array, Block, Box, Slices
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.tissue.structure import Structure
from spinemets.phantom.tissue.tissues import Tissue, tissue


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
    texture_of, density_of
        Which of them each channel shows, and which one its marrow is multiplied by (-1 = none).
    """

    contrasts: tuple[Contrast, ...]
    textures: tuple[str, ...]
    texture_of: NDArray[np.int64]
    density_of: NDArray[np.int64]
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

    def between(self, first: str, second: str, share: float) -> Array:
        """Value by channel of a uniform mixture of two tissues, `share` being that of the second."""
        one, other = self.tissue(first), self.tissue(second)
        return np.asarray(one + np.float32(share) * (other - one))

    def spongy(self, of: Tissue, mineral_mg_per_ml: float) -> Array:
        """(base, slope) by channel of spongy bone with that mineral."""
        key = (of, mineral_mg_per_ml)
        if key not in self._known:
            parts = [c.spongy(of, mineral_mg_per_ml) for c in self.contrasts]
            self._known[key] = np.stack([self._channels([part[n] for part in parts]) for n in (0, 1)])
        return self._known[key]

    def even(self, of: Tissue, mineral_mg_per_ml: float) -> Array:
        """(base, slope) by channel of the same without texture: its mean everywhere."""
        mixture = self.spongy(of, mineral_mg_per_ml)
        mean = mixture.sum(axis=0)
        return np.stack([mean, np.zeros_like(mean)])

    @staticmethod
    def _channels(values: Sequence[Channels]) -> Array:
        return np.array([number for part in values for number in part], np.float32)


@lru_cache(maxsize=32)
def palette_of(contrasts: tuple[Contrast, ...]) -> Palette:
    """The palette of some contrasts, the same one for every block."""
    names = [name for c in contrasts for name in (c.texture, c.density) if name is not None]
    textures = tuple(dict.fromkeys(names))
    shown = [textures.index(c.texture) for c in contrasts for _ in range(c.n_channels)]
    times = [-1 if c.density is None else textures.index(c.density) for c in contrasts for _ in range(c.n_channels)]
    return Palette(
        contrasts=contrasts,
        textures=textures,
        texture_of=np.array(shown, np.int64),
        density_of=np.array(times, np.int64),
    )


@lru_cache(maxsize=64)
def _boxes(things: tuple[Boxed, ...]) -> NDArray[np.float64]:
    """Boxes (n, 2, 3) of things that do not change."""
    return np.array([thing.box for thing in things], np.float64).reshape(-1, 2, 3)


@dataclass(frozen=True, kw_only=True, eq=False)
class Painted:
    """What bone is painted with.

    Attributes
    ----------
    structure
        Of the patient's marrow.
    vertebra
        Whose bone it is; None: a bone outside the column.
    in_shell
        Whether each layer replaces the shell too.
    mixtures
        ``[n, (base, slope), channel]`` of the shell, the marrow and each layer.
    """

    structure: Structure
    vertebra: Vertebra | None
    in_shell: NDArray[np.bool_]
    mixtures: Array


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

    def exchange(self, place: Slices, new: str, old: str, share: Array) -> None:
        """Put one tissue in the place of another in a share of each sample: what else the sample holds stays."""
        written, there = self.palette.tissue(new), self.palette.tissue(old)
        for channel, (value, before) in enumerate(zip(written, there, strict=True)):
            self.channels[channel][place] += share * np.float32(value - before)

    def shell(self, found: Found, bone: Bone, shares: tuple[Array, Array, Array], painted: Painted) -> None:
        """Mix bone over what is there: a shell around marrow, either replaced in part by layers (`mixing.shell`).

        Parameters
        ----------
        shares
            Of each sample inside the outer surface and inside the marrow space; of each layer (layer, i, j, k).
        """
        from spinemets.phantom.shape import mixing  # lazy: compiled

        corner, _ = self._corner(found[0])
        outer, inner, layers = shares
        fields = textures(self.palette.textures, painted.structure, (bone, inner > 0), painted.vertebra)
        mixing.shell(
            self.channels,
            corner,
            (outer, inner),
            (fields, self.palette.texture_of, self.palette.density_of),
            (layers, painted.in_shell, painted.mixtures),
        )

    def _corner(self, place: Slices) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """First sample of a place, and its lengths."""
        i, j, k = (range(n)[along] for along, n in zip(place, self.block.shape, strict=True))
        return (i.start, j.start, k.start), (len(i), len(j), len(k))


def inside(outer: Slices, inner: Slices) -> Slices:
    """Place in the whole block of a place inside a part of it."""
    i, j, k = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(outer, inner, strict=True))
    return i, j, k
