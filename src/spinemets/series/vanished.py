"""Series whose files changed or vanished after they were listed: set apart by name, so that they do not cost the study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.model.errors import UnreadableInput
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.study import Study

Step = Callable[[Study], Study]


def in_spite_of(step: Step, study: Study) -> Study:
    """The study after a step that looks at pixels; where a series cannot be loaded, without that series' pixels.

    Only when something fails is every series loaded once, to find which.

    Raises
    ------
    UnreadableInput
        If it was not the pixels of a series that failed.
    """
    try:
        return step(study)
    except UnreadableInput:
        series = tuple(_checked(one) for one in study.series)
        if all(new is old for new, old in zip(series, study.series, strict=True)):
            raise
        return step(replace(study, series=series))


def _checked(series: Series) -> Series:
    if not series.measurable:
        return series
    try:
        series.pixels()
    except UnreadableInput as error:
        geometry = GeometryCheck(verdict="refused", notes=(*series.geometry.notes, error.what))
        return replace(series, geometry=geometry)
    return series
