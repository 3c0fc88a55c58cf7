"""Outlines kept beside the answer: asked again about the same images, a segmenter need not look again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinemets import __version__
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.study import Study
from spinemets.segmentation.port import Segmenter

FILE = "outlines.npz"
SCHEMA = "spinemets-outlines/1"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A segmenter whose outlines are kept in a folder.

    Attributes
    ----------
    segmenter
        Asked where nothing fitting is kept.
    folder
        Where `outlines.npz` lies. Those of another segmenter (its name holds its version) are not taken.
    """

    segmenter: Segmenter
    folder: Path

    @property
    def name(self) -> str:
        """Name of the segmenter."""
        return self.segmenter.name

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Structures, from the file where it was made by this segmenter of these images."""
        key = key_of(study, f"{__version__} {self.name}")
        kept = load(self.folder / FILE, key)
        if kept is not None:
            return kept
        found = self.segmenter.segment(study)
        save(found, self.folder / FILE, key)
        return found


def key_of(study: Study, identity: str) -> str:
    """Digest of the segmenter and of every image it may look at."""
    held = hashlib.sha256(identity.encode())
    for series in sorted(study.series, key=lambda s: s.uid):
        if series.measurable:
            held.update(f"{series.uid} {series.kind} {series.digest}".encode())
    return held.hexdigest()


def save(found: Sequence[Segmentation], path: Path, key: str) -> None:
    """Write outlines; masks as bits."""
    arrays: dict[str, Any] = {}
    rows = []
    for n, one in enumerate(found):
        arrays[f"affine_{n}"] = one.grid.affine_lps_mm
        parts = []
        for m, part in enumerate(one.parts):
            arrays[f"mask_{n}_{m}"] = np.packbits(part.region.mask)
            parts.append(
                {
                    "structure": part.structure,
                    "level": part.level,
                    "side": part.side,
                    "confidence": part.confidence,
                    "name": part.region.name,
                    "start": part.region.start_ijk,
                    "shape": part.region.mask.shape,
                    "source": part.region.source,
                    "flags": part.region.flags,
                }
            )
        rows.append(
            {
                "shape": one.grid.shape_ijk,
                "frame": one.grid.frame_of_reference_uid,
                "parts": parts,
                "scheme": one.scheme,
                "naming": one.naming,
                "body_only": one.body_only,
                "source": one.source,
                "ignored": one.ignored,
                "series_uid": one.series_uid,
                "warnings": one.warnings,
            }
        )
    arrays["about"] = np.frombuffer(json.dumps({"schema": SCHEMA, "key": key, "rows": rows}).encode(), np.uint8)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    try:
        partial.write_bytes(content.getvalue())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path, key: str) -> tuple[Segmentation, ...] | None:
    """Outlines of a file, None where there are none of that key (a damaged file counts as none)."""
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["schema"] != SCHEMA or about["key"] != key:
                return None
            return tuple(_segmentation(file, n, row) for n, row in enumerate(about["rows"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _segmentation(file: Any, n: int, row: dict[str, Any]) -> Segmentation:
    i, j, k = row["shape"]
    grid = Grid(shape_ijk=(i, j, k), affine_lps_mm=file[f"affine_{n}"], frame_of_reference_uid=row["frame"])
    return Segmentation(
        grid=grid,
        parts=tuple(_part(file[f"mask_{n}_{m}"], part, grid) for m, part in enumerate(row["parts"])),
        scheme=row["scheme"],
        naming=row["naming"],
        body_only=row["body_only"],
        source=row["source"],
        ignored=tuple((a, b) for a, b in row["ignored"]),
        series_uid=row["series_uid"],
        warnings=tuple(row["warnings"]),
    )


def _part(bits: Any, row: dict[str, Any], grid: Grid) -> Part:
    size = int(np.prod(row["shape"]))
    mask = np.unpackbits(bits)[:size].reshape(row["shape"]).astype(bool)
    region = Region(
        name=row["name"],
        mask=mask,
        start_ijk=tuple(row["start"]),
        grid=grid,
        source=row["source"],
        flags=tuple(row["flags"]),
    )
    return Part(
        structure=row["structure"],
        level=row["level"],
        region=region,
        side=row["side"],
        confidence=row["confidence"],
    )
