"""Files of diffusion weightings beside a NIfTI file (`.bval`, `.bvec`, FSL): checked whole, used whole or not at all."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry import gradients
from spinemets.ingest.facts import diffusion
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.model.acquisition import Diffusion

Floats = NDArray[np.float64]


class Unusable(Exception):
    """Why a file is not used."""


class Weightings(NamedTuple):
    """One entry a volume (none where nothing is known) and what to say."""

    volumes: tuple[Diffusion | None, ...] = ()
    said: tuple[str, ...] = ()


def read(bval: SourceFile | None, bvec: SourceFile | None, n_volumes: int, affine_lps_mm: Floats | None) -> Weightings:
    """Weightings of a 4-D file.

    Parameters
    ----------
    bval, bvec
        The files, None where there is none.
    n_volumes
        Volumes of the image.
    affine_lps_mm
        Index to LPS; None where sides or geometry are not known: directions are then not given.
    """
    if bval is None:
        if bvec is None:
            return Weightings()
        return Weightings(said=(f"{last(bvec)} is not used: there are no b-values beside it",))
    try:
        b_values = _b_values(bval, n_volumes)
    except Unusable as reason:
        return Weightings(said=(f"{last(bval)} is not used: it {reason}",))
    directions, said = _directions(bvec, n_volumes, affine_lps_mm)
    volumes = [
        Diffusion(b_s_per_mm2=b, direction_lps=direction if b > 0 else None, source=last(bval))
        for b, direction in zip(b_values, directions, strict=True)
    ]
    completed, sentences = diffusion.completed(volumes)
    return Weightings(volumes=tuple(completed), said=(*said, *sentences))


def _directions(
    bvec: SourceFile | None, n: int, affine: Floats | None
) -> tuple[list[tuple[float, float, float] | None], tuple[str, ...]]:
    if bvec is None:
        return [None] * n, ()
    if affine is None:
        return [None] * n, (f"{last(bvec)} is not used: its directions lie in image axes whose place is not known",)
    try:
        rows = _rows(bvec)
        if len(rows) == n != 3 and all(len(row) == 3 for row in rows):
            raise Unusable(f"is transposed ({n} rows of 3 numbers, FSL writes 3 rows)")
        if len(rows) != 3 or any(len(row) != n for row in rows):
            shape = f"{len(rows)} rows of {'/'.join(sorted({str(len(row)) for row in rows}))}"
            raise Unusable(f"holds {shape} numbers, not 3 rows of {n}")
    except Unusable as reason:
        return [None] * n, (f"{last(bvec)} is not used: it {reason}",)
    stored = np.array(rows, float).T
    length = np.linalg.norm(stored, axis=1)
    weighted = length > diffusion.cut("zero_length_below")
    turned = gradients.fsl_to_lps(stored, affine)
    found = [(float(v[0]), float(v[1]), float(v[2])) if use else None for v, use in zip(turned, weighted, strict=True)]
    off = float(np.abs(length[weighted] - 1).max()) if weighted.any() else 0.0
    if off <= diffusion.cut("unit_length_within"):
        return list(found), ()
    return list(found), (
        f"{last(bvec)}: directions up to {off:.2g} off length 1 were made unit vectors, b is as stated",
    )


def _b_values(source: SourceFile, n: int) -> list[float]:
    rows = _rows(source)
    column = len(rows) > 1 and all(len(row) == 1 for row in rows)
    numbers = [row[0] for row in rows] if column else rows[0] if len(rows) == 1 else []
    if len(numbers) != n:
        count = sum(len(row) for row in rows)
        raise Unusable(f"holds {count} b-values in {len(rows)} row{'s' * (len(rows) != 1)} for {n} volumes")
    most = diffusion.cut("most_s_per_mm2")
    if any(not 0 <= number <= most for number in numbers):
        raise Unusable(f"holds numbers that are no b-values (below 0 or above {most:g} s/mm2)")
    return numbers


def _rows(source: SourceFile) -> list[list[float]]:
    """Rows of finite numbers."""
    if source.size > bounds.load().max_stated_kb * 1024:
        raise Unusable("is too large")
    try:
        text = source.path.read_text(encoding="utf-8-sig")
        rows = [[float(word) for word in line.split()] for line in text.splitlines() if line.strip()]
    except (OSError, ValueError):
        raise Unusable("holds something else than numbers with blanks between them") from None
    if not rows:
        raise Unusable("is empty")
    if not all(math.isfinite(number) for row in rows for number in row):
        raise Unusable("holds values that are no numbers (NaN or infinite)")
    return rows


def last(source: SourceFile) -> str:
    """Name of a file without its folders."""
    return source.name.replace("!", "/").rsplit("/", 1)[-1]
