"""Heights of levels along the canal: inserts are stated by level, the canal runs by height."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sizes import LevelSize

# (level, share): 1 is the upper edge of the body's back wall, 0 its middle, -1 its lower edge.
Mark = tuple[str, float]
# Upper and lower end.
Span = tuple[Mark, Mark]


@dataclass(frozen=True, kw_only=True, eq=False)
class Site:
    """The levels that inserts are placed by."""

    sizes: Mapping[str, LevelSize]
    frames: Mapping[str, Place]

    def z(self, mark: Mark) -> float:
        """LPS z (mm) of a mark in the middle of the canal."""
        level, share = mark
        size = self.sizes[level]
        behind = -size.mean_depth / 2 - size.canal[0] / 2
        return float(self.frames[level].lps(0.0, behind, share * size.height[2] / 2)[2])

    def heights(self, span: Span) -> tuple[float, float]:
        """(low, high) of a span.

        Raises
        ------
        ValueError
            If the span's upper end does not lie above its lower one.
        """
        high, low = self.z(span[0]), self.z(span[1])
        if high <= low:
            raise ValueError(f"the span {span} runs upwards")
        return low, high

    def levels(self, low: float, high: float) -> tuple[str, ...]:
        """Levels, from the head, whose body or disc below lies between two heights."""
        names = tuple(self.sizes)
        tops = [self.z((name, 1.0)) for name in names]
        bottoms = [*tops[1:], self.z((names[-1], -1.0))]
        return tuple(n for n, top, bottom in zip(names, tops, bottoms, strict=True) if bottom < high and low < top)

    def extent(self, level: str) -> tuple[float, float]:
        """(low, high) of a level with its disc below."""
        names = tuple(self.sizes)
        number = names.index(level)
        low = self.z((names[number + 1], 1.0)) if number + 1 < len(names) else self.z((level, -1.0))
        return low, self.z((level, 1.0))

    def at(self, z: float) -> str:
        """Level at a height."""
        return self.levels(z - 0.1, z + 0.1)[0]
