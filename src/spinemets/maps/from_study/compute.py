"""The door of the room for whole studies: maps of a kind, and a line for everything that was not mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spinemets.maps.from_study.diffusion import adc_maps, ivim_maps
from spinemets.maps.from_study.dynamic import dce_maps, enhancement_maps
from spinemets.maps.from_study.fat import fat_fraction_maps
from spinemets.maps.from_study.how import How
from spinemets.maps.from_study.in_opposed import opposed_phase_maps
from spinemets.maps.from_study.relaxation import t1_maps
from spinemets.maps.from_study.uptake import suv_maps
from spinemets.model.errors import UsageError
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.study import Study

Maker = Callable[[Study, How], list[MapResult | NotMapped]]
KINDS: Mapping[str, Maker] = {
    "adc": adc_maps, "ivim": ivim_maps, "opposed-phase": opposed_phase_maps, "fat-fraction": fat_fraction_maps, "t1": t1_maps,
    "dce": dce_maps, "enhancement": enhancement_maps, "suv": suv_maps,
}  # fmt: skip
NEEDS = {
    "adc": "series of two b-values at least", "ivim": "series of four b-values at least, one of them from 1 to 150 s/mm2",
    "opposed-phase": "an in-phase and an opposed-phase image", "fat-fraction": "several echoes, or images of water and fat",
    "t1": "gradient echoes of several flip angles, or several inversion times", "dce": "a dynamic series with contrast agent",
    "enhancement": "a dynamic series, or a pair before and after contrast", "suv": "a PET series",
}  # fmt: skip


def compute(study: Study, kind: str, how: How | None = None) -> tuple[list[MapResult], list[NotMapped]]:
    """Maps of one kind.

    Parameters
    ----------
    study
        Recognised, with its sets.
    kind
        `adc`, `ivim`, `opposed-phase`, `fat-fraction`, `t1`, `dce`, `enhancement` or `suv`.
    how
        What the user states.

    Returns
    -------
    tuple
        What was mapped; what was not and why. Never both empty: a study without the series for it says so.

    Raises
    ------
    UsageError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no map called {kind}.", f"Maps: {', '.join(KINDS)}.")
    found = KINDS[kind](study, how or How())
    made = [one for one in found if isinstance(one, MapResult)]
    not_made = [one for one in found if isinstance(one, NotMapped)]
    if not found:
        not_made.append(
            NotMapped(kind=kind, source="the study", reason="no series for it", remedy=f"It needs {NEEDS[kind]}.")
        )
    return made, not_made
