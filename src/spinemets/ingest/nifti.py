"""NIfTI files into series: orientation from sform or qform, converted from RAS to LPS, values kept lossless.

Array axes are those of the file; only the affine changes. Values: as `pixels.py`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest import damage, sidecar
from spinemets.ingest import limits as bounds
from spinemets.ingest.digests import Digests
from spinemets.ingest.geometry import straighten
from spinemets.ingest.lazy import LazyVolume
from spinemets.ingest.orientation import Oriented, orient
from spinemets.ingest.source_file import SourceFile, stem
from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import OutOfResources, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.study import Unread
from spinemets.model.volume import Volume

# Bytes behind the voxels that a writer may add.
SLACK = 4096
INT16, INT32 = np.iinfo(np.int16), np.iinfo(np.int32)


class Refused(Exception):
    """Reason why a NIfTI file is not read."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the header says about the voxels: (i, j, k), number of volumes, type, place in the file, scale."""

    source: SourceFile
    shape: tuple[int, int, int]
    n_volumes: int
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume in the file."""
        return math.prod(self.shape) * self.dtype.itemsize


def series(
    files: Sequence[SourceFile], side: Sequence[SourceFile], digests: Digests, unread: list[Unread]
) -> list[Series]:
    """Series of all NIfTI files; one per volume of a 4-D file."""
    found: dict[str, list[Series]] = {}
    for source in files:
        try:
            digest = digests.file(source)
            if digest in found:
                first = found[digest][0].source.split(" + ")[0]
                unread.append(Unread(file=source.name, reason=f"copy of {first}", kind="set aside"))
                continue
            found[digest] = [sidecar.apply(one, source, side) for one in _of_file(source, digest)]
        except Refused as reason:
            unread.append(Unread(file=source.name, reason=str(reason)))
        except damage.of_nifti() as error:
            unread.append(Unread(file=source.name, reason=f"damaged NIfTI file ({type(error).__name__})"))
    return [one for many in found.values() for one in many]


def _of_file(source: SourceFile, digest: str) -> list[Series]:
    header = _header(source)
    stored = _stored(source, header)
    oriented = orient(header, stored.shape)
    found = []
    for t in range(stored.n_volumes):
        suffix = f"#{t + 1}" if stored.n_volumes > 1 else ""
        found.append(_one(stored, oriented, digest, (t, f"nifti-{digest[:32]}{suffix}")))
    _check_complete(stored)
    return found


def _one(stored: Stored, oriented: Oriented, digest: str, which: tuple[int, str]) -> Series:
    t, uid = which
    name = stored.source.name
    label = stem(stored.source).rsplit("/", 1)[-1].rsplit("!", 1)[-1]
    label += f", volume {t + 1}" if stored.n_volumes > 1 else ""
    grid = None
    if oriented.affine_lps_mm is not None:
        grid = Grid(shape_ijk=oriented.shape, affine_lps_mm=oriented.affine_lps_mm)
    check = GeometryCheck(verdict=oriented.verdict, notes=oriented.notes)
    return Series(
        uid=uid, number=0, label=label, acquisition=Acquisition(), grid=grid, geometry=check,
        load=LazyVolume(lambda: _load(stored, oriented, grid, which)), sides_known=oriented.sides_known,
        n_images=stored.shape[2], digest=digest, source=name, warnings=oriented.warnings,
    )  # fmt: skip


def _open(source: SourceFile) -> IO[bytes]:
    if source.kind == "nifti-gz":
        from isal import igzip

        stream: IO[bytes] = igzip.open(source.path, "rb")  # type: ignore[no-untyped-call]
        return stream
    return source.path.open("rb")


def _header(source: SourceFile) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    with _open(source) as stream:
        head = stream.read(540)
    if len(head) < 348:
        raise Refused("cut off inside the header")
    size = {int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")}
    if 348 not in size and 540 not in size:
        raise Refused("not a NIfTI file, although its name says so")
    kind, length = (Nifti2Header, 540) if 540 in size else (Nifti1Header, 348)
    return kind.from_fileobj(io.BytesIO(head[:length]), check=False)  # type: ignore[no-untyped-call]


def _stored(source: SourceFile, header: Any) -> Stored:
    magic = bytes(header["magic"])[:3]
    if magic not in (b"n+1", b"n+2"):
        raise Refused("two-file NIfTI or Analyze (.hdr and .img) is not read: convert it to .nii")
    dims = [int(n) for n in header["dim"]]
    if not 1 <= dims[0] <= 7 or any(n < 1 for n in dims[1 : dims[0] + 1]):
        raise Refused("the header states no valid image size")
    sizes = dims[1 : dims[0] + 1] + [1] * (4 - dims[0])
    if any(n > 1 for n in sizes[4:]) or sizes[0] < 2 or sizes[1] < 2:
        raise Refused("not a 3-D or 4-D scalar image")
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise Refused(f"voxel type {dtype} (colour, complex or extended) is not read")
    if sizes[3] > bounds.load().max_volumes_4d:
        raise Refused(f"{sizes[3]} volumes in one file, more than the limit of {bounds.load().max_volumes_4d}")
    slope, intercept = header.get_slope_inter()
    stored = Stored(
        source=source, shape=(sizes[0], sizes[1], sizes[2]), n_volumes=sizes[3], dtype=dtype,
        offset=int(header["vox_offset"]), slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
    )  # fmt: skip
    ratio = bounds.load().max_gzip_ratio if source.kind == "nifti-gz" else 1
    claimed = stored.offset + stored.volume_bytes * stored.n_volumes
    if claimed > source.size * ratio or stored.offset < 0:
        raise Refused(f"cut off: the header claims {claimed} bytes, the file holds {source.size}")
    if stored.volume_bytes > bounds.load().max_volume_mb * bounds.MB:
        raise Refused(f"more than {bounds.load().max_volume_mb} MB in one volume")
    return stored


def _check_complete(stored: Stored) -> None:
    """Compressed files: the last byte the header claims must be there, or the file was cut off."""
    if stored.source.kind != "nifti-gz":
        return
    claimed = stored.offset + stored.volume_bytes * stored.n_volumes
    with stored.source.path.open("rb") as packed:
        packed.seek(-4, io.SEEK_END)
        trailer = int.from_bytes(packed.read(4), "little")
    # the trailer of a whole file of one member is its unpacked size modulo 2**32; anything else is looked at in full
    if 0 <= trailer - claimed % 2**32 <= SLACK:
        return
    try:
        with _open(stored.source) as stream:
            stream.seek(claimed - 1)
            whole = len(stream.read(1)) == 1
    except damage.of_nifti():
        whole = False
    if not whole:
        raise Refused(f"cut off or damaged: the compressed file holds less than the {claimed} bytes the header claims")


def _load(stored: Stored, oriented: Oriented, grid: Grid | None, which: tuple[int, str]) -> Volume:
    if grid is None:
        raise UnreadableInput(f"{stored.source.name} has no trusted geometry and cannot be used as a volume.")
    try:
        raw = _raw(stored, which[0])
    except MemoryError as error:
        raise OutOfResources(
            f"Memory ran out while {stored.source.name} was read.", "Use a machine with more memory."
        ) from error
    except damage.of_nifti() as error:
        raise UnreadableInput(f"{stored.source.name} is damaged or changed while in use.") from error
    array, padding = _scaled(raw, stored)
    if oriented.arrangement is not None:
        order = oriented.arrangement.order
        stack, mask = array.transpose(2, 1, 0)[order], None if padding is None else padding.transpose(2, 1, 0)[order]
        stack, mask = straighten(stack, mask, oriented.arrangement)
        array, padding = stack.transpose(2, 1, 0), None if mask is None else mask.transpose(2, 1, 0)
    return Volume(array=array, grid=grid, quantity="unknown", unit="1", padding=padding, series_uid=which[1])


def _raw(stored: Stored, t: int) -> NDArray[Any]:
    """Stored values of volume t, first axis fastest."""
    buffer = bytearray(stored.volume_bytes)
    view = memoryview(buffer)
    with _open(stored.source) as stream:
        stream.seek(stored.offset + t * stored.volume_bytes)
        done = 0
        while done < len(view):
            count = stream.readinto(view[done:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError("cut off")
            done += count
    return np.frombuffer(buffer, stored.dtype).reshape(stored.shape, order="F")


def _scaled(raw: NDArray[Any], stored: Stored) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values in the scale of the file, and where they are not finite."""
    whole = stored.slope == 1.0 and stored.intercept.is_integer()
    if raw.dtype.kind in "iu" and whole:
        low, high = int(raw.min()) + int(stored.intercept), int(raw.max()) + int(stored.intercept)
        if INT16.min <= low and high <= INT16.max:
            return _shifted(raw, int(stored.intercept), np.dtype(np.int16)), None
        if INT32.min <= low and high <= INT32.max:
            return _shifted(raw, int(stored.intercept), np.dtype(np.int32)), None
    with np.errstate(over="ignore", invalid="ignore"):
        if stored.slope == 1.0 and stored.intercept == 0.0:
            values = raw.astype(np.float32)
        else:
            values = (raw.astype(np.float64) * stored.slope + stored.intercept).astype(np.float32)
    bad = ~np.isfinite(values)
    if not bad.any():
        return values, None
    values[bad] = values[~bad].min() if not bad.all() else 0.0
    return values, bad


def _shifted(raw: NDArray[Any], intercept: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    if intercept == 0:
        return raw.astype(dtype, order="K")
    return (raw.astype(np.int64, order="K") + intercept).astype(dtype, order="K")
