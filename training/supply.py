"""Fresh slabs from worker processes, and the buffer that batches are drawn from; the same for the same seed and step."""

from __future__ import annotations

import multiprocessing as mp
import os
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from spinemets.phantom.training import Generator
from training.recipe import TrainingRecipe
from training.targets import Slab, slab_of

AHEAD = 48
# Label where nothing is asked for.
UNASKED = 255
PATIENCE_S = 300.0
Batch = dict[str, NDArray[Any]]


def _work(recipe: TrainingRecipe, seed: int, worker: int, first: int, out: Any) -> None:
    """Slabs first, first + 1, and so on, as long as they are taken."""
    os.nice(5)
    generator, codes = Generator(recipe.samples, seed, worker), recipe.samples["labels"]["codes"]
    number = first
    while True:
        slab = slab_of(generator.sample(number), codes, recipe["targets"])
        out.put((slab.image, slab.labels, slab.core, slab.offset))
        number += 1


def narrow(batch: Batch, slab: int, recipe: TrainingRecipe, draw: np.random.Generator) -> None:
    """See a box of a slab only: normalised by itself, its edges repeated outside, where nothing is asked for."""
    row, image = recipe["small_field"], batch["image"][slab]
    box = []
    for size, limits in zip(image.shape[1:], (row["rows"], row["columns"]), strict=True):
        length = max(1, round(size * draw.uniform(*limits)))
        first = int(draw.integers(size - length + 1))
        box.append(slice(first, first + length))
    kept = image[:, box[0], box[1]]
    low, high = np.percentile(kept, recipe.samples["normalise"]["percentiles"])
    kept = np.clip(kept, low, high)
    kept = (kept - kept.mean()) / max(float(kept.std()), 1e-6)
    around = [(b.start, size - b.stop) for b, size in zip(box, image.shape[1:], strict=True)]
    batch["image"][slab] = np.pad(kept, [(0, 0), *around], mode="edge")
    outside = np.ones(image.shape[1:], bool)
    outside[box[0], box[1]] = False
    batch["labels"][slab][outside] = UNASKED
    batch["offset"][slab][:, outside] = np.nan


def emptied(batch: Batch, slab: int, recipe: TrainingRecipe, draw: np.random.Generator) -> None:
    """Noise in the place of a patient."""
    noise = gaussian_filter(
        draw.standard_normal(batch["image"][slab].shape), draw.uniform(*recipe["nothing"]["smooth_px"])
    )
    batch["image"][slab] = (noise - noise.mean()) / noise.std()
    batch["labels"][slab] = batch["core"][slab] = 0
    batch["offset"][slab] = np.nan


_SHARES = {"narrow": "small_field", "emptied": "nothing"}


class Workers:
    """Processes that make slabs; worker `n % workers` gives the n-th slab."""

    def __init__(self, recipe: TrainingRecipe, seed: int, taken: int = 0) -> None:
        self.taken = taken
        count, ways = int(recipe["buffer"]["workers"]), mp.get_context("spawn")
        self._queues = [ways.Queue(maxsize=AHEAD) for _ in range(count)]
        self._processes = []
        for worker, queue in enumerate(self._queues):
            first = len(range(worker, taken, count))
            process = ways.Process(target=_work, args=(recipe, seed, worker, first, queue), daemon=True)
            process.start()
            self._processes.append(process)

    def slab(self) -> Slab:
        """The next slab.

        Raises
        ------
        SystemExit
            If its worker has ended or gives nothing for minutes.
        """
        worker = self.taken % len(self._queues)
        try:
            image, labels, core, offset = self._queues[worker].get(timeout=PATIENCE_S)
        except Empty:
            raise SystemExit(f"Worker {worker} gave no slab in {PATIENCE_S:.0f} s.") from None
        self.taken += 1
        return Slab(image=image, labels=labels, core=core, offset=offset)

    def end(self) -> None:
        """Stop the processes."""
        for process in self._processes:
            process.terminate()


class Buffer:
    """Slabs kept to be seen a few times."""

    def __init__(self, recipe: TrainingRecipe, seed: int) -> None:
        self.recipe, self.seed = recipe, seed
        shape, size = tuple(recipe.samples.grid["shape"]), int(recipe["buffer"]["slabs"])
        self.held: Batch = {
            "image": np.zeros((size, *shape), np.float16),
            "labels": np.zeros((size, *shape[1:]), np.uint8),
            "core": np.zeros((size, *shape[1:]), np.uint8),
            "offset": np.zeros((size, 2, *shape[1:]), np.float16),
        }

    def put(self, place: int, slab: Slab) -> None:
        """Write a slab over the one at a place."""
        for name, array in self.held.items():
            array[place] = getattr(slab, name)

    def fill(self, workers: Workers) -> None:
        """Fill it once."""
        for place in range(len(self.held["labels"])):
            self.put(place, workers.slab())

    def batch(self, step: int, workers: Workers) -> Batch:
        """Batch of a step, after some slabs were exchanged for fresh ones."""
        draw = np.random.default_rng((self.seed, step))
        size = len(self.held["labels"])
        for place in draw.choice(size, int(self.recipe["buffer"]["fresh_per_step"]), replace=False):
            self.put(int(place), workers.slab())
        places = draw.choice(size, int(self.recipe["optimiser"]["batch"]), replace=False)
        found = {name: array[places] for name, array in self.held.items()}
        row = self.recipe["jitter"]
        mirrored = draw.uniform(size=len(places)) < row["mirrored"]
        # Left and right change places: slices in reverse, the middle one stays.
        found["image"][mirrored] = found["image"][mirrored, ::-1]
        image = found["image"].astype(np.float32)
        per_slab = (len(places), 1, 1, 1)
        image *= draw.uniform(*row["gain"], per_slab).astype(np.float32)
        image += draw.uniform(*row["offset"], per_slab).astype(np.float32)
        found["image"] = image
        for change in (narrow, emptied):
            share = self.recipe[_SHARES[change.__name__]]["share"]
            for slab in np.flatnonzero(draw.uniform(size=len(places)) < share):
                change(found, int(slab), self.recipe, draw)
        return found

    def save(self, path: Path) -> None:
        """Write all slabs to a file."""
        np.savez(path, **self.held)  # type: ignore[arg-type]

    def load(self, path: Path) -> None:
        """Read all slabs from a file."""
        with np.load(path) as file:
            self.held = {name: file[name] for name in file.files}
