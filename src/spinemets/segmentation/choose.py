"""Chooses the segmenter: label files where they are given, else a back end by its name."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.segmentation import Segmentation
from spinemets.model.study import Study
from spinemets.segmentation.kept import Kept
from spinemets.segmentation.options import LabelFile, SegmenterOptions
from spinemets.segmentation.port import Segmenter


@dataclass(frozen=True, kw_only=True)
class LabelMaps:
    """Reads label files."""

    files: tuple[LabelFile, ...]
    name: str = "label map"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Structures of all files."""
        from spinemets.segmentation import label_map  # lazy: pulls in the NIfTI reader

        return label_map.read(self.files, study)


@dataclass(frozen=True, kw_only=True)
class NoSegmenter:
    """Outlines nothing: whatever needs a vertebra is then not assessable, and says so."""

    name: str = "none"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Nothing."""
        return ()


def choose(options: SegmenterOptions) -> Segmenter:
    """Segmenter for these options.

    Raises
    ------
    UsageError
        If there is no back end of that name.
    """
    if options.labels:
        return LabelMaps(files=options.labels)
    if options.backend == "none":
        return NoSegmenter()
    from spinemets.segmentation import backends  # lazy: label files need none of them

    chosen = backends.segmenter(options.backend, options.limit_s)
    return chosen if options.keep_in is None else Kept(segmenter=chosen, folder=options.keep_in)
