"""What a segmenter is: anything that outlines the spine of a study."""

from __future__ import annotations

from typing import Protocol

from spinemets.model.segmentation import Segmentation
from spinemets.model.study import Study


class Segmenter(Protocol):
    """Outlines structures. Names levels only if it truly knows them; never guesses one to fill a gap."""

    @property
    def name(self) -> str:
        """Name and version as the report states them."""
        ...

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Labelled structures, each on its own grid; empty if there is nothing to outline."""
        ...
