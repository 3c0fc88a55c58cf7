"""The cauda equina: pairs of dorsal and ventral roots that hang from the conus in a fan and leave the sac one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.shape.block import Array

STEP_MM = 1.0
# Below this radius a strand is no longer drawn.
GONE = -1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Cauda:
    """Strands as tables over the height.

    Attributes
    ----------
    strands
        (root, (u, v, radius), height), the left one of each pair first, all dorsal roots before all ventral ones; u to the left
        of the canal's centre, v behind it.
    first_z
        Height of the first sample; the others lie `STEP_MM` apart.
    """

    strands: NDArray[np.float32]
    first_z: float

    def distance(self, across: tuple[Array, Array, Array]) -> Array:
        """Distance to the nearest root at (u, v, z)."""
        from spinemets.phantom.shape import strands  # lazy: compiled

        shape = np.broadcast_shapes(*(a.shape for a in across))
        found = np.empty((1,) * (3 - len(shape)) + shape, np.float32)
        u, v, z = (np.ascontiguousarray(a, np.float32).reshape((1,) * (3 - a.ndim) + a.shape) for a in across)
        strands.nearest(found, (u, v, z), self.strands, self.first_z, STEP_MM)
        return found.reshape(shape)

    def present(self, z: float) -> int:
        """Number of roots at a height."""
        return int((self.strands[:, 2, round((z - self.first_z) / STEP_MM)] > 0).sum())


def cauda(
    z: NDArray[np.float64], sac: tuple[Array, Array, Array], conus_z: float, exits_z: Sequence[float], thick: int
) -> Cauda:
    """Roots of the pairs that leave the sac at stated heights, the first ones outermost.

    Parameters
    ----------
    z
        Heights, `STEP_MM` apart.
    sac
        Middle behind the canal's centre, half width and half depth of the sac at these heights.
    exits_z
        Where each pair leaves; from the head to the feet.
    thick
        So many pairs have the full diameter, those below them are thin.
    """
    row = table("phantom_anatomy")["cauda"]
    middle, half_u, half_v = sac
    begin = conus_z + row["above_conus_mm"]
    # Near the conus the roots lie close about it; lower down they spread.
    spread = np.clip((begin - z) / row["spread_over_mm"], row["least_spread"], 1.0)
    full = table("phantom_anatomy")["neural"]["root_diameter_mm"] / 2
    made: dict[str, list[NDArray[np.float64]]] = {"dorsal": [], "ventral": []}
    for n, exit_z in enumerate(exits_z):
        leaving = _smooth((exit_z + row["leaves_over_mm"] - z) / row["leaves_over_mm"])
        present = (z < begin) & (z > exit_z)
        diameter = full if n < thick else full * row["thin"]
        for kind, roots in made.items():
            own = row[kind]
            place = own["widest"] * (1 - n / len(exits_z))
            depth = own["rows"][n % len(own["rows"])] * np.sqrt(1 - 0.8 * place**2)
            u = half_u * (place * spread * (1 - leaving) + row["leaves_at"] * leaving)
            v = middle + half_v * depth * spread * (1 - leaving)
            radius = np.where(present, diameter * own["diameter"], GONE)
            roots += [np.stack([side * u, v, radius]) for side in (1.0, -1.0)]
    strands = np.ascontiguousarray([*made["dorsal"], *made["ventral"]], np.float32)
    return Cauda(strands=strands, first_z=float(z[0]))


def _smooth(s: Array) -> Array:
    s = np.clip(s, 0.0, 1.0)
    return np.asarray(s * s * (3 - 2 * s))
