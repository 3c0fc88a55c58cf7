"""Voxels in blocks that fit a cache, over all processors: bounded memory, and results that do not depend on threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.model.errors import UsageError

# What one block holds of its input: with what is worked out from it, about the second-level cache of a core.
BLOCK_BYTES = 1 << 18
# Voxels of a piece: what is worked out in double precision of one at a time bounds the memory.
PIECE = 1 << 15
Fit = TypeVar("Fit")


def voxels(values: NDArray[Any], mask: ArrayLike | None) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values as (voxels, last axis), and the mask as (voxels,).

    Raises
    ------
    UsageError
        If the mask has another shape than the leading axes.
    """
    return values.reshape(-1, values.shape[-1]), chosen(values, mask)


def chosen(values: NDArray[Any], mask: ArrayLike | None, *, turned: bool = False) -> NDArray[np.bool_] | None:
    """The mask as (voxels,), None where there is none; `turned`: the last of the leading axes first.

    Raises
    ------
    UsageError
        If the mask has another shape than the leading axes.
    """
    if mask is None:
        return None
    wanted = np.asarray(mask, dtype=bool)
    if wanted.shape != values.shape[:-1]:
        raise UsageError(
            f"The mask has shape {wanted.shape}, the images {values.shape[:-1]}.",
            "Give a mask of the images' own grid.",
        )
    return (wanted.T if turned else wanted).reshape(-1)


def in_blocks(
    work: Callable[[slice], None],
    n: int,
    bytes_each: int,
    *,
    threads: int | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> None:
    """Call `work` with slices that cover 0 to n, side by side.

    Parameters
    ----------
    work
        Writes its own part of the results. Whatever it raises is raised here.
    n
        Number of voxels.
    bytes_each
        Of the input of one voxel.
    threads
        None = one for each processor.
    block_bytes
        Of the input of one slice.
    """
    step = max(1, block_bytes // max(1, bytes_each))
    parts = [slice(first, min(first + step, n)) for first in range(0, n, step)]
    workers = min(threads or os.cpu_count() or 1, len(parts))
    if workers <= 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, parts):
            pass


def pieces(n: int, size: int | None = None) -> Iterator[slice]:
    """Slices of at most so many voxels (None = `PIECE`) that cover 0 to n; one that is empty for none."""
    size = PIECE if size is None else size
    for first in range(0, max(n, 1), size):
        yield slice(first, min(first + size, n))


def in_pieces(fit: Callable[[slice], Fit], n: int, lead: tuple[int, ...], *, size: int | None = None) -> Fit:
    """One result of the results of pieces, its arrays (and those in mappings) in the shape of the leading axes.

    Parameters
    ----------
    fit
        Gives the result of a slice of voxels: a dataclass whose arrays have the voxels first.
    n, lead
        Number of voxels, and their axes.
    size
        Of a piece, None = `PIECE`.
    """
    whole: dict[str, Any] = {}
    first: Fit | None = None
    for piece in pieces(n, size):
        part = fit(piece)
        first = part if first is None else first
        for name, key, values in _arrays(part):
            into = whole.setdefault(name, {})
            if len(values) == n:
                into[key] = values
                continue
            # Written where it belongs at once: memory of the results and of one piece, not of the results twice.
            if key not in into:
                into[key] = np.empty((n, *values.shape[1:]), values.dtype)
            into[key][piece] = values
    assert first is not None
    made = {}
    for field in fields(first):  # type: ignore[arg-type]  # a dataclass, as said
        arrays = {key: one.reshape((*lead, *one.shape[1:])) for key, one in whole.get(field.name, {}).items()}
        made[field.name] = arrays.get(None, arrays) if arrays else getattr(first, field.name)
    return type(first)(**made)


def _arrays(part: Any) -> Iterator[tuple[str, Any, NDArray[Any]]]:
    """Arrays of a dataclass by the field's name, and those in its mappings by their key too (None = none)."""
    for field in fields(part):
        values = getattr(part, field.name)
        for key, array in values.items() if isinstance(values, Mapping) else ((None, values),):
            if isinstance(array, np.ndarray):
                yield field.name, key, array
