"""What lies around the arches of a training patient: fat, veins and fluid in patches between muscle and bare bone.

Muscle of the digital spine is even and touches every lamina and facet. In real backs fat lies between muscle and bone and
inside the muscle, most of all near the midline; where a network never sees that, it takes such fat for arches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.shape.texture import Field, above
from spinemets.phantom.training.materials import CodeCanvas
from spinemets.phantom.training.recipe import Draw, Row, between, chosen, happens


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Patches of one tissue.

    Attributes
    ----------
    above
        The texture's value from which on the patch lies, far from the midline; `near` lower beside it.
    """

    tissue: str
    gives_way: tuple[str, ...]
    texture: Field
    above: float
    near: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Infiltration:
    """Patches of one patient, the same in every slab of a field.

    Attributes
    ----------
    reach_mm
        Distance from the canal's midline at which patches are half as much nearer as they can be.
    """

    layers: tuple[Layer, ...]
    reach_mm: float

    @classmethod
    def drawn(cls, row: Row, draw: Draw) -> Infiltration:
        """Patches of one patient.

        Parameters
        ----------
        row
            `reach_mm`; `layers`, each with the share of patients that have it (`p`), `tissues` by their shares, what `gives_way`,
            `length_mm` of its patches, and in standard deviations of a normal distribution the value that they lie `above` and how
            much lower that is `near` the midline.
        """
        layers = [
            Layer(
                tissue=chosen(draw, layer["tissues"]),
                gives_way=tuple(layer["gives_way"]),
                texture=Field.make(draw, between(draw, layer["length_mm"]), stretch=2.0),
                above=between(draw, layer["above"]),
                near=between(draw, layer["near"]),
            )
            for layer in row["layers"].values()
            if happens(draw, layer["p"])
        ]
        return cls(layers=tuple(layers), reach_mm=row["reach_mm"])

    def lay_on(self, canvas: CodeCanvas, kept: NDArray[np.bool_], canal: Canal) -> None:
        """Lay the patches over a slab, except where a part of the spine or a rib is (`kept`, of the slab's shape)."""
        shielded = CodeCanvas(
            channels=canvas.channels, block=canvas.block, palette=canvas.palette, held=canvas.held, kept=kept
        )
        x, y, z = canvas.block.axes
        away = ((x - canal.x.at(z)) ** 2 + (y - canal.y.at(z)) ** 2) / np.float32(self.reach_mm**2)
        beside = np.exp2(-away)
        i, j, k = (slice(0, n) for n in canvas.block.shape)
        for layer in self.layers:
            old = [int(canvas.palette.tissue(name)[0]) for name in layer.gives_way]
            # Reading the texture is what costs time: only where it can change something.
            wanted = np.isin(canvas.held[:2], old).any(axis=0) & ~kept
            values = layer.texture.where(wanted, (x, y, z)) + np.float32(layer.near) * beside
            share = above(values, layer.above)
            for name in layer.gives_way:
                shielded.exchange((i, j, k), layer.tissue, name, share)
