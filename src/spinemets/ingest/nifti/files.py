"""NIfTI files into series: orientation from sform or qform, converted from RAS to LPS, values kept lossless.

Array axes are those of the file; only the affine changes. Values: as `pixels.py`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

from spinemets.ingest.files import damage
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.digests import Digests
from spinemets.ingest.files.source_file import SourceFile, stem
from spinemets.ingest.geometry import straighten
from spinemets.ingest.nifti import header as headers
from spinemets.ingest.nifti import sidecar
from spinemets.ingest.nifti.header import Refused, Stored
from spinemets.ingest.nifti.orientation import Oriented, orient
from spinemets.ingest.nifti.side_files import ENDINGS, SideFiles
from spinemets.ingest.nifti.voxels import Reader
from spinemets.ingest.pixels.lazy import LazyVolume
from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import OutOfResources, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.study import Unread
from spinemets.model.volume import Volume

# Bytes behind the voxels that a writer may add.
SLACK = 4096
TEXT = "text beside images, not an image"


def series(
    files: Sequence[SourceFile], text: Sequence[SourceFile], digests: Digests, unread: list[Unread]
) -> list[Series]:
    """Series of all NIfTI files; one per volume of a 4-D file.

    Parameters
    ----------
    files
        NIfTI files, and the voxel files (`.img`) of pairs.
    text
        Text files of the input: those that speak about an image are read, the others are set aside with a line.
    """
    side, voxels = SideFiles(text), headers.partners(files)
    beside = {source.name for source in voxels.values()}
    found: dict[str, list[Series]] = {}
    for source in files:
        if source.name in beside:
            continue
        try:
            digest = _digest(source, voxels.get(source.name), digests)
            if digest in found:
                first = found[digest][0].source.split(" + ")[0]
                unread.append(Unread(file=source.name, reason=f"copy of {first}", kind="set aside"))
                for ending in ENDINGS:
                    side.of(source, ending)
                continue
            volumes = _of_file(source, voxels.get(source.name), digest)
            found[digest] = sidecar.apply(volumes, source, side)
        except Refused as reason:
            unread.append(Unread(file=source.name, reason=str(reason)))
        except damage.of_nifti() as error:
            unread.append(Unread(file=source.name, reason=f"damaged NIfTI file ({type(error).__name__})"))
    unread.extend(Unread(file=one.name, reason=TEXT, kind="set aside") for one in text if one.name not in side.taken)
    return [one for many in found.values() for one in many]


def _digest(source: SourceFile, voxels: SourceFile | None, digests: Digests) -> str:
    """Digest of the contents; of both files of a pair."""
    first = digests.file(source)
    if voxels is None:
        return first
    return hashlib.sha256(f"{first} {digests.file(voxels)}".encode()).hexdigest()


def _of_file(source: SourceFile, voxels: SourceFile | None, digest: str) -> list[Series]:
    header, stored = headers.read(source, voxels)
    oriented = orient(header, stored.shape, stored.to_mm)
    reader = Reader(stored)
    found = []
    for t in range(stored.n_volumes):
        suffix = f"#{t + 1}" if stored.n_volumes > 1 else ""
        found.append(_one(reader, source.name, oriented, digest, (t, f"nifti-{digest[:32]}{suffix}")))
    _check_complete(stored)
    return found


def _one(reader: Reader, name: str, oriented: Oriented, digest: str, which: tuple[int, str]) -> Series:
    (t, uid), stored = which, reader.stored
    label = stem(SourceFile(path=stored.source.path, name=name, size=0)).rsplit("/", 1)[-1].rsplit("!", 1)[-1]
    label += f", volume {t + 1}" if stored.n_volumes > 1 else ""
    grid, check = None, GeometryCheck(verdict=oriented.verdict, notes=oriented.notes)
    if oriented.affine_lps_mm is not None:
        if absurd := bounds.refuse_place(oriented.affine_lps_mm, oriented.shape):
            check = GeometryCheck(verdict="refused", notes=(absurd,))
        else:
            grid = Grid(shape_ijk=oriented.shape, affine_lps_mm=oriented.affine_lps_mm)
    return Series(
        uid=uid, number=0, label=label, acquisition=_times(stored, t), grid=grid, geometry=check,
        load=LazyVolume(lambda: _load(reader, oriented, grid, which)), sides_known=oriented.sides_known,
        n_images=stored.shape[2], digest_of=lambda: digest,
        source=name, warnings=(*stored.warnings, *oriented.warnings),
    )  # fmt: skip


def _times(stored: Stored, t: int) -> Acquisition:
    """Time of volume t as the header states it."""
    if stored.n_volumes == 1 or stored.step_s is None:
        return Acquisition()
    return Acquisition(time_s=round(t * stored.step_s, 6), temporal_position=t + 1)


def _check_complete(stored: Stored) -> None:
    """Compressed files: the last byte the header claims must be there, or the file was cut off."""
    if stored.source.kind != "nifti-gz":
        return
    claimed = stored.claimed
    with stored.source.path.open("rb") as packed:
        packed.seek(-4, io.SEEK_END)
        trailer = int.from_bytes(packed.read(4), "little")
    # the trailer of a whole file of one member is its unpacked size modulo 2**32; anything else is looked at in full
    if 0 <= trailer - claimed % 2**32 <= SLACK:
        return
    try:
        with headers.opened(stored.source) as stream:
            stream.seek(claimed - 1)
            whole = len(stream.read(1)) == 1
    except damage.of_nifti():
        whole = False
    if not whole:
        raise Refused(f"cut off or damaged: the compressed file holds less than the {claimed} bytes the header claims")


def _load(reader: Reader, oriented: Oriented, grid: Grid | None, which: tuple[int, str]) -> Volume:
    name = reader.stored.source.name
    if grid is None:
        raise UnreadableInput(f"{name} has no trusted geometry and cannot be used as a volume.")
    try:
        array, padding, said = reader.values(which[0])
    except MemoryError as error:
        raise OutOfResources(f"Memory ran out while {name} was read.", "Use a machine with more memory.") from error
    except damage.of_nifti() as error:
        raise UnreadableInput(f"{name} is damaged or changed while in use.") from error
    if oriented.arrangement is not None:
        order = oriented.arrangement.order
        stack, mask = array.transpose(2, 1, 0)[order], None if padding is None else padding.transpose(2, 1, 0)[order]
        stack, mask = straighten(stack, mask, oriented.arrangement)
        array, padding = stack.transpose(2, 1, 0), None if mask is None else mask.transpose(2, 1, 0)
    return Volume(
        array=array, grid=grid, quantity="unknown", unit="1", padding=padding, series_uid=which[1], warnings=said
    )
