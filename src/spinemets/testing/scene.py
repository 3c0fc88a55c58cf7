"""A small made-up patient in memory, for contract tests: no files, no randomness, any array orientation.

Five vertebrae (L1 to L5 by label) with bodies, pedicles and an arch around a canal, one CT, two MR series and the maps that
criteria ask for on one grid; L3 holds a dark (CT, T1) and bright (STIR) focus. It is crude on purpose: it tests contracts,
not radiology.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.knowledge.catalogue import Catalogue
from spinemets.lesions.find import find
from spinemets.measures.runner import run
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.lesion import Found
from spinemets.model.measurement import Result
from spinemets.model.parametric_map import Computed
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Recognition, Series
from spinemets.model.spine import Spine
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume

SPACING_MM = 1.5
SHAPE = (64, 88, 150)
LEVELS = ("L5", "L4", "L3", "L2", "L1")
CENTRES_MM = (28.0, 66.0, 104.0, 142.0, 180.0)
FOCUS_LEVEL = "L3"
FRAME_UID = "2.25.1"

Orientation = tuple[tuple[int, int, int], tuple[bool, bool, bool]]
UPRIGHT: Orientation = ((0, 1, 2), (False, False, False))
# Values per tissue: air, soft tissue, muscle, disc, marrow, cortex, focus, fat.
VALUES: Mapping[str, Mapping[str, float]] = {
    "ct": {"soft": 40, "muscle": 55, "disc": 80, "marrow": 160, "cortex": 700, "focus": 20, "fat": -100},
    "t1": {"soft": 180, "muscle": 200, "disc": 230, "marrow": 400, "cortex": 60, "focus": 170, "fat": 900},
    "stir": {"soft": 60, "muscle": 60, "disc": 90, "marrow": 40, "cortex": 10, "focus": 220, "fat": 15},
}
# The same of maps, each in its own unit.
MAPS: Mapping[str, Mapping[str, float]] = {
    "adc_map": {"soft": 1.5e-3, "muscle": 1.3e-3, "disc": 1.6e-3, "marrow": 0.4e-3, "cortex": 0.1e-3, "focus": 0.8e-3, "fat": 0.05e-3},
    "opposed_phase_map": {"soft": 1, "muscle": 1, "disc": 1, "marrow": 0.4, "cortex": 0.9, "focus": 0.99, "fat": 0.9},
    "pdff_map": {"soft": 0.02, "muscle": 0.03, "disc": 0.01, "marrow": 0.4, "cortex": 0.1, "focus": 0.02, "fat": 0.95},
    "ktrans_map": {"soft": 0.1, "muscle": 0.05, "disc": 0.01, "marrow": 0.05, "cortex": 0.01, "focus": 0.3, "fat": 0.02},
    "enhancement_map": {"soft": 20, "muscle": 10, "disc": 2, "marrow": 15, "cortex": 2, "focus": 70, "fat": 1},
    "suv_map": {"soft": 1, "muscle": 0.7, "disc": 0.5, "marrow": 1.5, "cortex": 1, "focus": 6, "fat": 0.3},
}  # fmt: skip
# What maps of the scene were computed with.
FACTS: Mapping[str, Any] = {
    "b_values_s_per_mm2": [50.0, 400.0, 800.0], "noise_sigma": 2.0, "place_known": True, "baseline_volumes": 3,
    "times_s": [6.0 * n for n in range(20)],
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Study, spine, candidates and results of the made-up patient."""

    study: Study
    spine: Spine
    found: Found


def build(catalogue: Catalogue, orientation: Orientation = UPRIGHT) -> Scene:
    """Make the patient with its arrays stored in any axis order and direction (same patient, same world)."""
    grid, points = _grid()
    tissue = _tissues(points)
    study = Study(uid="2.25.9", patient=PatientFacts(), series=_series(tissue, grid, orientation))
    spine = locate(study, (_segmentation(tissue, grid, orientation),), LevelOptions())
    return Scene(study=study, spine=spine, found=find(study, spine, catalogue))


def results(scene: Scene, catalogue: Catalogue) -> tuple[Result, ...]:
    """Run every gate and measure on the scene."""
    return run(catalogue, scene.study, scene.spine, scene.found)


def _grid() -> tuple[Grid, NDArray[np.float64]]:
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    affine[:3, 3] = (-SPACING_MM * (SHAPE[0] - 1) / 2, -36.0, 0.0)
    grid = Grid(shape_ijk=SHAPE, affine_lps_mm=affine, frame_of_reference_uid=FRAME_UID)
    return grid, grid.to_lps_mm(np.moveaxis(np.indices(SHAPE), 0, -1))


def _tissues(p: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Boolean arrays by tissue and by vertebra; y is posterior, z superior."""
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    out: dict[str, NDArray[np.bool_]] = {"marrow": np.zeros(SHAPE, bool), "cortex": np.zeros(SHAPE, bool)}
    out["muscle"] = (np.abs(x) > 8) & (np.abs(x) < 30) & (y > 34) & (y < 70)
    out["fat"] = y > 78
    out["disc"] = _ellipse(x, y, 22, 15) & (z > CENTRES_MM[0]) & (z < CENTRES_MM[-1])
    for name, centre in zip(LEVELS, CENTRES_MM, strict=True):
        h = z - centre
        body = _ellipse(x, y, 22, 15) & (np.abs(h) <= 13.5)
        inner = _ellipse(x, y, 20.5, 13.5) & (np.abs(h) <= 12)
        pedicles = (np.abs(np.abs(x) - 14) <= 4.5) & (y > 10) & (y < 26) & (np.abs(h - 5) <= 6)
        ring = _ellipse(x, y - 28, 20, 13) & ~_ellipse(x, y - 23, 10.5, 8.5) & (y > 15) & (np.abs(h - 2) <= 8)
        spinous = (np.abs(x) <= 3) & (y > 38) & (y < 58) & (np.abs(h + 2) <= 7)
        out[name] = body | pedicles | ring | spinous
        out["cortex"] |= out[name] & ~inner
        out["marrow"] |= inner
    out["disc"] &= ~np.logical_or.reduce([out[n] for n in LEVELS])
    centre = CENTRES_MM[LEVELS.index(FOCUS_LEVEL)]
    out["focus"] = (x + 4) ** 2 + (y + 2) ** 2 + (z - centre) ** 2 <= 7.5**2
    return out


def _ellipse(x: NDArray[np.float64], y: NDArray[np.float64], a: float, b: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (x / a) ** 2 + (y / b) ** 2 <= 1
    return inside


def _turn(array: NDArray[np.generic], grid: Grid, orientation: Orientation) -> tuple[NDArray[np.generic], Grid]:
    """Store the same world in other array axes."""
    order, flips = orientation
    affine = np.array(grid.affine_lps_mm)
    for axis, flip in enumerate(flips):
        if flip:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (grid.shape_ijk[axis] - 1)
            affine[:3, axis] *= -1
    turned = np.ascontiguousarray(np.transpose(array, order))
    affine[:3, :3] = affine[:3, list(order)]
    shape = (turned.shape[0], turned.shape[1], turned.shape[2])
    return turned, replace(grid, shape_ijk=shape, affine_lps_mm=affine)


def _series(tissue: Mapping[str, NDArray[np.bool_]], grid: Grid, orientation: Orientation) -> tuple[Series, ...]:
    facts = {
        "ct": ("ct_bone", Acquisition(modality="CT", kvp=120.0, kernel="BONE", slice_thickness_mm=SPACING_MM)),
        "t1": ("t1", Acquisition(modality="MR", tr_s=0.55, te_s=0.01, field_t=1.5, slice_thickness_mm=SPACING_MM)),
        "stir": ("stir", Acquisition(modality="MR", tr_s=4.0, te_s=0.06, ti_s=0.16, field_t=1.5)),
    }
    made = []
    for number, (key, (kind, acquisition)) in enumerate(facts.items(), start=1):
        volume = _volume(key, tissue, grid, orientation)
        made.append(
            Series(
                uid=f"2.25.{number + 1}",
                number=number,
                label=f"series {number}",
                acquisition=acquisition,
                load=partial(_same, volume),
                grid=volume.grid,
                recognition=Recognition(kind=kind, confidence=1.0),
            )
        )
    return (*made, *_maps(tissue, grid, orientation, len(made)))


def _maps(
    tissue: Mapping[str, NDArray[np.bool_]], grid: Grid, orientation: Orientation, before: int
) -> Iterator[Series]:
    """Maps as series, and enhancement curves that rise fast and wash out in the focus."""
    volumes = {kind: _volume(kind, tissue, grid, orientation) for kind in MAPS}
    volumes["dynamic_curves"] = _curves(volumes["enhancement_map"])
    for number, (kind, volume) in enumerate(volumes.items(), start=before + 1):
        yield Series(
            uid=f"2.25.{number + 1}",
            number=number,
            label=f"series {number}",
            acquisition=Acquisition(modality="MR", field_t=1.5, fat_suppressed=True, slice_thickness_mm=SPACING_MM),
            load=partial(_same, volume),
            grid=volume.grid,
            recognition=Recognition(kind=kind, confidence=1.0, method="computed"),
            computed=Computed(map_kind=kind, quantity=kind, from_uids=("2.25.2",), method="made up", facts=FACTS),
        )


def _curves(percent: Volume) -> Volume:
    """Signals over time of voxels that reach a percent enhancement a minute after arrival and lose a third of it."""
    after = np.asarray(FACTS["times_s"]) - FACTS["times_s"][FACTS["baseline_volumes"]]
    shape = np.interp(after, (0.0, 60.0, 96.0), (0.0, 1.0, 0.67)).astype(np.float32)
    array = 100.0 + percent.array[..., None] * shape
    return replace(percent, array=np.asarray(array, np.float32), quantity="dynamic_curves")


def _same(volume: Volume) -> Volume:
    return volume


def _volume(key: str, tissue: Mapping[str, NDArray[np.bool_]], grid: Grid, orientation: Orientation) -> Volume:
    values = {**VALUES, **MAPS}[key]
    array = np.full(SHAPE, values["soft"], np.float32)
    for name in ("fat", "muscle", "disc", "marrow", "cortex", "focus"):
        array[tissue[name]] = values[name]
    i, j, k = np.indices(SHAPE)
    # A fixed pattern instead of noise: spreads must not be zero, and every orientation must see the same values.
    step = 0.01 * abs(values["marrow"]) + (1 if key in VALUES else 0)
    array += (((7 * i + 13 * j + 29 * k) % 11) - 5).astype(np.float32) * np.float32(step)
    turned, own = _turn(array, grid, orientation)
    ct = key == "ct"
    return Volume(
        array=np.asarray(turned, np.float32),
        grid=own,
        quantity="attenuation" if ct else "mr_signal",
        unit="[hnsf'U]" if ct else "1",
        series_uid="",
    )


def _segmentation(tissue: Mapping[str, NDArray[np.bool_]], grid: Grid, orientation: Orientation) -> Segmentation:
    parts = []
    own = grid
    for name in LEVELS:
        turned, own = _turn(tissue[name], grid, orientation)
        region = Region.from_mask("vertebra", np.asarray(turned, bool), own, source="scene")
        parts.append(Part(structure="vertebra", level=name, region=region))
    return Segmentation(grid=own, parts=tuple(parts), scheme="scene", naming="stated", body_only=False, source="scene")
