"""Arches unlike the mean one: each patient, level and side has processes and laminae of its own size and slant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import Arch
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.shape.texture import stream
from spinemets.phantom.training.recipe import Row

# Shares of the variance that a patient, a level and a side bring.
SHARES = (0.5, 0.3, 0.2)
Point = tuple[float, float, float]


class ArchShapes:
    """Shapes of one patient's arches: the same for the same seed.

    Parameters
    ----------
    row
        Limits of the recipe: `half`, factor of half a rod's thickness by part; `slant`, `rise`, way back and up per mm to the
        side; `tilt`, way up per mm to the back. [low, high] = mean less and plus two standard deviations.
    """

    def __init__(self, row: Row, seed: int) -> None:
        self._row, self._seed = row, seed

    def shaped(self, level: str, arch: Arch, frame: Place) -> Arch:
        """That arch in the shape of that level."""
        return Arch(
            rods={part: tuple(self._rod(rod, part, level, frame) for rod in rods) for part, rods in arch.rods.items()}
        )

    def _rod(self, rod: Rod, part: str, level: str, frame: Place) -> Rod:
        kind, side = _kind(part)
        limits = self._row["half"].get(kind, self._row["half"]["other"])
        thick = [self._drawn(f"{kind}/{axis}", level, side, limits) for axis in range(2)]
        (a, b), (c, d) = rod.half_mm
        start, end = (self._moved(point, kind, (level, side), frame) for point in (rod.start, rod.end))
        return replace(rod, start=start, end=end, half_mm=((a * thick[0], b * thick[1]), (c * thick[0], d * thick[1])))

    def _moved(self, point: Point, kind: str, of: tuple[str, str], frame: Place) -> Point:
        """A point moved with its distance from the arch's root, so that rods that meet still meet."""
        offset = np.array(point) - frame.origin
        left, ahead = float(offset @ frame.left), float(offset @ frame.anterior)
        moved: NDArray[np.float64] = np.array(point)
        aside = max(abs(left) - self._row["root_mm"]["side"], 0.0)
        if kind == "transverse":
            moved += aside * self._drawn("slant", *of, self._row["slant"]) * -frame.anterior
            moved += aside * self._drawn("rise", *of, self._row["rise"]) * frame.superior
        behind = max(-ahead - self._row["root_mm"]["back"], 0.0)
        if kind == "spinous":
            moved += behind * self._drawn("tilt", *of, self._row["tilt"]) * frame.superior
        return float(moved[0]), float(moved[1]), float(moved[2])

    def _drawn(self, name: str, level: str, side: str, limits: tuple[float, float]) -> float:
        """A number that patient, level and side have a share in."""
        low, high = limits
        places = ("", f"/{level}", f"/{level}/{side}")
        normal = sum(
            np.sqrt(share) * float(stream(self._seed, f"arch/{name}{place}").standard_normal())
            for share, place in zip(SHARES, places, strict=True)
        )
        return float((low + high) / 2 + np.clip(normal, -2, 2) * (high - low) / 4)


def _kind(part: str) -> tuple[str, str]:
    """Name of a part without its side, and the side."""
    for side in ("left", "right"):
        if part.endswith(f"_{side}"):
            return part.removesuffix(f"_{side}"), side
    return part, ""
