"""The network: a U-Net over slabs of sagittal slices that labels the middle one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

# Channels after the classes: core of a body, and the way to the centre of the own body downwards and backwards.
CORE, OFFSETS = 1, 2


class Stage(nn.Sequential):
    """Two convolutions of 3 x 3, each normalised and rectified."""

    def __init__(self, inside: int, outside: int) -> None:
        layers: list[nn.Module] = []
        for n in (inside, outside):
            layers += [nn.Conv2d(n, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
        super().__init__(*layers)


class SpineNet(nn.Module):
    """Slab (n, slices, rows, columns) to scores (n, classes + 3, rows, columns); rows and columns are multiples of `multiple`."""

    def __init__(self, slices: int, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(Stage(a, b) for a, b in zip([slices, *channels[:-1]], channels, strict=True))
        self.up = nn.ModuleList(Stage(a + b, a) for a, b in pairwise(channels))
        self.multiple = 2 ** (len(channels) - 1)
        self.head = nn.Conv2d(channels[0], classes + CORE + OFFSETS, 1)

    def forward(self, slab: Tensor) -> Tensor:
        """Scores: classes before the softmax, core before the sigmoid, offsets in their unit."""
        kept = []
        at = slab
        for number, stage in enumerate(self.down):
            at = stage(at if number == 0 else nn.functional.max_pool2d(at, 2))
            kept.append(at)
        for number in reversed(range(len(self.up))):
            finer = nn.functional.interpolate(at, scale_factor=2.0, mode="nearest")
            at = self.up[number](torch.cat([kept[number], finer], dim=1))
        scores: Tensor = self.head(at)
        return scores
