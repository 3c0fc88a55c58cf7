"""Maps as files: one NIfTI each, and one JSON that says how they were made, of what, and what was left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import spinemets
from spinemets.exports.atomic import write_text
from spinemets.exports.nifti import write_nifti
from spinemets.model.errors import UsageError
from spinemets.model.parametric_map import MapResult

SCHEMA = "spinemets-map/1"


@dataclass(frozen=True, kw_only=True, eq=False)
class MapFiles:
    """Names of one result's files: images in the order of its maps, side file, picture."""

    images: tuple[Path, ...]
    side: Path
    picture: Path


def names(results: Sequence[MapResult], out: Path) -> list[MapFiles]:
    """Names of all files: number of the first series, kind, quantity; no name twice."""
    taken: dict[str, int] = {}
    found = []
    for one in results:
        stem = f"{one.number:03d}-{one.kind}"
        taken[stem] = taken.get(stem, 0) + 1
        stem = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
        images = tuple(out / f"{stem}-{part.name.replace('_', '-')}.nii.gz" for part in one.maps)
        found.append(MapFiles(images=images, side=out / f"{stem}.json", picture=out / f"{stem}.png"))
    return found


def refuse_existing(files: Sequence[MapFiles]) -> None:
    """Look before anything is written.

    Raises
    ------
    UsageError
        If a file would be overwritten.
    """
    there = [path.name for one in files for path in (*one.images, one.side, one.picture) if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(f"{there[0]}{more} exists already in the output folder.", "Use --force, or another folder.")


def write(result: MapResult, files: MapFiles) -> None:
    """Write images and side file; each appears whole or not at all."""
    for part, path in zip(result.maps, files.images, strict=True):
        array = part.array
        # Single precision holds what a fit can say; masks and codes stay whole numbers.
        kept = np.asarray(array, np.float32) if array.dtype.kind == "f" else np.asarray(array, np.uint8)
        write_nifti(kept, result.grid, path, description=f"{part.title} [{part.unit}]")
    write_text(files.side, json.dumps(document(result, files), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def document(result: MapResult, files: MapFiles) -> dict[str, Any]:
    """What the side file says."""
    return {
        "schema": SCHEMA,
        "software": f"spinemets {spinemets.__version__}",
        "kind": result.kind,
        "source": result.source,
        "method": result.method,
        "maps": [
            {
                "file": path.name, "name": part.name, "title": part.title, "unit": part.unit, "valid_voxels": _valid(part.array),
                "interval": part.name.endswith("_ci95"),
            }
            for part, path in zip(result.maps, files.images, strict=True)
        ],
        "inputs": dict(result.inputs),
        "voxels": int(np.prod(result.grid.shape_ijk)),
        "rejected_voxels": dict(result.rejected),
        "notes": list(result.notes),
        "research_use": "Research use only; no treatment is to be based on these numbers.",
    }  # fmt: skip


def _valid(array: np.ndarray[Any, Any]) -> int:
    if array.dtype.kind != "f":
        return int(array.size)
    finite = np.isfinite(array)
    return int(np.count_nonzero(finite if array.ndim == 3 else finite.all(axis=-1)))
