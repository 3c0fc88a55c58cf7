"""Upright cylinders in place of a patient: what a CT of them must show is known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


class Straight:
    """A curve that stays where it is."""

    def at(self, z):
        """0 at every height."""
        return np.zeros_like(z)


# As much of an anatomy as a scan asks for.
BODY = SimpleNamespace(column=SimpleNamespace(x=Straight(), y=Straight()), metal=())
HU = (0.0, 1650.0)


def painter(*cylinders: tuple[int, float, tuple[float, float]]) -> Callable[..., np.ndarray]:
    """Painting of cylinders (material, radius mm, centre); later ones replace earlier ones, HU or shares as asked for."""

    def paint(anatomy, block, contrast):
        x, y, z = block.axes
        channels = np.zeros((contrast.n_channels, *block.shape), np.float32)
        if contrast.n_channels == 1:
            channels -= 1000.0
        for material, radius, (u, v) in cylinders:
            share = np.clip(0.5 - (np.hypot(x - u, y - v) + 0 * z - radius) / block.reach_mm, 0.0, 1.0)
            channels *= 1 - share
            value = HU[material] if contrast.n_channels == 1 else 1.0
            channels[0 if contrast.n_channels == 1 else material] += share * value
        return channels

    return paint
