"""A volume on the network's grid: along the image's own axes, turned so that they run to the left, down and to the back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

# Directions of the network's axes in LPS: to the left, downwards, to the back.
DIRECTIONS = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]).T


@dataclass(frozen=True, kw_only=True, eq=False)
class Axis:
    """Samples of the network along one axis of the image.

    Attributes
    ----------
    source
        Axis of the image.
    first, step
        Place of the first sample and way between samples, in voxels of the image; negative where the axes run against
        each other.
    number
        How many samples.
    """

    source: int
    first: float
    step: float
    number: int

    @property
    def places(self) -> NDArray[np.float64]:
        """Places of the samples in voxels of the image."""
        return np.asarray(self.first + self.step * np.arange(self.number), np.float64)

    def part(self, start: int, stop: int) -> Axis:
        """Samples from start to stop."""
        return Axis(source=self.source, first=self.first + start * self.step, step=self.step, number=stop - start)

    def weights(self, size: int) -> NDArray[np.float32]:
        """(number, size): a sample as the mean, over its width, of the straight lines between the voxels.

        A sample narrower than a voxel is the value at its middle. Beyond the image the last voxel goes on.
        """
        return mean_of_lines(self.places, abs(self.step), size)


def mean_of_lines(places: NDArray[np.float64], width: float, size: int) -> NDArray[np.float32]:
    """(places, size): weights that give the mean, over a width about each place, of the straight lines between values.

    Where the width is no more than the distance of the values, it is the line's value at the place. Beyond the ends the last
    value goes on.
    """
    rows = np.zeros((len(places), size), np.float32)
    for row, place in zip(rows, places, strict=True):
        if width > 1:
            values = np.arange(int(np.floor(place - width / 2)), int(np.ceil(place + width / 2)) + 1)
            share = _under_hat(place + width / 2 - values) - _under_hat(place - width / 2 - values)
        else:
            values = np.array([int(np.floor(place)), int(np.floor(place)) + 1])
            share = np.array([values[1] - place, place - values[0]])
        np.add.at(row, np.clip(values, 0, size - 1), share / share.sum())
    return rows


def _under_hat(end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area under a voxel's share in straight lines (1 at its centre, 0 at its neighbours') up to an end."""
    held = np.clip(end, -1.0, 1.0)
    return np.asarray(np.where(held < 0, (held + 1) ** 2 / 2, 1 - (1 - held) ** 2 / 2), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """The network's grid over an image, or over a box of it.

    Attributes
    ----------
    axes
        Samples to the left, down and to the back.
    spacing_mm
        Between samples along them.
    image
        Grid of the image.
    """

    axes: tuple[Axis, Axis, Axis]
    spacing_mm: tuple[float, float, float]
    image: Grid

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of samples along each axis."""
        return (self.axes[0].number, self.axes[1].number, self.axes[2].number)

    @property
    def grid(self) -> Grid:
        """Its samples in the patient."""
        turn = np.zeros((3, 3))
        first = np.zeros(3)
        for column, axis in enumerate(self.axes):
            turn[axis.source, column] = axis.step
            first[axis.source] = axis.first
        affine = np.eye(4)
        affine[:3, :3] = self.image.affine_lps_mm[:3, :3] @ turn
        affine[:3, 3] = self.image.to_lps_mm(first)
        return Grid(
            shape_ijk=self.shape, affine_lps_mm=affine, frame_of_reference_uid=self.image.frame_of_reference_uid
        )

    def box(self, low: NDArray[np.intp], high: NDArray[np.intp]) -> Lattice:
        """The part from low to high, high not included."""
        a, b, c = (axis.part(int(s), int(e)) for axis, s, e in zip(self.axes, low, high, strict=True))
        return Lattice(axes=(a, b, c), spacing_mm=self.spacing_mm, image=self.image)

    def finer_across(self, times: int) -> Lattice:
        """The same box with so many times as many samples from side to side."""
        across = self.axes[0]
        step = across.step / times
        first = across.first - across.step / 2 + step / 2
        finer = Axis(source=across.source, first=first, step=step, number=across.number * times)
        spacing = (self.spacing_mm[0] / times, *self.spacing_mm[1:])
        return Lattice(axes=(finer, *self.axes[1:]), spacing_mm=spacing, image=self.image)

    def coarser_across(self, times: int) -> Lattice:
        """The same box with every n-th sample from side to side, in the middle of those that it stands for."""
        across = self.axes[0]
        coarser = Axis(
            source=across.source,
            first=across.first + across.step * (times // 2),
            step=across.step * times,
            number=max(1, round(across.number / times)),
        )
        spacing = (self.spacing_mm[0] * times, *self.spacing_mm[1:])
        return Lattice(axes=(coarser, *self.axes[1:]), spacing_mm=spacing, image=self.image)


def lattice_of(image: Grid, spacing_mm: tuple[float, float, float]) -> Lattice:
    """Grid with the network's spacing over a whole image; each axis of the image serves the nearest direction."""
    sources = max(permutations(range(3)), key=lambda order: _agreement(image, order))
    axes = []
    for direction, source, step_mm in zip(DIRECTIONS.T, sources, spacing_mm, strict=True):
        own_mm, size = image.spacing_mm[source], image.shape_ijk[source]
        forwards = float(image.axes[:, source] @ direction) > 0
        step, number = step_mm / own_mm, max(1, round(size * own_mm / step_mm))
        # The samples lie about the middle of the image.
        first = (size - 1) / 2 - (number - 1) / 2 * step
        axes.append(
            Axis(source=source, first=first, step=step, number=number)
            if forwards
            else Axis(source=source, first=size - 1 - first, step=-step, number=number)
        )
    return Lattice(axes=(axes[0], axes[1], axes[2]), spacing_mm=spacing_mm, image=image)


def _agreement(image: Grid, order: tuple[int, ...]) -> float:
    return float(sum(abs(image.axes[:, source] @ DIRECTIONS[:, n]) for n, source in enumerate(order)))


def sampled(
    array: NDArray[Any], lattice: Lattice, limits: tuple[float, float] = (-np.inf, np.inf)
) -> NDArray[np.float32]:
    """Values of an image (i, j, k), cut to limits, on a lattice; float32 (left, down, back).

    Plane after plane of the image's last axis, so that no second image of its size is held.
    """
    order = [axis.source for axis in lattice.axes]
    weights: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * 3
    for axis in lattice.axes:
        weights[axis.source] = axis.weights(array.shape[axis.source])
    used = [np.flatnonzero(w.any(axis=0)) for w in weights]
    boxes = [slice(int(u[0]), int(u[-1]) + 1) for u in used]
    weights = [np.ascontiguousarray(w[:, box]) for w, box in zip(weights, boxes, strict=True)]
    planes = np.empty((boxes[2].stop - boxes[2].start, len(weights[0]), len(weights[1])), np.float32)
    for number, k in enumerate(range(boxes[2].start, boxes[2].stop)):
        plane = np.ascontiguousarray(array[boxes[0], boxes[1], k], np.float32)
        np.clip(plane, *limits, out=plane)
        planes[number] = weights[0] @ plane @ weights[1].T
    whole = np.tensordot(weights[2], planes, axes=(1, 0))
    # (k, i, j) of the image to (left, down, back).
    return np.ascontiguousarray(np.transpose(whole, [(source + 1) % 3 for source in order]))
