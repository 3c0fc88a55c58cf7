"""Maps as series of their study, so that criteria find, compare and show them as they do with images (design 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.knowledge.phrases import first_capital
from spinemets.maps.from_study.compute import compute
from spinemets.maps.from_study.curves import KIND as CURVES
from spinemets.maps.from_study.curves import as_curves
from spinemets.maps.from_study.how import How
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import Computed, MapResult, NotMapped, ParametricMap
from spinemets.model.series import Recognition, Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume

# What `compute` calls the whole study: it has no series for this map, which every criterion says for itself.
NO_SERIES = "the study"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One kind of series that a map becomes.

    Attributes
    ----------
    kind, map
        Of the series, and of the map.
    quantities
        The first that the map holds is taken.
    not_where
        Maps of doubt: a voxel where one of them is set has no value.
    """

    kind: str
    map: str
    quantities: tuple[str, ...]
    not_where: tuple[str, ...] = ()


def wanted(kinds: Collection[str]) -> tuple[Wanted, ...]:
    """Those of the table `assessed_maps` whose kind somebody asks for."""
    rows: Mapping[str, Mapping[str, Any]] = table("assessed_maps")["kinds"]
    return tuple(
        Wanted(
            kind=kind,
            map=row["map"],
            quantities=tuple(row["quantities"]),
            not_where=tuple(row.get("not_where", ())),
        )
        for kind, row in rows.items()
        if kind in kinds
    )


def with_maps(study: Study, placed: Study, kinds: Collection[str], how: How) -> Study:
    """A study with maps of its series among them.

    Parameters
    ----------
    study
        As read and recognised: maps are made of images where their headers put them.
    placed
        The same, its series brought to where the outlines lie (`series.motion.applied.aligned`).
    kinds
        Kinds of series that are asked for; others are not made.
    how
        As for `compute`.

    Returns
    -------
    Study
        `placed` with the maps as its last series, each where its first source now lies, and with `not_mapped`.
    """
    asked = wanted(kinds)
    made: list[Series] = []
    refused: list[NotMapped] = []
    number = max((one.number for one in study.series), default=0)
    for of in dict.fromkeys(one.map for one in asked):
        results, not_made = compute(study, of, how)
        refused += [one for one in not_made if one.source != NO_SERIES]
        for result in results:
            for want in (one for one in asked if one.map == of):
                found = _quantity(result, want)
                if found is not None:
                    at = (_home(result, study, placed), number + len(made) + 1)
                    one = _series(result, found, want.kind, placed, at)
                    members = [study.by_uid(uid) for uid in result.series_uids]
                    made.append(as_curves(one, members, how) if want.kind == CURVES else one)
    return replace(placed, series=(*placed.series, *made), not_mapped=tuple(refused))


def _quantity(result: MapResult, want: Wanted) -> ParametricMap | None:
    held = {one.name: one for one in result.maps}
    found = next((held[name] for name in want.quantities if name in held), None)
    doubts = [held[name].array > 0 for name in want.not_where if name in held]
    if found is None or not doubts:
        return found
    doubtful = np.logical_or.reduce(doubts)
    return replace(found, array=np.where(doubtful, np.float32(np.nan), found.array))


def _home(result: MapResult, study: Study, placed: Study) -> Series:
    """The source on whose grid a map lies, where it lies now."""
    own = (uid for uid in result.series_uids if study.by_uid(uid).grid == result.grid)
    return placed.by_uid(next(own, result.series_uids[0]))


def _series(result: MapResult, found: ParametricMap, kind: str, placed: Study, at: tuple[Series, int]) -> Series:
    home, number = at
    sources = [placed.by_uid(uid) for uid in result.series_uids]
    uid = f"{home.uid}#map{number}"
    grid = home.grid if home.grid is not None else result.grid
    # "series 5, b-value 800 s/mm2" is one of many volumes of series 5.
    labels = list(dict.fromkeys(one.label.partition(",")[0] for one in sources))
    of = " and ".join(labels[:2]) + (f" and {len(labels) - 2} more" if len(labels) > 2 else "")
    return Series(
        uid=uid,
        number=number,
        label=f"{found.title} of {of}",
        acquisition=home.acquisition,
        load=partial(_volume, found, grid, uid),
        grid=grid,
        geometry=home.geometry,
        recognition=Recognition(
            kind=kind,
            confidence=min(one.recognition.confidence for one in sources),
            evidence=(f"computed from {result.source}: {result.method}",),
            method="computed",
        ),
        sides_known=home.sides_known,
        n_images=grid.shape_ijk[2],
        warnings=tuple(
            f"{first_capital(said.rstrip('.'))}."
            for said in (*result.notes, *(f"{n} voxels left out: {why}" for why, n in result.rejected.items()))
        ),
        computed=Computed(
            map_kind=result.kind,
            quantity=found.name,
            from_uids=result.series_uids,
            method=result.method,
            facts={**result.inputs, "place_known": _place_known(placed, home)},
        ),
    )


def _volume(found: ParametricMap, grid: Grid, uid: str) -> Volume:
    return Volume(
        array=np.asarray(found.array, np.float32), grid=grid, quantity=found.name, unit=found.unit, series_uid=uid
    )


def _place_known(placed: Study, home: Series) -> bool:
    """Whether motion of the source against what was outlined was measured, or there is nothing that it could differ from."""
    verdicts = [one.verdict for one in placed.motions if one.moving_uid == home.uid]
    return all(verdict in ("agrees", "moved") for verdict in verdicts)
