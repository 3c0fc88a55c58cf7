"""A contrast that shows how much of each sample a tissue fills: tells pure samples from mixed ones."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.tissue.tissues import Tissue


@dataclass(frozen=True)
class Shares:
    """One channel a tissue; spongy bone counts by the name of its tissue and its mineral."""

    names: tuple[str, ...]
    texture = "mineral"
    density = None

    @property
    def n_channels(self) -> int:
        """One a name."""
        return len(self.names)

    def tissue(self, tissue: Tissue) -> Channels:
        """1 in the tissue's own channel."""
        return tuple(float(tissue.name == name) for name in self.names)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """As `tissue`, without texture."""
        del mineral_mg_per_ml
        return self.tissue(tissue), tuple(0.0 for _ in self.names)
