"""Painting in parts: how many samples at once, in which order, in how many threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

# Samples painted at once: few enough for the cache, many enough to be worth the calls.
SLAB_SAMPLES = 1_000_000
# More would gain nothing where the interpreter is held between the compiled loops.
THREADS = 4
# A sub-slab never is thicker than this.
SUB_SLAB_MM = 1.0


def in_threads(work: Callable[[int], None], items: Iterable[int]) -> None:
    """Do all items, several at a time.

    Every item writes a place of its own and draws from a stream of its own: the number of threads changes nothing but the
    time.
    """
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        for _ in pool.map(work, items):
            pass


def slices_first(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Affine of samples in the order (slice, i, j): long rows cost less a sample than short ones."""
    return np.array(affine)[:, [2, 0, 1, 3]]
