"""Planning images that do not call themselves so in ImageType: many directions in one series, or a description."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.series.classes import LocalizerRule
from spinemets.series.conflicts import said
from spinemets.series.physics_facts import readout

BY_GEOMETRY, BY_DESCRIPTION = 1.0, 0.8


def classify(series: Series, grids: Sequence[Grid], rule: LocalizerRule) -> Recognition | None:
    """Recognise a planning image: a gradient echo of few slices in far directions, or described as planning.

    A volume that is measured has one direction, so several far apart in one series are no examination of anything.

    Parameters
    ----------
    grids
        Grids of the volumes of its DICOM series, alike ones once.
    """
    family = readout(series.acquisition)
    if family is not None and family not in rule.families:
        return None
    if any(grid.shape_ijk[2] > rule.slices_max for grid in grids):
        return None
    apart = directions([grid.axes[:, 2] for grid in grids], rule.angle_min_deg)
    if family is not None and apart > 1:
        sentence = f"gradient echo of few slices in {apart} directions within one series"
        return Recognition(kind="localizer", score=BY_GEOMETRY, evidence=(sentence,))
    if re.search(rule.pattern, said(series.acquisition)):
        sentence = "gradient echo of few slices that its description calls a planning image"
        doubt = "only the description says that it is a planning image"
        return Recognition(kind="localizer", score=BY_DESCRIPTION, evidence=(sentence,), doubts=(doubt,))
    return None


def directions(normals: Sequence[NDArray[np.float64]], angle_min_deg: float) -> int:
    """How many slice directions lie at least `angle_min_deg` apart (an axis and its opposite are one)."""
    kept: list[NDArray[np.float64]] = []
    limit = math.cos(math.radians(angle_min_deg))
    for normal in normals:
        if all(abs(float(normal @ other)) < limit for other in kept):
            kept.append(normal)
    return len(kept)
