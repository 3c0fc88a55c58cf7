"""What the other series of a study say about one: echoes, flip angles and times of its geometry, contrast given before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Series

# Series whose repetition times differ by less belong to one multi-echo or multi-flip acquisition.
SAME_TR = 0.01


@dataclass(frozen=True, kw_only=True)
class Companions:
    """Series of the same geometry and TR, this one included, and what the study says of contrast.

    Attributes
    ----------
    echoes, flips, times
        How many echo times, flip angles and times.
    volumes
        Volumes with this echo time and flip angle, whether or not their times are stated.
    step_s
        Median time between the times, None where not known.
    weighted
        Whether another volume of the same DICOM series has a b-value above 0.
    contrast
        True where an agent was given before this series, False where the study states its agent only later, else None.
    """

    echoes: int = 1
    flips: int = 1
    times: int = 1
    volumes: int = 1
    step_s: float | None = None
    weighted: bool = False
    contrast: bool | None = None


def dicom_uid(series: Series) -> str:
    """SeriesInstanceUID without the suffix of a single volume."""
    return series.uid.partition("#")[0]


class Company:
    """The series of one study, sorted once so that a study of thousands of volumes is not compared pair by pair."""

    def __init__(self, all_series: Sequence[Series]) -> None:
        self._siblings: dict[str, list[Series]] = defaultdict(list)
        self._alike: dict[Hashable, list[Series]] = defaultdict(list)
        self._known: dict[Hashable, Companions] = {}
        self._grids: dict[str, list[Grid]] = {}
        self._given: dict[str | None, list[datetime]] = defaultdict(list)
        self._shown: dict[str | None, list[datetime]] = defaultdict(list)
        for series in all_series:
            self._siblings[dicom_uid(series)].append(series)
            self._alike[_geometry(series)].append(series)
            acquisition = series.acquisition
            if (given := moment(acquisition.contrast_at)) is not None:
                self._given[acquisition.modality].append(given)
            if acquisition.contrast_agent and (shown := moment(acquisition.acquired)) is not None:
                self._shown[acquisition.modality].append(shown)

    def siblings(self, series: Series) -> Sequence[Series]:
        """Volumes of the same DICOM series, itself included."""
        return self._siblings[dicom_uid(series)]

    def grids(self, series: Series) -> Sequence[Grid]:
        """Grids of those volumes, one of each direction and number of slices."""
        uid = dicom_uid(series)
        if uid not in self._grids:
            grids = [o.grid for o in self._siblings[uid] if o.grid is not None]
            self._grids[uid] = list({(g.shape_ijk[2], np.round(g.axes[:, 2], 3).tobytes()): g for g in grids}.values())
        return self._grids[uid]

    def of(self, series: Series) -> Companions:
        """What the other series say of this one."""
        mine = series.acquisition
        key = (dicom_uid(series), _geometry(series), mine.tr_s, mine.te_s, mine.flip_deg)
        if key not in self._known:
            self._known[key] = self._counted(series)
        return replace(self._known[key], contrast=self.contrast_before(series))

    def _counted(self, series: Series) -> Companions:
        mine = series.acquisition
        weighted = any(b > 0 for o in self.siblings(series) for b in _b_values(o.acquisition))
        if series.grid is None or mine.tr_s is None:
            return Companions(weighted=weighted)
        group = [o for o in self._alike[_geometry(series)] if _same_tr(mine, o.acquisition)]
        alike = [o for o in group if (o.acquisition.te_s, o.acquisition.flip_deg) == (mine.te_s, mine.flip_deg)]
        seconds = _seconds(series, alike)
        return Companions(
            echoes=len({round(o.acquisition.te_s * 1e3, 1) for o in group if o.acquisition.te_s is not None}) or 1,
            flips=len({round(o.acquisition.flip_deg) for o in group if o.acquisition.flip_deg is not None}) or 1,
            times=len(seconds) or 1,
            volumes=len(alike) or 1,
            step_s=float(np.median(np.diff(seconds))) if len(seconds) > 1 else None,
            weighted=weighted,
        )

    def contrast_before(self, series: Series) -> bool | None:
        """Whether this study gave an agent before the series was acquired (MR-GEN-01: "or later than injection").

        Where a header states the time of the injection it counts; else the earliest series that states an agent was
        acquired after it. A series acquired before the first that states one is without.
        """
        mine = moment(series.acquisition.acquired)
        if mine is None:
            return None
        given, shown = self._given[series.acquisition.modality], self._shown[series.acquisition.modality]
        if (given and mine >= min(given)) or (shown and mine > min(shown)):
            return True
        return False if given or (shown and mine < min(shown)) else None


def _geometry(series: Series) -> Hashable:
    """Equal for series of one readout on one grid (to 0.01 mm)."""
    grid = series.grid
    where = None if grid is None else (grid.shape_ijk, np.round(grid.affine_lps_mm, 2).tobytes())
    return (series.acquisition.scanning_sequence, where)


def _same_tr(mine: Acquisition, theirs: Acquisition) -> bool:
    if mine.tr_s is None or theirs.tr_s is None:
        return False
    return abs(mine.tr_s - theirs.tr_s) <= SAME_TR * mine.tr_s


def _b_values(acquisition: Acquisition) -> tuple[float, ...]:
    own = acquisition.diffusion
    return acquisition.b_values_s_per_mm2 + (() if own is None else (own.b_s_per_mm2,))


def _seconds(series: Series, alike: Sequence[Series]) -> list[float]:
    """Distinct times, sorted: within one DICOM series after its first, else by the clock."""
    own = {o.acquisition.time_s for o in alike if dicom_uid(o) == dicom_uid(series)} - {None}
    if len(own) > 1:
        return sorted(t for t in own if t is not None)
    clock = {moment(o.acquisition.acquired) for o in alike}
    return sorted(t.timestamp() for t in clock if t is not None)


def moment(stamp: str | None) -> datetime | None:
    """ISO 8601 date with a time of day, its zone left out; None for a bare date, which orders nothing within an examination,
    and for another form (side files hold any text).
    """
    if stamp is None or "T" not in stamp:
        return None
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=None)
    except ValueError:
        return None
