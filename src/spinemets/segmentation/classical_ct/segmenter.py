"""`ClassicalCt`: the Segmenter that needs nothing but the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.resampling import voxel_along_mm
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.segmentation import eligible, reslice
from spinemets.segmentation.classical_ct import canal, discs
from spinemets.segmentation.classical_ct.curve import OUTSIDE_HU, follow
from spinemets.segmentation.classical_ct.settings import Settings, load
from spinemets.segmentation.classical_ct.vertebrae import CANAL, Column, around, numbered

SCHEME = "plain instances"
NOTE = (
    "The vertebrae were outlined by the classical CT method: bone between two discs, without names. Borders of arches and "
    "processes are approximate, and a vertebra without a disc on each side in view is left out."
)


@dataclass(frozen=True, kw_only=True)
class ClassicalCt:
    """Outlines whole vertebrae (no level) and the canal in CT."""

    name: str = "classical_ct"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """One segmentation per CT volume in which a column is found; empty where none is."""
        found = (outline(series, self.name) for series in eligible.series_for(study, eligible.CT))
        return tuple(one for one in found if one is not None)


def outline(series: Series, source: str) -> Segmentation | None:
    """Vertebrae and canal of one CT series on its own grid; None if no column is seen."""
    volume = series.pixels()
    if volume.array.ndim != 3:
        return None
    settings = load()
    array = volume.array if volume.padding is None else np.where(volume.padding, OUTSIDE_HU, volume.array)
    upright = reslice.aligned(volume.grid, (settings.step_mm,) * 3)
    hu = reslice.image_on(array, volume.grid, upright, OUTSIDE_HU)
    slice_mm = voxel_along_mm(volume.grid, np.array([0.0, 0.0, 1.0]))
    column = find(hu, upright, slice_mm, settings)
    if column is None:
        return None
    box = around(hu, upright, column.curve)
    parts = _parts(numbered(box, column, settings), box.grid, (volume.grid, source))
    if not any(part.structure == "vertebra" for part in parts):
        return None
    return Segmentation(
        grid=volume.grid,
        parts=parts,
        scheme=SCHEME,
        naming="none",
        body_only=False,
        source=source,
        series_uid=series.uid,
        warnings=(f"{series.label}: {NOTE}",),
    )


def find(hu: NDArray[np.float32], grid: Grid, slice_mm: float, settings: Settings) -> Column | None:
    """Canal and discs in an upright image; None if there is no column."""
    small = canal.coarse(hu)
    if min(small.shape) < 2:
        return None
    path, score = canal.trace(canal.scores(small, 2 * settings.step_mm, settings), settings.move_cost)
    curve = follow(grid.to_lps_mm(2 * path + 0.5), score, settings)
    if curve is None:
        return None
    straight = curve.straightened(hu, grid)
    sagittal = discs.middle_of(straight)
    wall_mm = discs.posterior_wall(sagittal, settings)
    found = discs.find(sagittal, wall_mm, slice_mm, settings)
    return Column(curve=curve, wall_mm=wall_mm, discs=found, straight=straight) if found else None


def _parts(labels: NDArray[np.uint8], grid: Grid, onto: tuple[Grid, str]) -> tuple[Part, ...]:
    """Vertebrae head to feet, then the canal, brought to the image's own grid."""
    target, source = onto
    own = reslice.labels_on(labels, grid, target)
    parts = []
    for number in sorted((int(n) for n in np.unique(own) if 0 < n < CANAL), reverse=True):
        region = Region.from_mask("vertebra", own == number, target, source=source)
        parts.append(Part(structure="vertebra", level=None, region=region))
    region = Region.from_mask("canal", own == CANAL, target, source=source)
    return (*parts, Part(structure="canal", level=None, region=region)) if region.n_voxels else tuple(parts)
