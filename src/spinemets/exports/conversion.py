"""A study as NIfTI files: one a volume, one 4-D file for a diffusion set, each with what is known of it beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spinemets.exports import sidecar
from spinemets.exports.atomic import replacing, write_text
from spinemets.exports.nifti_header import header
from spinemets.geometry.gradients import lps_to_fsl
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.model.volume import Volume

DIFFUSION = "b_values"
SAME_GRID_MM = 1e-2
LPS_TO_RAS = np.array([-1.0, -1.0, 1.0, 1.0])[:, None]
GZIP_LEVEL = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """One image file: its name without ending, and the volumes it holds (several: a diffusion set)."""

    name: str
    members: tuple[Series, ...]
    set: SeriesSet | None = None


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Files written for one target, and what must be said of them."""

    files: tuple[Path, ...]
    lines: tuple[str, ...] = ()


def plan(study: Study) -> tuple[list[Target], list[str]]:
    """Files to write, and a line for everything that is not written and why."""
    usable = {one.uid: one for one in study.series if one.measurable}
    lines = [f"not written: {_called(one)}: {_reason(one)}" for one in study.series if not one.measurable]
    lines += [f"{row.kind}: {row.file}: {row.reason}" for row in study.unread]
    lines += [f"not written: {name}: a segmentation, not an image" for name in study.label_files]
    found: list[Target] = []
    taken: set[str] = set()
    for group in study.sets:
        members = tuple(usable[uid] for uid in group.members if uid in usable)
        if group.kind != DIFFUSION or len(members) < 2 or taken & set(group.members):
            continue
        if why := _apart(members):
            lines.append(f"{group.name}: written as single volumes: {why}")
            continue
        taken |= {one.uid for one in members}
        found.append(Target(name=_name(members[0], "dwi"), members=members, set=group))
    found += [Target(name=_name(one, one.kind), members=(one,)) for one in usable.values() if one.uid not in taken]
    return sorted(found, key=lambda target: target.name), lines


def _called(series: Series) -> str:
    return f"{series.number} ({series.label})" if series.source == "DICOM" else str(series.number)


def _reason(series: Series) -> str:
    if series.planar is not None:
        return "a projection lies in no volume"
    return "; ".join(series.geometry.notes) or "no trusted geometry"


def _name(series: Series, kind: str) -> str:
    """Number in the study and kind: nothing of the patient, and no name twice."""
    return f"{series.number:03d}-{kind.replace('_', '-')}"


def _apart(members: Sequence[Series]) -> str:
    """Why these volumes cannot lie in one array, empty if they can."""
    grids = [one.grid for one in members if one.grid is not None]
    first = grids[0]
    corner = np.array([*first.shape_ijk, 1.0])
    for grid in grids[1:]:
        if grid.shape_ijk != first.shape_ijk:
            return "their sizes differ"
        apart = np.abs(grid.affine_lps_mm @ corner - first.affine_lps_mm @ corner).max()
        if max(apart, np.abs(grid.affine_lps_mm[:, 3] - first.affine_lps_mm[:, 3]).max()) > SAME_GRID_MM:
            return "they lie at different places"
    missing = sum(one.acquisition.diffusion is None for one in members)
    return f"{missing} of them state no b-value" if missing else ""


def paths(target: Target, out: Path, *, gz: bool) -> tuple[Path, ...]:
    """Image first, then what lies beside it."""
    beside = (".json", ".bval", ".bvec") if target.set is not None else (".json",)
    return tuple(out / f"{target.name}{ending}" for ending in (".nii.gz" if gz else ".nii", *beside))


def refuse_existing(targets: Sequence[Target], out: Path, *, gz: bool) -> None:
    """Look before anything is read.

    Raises
    ------
    UsageError
        If a file would be overwritten.
    """
    there = [path.name for target in targets for path in paths(target, out, gz=gz) if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(f"{there[0]}{more} exists already in the output folder.", "Use --force, or another folder.")


def convert(target: Target, out: Path, *, gz: bool) -> Converted:
    """Write one target; each file appears whole or not at all, the image last of all."""
    files = paths(target, out, gz=gz)
    lines: list[str] = []
    stats = sidecar.Seen()
    grid = target.members[0].grid
    assert grid is not None  # `plan` takes measurable series only
    with replacing(files[0], to_disk=False) as temporary:
        for dtype in _types(target):
            try:
                with _opened(temporary, gz) as stream:
                    _write_volumes(target, grid, dtype, stream, stats)
                break
            except _Wider:
                stats = sidecar.Seen()
        lines += [f"{files[0].name}: {sentence}" for sentence in stats.warnings]
        if target.set is not None:
            _write_gradients(target, grid, files[2], files[3])
        write_text(files[1], sidecar.text(target.members, stats, target.set))
    return Converted(files=files, lines=tuple(lines))


class _Wider(Exception):
    """A later volume does not fit the type of the first."""


def _types(target: Target) -> Iterator[np.dtype[Any] | None]:
    """Type of the file: that of the first volume, else one that holds any."""
    yield None
    if len(target.members) > 1:
        yield np.dtype(np.int32)
        yield np.dtype(np.float32)


def _write_volumes(
    target: Target, grid: Grid, dtype: np.dtype[Any] | None, stream: BinaryIO, stats: sidecar.Seen
) -> None:
    affine = LPS_TO_RAS * grid.affine_lps_mm
    for number, series in enumerate(target.members):
        volume = series.pixels()
        if number == 0:
            dtype = dtype or volume.array.dtype
            shape = (*volume.array.shape[:3], *([len(target.members)] if target.set is not None else []))
            shape = (*shape, *volume.array.shape[3:])
            stream.write(header(shape, dtype, affine, "spinemets"))
        assert dtype is not None
        if not (dtype == np.float32 or np.can_cast(volume.array.dtype, dtype, "safe")):
            raise _Wider
        stats.add(volume)
        _write(stream, volume, dtype)
        release: Callable[[], None] | None = getattr(series.load, "release", None)
        if release is not None:
            release()


def _write(stream: BinaryIO, volume: Volume, dtype: np.dtype[Any]) -> None:
    """Voxels with i running fastest: for a volume read from images this is how they lie, and nothing is copied."""
    ordered: NDArray[Any] = volume.array.transpose(2, 1, 0, *range(3, volume.array.ndim))
    if ordered.flags.c_contiguous and ordered.dtype == dtype:
        stream.write(ordered.data.cast("B"))
        return
    for image in ordered:
        stream.write(np.ascontiguousarray(image, dtype).data.cast("B"))


@contextmanager
def _opened(path: Path, gz: bool) -> Iterator[BinaryIO]:
    if not gz:
        # not raw: a raw stream may write less than it was given
        with path.open("wb") as stream:
            yield stream
        return
    from isal import igzip  # lazy: only for compressed files

    with path.open("wb") as raw:
        packed: Any = igzip.IGzipFile("", "wb", GZIP_LEVEL, raw, 0)  # type: ignore[no-untyped-call]
        with packed:
            yield packed


def _write_gradients(target: Target, grid: Grid, bval: Path, bvec: Path) -> None:
    """b-values [s/mm2] and directions along the voxel axes as FSL wants them; 0 0 0 where there is no direction."""
    known = [one.acquisition.diffusion for one in target.members]
    values = [f"{one.b_s_per_mm2:g}" for one in known if one is not None]
    directions = [one.direction_lps or (0.0, 0.0, 0.0) for one in known if one is not None]
    along = lps_to_fsl(np.array(directions), grid.affine_lps_mm)
    write_text(bval, " ".join(values) + "\n")
    write_text(bvec, "".join(" ".join(f"{v + 0.0:.6g}" for v in row) + "\n" for row in along.T))
