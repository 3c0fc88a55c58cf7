"""A sample's own smooth deformation of its patient: no two samples show a vertebra of the same shape (PHA-90)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.texture import stream
from spinemets.phantom.training.recipe import Draw, Row, between, happens

# Nodes of the lattice of displacements along each axis, a power of two (it is read periodically), and their distance.
NODES, STEP_MM = 32, 8.0
# Smoothing of the two random lattices that a deformation is made of: within a vertebra, and of whole regions.
FINE_NODES, COARSE_NODES = 1.2, 4.0
ROUNDS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Bend:
    """Displacements on a periodic lattice; none of them where there is no deformation.

    Attributes
    ----------
    nodes
        float32 (n, n, n, 3), in voxels of the field; n = 0 for none.
    per_voxel
        Nodes per voxel of the field.
    """

    nodes: NDArray[np.float32]
    per_voxel: np.float32

    def at(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where places of the undeformed grid (n, 3; in voxels of the field) read the field: trilinear between nodes."""
        if not len(self.nodes):
            return index
        scaled = index * self.per_voxel
        low = np.floor(scaled).astype(int)
        part = scaled - low
        moved = index.copy()
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=1)
            i, j, k = ((low + corner) % NODES).T
            moved += weight[:, None] * self.nodes[i, j, k]
        return moved

    def back(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where what lies at places of the field is seen: the inverse of `at`, by repeated correction."""
        seen = index.copy()
        for _ in range(ROUNDS):
            seen = seen - (self.at(seen) - index)
        return seen


STRAIGHT = Bend(nodes=np.zeros((0, 0, 0, 3), np.float32), per_voxel=np.float32(0))


class Bends:
    """Deformations without end, from two random lattices read at random offsets."""

    def __init__(self, seed: int, step_mm: float) -> None:
        from scipy.ndimage import gaussian_filter  # lazy: heavy import

        self._step_mm = step_mm
        self._lattices = []
        for name, smooth in (("fine", FINE_NODES), ("coarse", COARSE_NODES)):
            noise = stream(seed, f"training/bend/{name}").standard_normal((NODES, NODES, NODES, 3))
            held = gaussian_filter(noise, (smooth, smooth, smooth, 0), mode="wrap")
            self._lattices.append((held / held.std()).astype(np.float32))

    def drawn(self, row: Row, draw: Draw) -> Bend:
        """A deformation, or none, with standard deviations within the row's limits."""
        if not happens(draw, row["share"]):
            return STRAIGHT
        nodes = np.zeros((NODES, NODES, NODES, 3), np.float32)
        for lattice, limits in zip(self._lattices, (row["fine_mm"], row["coarse_mm"]), strict=True):
            shift = draw.integers(NODES, size=3)
            size = np.float32(between(draw, limits) / self._step_mm)
            nodes += size * np.roll(lattice, tuple(shift.tolist()), axis=(0, 1, 2))
        return Bend(nodes=nodes, per_voxel=np.float32(self._step_mm / STEP_MM))
