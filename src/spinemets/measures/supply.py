"""Finds what a criterion needs: the right series, the regions on that series' grid, references, lesions, facts.

One `Supply` serves one run. It only looks things up and remembers masks already brought to a grid; the measured image
is never resampled (style habit 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from spinemets.anatomy.references import reference
from spinemets.geometry.resampling import region_on_grid
from spinemets.knowledge.catalogue import Criterion
from spinemets.knowledge.kinds import map_kinds, words
from spinemets.knowledge.phrases import in_sentence
from spinemets.lesions.choose import for_vertebra
from spinemets.lesions.contrast import explained
from spinemets.maps.cortex import profile
from spinemets.model.lesion import Focus, Found
from spinemets.model.measurement import Refused
from spinemets.model.reference import NoReference, Reference
from spinemets.model.region import CortexProfile, Region
from spinemets.model.series import Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import Study
from spinemets.model.volume import Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class Supply:
    """Everything a run can hand to criteria, with a memory for masks, references and ray profiles."""

    study: Study
    spine: Spine
    found: Found
    _regions: dict[tuple[str, str, str], Region] = field(default_factory=dict)
    _references: dict[tuple[str, str, str], Reference | NoReference] = field(default_factory=dict)
    _cortex: dict[tuple[str, str, str], CortexProfile] = field(default_factory=dict)

    def candidates(self, kinds: Sequence[str], vertebra: Vertebra | None) -> tuple[Series, ...] | Refused:
        """Series that may serve, best first: order of kinds, coverage of the vertebra, thinnest slice (MR-GEN-02)."""
        usable = [s for s in self.study.series if s.measurable and s.kind in kinds]
        if not usable:
            return self._no_series(kinds)
        if vertebra is None:
            return tuple(sorted(usable, key=lambda s: (kinds.index(s.kind), s.number)))
        grid = self.spine.grid
        near = [s for s in usable if grid is None or (s.grid is not None and s.grid.same_frame(grid))]
        if not near:
            return Refused(
                code="NA-REGISTRATION",
                missing=f"{_names(usable)} has another frame of reference than the labels",
                remedy="Give labels drawn on that series.",
            )
        covering = for_vertebra(self.study, vertebra, kinds).series
        if not covering:
            return Refused(
                code="NA-COVERAGE",
                missing=f"{vertebra.level.words} is outside {_names(near)}",
                remedy="Needs a series that covers this level.",
            )
        return covering

    def _no_series(self, kinds: Sequence[str]) -> Refused:
        unmade = tuple(one for one in self.study.not_mapped if one.kind in map_kinds(kinds))
        if unmade:
            missing = "; ".join(f"{one.source}: {in_sentence(one.reason.rstrip('.'))}" for one in unmade)
            return Refused(code="NA-META", missing=missing, remedy=" ".join(dict.fromkeys(x.remedy for x in unmade)))
        refused = [s for s in self.study.series if s.kind in kinds]
        if refused:
            why = "; ".join(n for s in refused for n in s.geometry.notes) or "no trusted geometry"
            moved = {m.moving_uid for m in self.study.motions if m.verdict == "refused"}
            if all(s.uid in moved for s in refused):
                missing = f"{_names(refused)} shows another place than what was outlined: {why}"
                return Refused(code="NA-REGISTRATION", missing=missing, remedy="Outline that series alone.")
            return Refused(code="NA-GEOMETRY", missing=f"{_names(refused)}: {why}", remedy="Supply the whole series.")
        family = kinds[0].split("_")[0]
        related = [s for s in self.study.series if s.kind.split("_")[0] == family]
        if related:
            return Refused(
                code="NA-SEQUENCE",
                missing=f"{_names(related)} is {', '.join(sorted({s.kind for s in related}))}; needs {_kind_words(kinds)}",
                remedy=f"Add {_kind_words(kinds)}.",
            )
        return Refused(code="NA-SERIES", missing=f"no {_kind_words(kinds)} series", remedy=f"Add {_kind_words(kinds)}.")

    def region(self, vertebra: Vertebra, name: str, series: Series) -> Region | Refused:
        """Region of a vertebra on the grid of a series."""
        stored = vertebra.regions.get(name)
        if stored is None:
            code, sentence = vertebra.missing.get(name, ("NA-SEGMENTATION", f"{name.replace('_', ' ')} was not found"))
            return Refused(code=code, missing=f"{vertebra.level.words}: {sentence}", remedy=_REMEDY[code[:6]])
        key = (series.uid, vertebra.level.id, name)
        if key not in self._regions:
            assert series.grid is not None
            self._regions[key] = region_on_grid(stored, series.grid)
        region = self._regions[key]
        if region.n_voxels == 0:
            return Refused(
                code="NA-FEW",
                missing=f"no voxel of the {name.replace('_', ' ')} in {series.label}",
                remedy="Needs thinner slices or a series that covers this level.",
            )
        return region

    def focus(self, vertebra: Vertebra, criteria: Sequence[str], series: Series) -> Focus:
        """The leading candidate of the first of these criteria that found one here, on the grid of a series.

        Largest first, those that an endplate change explains last; of a series in another patient space none is taken.
        """
        assert series.grid is not None
        level = vertebra.level.id
        near = [s.uid for s in self.study.series if s.grid is not None and s.grid.same_frame(series.grid)]
        searched = tuple(c for c in criteria if any((uid, level, c) in self.found.searched for uid in near))
        here = [x for criterion in searched for uid in near for x in self.found.of(level, uid, criterion)]
        if not here:
            return Focus(searched=searched)
        lead = min(here, key=lambda x: (searched.index(x.criterion), explained(x), -x.volume_ml))
        region = region_on_grid(lead.region, series.grid)
        return Focus(lesion_id=lead.id, region=region, kinds=frozenset(x.kind for x in here), searched=searched)

    def reference(self, vertebra: Vertebra, tissue: str, series: Series) -> Reference | Refused:
        """Reference tissue near a vertebra (G-06), or why there is none."""
        key = (series.uid, vertebra.level.id, tissue)
        if key not in self._references:
            self._references[key] = reference(series.pixels(), self.spine, vertebra.level.id, tissue, {})
        return _or_refused(self._references[key])

    def normal(self, vertebra: Vertebra, series: Series) -> Reference | Refused:
        """Marrow of the normal neighbours in the same series (G-07), or why there is none."""
        normal = self.found.normal.get((series.uid, vertebra.level.id))
        if normal is None:
            return Refused(code="NA-REFERENCE", missing=f"no unaffected neighbour known in {series.label}")
        return _or_refused(normal)

    def cortex(self, vertebra: Vertebra, part: str, per: str, series: Series, ct: Volume) -> CortexProfile | Refused:
        """Ray profile of a wall or of a pedicle shell."""
        surface = (vertebra.surfaces if per == "wall" else vertebra.pedicle_surfaces).get(part)
        if surface is None or len(surface.points_lps_mm) == 0:
            name = f"{part} wall" if per == "wall" else f"pedicle_{part}"
            code, sentence = vertebra.missing.get(name, ("NA-SEGMENTATION", f"{name.replace('_', ' ')} was not found"))
            return Refused(code=code, missing=f"{vertebra.level.words}: {sentence}", remedy=_REMEDY[code[:6]])
        key = (series.uid, vertebra.level.id, f"{per}:{part}")
        if key not in self._cortex:
            self._cortex[key] = profile(ct, surface)
        return self._cortex[key]

    def neighbour_cortex(
        self, members: Iterable[str], part: str, per: str, series: Series, ct: Volume
    ) -> tuple[CortexProfile, ...]:
        """The same wall of the normal neighbours."""
        profiles = (self.cortex(self.spine[m], part, per, series, ct) for m in members)
        return tuple(p for p in profiles if isinstance(p, CortexProfile))


_REMEDY = {
    "NA-SEG": "Give a label map that holds this structure.",
    "NA-COV": "Needs a series that covers this level.",
    "NA-ANA": "",
    "NA-RES": "Needs thinner slices.",
    "NA-FEW": "Needs thinner slices.",
    "NA-GEO": "",
    "NA-ART": "",
    "NA-REF": "",
    "NA-MET": "",
}


def series_facts(series: Series, names: Iterable[str]) -> dict[str, Any]:
    """Facts by name: `slice_spacing_mm` from the grid, of a map what it was computed with, all others from the acquisition."""
    facts: dict[str, Any] = {}
    for name in names:
        if name == "slice_spacing_mm":
            facts[name] = _slice_mm(series)
        elif name == "series_kind":
            facts[name] = series.kind
        elif series.computed is not None and name in series.computed.facts:
            facts[name] = series.computed.facts[name]
        else:
            facts[name] = getattr(series.acquisition, name)
    return facts


def lesion_arguments(entry: Criterion, found: Found, level_id: str, series: Series) -> dict[str, Any] | Refused:
    """Candidates per argument; refused where the search was not made, so that `absent` is never said unlooked."""
    arguments: dict[str, Any] = {}
    for argument, criterion in entry.needs.lesions.items():
        if (series.uid, level_id, criterion) not in found.searched:
            if argument in entry.needs.optional:
                arguments[argument] = ()
                continue
            return Refused(
                code="NA-REFERENCE",
                missing=f"{series.label} was not searched for lesions here (no marrow region or no unaffected neighbour)",
                remedy="Needs at least one complete vertebra without a lesion within three levels.",
            )
        arguments[argument] = found.of(level_id, series.uid, criterion)
    return arguments


def _or_refused(reference_value: Reference | NoReference) -> Reference | Refused:
    if isinstance(reference_value, NoReference):
        return Refused(code=reference_value.code, missing=reference_value.missing, remedy=reference_value.remedy)
    return reference_value


def _slice_mm(series: Series) -> float:
    return max(series.grid.spacing_mm) if series.grid is not None else float("inf")


def _names(series: Sequence[Series]) -> str:
    return ", ".join(s.label for s in series)


def _kind_words(kinds: Sequence[str]) -> str:
    if "ct" in kinds and {"ct_bone", "ct_soft"} & set(kinds):
        return words("ct")  # any kernel will do
    return " or ".join(sorted({words(kind) for kind in kinds}))
