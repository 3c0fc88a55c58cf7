"""`Segmentation`: what a segmenter hands over. The last place that has seen an integer label."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.grid import Grid
from spinemets.model.region import Region


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One labelled structure.

    Attributes
    ----------
    structure
        `vertebra` (whole), `vertebral_body`, `posterior_elements`, `disc`, `sacrum`, `canal`, `cord`, `rib`,
        `bodies` and `discs` (one mass, unnumbered).
    level
        Name the scheme gives (`L3`; for a disc the vertebra above it; for a rib its vertebra), None for a plain instance.
    region
        Its voxels.
    side
        `left` or `right` for ribs.
    confidence
        How sure the segmenter is that this is one structure, well outlined, 0 to 1; None where it does not say.
    """

    structure: str
    level: str | None
    region: Region
    side: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Segmentation:
    """All labelled structures of one file or one network run, on one grid.

    Attributes
    ----------
    parts
        In file order.
    scheme
        Name of the scheme.
    naming
        How the names are known: `stated` (user named the scheme), `self-naming` (a name table in the file or SEG),
        `only scheme that fits`, or `none` (plain instances).
    body_only
        True where the scheme holds vertebral bodies without posterior elements.
    ignored
        (integer, voxels) of labels the scheme does not list.
    series_uid
        Series whose grid the labels have, None if they have a grid of their own.
    source
        File name or network.
    """

    grid: Grid
    parts: tuple[Part, ...]
    scheme: str
    naming: str
    body_only: bool
    source: str
    ignored: tuple[tuple[int, int], ...] = ()
    series_uid: str | None = None
    warnings: tuple[str, ...] = ()

    def of(self, structure: str) -> tuple[Part, ...]:
        """Parts of one structure."""
        return tuple(p for p in self.parts if p.structure == structure)
