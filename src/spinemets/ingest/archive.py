"""Archives: zip, tar (plain, gz, xz, bz2) and a gzipped single file, unpacked into a private temporary folder.

Member names are never used as paths: every member gets a running number as its file name, so that nothing can be
written elsewhere. Links and devices are refused, sizes are counted while unpacking and not believed from the index.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

from spinemets.ingest import limits as bounds
from spinemets.ingest.source_file import Listing, SourceFile, sniff
from spinemets.model.study import Unread

BLOCK = 1 << 20
DAMAGED = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError, zlib.error, lzma.LZMAError,
    tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip


def unpack(source: SourceFile) -> Listing:
    """Unpack an archive; damaged or refused members become `Unread` rows."""
    found = Listing()
    owner = Folder()
    budget = _Budget(source.size)
    try:
        for number, (name, stream, refusal) in enumerate(_members(source, budget)):
            shown = f"{source.name}!{name}" if name else source.name
            if stream is None:
                found.unread.append(Unread(file=shown, reason=refusal))
                continue
            target = owner.path / f"{number:06d}"
            size = budget.copy(stream, target)
            kind = sniff(target, name or source.name.removesuffix(".gz"))
            if size and kind in ("zip", "tar", "gz"):
                found.unread.append(Unread(file=shown, reason="an archive inside an archive is not opened"))
            elif size:
                found.files.append(SourceFile(path=target, name=shown, size=size, kind=kind, keep=owner))
    except _TooBig as refused:
        return Listing(unread=[Unread(file=source.name, reason=f"archive refused: {refused}")])
    except DAMAGED as error:
        found.unread.append(Unread(file=source.name, reason=f"damaged archive ({type(error).__name__})"))
    return found


class Folder:
    """A private temporary folder that is deleted when nothing points to it any more, at the latest at exit."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="spinemets-"))
        self._end = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class _TooBig(Exception):
    """An archive that passes a limit."""


class _Budget:
    """Counts what is really unpacked."""

    def __init__(self, packed: int) -> None:
        self.packed = packed
        self.unpacked = 0
        self.members = 0

    def copy(self, stream: IO[bytes], target: Path) -> int:
        """Write one member, checking the limits block by block."""
        size = 0
        self.count()
        with target.open("wb") as out:
            while block := stream.read(BLOCK):
                size += len(block)
                self.unpacked += len(block)
                if refusal := bounds.refuse_unpacking(self.unpacked, self.packed):
                    raise _TooBig(refusal)
                out.write(block)
        return size

    def count(self) -> None:
        """One more member, taken or not."""
        self.members += 1
        if self.members > bounds.load().max_files:
            raise _TooBig(f"holds more than {bounds.load().max_files} files")


Member = tuple[str, IO[bytes] | None, str]


def _members(source: SourceFile, budget: _Budget) -> Iterator[Member]:
    if source.kind == "gz":
        with gzip.open(source.path) as stream:
            yield "", stream, ""  # type: ignore[misc]
    elif source.kind == "zip":
        yield from _zip_members(source.path, budget)
    else:
        yield from _tar_members(source.path, budget)


def _zip_members(path: Path, budget: _Budget) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if refusal := bounds.refuse_unpacking(info.file_size, budget.packed):
                raise _TooBig(refusal)
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                budget.count()
                yield info.filename, None, "a link inside an archive is not followed"
            elif info.flag_bits & 1:
                budget.count()
                yield info.filename, None, "encrypted member of an archive"
            else:
                with archive.open(info) as stream:
                    yield info.filename, stream, ""


def _tar_members(path: Path, budget: _Budget) -> Iterator[Member]:
    with tarfile.open(path, mode="r|*") as archive:
        for info in archive:
            if info.isdir():
                continue
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is None:
                budget.count()
                yield info.name, None, "a link or device inside an archive is not followed"
                continue
            with closing(stream):
                yield info.name, stream, ""
