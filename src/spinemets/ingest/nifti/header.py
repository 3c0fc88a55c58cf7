"""What the header of a NIfTI or Analyze file says about its voxels, checked before anything is allocated."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from spinemets.ingest.files import damage
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.knowledge.catalogue import table

# The part of an Analyze header that means something else in NIfTI: units, origin, orientation; and the place of the
# scale factor that one common writer (SPM) puts there.
ANALYZE_HISTORY, ANALYZE_SCALE, ANALYZE_UNITS = slice(252, 348), slice(112, 116), 123
ANALYZE = "Analyze file: it states no orientation, left and right are unknown"
SINGLE, PAIR = (b"n+1", b"n+2"), (b"ni1", b"ni2")


class Refused(Exception):
    """Reason why a NIfTI file is not read."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the header says about the voxels.

    Attributes
    ----------
    source
        File that holds the voxels.
    shape, n_volumes
        (i, j, k) and number of volumes.
    dtype, offset
        Type, and place of the first voxel in the (unpacked) file.
    slope, intercept
        Value = stored * slope + intercept.
    step_s
        Time from one volume to the next, None where not stated with its unit.
    to_mm
        What lengths of the header are multiplied with.
    warnings
        What to say about the values.
    """

    source: SourceFile
    shape: tuple[int, int, int]
    n_volumes: int
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    step_s: float | None = None
    to_mm: float = 1.0
    warnings: tuple[str, ...] = ()

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume in the file."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def claimed(self) -> int:
        """Bytes the unpacked file must have."""
        return self.offset + self.volume_bytes * self.n_volumes


def opened(source: SourceFile) -> IO[bytes]:
    """The file, unpacked while it is read."""
    if source.kind == "nifti-gz":
        from isal import igzip

        stream: IO[bytes] = igzip.open(source.path, "rb")  # type: ignore[no-untyped-call]
        return stream
    return source.path.open("rb", buffering=0)


def read(source: SourceFile, voxels: SourceFile | None) -> tuple[Any, Stored]:
    """Header (nibabel's, nothing corrected) and what it says about the voxels.

    Parameters
    ----------
    source
        A `.nii` file or the `.hdr` of a pair.
    voxels
        The `.img` of a pair, None where there is none.

    Raises
    ------
    Refused
        If it is no image this program reads.
    """
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    with opened(source) as stream:
        head = stream.read(540)
    if len(head) < 348:
        raise Refused("cut off inside the header")
    size = {int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")}
    if 348 not in size and 540 not in size:
        raise Refused("not a NIfTI file, although its name says so")
    kind, length = (Nifti2Header, 540) if 540 in size else (Nifti1Header, 348)
    said: list[str] = []
    magic = head[344:347] if length == 348 else head[4:7]
    if magic not in SINGLE + PAIR:
        if not source.name.lower().endswith(".hdr"):
            raise Refused("neither NIfTI nor Analyze: the header lacks the mark of either")
        head, magic = _without_history(head), PAIR[0]
        said.append(ANALYZE)
    if magic in PAIR and voxels is None:
        raise Refused("two-file NIfTI or Analyze: the file with the voxels (.img) is not beside it")
    header = kind.from_fileobj(io.BytesIO(head[:length]), check=False)  # type: ignore[no-untyped-call]
    return header, _stored(header, voxels if magic in PAIR and voxels is not None else source, said)


def _without_history(head: bytes) -> bytes:
    """An Analyze header as a NIfTI header that states no orientation; SPM's scale factor stays where NIfTI has its own."""
    changed = bytearray(head[:348])
    changed[ANALYZE_HISTORY] = bytes(348 - 252)
    changed[116:120] = bytes(4)
    changed[ANALYZE_UNITS] = 0
    return bytes(changed)


def _stored(header: Any, source: SourceFile, said: list[str]) -> Stored:
    sizes = _sizes(header)
    dtype = _dtype(header)
    slope, intercept = _scale(header, said)
    said.extend(_intent(header))
    stored = Stored(
        source=source, shape=(sizes[0], sizes[1], sizes[2]), n_volumes=sizes[3], dtype=dtype,
        offset=int(header["vox_offset"]), slope=slope, intercept=intercept, step_s=_step_s(header),
        to_mm=_to_mm(header, said), warnings=tuple(said),
    )  # fmt: skip
    ratio = bounds.load().max_gzip_ratio if source.kind == "nifti-gz" else 1
    if stored.claimed > source.size * ratio or stored.offset < 0:
        raise Refused(f"cut off: the header claims {stored.claimed} bytes, the file holds {source.size}")
    if stored.volume_bytes > bounds.load().max_volume_mb * bounds.MB:
        raise Refused(f"more than {bounds.load().max_volume_mb} MB in one volume")
    return stored


def _sizes(header: Any) -> list[int]:
    dims = [int(n) for n in header["dim"]]
    if not 1 <= dims[0] <= 7 or any(n < 1 for n in dims[1 : dims[0] + 1]):
        raise Refused("the header states no valid image size")
    sizes = dims[1 : dims[0] + 1] + [1] * (4 - dims[0])
    if any(n > 1 for n in sizes[4:]) or sizes[0] < 2 or sizes[1] < 2:
        raise Refused("not a 3-D or 4-D scalar image")
    limit = bounds.load().max_volumes_4d
    if sizes[3] > limit:
        raise Refused(f"{sizes[3]} volumes in one file, more than the limit of {limit}")
    return sizes


def _dtype(header: Any) -> np.dtype[Any]:
    code = int(header["datatype"])
    name = table("nifti")["types_not_read"].get(code)
    if name is not None:
        raise Refused(f"voxel type {name} (code {code}) is not read")
    try:
        dtype: np.dtype[Any] = np.dtype(header.get_data_dtype())
    except damage.of_nifti() as error:
        raise Refused(f"voxel type of code {code} is not read: NIfTI does not define it") from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise Refused(f"voxel type {dtype} (code {code}) is not read")
    return dtype


def _scale(header: Any, said: list[str]) -> tuple[float, float]:
    """Slope and intercept; slope 0 and NaN mean "no scale" (NIfTI standard, and SPM's habit)."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or math.isnan(slope):
        return 1.0, 0.0
    if math.isnan(intercept):
        intercept = 0.0
    if math.isinf(slope) or math.isinf(intercept):
        raise Refused("the scale of its values (scl_slope, scl_inter) is not finite")
    if ANALYZE in said and slope != 1:
        said.append(f"values are multiplied by {slope:g}, the scale factor that SPM writes into Analyze headers")
    return slope, intercept


def _intent(header: Any) -> list[str]:
    code, row = int(header["intent_code"]), table("nifti")
    statistics = row["statistics"]
    words = statistics["words"] if statistics["first"] <= code <= statistics["last"] else row["intents"].get(code)
    return [f"the file says its values are {words} (intent code {code}), no image"] if words else []


def _to_mm(header: Any, said: list[str]) -> float:
    """Factor of a stated unit of length; one that voxels cannot have is not believed, and said."""
    row = table("nifti")
    factor = float(row["length_units"].get(int(header["xyzt_units"]) & 7, 1.0))
    if factor == 1.0:
        return 1.0
    edges = [abs(float(edge)) * factor for edge in header["pixdim"][1:4]]
    unit = "metres" if factor > 1 else "micrometres"
    if all(row["least_edge_mm"]["value"] <= edge <= row["most_edge_mm"]["value"] for edge in edges):
        said.append(f"lengths are stated in {unit} and converted")
        return factor
    said.append(f"lengths are stated in {unit}, which voxels of {max(edges):.3g} mm cannot be: taken as millimetres")
    return 1.0


def _step_s(header: Any) -> float | None:
    factor = table("nifti")["time_units"].get(int(header["xyzt_units"]) & 56)
    step = float(header["pixdim"][4])
    return round(step * factor, 9) if factor and math.isfinite(step) and step > 0 else None


def partners(files: Sequence[SourceFile]) -> dict[str, SourceFile]:
    """Voxel files of pairs: name of the `.hdr` -> the `.img` beside it."""
    heads = {source.name[:-4]: source.name for source in files if is_head(source)}
    images = (source for source in files if heads and source.name.lower().endswith(".img"))
    return {heads[source.name[:-4]]: source for source in images if source.name[:-4] in heads}


def is_head(source: SourceFile) -> bool:
    """Whether a file is the header of a pair, by its name and what it looked like."""
    return source.kind == "nifti" and source.name.lower().endswith(".hdr")
