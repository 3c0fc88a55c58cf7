"""One row for each DICOM series, however many volumes it holds: what a listing shows."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.likeness import stem

# Of several sets that explain one DICOM series, the first of these names its row.
NAMING = ("b_values", "dynamic", "in_opposed", "echoes", "inversion_times", "flip_angles", "phase_magnitude", "repeats")


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """Volumes of one DICOM series, and the set that explains why there are several (None for a single one)."""

    volumes: tuple[Series, ...]
    explained: SeriesSet | None = None

    @property
    def first(self) -> Series:
        """The series whose facts the row shows."""
        return self.volumes[0]

    @property
    def number(self) -> str:
        """Running numbers: `3` or `3-11`."""
        numbers = [s.number for s in self.volumes]
        return str(numbers[0]) if len(numbers) == 1 else f"{min(numbers)}-{max(numbers)}"


def rows_of(study: Study) -> list[Row]:
    """Rows in the order of the study; volumes that differ in kind, size or geometry get a row each."""
    groups: dict[tuple[object, ...], list[Series]] = {}
    for series in study.series:
        size = series.grid.shape_ijk if series.grid is not None else None
        groups.setdefault((stem(series), series.kind, size, series.geometry.verdict), []).append(series)
    return [Row(volumes=tuple(group), explained=_explains(study, group)) for group in groups.values()]


def _explains(study: Study, group: list[Series]) -> SeriesSet | None:
    uids = {s.uid for s in group}
    if len(uids) < 2:
        return None
    holding = [item for item in study.sets if uids <= set(item.members) and item.kind in NAMING]
    return min(holding, key=lambda item: NAMING.index(item.kind), default=None)
