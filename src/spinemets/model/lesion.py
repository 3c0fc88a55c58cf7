"""`Lesion`: one candidate component in one series (no fusion across series yet)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinemets.model.reference import NoReference, Reference
from spinemets.model.region import Region


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesion:
    """A connected component of abnormal voxels.

    Attributes
    ----------
    id
        `L3-1`: level id and running number, largest first; series kind appended where several series have one.
    level_id
        Vertebra it lies in.
    series_uid, criterion
        Series and the criterion whose parameters drew it (`CT-02`, `MR-T1-03`).
    region
        Its voxels on the series' grid.
    volume_ml, volume_ci95_ml
        Volume, and with the segmentation moved by half a voxel.
    diameters_mm
        `longest`, `orthogonal` (in-plane), `craniocaudal`.
    share_of_body
        Fraction of the body's volume.
    compartments
        Part name -> fraction of the lesion in it (`body`, `pedicle_left`, ...).
    kind
        `lytic`, `blastic`, `mixed`, `t1_dark`, `stir_bright`.
    values
        Named numbers (`lytic_ml`, `blastic_ml`, `mean_hu`, `peak_hu`, `contrast`, ...).
    centroid_lps_mm
        Its middle.
    caveats
        Caveat codes.
    """

    id: str
    level_id: str
    series_uid: str
    criterion: str
    region: Region
    volume_ml: float
    volume_ci95_ml: tuple[float, float]
    diameters_mm: Mapping[str, float]
    share_of_body: float | None
    compartments: Mapping[str, float]
    kind: str
    values: Mapping[str, float]
    centroid_lps_mm: NDArray[np.float64]
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True, eq=False)
class Focus:
    """Where a level is looked at in a series that is not searched itself (a map): a candidate that another series shows.

    Attributes
    ----------
    lesion_id
        Of the candidate; empty where there is none.
    region
        Its voxels on the grid of the series; None where there is no candidate.
    kinds
        Of all candidates of the level that these searches found (`t1_dark`, `blastic`, ...).
    searched
        Criteria whose search covered this level: without one, nothing is known of foci here.
    """

    lesion_id: str = ""
    region: Region | None = None
    kinds: frozenset[str] = frozenset()
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Everything the room `lesions` knows.

    Attributes
    ----------
    lesions
        Candidates of all series.
    normal
        (series uid, level id) -> normal neighbours' marrow (G-07) or why there is none.
    searched
        (series uid, level id, criterion) that were really searched: `absent` is allowed only there.
    """

    lesions: tuple[Lesion, ...] = ()
    normal: Mapping[tuple[str, str], Reference | NoReference] = field(default_factory=dict)
    searched: frozenset[tuple[str, str, str]] = frozenset()

    def of(self, level_id: str, series_uid: str, criterion: str) -> tuple[Lesion, ...]:
        """Candidates of one vertebra in one series by one criterion."""
        return tuple(
            x for x in self.lesions if (x.level_id, x.series_uid, x.criterion) == (level_id, series_uid, criterion)
        )
