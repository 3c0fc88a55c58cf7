"""Names from series of other patient spaces: asked only where those that were outlined leave a level in doubt (G-09)."""

from __future__ import annotations

from dataclasses import replace

from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.level import EarlierLevel
from spinemets.model.series import Series
from spinemets.model.spine import Spine
from spinemets.model.study import Study
from spinemets.segmentation.port import Segmenter


def in_doubt(spine: Spine) -> bool:
    """Whether a vertebra has no name, or one that is assumed."""
    return any(v.level.name is None or v.level.assumed for v in spine.vertebrae)


def named_elsewhere(study: Study, spine: Spine, segmenter: Segmenter) -> tuple[tuple[EarlierLevel, ...], ...]:
    """Vertebrae of each other patient space in which at least one has a name, head to feet.

    Parameters
    ----------
    study
        All series.
    spine
        What was outlined and named already.
    segmenter
        Outlines the others, space by space.
    """
    found = []
    for series in _spaces(study, spine):
        apart = replace(study, series=series)
        other = locate(apart, segmenter.segment(apart), LevelOptions(sex=study.patient.sex), walls=False)
        levels = tuple(
            EarlierLevel(name=v.level.name, confidence=v.level.confidence or 0.0, size_mm=v.known_by_mm)
            for v in other.vertebrae
        )
        if any(level.name for level in levels):
            found.append(levels)
    return tuple(found)


def _spaces(study: Study, spine: Spine) -> list[tuple[Series, ...]]:
    """Series of each patient space other than the outlined one."""
    known, spaces = [spine.grid], []
    for one in study.series:
        if one.grid is None or any(grid is None or one.grid.same_frame(grid) for grid in known):
            continue
        known.append(one.grid)
        spaces.append(tuple(s for s in study.series if s.grid is not None and s.grid.same_frame(one.grid)))
    return spaces
