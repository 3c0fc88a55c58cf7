"""Series brought to where the outlines lie: a rigid transform where the patient moved a little, no use where more (G-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesMotion
from spinemets.model.volume import Volume
from spinemets.series.motion.measure import of_pair
from spinemets.series.motion.mutual_information import rotation
from spinemets.series.motion.pairs import TOGETHER, Pair, modality_of, rank
from spinemets.series.sets.likeness import overlap_share

Array = NDArray[np.float64]
# Members of these sets take the transform of their first one.
FOLLOW = (*TOGETHER, "b_values", "dynamic")


def aligned(study: Study, grid: Grid) -> Study:
    """The study with every series of a patient space where the outlines lie.

    Parameters
    ----------
    study
        Recognised, with its sets.
    grid
        Of the outlines.

    Returns
    -------
    Study
        A series that moved by up to 5 mm has its grid moved back; one that moved more, or has nothing in common with what
        was outlined, has a refused geometry; `motions` and a warning of the series say so. What cannot be measured stays
        where its header puts it, with a line in `motions`.
    """
    lead = _lead(study.series, grid)
    if lead is None:
        return study
    followed = _followed(study)
    ways: dict[str, _Way] = {}
    changed: dict[str, Series] = {}
    for one in sorted(
        _others(study.series, lead), key=lambda s: (modality_of(s) != modality_of(lead), s.uid in followed, rank(s))
    ):
        if one.uid in followed:
            ways[one.uid] = _after(ways.get(followed[one.uid]), None)
        else:
            reference = _reference(one, (lead, study), ways, followed)
            ways[one.uid] = _after(ways.get(reference.uid), _between(reference, one))
        changed[one.uid] = ways[one.uid].of(one)
    return replace(
        study,
        series=tuple(changed.get(s.uid, s) for s in study.series),
        motions=tuple(way.motion for way in ways.values() if way.motion is not None),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Way:
    """From the outlines' space to a series: 4 x 4 in LPS mm, None where it may not be used; what was measured last."""

    matrix: Array | None
    sentence: str = ""
    motion: SeriesMotion | None = None

    def of(self, series: Series) -> Series:
        """The series brought back, with a line where it could not be measured."""
        if self.motion is not None and self.motion.verdict == "not measured":
            series = replace(series, warnings=(*series.warnings, _sentence(self.motion.sentence)))
        if self.matrix is None:
            geometry = replace(series.geometry, verdict="refused", notes=(*series.geometry.notes, self.sentence))
            return replace(series, geometry=geometry)
        if np.allclose(self.matrix, np.eye(4)) or series.grid is None:
            return series
        grid = replace(series.grid, affine_lps_mm=np.linalg.inv(self.matrix) @ series.grid.affine_lps_mm)
        return replace(
            series, grid=grid, load=_Moved(series, grid), warnings=(*series.warnings, f"Moved back: {self.sentence}.")
        )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


class _Moved:
    """Loads a series onto its moved grid."""

    def __init__(self, series: Series, grid: Grid) -> None:
        self._series, self._grid = series, grid

    def __call__(self) -> Volume:
        return replace(self._series.pixels(), grid=self._grid)

    @property
    def noticed(self) -> tuple[str, ...]:
        """What was noticed when the pixels were read."""
        found: tuple[str, ...] = getattr(self._series.load, "noticed", ())
        return found


def _lead(series: Sequence[Series], grid: Grid) -> Series | None:
    """The series that was outlined; of several that were joined, the one with the most voxels."""
    near = [s for s in series if s.measurable and s.grid is not None and s.grid.same_frame(grid)]
    same = [s for s in near if s.grid == grid]
    return min(same or near, key=rank, default=None)


def _others(series: Sequence[Series], lead: Series) -> list[Series]:
    assert lead.grid is not None
    return [
        s for s in series if s.uid != lead.uid and s.measurable and s.grid is not None and s.grid.same_frame(lead.grid)
    ]


def _followed(study: Study) -> dict[str, str]:
    """Uid of the first of its set by uid of the series that goes with it."""
    return {uid: item.members[0] for item in study.sets if item.kind in FOLLOW for uid in item.members[1:]}


def _reference(one: Series, of: tuple[Series, Study], ways: dict[str, _Way], followed: dict[str, str]) -> Series:
    """What a series is held against: the outlined one; for another family the first of its own that was held against that."""
    lead, study = of
    if modality_of(one) == modality_of(lead):
        return lead
    own = [s for s in study.series if s.uid in ways and s.uid not in followed and modality_of(s) == modality_of(one)]
    near = [s for s in own if s.grid is not None and one.grid is not None and overlap_share(s.grid, one.grid) > 0]
    return min(near, key=rank, default=lead)


def _between(reference: Series, moving: Series) -> SeriesMotion:
    assert reference.grid is not None and moving.grid is not None
    apart = overlap_share(reference.grid, moving.grid) <= 0
    return of_pair(Pair(reference=reference, moving=moving, reason="they do not overlap" if apart else ""))


def _after(before: _Way | None, motion: SeriesMotion | None) -> _Way:
    """One way after another; a series without a reference of its own stands at the outlines."""
    start = _Way(matrix=np.eye(4)) if before is None else before
    if start.matrix is None or motion is None:
        return _Way(matrix=start.matrix, sentence=start.sentence, motion=motion)
    if motion.verdict == "refused":
        return _Way(matrix=None, sentence=motion.sentence, motion=motion)
    matrix = _matrix(motion) @ start.matrix if motion.verdict == "moved" else start.matrix
    sentence = motion.sentence if motion.verdict == "moved" else start.sentence
    return _Way(matrix=matrix, sentence=sentence, motion=motion)


def _matrix(motion: SeriesMotion) -> Array:
    """4 x 4: where what lies at a point of the reference lies in the moving series."""
    assert motion.shift_mm is not None and motion.rotation_deg is not None and motion.centre_lps_mm is not None
    turn, _ = rotation(np.radians(motion.rotation_deg))
    centre = np.array(motion.centre_lps_mm)
    found = np.eye(4)
    found[:3, :3] = turn
    found[:3, 3] = centre - turn @ centre + motion.shift_mm
    return found
