"""Exams to compare, real and simulated, in one form: sagittal slices on voxels of 2 x 1 x 1 mm with the marrow of each body."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets import phantom
from spinemets.model.grid import Grid
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.shape.block import Block

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SPINEMETS_SHARED_DATA", ROOT.parent / "shared" / "data"))
STEP_MM = (2.0, 1.0, 1.0)
# Cases and seeds of the simulated exams: two decades in which the real patients are likely to be.
PATIENTS = tuple((case, seed) for case in ("normal-40-m", "normal-60-f") for seed in (1, 2))
# Neither timing, pixels nor noise of the real exams are stated. What differs from our protocols was read off the exams: pixels and noise
# (SNR of marrow) off spectrum and gradients in flat places, echo time off muscle over marrow. Seed 1 is scanned as the patients were,
# seed 2 as the volunteers.
PIXEL_MM = 1.0625
SCANNED: dict[int, dict[str, dict[str, float]]] = {
    1: {"t1": {"noise": 18.0}, "t2": {"noise": 16.0}, "stir": {"te_ms": 30.0, "noise": 13.0}},
    2: {"t1": {"noise": 18.0}, "t2": {"te_ms": 50.0, "noise": 40.0}, "stir": {"te_ms": 30.0, "noise": 13.0}},
}
# The real exams' names of a series, and ours.
SEQUENCES = {"T1": "t1", "T2": "t2", "TIRM": "stir"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Exam:
    """One sagittal exam.

    Attributes
    ----------
    sequence
        `t1`, `t2` or `stir`.
    image
        (slice, row downwards, column to the back), 2 x 1 x 1 mm.
    bodies
        Number of the vertebral body whose marrow a voxel is, 0 elsewhere.
    """

    name: str
    real: bool
    sequence: str
    image: NDArray[np.float32]
    bodies: NDArray[np.int16]


@cache
def real_exams() -> tuple[Exam, ...]:
    """Lumbar exams of `mr-lumbar-vb`; none where the images are absent."""
    import nibabel

    folder = SHARED / "mr-lumbar-vb"
    if not folder.is_dir():
        return ()
    exams = []
    for row in json.loads((folder / "exams.json").read_text(encoding="utf-8")):
        image, mask = (nibabel.load(folder / f"{row['file']}_{part}.nii.gz").dataobj for part in ("img", "msk"))
        exams.append(
            Exam(
                name=row["file"],
                real=True,
                sequence=SEQUENCES[row["sequence"].split()[0]],
                image=np.moveaxis(np.asarray(image, np.float32), 2, 0),
                bodies=np.moveaxis(np.asarray(mask, np.int16), 2, 0),
            )
        )
    return tuple(exams)


@cache
def simulated_exams(*, as_real: bool = True) -> tuple[Exam, ...]:
    """T1, T2 and STIR of some normal patients, slices interpolated to 2 mm and scaled to 0 to 255 as the real ones are.

    Parameters
    ----------
    as_real
        With echo times and noise like those of the real exams, or with the usual protocols.
    """
    exams = []
    for case, seed in PATIENTS:
        patient = phantom.build(case, seed)
        # One geometry: painted once for all of them.
        series = tuple(default(name) for name in SEQUENCES.values())
        if as_real:
            series = tuple(replace(a, pixel_mm=PIXEL_MM, **SCANNED[seed][a.sequence]) for a in series)  # type: ignore[arg-type]
        volumes = patient.render_together(series)
        for sequence, volume in zip(SEQUENCES.values(), volumes, strict=True):
            grid, image = _resampled(volume.grid, np.asarray(volume.array, np.float32))
            image *= 255 / np.percentile(image, 99.9)
            exams.append(
                Exam(
                    name=f"{case} {seed}",
                    real=False,
                    sequence=sequence,
                    image=np.clip(np.rint(image), 0, 255),
                    bodies=_marrow(patient, grid),
                )
            )
    return tuple(exams)


def _resampled(grid: Grid, image: NDArray[np.float32]) -> tuple[Grid, NDArray[np.float32]]:
    """A sagittal series (i to the back, j downwards, k to the right) as (slice, row, column) of 2 x 1 x 1 mm, linearly."""
    from scipy.ndimage import affine_transform

    spacing = np.asarray(grid.spacing_mm)
    step = np.array([1.0, 1.0, 2.0])
    shape = np.floor((np.asarray(grid.shape_ijk) - 1) * spacing / step).astype(int) + 1
    made = affine_transform(image, step / spacing, output_shape=tuple(shape), order=1)
    affine = np.array(grid.affine_lps_mm)
    affine[:3, :3] = affine[:3, :3] / spacing * step
    turned = affine[:, [2, 1, 0, 3]]
    size = (int(shape[2]), int(shape[1]), int(shape[0]))
    return Grid(shape_ijk=size, affine_lps_mm=turned), np.ascontiguousarray(np.moveaxis(made, (2, 1, 0), (0, 1, 2)))


def _marrow(patient: phantom.Phantom, grid: Grid) -> NDArray[np.int16]:
    """Bodies without their cortex, from the functions: what people trace on MR. From T11 down, as in the real exams."""
    bodies = np.zeros(grid.shape_ijk, np.int16)
    block = Block.of_grid(grid)
    levels = list(patient.anatomy.sizes)
    for number, vertebra in enumerate(patient.anatomy.vertebrae, start=1):
        found = block.within(vertebra.body_box)
        if found is not None and vertebra.level in levels[levels.index("T11") :]:
            bone = vertebra.bone(found[1])
            bodies[found[0]][(bone.inner < 0) & (bone.body < 0)] = number
    return bodies
