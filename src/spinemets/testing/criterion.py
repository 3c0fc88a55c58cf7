"""The contract of every criterion, as test methods to inherit. Works for the project's own and for foreign entries.

A test class inherits `CriterionContract`, and pytest feeds it `entry` (a catalogue entry), `catalogue` and `scene`::

    class TestMine(CriterionContract):
        ...
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from spinemets.knowledge.catalogue import Catalogue, Criterion
from spinemets.measures.runner import gather, load_measure, run, subjects
from spinemets.measures.supply import Supply
from spinemets.model.lesion import Found
from spinemets.model.measurement import Measured, Measurement, NotAssessable, Refused, Result
from spinemets.model.reference import NoReference
from spinemets.model.region import CortexProfile, Region
from spinemets.model.series import Series
from spinemets.model.spine import Vertebra
from spinemets.model.volume import Volume
from spinemets.testing.scene import Scene

REASONS_WITHOUT_REMEDY = frozenset({"NA-ANATOMY"})


def expected_arguments(entry: Criterion) -> set[str]:
    """Names an entry promises to call its function with."""
    needs = entry.needs
    names = {*needs.volumes, *needs.regions, *needs.references, *needs.lesions, *needs.anatomy, *needs.acquisition}
    names |= {"normal"} if needs.normal else set()
    names |= {"focus"} if needs.focus else set()
    names |= {"cortex", "neighbour_cortex"} if needs.cortex else set()
    names |= {"results"} if needs.results else set()
    return names | set(needs.facts) | set(needs.tables) | set(entry.parameters)


def calls(entry: Criterion, scene: Scene) -> Iterator[tuple[dict[str, Any], Series | None, Vertebra | None]]:
    """Complete arguments for every subject of the scene on which the entry can be called."""
    supply = Supply(study=scene.study, spine=scene.spine, found=scene.found)
    kinds = next(iter(entry.needs.volumes.values()), [])
    for subject, vertebra, only in subjects(entry, scene.study, scene.spine):
        candidates = (only,) if only is not None else supply.candidates(kinds, vertebra) if kinds else (None,)
        if isinstance(candidates, Refused):
            continue
        arguments = gather(entry, subject, vertebra, candidates[0], supply)
        if not isinstance(arguments, Refused):
            yield arguments, candidates[0], vertebra


def finite(answer: Measured | Refused) -> bool:
    """Whether an answer is a refusal or holds finite numbers only."""
    if isinstance(answer, Refused):
        return True
    numbers = [e.value for e in answer.values.values()]
    numbers += [v for e in answer.values.values() if e.ci95 is not None for v in e.ci95]
    return all(math.isfinite(n) for n in numbers)


class CriterionContract:
    """Inherit and collect with pytest; fixtures `entry`, `catalogue`, `scene`, `results`."""

    def test_signature_is_the_entry(self, entry: Criterion) -> None:
        """One public function whose keyword arguments are exactly the needs and parameters of the entry."""
        if entry.module is None:
            return
        room, name = ("findings", "weigh") if entry.kind == "weigh" else ("measures", "measure")
        function = load_measure(entry, room=room, function=name)
        parameters = inspect.signature(function).parameters
        assert set(parameters) == expected_arguments(entry)
        assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters.values())

    def test_every_subject_has_exactly_one_result(
        self, entry: Criterion, scene: Scene, results: tuple[Result, ...]
    ) -> None:
        """Nothing is dropped: each subject is measured or says why not."""
        if entry.kind not in ("gate", "measure"):
            return
        wanted = [s for s, _, _ in subjects(entry, scene.study, scene.spine)]
        given = [r.subject for r in results if r.criterion == entry.id]
        if entry.kind == "gate" and entry.per == "vertebra":
            given = [replace(s, series_uid=None) for s in given]  # one record for each series that may serve
        assert given == wanted

    def test_refusals_say_what_is_missing(self, entry: Criterion, results: tuple[Result, ...]) -> None:
        """A refusal has a reason code, a sentence, and what would help."""
        for result in results:
            if result.criterion == entry.id and isinstance(result, NotAssessable):
                assert result.code.startswith("NA-")
                assert len(result.missing) > 8
                assert result.remedy or result.code in REASONS_WITHOUT_REMEDY

    def test_numbers_have_units_and_are_plausible(self, entry: Criterion, results: tuple[Result, ...]) -> None:
        """Every number is one the entry gives; the judged one has an interval."""
        for result in results:
            if result.criterion != entry.id or not isinstance(result, Measurement):
                continue
            assert set(result.values) <= set(entry.gives)
            if result.judged is not None:
                low, high = result.values[result.judged].ci95 or (math.nan, math.nan)
                assert low <= result.values[result.judged].value <= high

    def test_each_need_removed_in_turn_is_named(self, entry: Criterion, scene: Scene, catalogue: Catalogue) -> None:
        """Without a need the answer is a refusal, never a number."""
        if entry.kind not in ("gate", "measure"):
            return
        for need, poorer, only in _without_each_need(entry, scene, catalogue):
            answers = [r for r in run(only, poorer.study, poorer.spine, poorer.found) if r.criterion == entry.id]
            wrong = [r.subject for r in answers if isinstance(r, Measurement)]
            assert not wrong, f"{entry.id} answered without {need}: {wrong}"

    def test_degenerate_regions_and_images(self, entry: Criterion, scene: Scene) -> None:
        """Empty, one-voxel, constant and all-NaN input: a refusal or finite numbers."""
        if entry.kind not in ("gate", "measure"):
            return
        measure = load_measure(entry)
        for arguments, _, _ in list(calls(entry, scene))[:2]:
            for spoilt in _degenerate(arguments):
                assert finite(measure(**spoilt, **entry.values()))

    def test_threads_agree_and_inputs_stay(self, entry: Criterion, scene: Scene) -> None:
        """Two threads give the same bits; arrays are read-only and unchanged."""
        if entry.kind not in ("gate", "measure"):
            return
        measure = load_measure(entry)
        for arguments, _, _ in list(calls(entry, scene))[:1]:
            before = {n: _checksum(a) for n, a in arguments.items()}
            with ThreadPoolExecutor(2) as pool:
                first, second = pool.map(lambda _, a=arguments: measure(**a, **entry.values()), range(2))
            assert _plain(first) == _plain(second)
            assert before == {n: _checksum(a) for n, a in arguments.items()}


def _plain(answer: Measured | Refused) -> Any:
    return answer if isinstance(answer, Refused) else (dict(answer.values), answer.category, answer.notes)


def _checksum(value: Any) -> float | None:
    if isinstance(value, Volume):
        return float(np.nansum(value.array.astype(np.float64)))
    return float(value.mask.sum()) if isinstance(value, Region) else None


def _degenerate(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    regions = [n for n, a in arguments.items() if isinstance(a, Region)]
    volumes = [n for n, a in arguments.items() if isinstance(a, Volume)]
    if regions:
        yield {**arguments, **{n: _shrunk(arguments[n], 0) for n in regions}}
        yield {**arguments, **{n: _shrunk(arguments[n], 1) for n in regions}}
    for fill in (100.0, math.nan):
        if volumes:
            yield {**arguments, **{n: _filled(arguments[n], fill) for n in volumes}}
    profiles = [n for n, a in arguments.items() if isinstance(a, CortexProfile)]
    if profiles:
        yield {**arguments, **{n: _blind(arguments[n]) for n in profiles}, "neighbour_cortex": ()}


def _shrunk(region: Region, voxels: int) -> Region:
    mask = np.zeros(region.mask.shape, bool)
    mask[tuple(np.argwhere(region.mask)[:voxels].T)] = True
    return Region.from_mask(region.name, mask, region.grid, source=region.source, start_ijk=region.start_ijk)


def _filled(volume: Volume, fill: float) -> Volume:
    return replace(volume, array=np.full(volume.array.shape, fill, np.float32))


def _blind(profile: CortexProfile) -> CortexProfile:
    return replace(profile, peak_hu=np.full_like(profile.peak_hu, np.nan))


def _without_each_need(
    entry: Criterion, scene: Scene, catalogue: Catalogue
) -> Iterator[tuple[str, Scene, dict[str, Criterion]]]:
    """The scene with one need taken away, and a catalogue that runs just the entry and its gates."""
    needs = entry.needs
    gates = {name: catalogue[name] for name in needs.gates}
    whole = {**gates, entry.id: entry}
    for argument, kinds in needs.volumes.items():
        left = tuple(s for s in scene.study.series if s.kind not in kinds)
        poorer_study = replace(scene.study, series=left)
        yield f"series for {argument}", replace(scene, study=poorer_study), whole
    for name in needs.regions:
        if name not in needs.optional:
            yield f"region {name}", replace(scene, spine=_without_region(scene, name)), whole
    for name in needs.anatomy:
        if name == "endplates":
            bare = tuple(replace(v, endplates=None) for v in scene.spine.vertebrae)
            yield name, replace(scene, spine=replace(scene.spine, vertebrae=bare)), whole
    if needs.normal and "normal" not in needs.optional:
        nothing = {
            k: NoReference(tissue="normal_marrow", code="NA-REFERENCE", missing="taken away")
            for k in scene.found.normal
        }
        yield "normal neighbours", replace(scene, found=replace(scene.found, normal=nothing)), whole
    if set(needs.lesions) - set(needs.optional):
        unsearched = Found(lesions=(), normal=scene.found.normal, searched=frozenset())
        yield "a search for lesions", replace(scene, found=unsearched), whole
    if gates:
        yield "its gates", scene, {entry.id: entry}


def _without_region(scene: Scene, name: str) -> Any:
    def keep(key: str) -> bool:
        return key != name and not key.startswith(f"{name}_")

    bare = tuple(replace(v, regions={k: r for k, r in v.regions.items() if keep(k)}) for v in scene.spine.vertebrae)
    return replace(scene.spine, vertebrae=bare)
