"""`Generator`: samples without end, each the same for the same recipe, seed, worker and number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.texture import stream
from spinemets.phantom.training import degradation
from spinemets.phantom.training.bending import Bend, Bends
from spinemets.phantom.training.contrast import Contrast, Palette
from spinemets.phantom.training.degradation import Frame
from spinemets.phantom.training.field import Field, field_of
from spinemets.phantom.training.geometry import Scan, View, offsets, scan_of, view_of
from spinemets.phantom.training.recipe import Draw, Recipe, between, happens, whole
from spinemets.phantom.training.sample import Sample

# Smoothing of the textures' lattices in nodes, and the width (FWHM) of the grains that it makes.
SMOOTH_NODES = 1.2
GRAIN_FWHM_NODES = 2.3548 * np.sqrt(2.0) * SMOOTH_NODES


@dataclass(frozen=True, kw_only=True, eq=False)
class _Patient:
    """One patient's field and what its tissues show."""

    field: Field
    palette: Palette


class Generator:
    """Training samples of one worker.

    Parameters
    ----------
    recipe
        What is random (`recipe_of`).
    seed, worker
        Workers of one seed have patients and samples of their own.

    Notes
    -----
    Patients take turns, `patients_in_turn` at a time, until each has given `samples_per_patient`: a field takes seconds to
    make, a sample milliseconds. As many fields are kept in memory.
    """

    def __init__(self, recipe: Recipe, seed: int = 1, worker: int = 0) -> None:
        self.recipe, self.seed, self.worker = recipe, seed, worker
        self._patients: dict[int, _Patient] = {}

    def __iter__(self) -> Iterator[Sample]:
        """Samples 0, 1, 2, and so on."""
        number = 0
        while True:
            yield self.sample(number)
            number += 1

    def patient_of(self, number: int) -> int:
        """Number of the patient that gives a sample."""
        turn, each = int(self.recipe["patients_in_turn"]), int(self.recipe["samples_per_patient"])
        return number // (turn * each) * turn + number % turn

    def sample(self, number: int) -> Sample:
        """Sample of a number, whatever was made before."""
        of = self.patient_of(number)
        patient, draw = self._patient(of), stream(self.seed, f"training/{self.worker}/sample/{number}")
        view = view_of(self.recipe, patient.field, draw)
        scan = scan_of(self.recipe, view, draw)
        contrast = patient.palette.drawn(self.recipe.rows, draw)
        bend = self._bends.drawn(self.recipe["bend"], draw)
        image = self._image(patient.field, (view, bend), (scan, contrast), draw)
        parts = self._parts(patient.field, view, bend)
        image, parts = _cut(image, parts, self.recipe, draw)
        about = {
            **patient.field.about, "seed": self.seed, "worker": self.worker, "number": number, "way": contrast.way,
            "contrast": contrast.name, "plane": scan.plane, "slice_mm": scan.slice_mm,
        }  # fmt: skip
        return _made(patient.field, (view, bend), (_normalised(image, self.recipe), parts), about)

    def _patient(self, number: int) -> _Patient:
        if number not in self._patients:
            while len(self._patients) >= int(self.recipe["patients_in_turn"]):
                del self._patients[min(self._patients)]
            field = field_of(self.recipe, self.seed, f"training/{self.worker}/patient/{number}")
            self._patients[number] = _Patient(field=field, palette=Palette(field.materials, field.mixtures))
        return self._patients[number]

    @cached_property
    def _textures(self) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Two lattices of grains, the same for all samples, read at random places."""
        return _grains(stream(self.seed, "training/coarse")), _grains(stream(self.seed, "training/fine"))

    @cached_property
    def _bends(self) -> Bends:
        """Deformations from two lattices, the same for all samples."""
        return Bends(self.seed, float(self.recipe.grid["step_mm"]))

    def _image(
        self, field: Field, where: tuple[View, Bend], how: tuple[Scan, Contrast], draw: Draw
    ) -> NDArray[np.float32]:
        """The image on the network's grid: acquired on the scan's, degraded, resampled."""
        from spinemets.phantom.training import reading  # lazy: compiled

        (view, bend), (scan, contrast) = where, how
        affine = scan.affine(view)
        own = View(shape=scan.shape, affine=affine, spacing_mm=view.spacing_mm)
        pose = own.pose(field)
        points = offsets(scan, view, self.recipe["resolution"]["subsample_mm"])
        away = np.ascontiguousarray(points @ pose[:, :3].T)
        grains = self._read_at(field, draw)

        def acquired(levels: NDArray[np.float32]) -> NDArray[np.float32]:
            image = np.empty(scan.shape, np.float32)
            out, turned = reading.along_memory(image, pose)
            way = (turned, (bend.nodes, bend.per_voxel))
            reading.image(out, field.tissues, way, away, (levels, *self._textures, grains))
            return image

        image = acquired(contrast.levels)
        if contrast.failed is not None:
            _spread_failure(image, acquired(contrast.failed), draw)
        frame = Frame(
            affine=affine,
            spacing_mm=scan.step * np.array(view.spacing_mm),
            slice_axis=scan.slice_axis,
            metal=_seen_at(field, bend, field.metal.reshape(-1, 3)).reshape(-1, 2, 3),
        )
        rows = self.recipe["degradation"]
        if contrast.way == "ct":
            image = degradation.ct(image, frame, {**rows, **self.recipe["contrast"]["ct"]}, draw)
        else:
            image = degradation.mr(np.abs(image, out=image), frame, rows, draw)
            image = degradation.truncated(image, rows, draw)
        if not scan.as_view:
            resampled = np.empty(view.shape, np.float32)
            reading.regrid(resampled, image, scan.places(view))
            image = resampled
        if contrast.clip is not None:
            np.clip(image, *contrast.clip, out=image)
        return image

    def _read_at(self, field: Field, draw: Draw) -> NDArray[np.float32]:
        """(2, 4): nodes of a texture's lattice to a voxel of the field, and a random offset."""
        from spinemets.phantom.training import reading  # lazy: compiled

        row, step = self.recipe["texture"], float(field.affine[0, 0])
        scales = [step * GRAIN_FWHM_NODES / between(draw, row[name]) for name in ("coarse_mm", "fine_mm")]
        return np.array([(scale, *draw.uniform(0, reading.NODES, 3)) for scale in scales], np.float32)

    def _parts(self, field: Field, view: View, bend: Bend) -> NDArray[np.uint8]:
        from spinemets.phantom.training import reading  # lazy: compiled

        parts = np.empty(view.shape, np.uint8)
        out, turned = reading.along_memory(parts, view.pose(field))
        reading.parts_at(out, field.where, (turned, (bend.nodes, bend.per_voxel)))
        return parts


def _grains(draw: Draw) -> NDArray[np.int8]:
    """A periodic lattice of grains, mean 0 and sd 1."""
    from scipy.ndimage import gaussian_filter  # lazy: heavy import

    from spinemets.phantom.training import reading  # lazy: compiled

    smooth = gaussian_filter(draw.standard_normal((reading.NODES,) * 3), SMOOTH_NODES, mode="wrap")
    held = np.rint(reading.UNIT * (smooth - smooth.mean()) / smooth.std())
    return np.asarray(np.clip(held, -127, 127), np.int8)


def _spread_failure(image: NDArray[np.float32], failed: NDArray[np.float32], draw: Draw) -> None:
    """Put an image without fat suppression in the place of a part, over a smooth border across one axis."""
    axis = whole(draw, (0, 2))
    n = image.shape[axis]
    where = (np.arange(n) - draw.uniform(0.1, 0.9) * n) / (0.08 * n + 0.5) * (1 if happens(draw, 0.5) else -1)
    shape = [1, 1, 1]
    shape[axis] = n
    share = (1 / (1 + np.exp(-where))).astype(np.float32).reshape(shape)
    image += share * (failed - image)


def _cut(
    image: NDArray[np.float32], parts: NDArray[np.uint8], recipe: Recipe, draw: Draw
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """What partial fields do: outer slices repeat, a strip is empty, a strip is folded over from the other side."""
    row, axis = recipe["pose"], recipe.grid["across"]
    if happens(draw, row["edge"]):
        n = image.shape[axis]
        last = n - 1 - whole(draw, (1, max(1, n // 3)))
        order = np.minimum(np.arange(n), last)
        order = order if happens(draw, 0.5) else order[::-1].max() - order[::-1] + (n - 1 - last)
        image, parts = np.take(image, order, axis), np.take(parts, order, axis)
    along = (axis + whole(draw, (1, 2))) % 3
    strip = max(1, int(image.shape[along] * draw.uniform(0.03, 0.2)))
    at: list[slice] = [slice(None)] * 3
    at[along] = slice(0, strip) if happens(draw, 0.5) else slice(image.shape[along] - strip, None)
    if happens(draw, row["cut_off"]):
        # Nothing was measured there, so nothing is asked there.
        image[tuple(at)], parts[tuple(at)] = image.min(), 0
    elif happens(draw, row["wrapped"]):
        image[tuple(at)] += np.float32(draw.uniform(0.2, 0.8)) * np.flip(image, along)[tuple(at)]
    return np.ascontiguousarray(image), np.ascontiguousarray(parts)


def _normalised(image: NDArray[np.float32], recipe: Recipe) -> NDArray[np.float32]:
    """Clipped to percentiles, then mean 0 and sd 1."""
    row = recipe["normalise"]
    some = np.sort(image.reshape(-1)[:: int(row["every"])])
    low, high = (some[round((len(some) - 1) * p / 100)] for p in row["percentiles"])
    some = np.clip(some, low, high)
    sd = max(float(some.std()), 1e-6)
    np.clip(image, low, high, out=image)
    image -= np.float32(some.mean())
    image *= np.float32(1 / sd)
    return image


def _seen_at(field: Field, bend: Bend, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where points of the patient (n, 3) in LPS mm are seen once the patient is deformed."""
    first, step = field.affine[:3, 3], np.diag(field.affine)[:3]
    seen: NDArray[np.float64] = bend.back((points - first) / step) * step + first
    return seen


def _made(
    field: Field, where: tuple[View, Bend], made: tuple[NDArray[np.float32], NDArray[np.uint8]], about: Any
) -> Sample:
    """A sample with the seeds that lie in its grid."""
    (view, bend), (image, parts) = where, made
    inverse = np.linalg.inv(view.affine)

    def inside(points: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        index = _seen_at(field, bend, points) @ inverse[:3, :3].T + inverse[:3, 3]
        return index.astype(np.float32), ((index > -0.5) & (index < np.array(view.shape) - 0.5)).all(axis=1)

    numbers = np.array(list(field.bodies), np.uint8)
    bodies, seen = inside(np.array(list(field.bodies.values())))
    centres = np.full((len(field.parts.names) + 1, 3), np.nan, np.float32)
    centres[numbers] = bodies
    midline, in_grid = inside(field.canal)
    return Sample(
        image=image,
        labels=np.take(field.parts.classes, parts, mode="clip"),
        instances=np.take(field.parts.instances, parts, mode="clip"),
        seeds_ijk=bodies[seen],
        seed_instances=numbers[seen],
        centres_ijk=centres,
        canal_ijk=midline[in_grid],
        spacing_mm=view.spacing_mm,
        affine_lps_mm=view.affine,
        instance_names=field.parts.names,
        about=about,
    )
