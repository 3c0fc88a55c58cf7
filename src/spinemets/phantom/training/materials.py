"""The tissues of one patient as codes: a canvas on which every painter of the digital spine writes codes in place of signals.

Whatever is painted is picked up: a structure that is new to the anatomy needs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.vertebra import Bone
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, Painted, Palette
from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.shape.block import Array, Slices
from spinemets.phantom.tissue.tissues import Tissue, tissue

# Codes have eight bits.
MOST = 256


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a code stands for: a tissue; spongy bone with a mineral; or a mixture with a share of a second tissue."""

    tissue: Tissue
    mineral_mg_per_ml: float | None = None
    second: Tissue | None = None
    share: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes(Palette):
    """A palette of one channel, whose values are codes; code 0 is air."""

    materials: list[Material] = field(default_factory=list)
    _codes: dict[Material, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Codes:
        """Codes that know air only."""
        made = cls(contrasts=(), textures=(), texture_of=np.zeros(0, np.int64), density_of=np.zeros(0, np.int64))
        made.tissue("gas")
        return made

    def code(self, material: Material) -> int:
        """Code of a material, a new one if it has none.

        Raises
        ------
        ValueError
            If there are more than a byte can count.
        """
        if material not in self._codes:
            if len(self.materials) == MOST:
                raise ValueError(f"a patient has more than {MOST} tissues")
            self._codes[material] = len(self.materials)
            self.materials.append(material)
        return self._codes[material]

    def tissue(self, name: str) -> Array:
        """Code of a uniform tissue."""
        return np.array([self.code(Material(tissue=tissue(name)))], np.float32)

    def between(self, first: str, second: str, share: float) -> Array:
        """Code of a mixture."""
        if not share:
            return self.tissue(first)
        mixed = Material(tissue=tissue(first), second=tissue(second), share=share)
        return np.array([self.code(mixed)], np.float32)

    def spongy(self, of: Tissue, mineral_mg_per_ml: float) -> Array:
        """Code of spongy bone, in place of its base, with no slope."""
        return np.array([[self.code(Material(tissue=of, mineral_mg_per_ml=mineral_mg_per_ml))], [0]], np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class CodeCanvas(Canvas):
    """A canvas that keeps of each sample the two tissues that fill most of it.

    Attributes
    ----------
    held
        uint8 (3, i, j, k): the tissue of most, that of most of the rest, and the share of the rest in 255ths.
    kept
        Samples that nothing may change any more; None = none.
    """

    held: NDArray[np.uint8]
    kept: NDArray[np.bool_] | None = None

    def _shares(self, place: Slices, share: Array) -> tuple[tuple[int, int, int], Array]:
        """First sample of a place, and the share that is painted of each: nothing of what is kept."""
        corner, shape = self._corner(place)
        shares = np.ascontiguousarray(np.broadcast_to(share, shape), np.float32)
        return corner, shares if self.kept is None else np.where(self.kept[place], np.float32(0), shares)

    def fill(self, place: Slices, values: Channels | Array, share: Array) -> None:
        """Mix a tissue, given by its code, over what is there."""
        from spinemets.phantom.training import layers  # lazy: compiled

        corner, shares = self._shares(place, share)
        layers.lay(self.held, corner, shares, int(values[0]))

    def exchange(self, place: Slices, new: str, old: str, share: Array) -> None:
        """Put one tissue in the place of another where it takes most of it."""
        from spinemets.phantom.training import layers  # lazy: compiled

        corner, shares = self._shares(place, share)
        codes = (int(self.palette.tissue(name)[0]) for name in (new, old))
        layers.exchange(self.held, corner, shares, *codes)

    def shell(self, found: Found, bone: Bone, shares: tuple[Array, Array, Array], painted: Painted) -> None:
        """Mix a shell around marrow, either replaced in part by layers, over what is there."""
        from spinemets.phantom.training import layers  # lazy: compiled

        del bone  # textures belong to the contrast
        corner, _ = self._corner(found[0])
        outer, inner, of_layers = (np.ascontiguousarray(share, np.float32) for share in shares)
        layers.shell(
            self.held, corner, (outer, inner, of_layers), (painted.in_shell, painted.mixtures[:, 0, 0].astype(np.int64))
        )
