"""Archives: zip, tar, and single files packed with gzip, xz or bzip2, also inside one another, unpacked privately.

Member names are never used as paths: every member gets a running number as its file name in a private temporary folder,
so that nothing can be written elsewhere. Links and devices are refused. Sizes are counted while unpacking and not
believed from the index, one budget for an archive and all that is packed inside it. A damaged member costs that member.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files import salvage
from spinemets.ingest.files.source_file import (
    ARCHIVES,
    DESKTOP,
    Listing,
    SourceFile,
    kind_of,
    left_by_desktop,
    shown,
    sniff,
)
from spinemets.model.errors import OutOfResources
from spinemets.model.study import Unread

BLOCK = 1 << 20
DAMAGED = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError, zlib.error, lzma.LZMAError,
    tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile, salvage.Damaged,
)  # fmt: skip
STREAMS: dict[str, Callable[[Path], IO[bytes]]] = {"gz": gzip.GzipFile, "xz": lzma.LZMAFile, "bz2": bz2.BZ2File}  # type: ignore[dict-item]
LONG_NAMES = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, b"X")
DISK_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

# Name, its bytes block by block (None if it is not taken), and why not.
Member = tuple[str, Iterable[bytes] | None, str]


def unpack(source: SourceFile) -> Listing:
    """Unpack an archive and archives inside it; damaged or refused members become `Unread` rows."""
    found = Listing()
    unpacking = _Unpacking(source.size, found)
    try:
        unpacking.open(source, 1)
    except _TooBig as refused:
        more = f"; {len(found.files)} files before that are used" if found.files else ""
        found.unread.append(Unread(file=source.name, reason=f"archive refused: {refused}{more}"))
    return found


class Folder:
    """A private temporary folder that is deleted when nothing points to it any more, at the latest at exit."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="spinemets-"))
        self._end = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class _TooBig(Exception):
    """An archive that passes a limit."""


class _Unpacking:
    """One archive with all that is packed inside it: what was found, and what was really unpacked so far."""

    def __init__(self, packed: int, found: Listing) -> None:
        self.packed = packed
        self.found = found
        self.unpacked = 0
        self.members = 0
        self.owner = Folder()

    def open(self, source: SourceFile, depth: int) -> None:
        """Take the members of an archive; those that are archives are opened in their turn."""
        try:
            for name, blocks, refusal in _members(source):
                self._count()
                self._take(f"{source.name}!{shown(name)}" if name else source.name, (blocks, refusal), depth)
        except DAMAGED as error:
            _say_if_disk_is_full(error)
            self._refuse(source.name, f"damaged archive ({_why(error)})")

    def _take(self, name: str, member: tuple[Iterable[bytes] | None, str], depth: int) -> None:
        blocks, refusal = member
        if blocks is None:
            self._refuse(name, refusal)
            return
        target = self.owner.path / f"{self.members:06d}"
        try:
            size = self._copy(blocks, target)
        except DAMAGED as error:
            _say_if_disk_is_full(error)
            target.unlink(missing_ok=True)
            self._refuse(name, str(error) if isinstance(error, salvage.Damaged) else f"damaged member ({_why(error)})")
            return
        if not size:
            self._refuse(name, "empty file")
            return
        kind = sniff(target, name.removesuffix(".gz") if name.lower().endswith(".dcm.gz") else name)
        source = SourceFile(path=target, name=name, size=size, kind=kind, keep=self.owner)
        if kind not in ARCHIVES:
            self.found.files.append(source)
        elif depth >= bounds.load().max_archive_depth:
            self._refuse(
                name, f"archives inside archives are opened {bounds.load().max_archive_depth} deep and no deeper"
            )
            target.unlink()
        else:
            self.open(source, depth + 1)
            target.unlink()

    def _copy(self, blocks: Iterable[bytes], target: Path) -> int:
        """Write one member, checking the limits block by block."""
        size = 0
        with target.open("wb") as out:
            for block in blocks:
                size += len(block)
                self.unpacked += len(block)
                if refusal := bounds.refuse_unpacking(self.unpacked, self.packed):
                    out.close()
                    target.unlink()
                    raise _TooBig(refusal)
                out.write(block)
        return size

    def _count(self) -> None:
        """One more member, taken or not."""
        self.members += 1
        if self.members > bounds.load().max_files:
            raise _TooBig(f"holds more than {bounds.load().max_files} files")

    def _refuse(self, name: str, reason: str) -> None:
        kind = "set aside" if reason == DESKTOP else "unreadable"
        self.found.unread.append(Unread(file=name, reason=reason, kind=kind))


def _why(error: BaseException) -> str:
    """Class of a foreign error: its text may quote the file."""
    return str(error) if isinstance(error, _Reason) else type(error).__name__


class _Reason(tarfile.TarError):
    """Damage that has a sentence of its own."""


def _say_if_disk_is_full(error: BaseException) -> None:
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        raise OutOfResources(
            "The disk of temporary files is full.", "Free some space, unpack the archive yourself, or set TMPDIR."
        ) from error


def _members(source: SourceFile) -> Iterator[Member]:
    if source.kind == "zip":
        yield from _zip_members(source.path)
    elif source.kind == "tar":
        yield from _tar_members(source.path)
    else:
        yield from _packed_file(source)


def _packed_file(source: SourceFile) -> Iterator[Member]:
    """A tar or a single file, packed with gzip, xz or bzip2: the first bytes tell which."""
    with STREAMS[source.kind](source.path) as stream:
        head = stream.read(512)
    if kind_of(head[:352], "") == "tar":
        yield from _tar_members(source.path)
        return
    with STREAMS[source.kind](source.path) as stream:
        yield "", _blocks(stream), ""


def _blocks(stream: Any) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _zip_members(path: Path) -> Iterator[Member]:
    try:
        _refuse_directory(path)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        yield from _salvaged(path)
        return
    with archive:
        for info in archive.infolist():
            if not info.filename.endswith("/"):
                yield _zip_member(archive, info)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    if left_by_desktop(info.filename):
        return info.filename, None, DESKTOP
    if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
        return info.filename, None, "a link or device inside an archive is not followed"
    if info.flag_bits & 1:
        return info.filename, None, "encrypted member of an archive"
    if refusal := bounds.refuse_unpacking(info.file_size, max(info.compress_size, 1)):
        return info.filename, None, f"not unpacked: {refusal}"
    return info.filename, _zip_blocks(archive, info), ""


def _zip_blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Bytes of a member; where directory and header disagree about it, the header before its bytes is believed."""
    begun = False
    try:
        with archive.open(info) as stream:
            for block in _blocks(stream):
                begun = True
                yield block
    except zipfile.BadZipFile:
        file = archive.fp
        header = None if begun or file is None else salvage.local_header(file, info.header_offset)
        if header is None or file is None:
            raise
        yield from salvage.content(file, header)


def _refuse_directory(path: Path) -> None:
    """Size of the directory, which zipfile reads as a whole, from the record at the end of the file."""
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - (1 << 16) - 22, 0))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    limit = bounds.load().max_zip_directory_mb
    if (size != 0xFFFFFFFF and size > limit * bounds.MB) or len(tail) > limit * bounds.MB:
        raise _TooBig(f"its directory is larger than {limit} MB")


def _salvaged(path: Path) -> Iterator[Member]:
    """Members of a zip whose directory is lost; a line says so."""
    with path.open("rb") as stream:
        for header in salvage.members(stream):
            if header.name.endswith("/"):
                continue
            if left_by_desktop(header.name):
                yield header.name, None, DESKTOP
            else:
                yield header.name, salvage.content(stream, header), ""
    raise _Reason("its directory is lost; what is whole was found by the headers of the members")


class _Info(tarfile.TarInfo):
    """Header of a tar member that is not believed: damage is raised, where tarfile would end in silence."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> tarfile.TarInfo:  # type: ignore[override]
        """Parse one header block."""
        if len(buf) == tarfile.BLOCKSIZE and not any(buf):
            return super().frombuf(buf, encoding, errors)  # the end mark
        try:
            made = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError:
            raise _Reason("cut off, or not a tar after this point") from None
        if made.type in LONG_NAMES and made.size > bounds.load().max_long_name_kb * 1024:
            raise _Reason(f"a member's name is longer than {bounds.load().max_long_name_kb} kB")
        return made


def _tar_members(path: Path) -> Iterator[Member]:
    with tarfile.open(path, mode="r|*", tarinfo=_Info) as archive:
        for info in archive:
            if info.isdir():
                continue
            if left_by_desktop(info.name):
                yield info.name, None, DESKTOP
                continue
            stream = archive.extractfile(info) if info.isreg() and not info.issparse() else None
            if stream is None:
                yield info.name, None, "a link or device inside an archive is not followed"
                continue
            with closing(stream):
                yield info.name, _blocks(stream), ""
