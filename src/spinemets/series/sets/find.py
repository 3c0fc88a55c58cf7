"""The study view: which series of a study belong together (MR-GEN-01, MR-WB-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets import pairs, varying
from spinemets.series.sets.diffusion_sets import b_values, is_weighted
from spinemets.series.sets.likeness import is_candidate, same_lattice
from spinemets.series.sets.stations import stations


def with_sets(study: Study) -> Study:
    """The study with its sets, and a warning for each series that a user would expect to have a partner.

    Headers and grids only: no pixel is decoded. A series may be in several sets (a dynamic series of a pair, say). The
    tolerances are the table `study_sets`.
    """
    candidates = [s for s in study.series if is_candidate(s)]
    sets: list[SeriesSet] = []
    alone: list[str] = []
    for stack in stacks(candidates):
        found, said = b_values(stack, study.series)
        sets += found
        alone += said
        diffusion = {uid for item in found for uid in item.members}
        rest = [s for s in stack if s.uid not in diffusion and not is_weighted(s)]
        for find in (varying.echoes, varying.fat_water, varying.flip_angles, varying.inversion_times, varying.dynamic):
            sets += find(rest)
        sets += varying.phase_magnitude(stack)
    found, said = pairs.contrast_pairs(candidates)
    sets += [*found, *pairs.kernels(candidates), *stations(candidates)]
    alone += said
    taken = {uid for item in sets if item.kind in ("dynamic", "b_values") for uid in item.members}
    sets += pairs.repeats(candidates, taken)
    place = {s.uid: n for n, s in enumerate(study.series)}
    ordered = sorted(sets, key=lambda item: min(place[uid] for uid in item.members))
    return replace(study, sets=tuple(ordered), warnings=(*study.warnings, *alone))


def stacks(series: Sequence[Series]) -> list[list[Series]]:
    """Series by lattice: same voxels in the same places of one frame of reference."""
    found: list[list[Series]] = []
    for item in series:
        home = next((group for group in found if same_lattice(item, group[0])), None)
        if home is None:
            found.append([item])
        else:
            home.append(item)
    return found


def spaces(study: Study) -> list[list[Series]]:
    """Series by frame of reference; those that state none are one group each, since nothing ties them together."""
    groups: dict[str, list[Series]] = {}
    for series in study.series:
        stated = series.grid.frame_of_reference_uid if series.grid is not None else None
        groups.setdefault(stated or f"none stated: {series.uid}", []).append(series)
    return list(groups.values())
