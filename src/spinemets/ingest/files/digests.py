"""SHA-256 of file contents: computed when a digest is asked for, never while headers are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock

from spinemets.ingest.files.source_file import SourceFile
from spinemets.model.errors import UnreadableInput

BLOCK = 1 << 19
MOST_THREADS = 4


class Digests:
    """Digests of the files of one input, each computed once."""

    def __init__(self) -> None:
        self._known: dict[Path, bytes] = {}
        self._lock = Lock()

    def file(self, source: SourceFile) -> str:
        """Hexadecimal digest of one file.

        Raises
        ------
        UnreadableInput
            If it changed or vanished since it was listed.
        """
        return self.files([source])[0].hex()

    def files(self, sources: Sequence[SourceFile]) -> list[bytes]:
        """Digest of each file, several at a time."""
        with self._lock:
            left = {source.path: source for source in sources if source.path not in self._known}
            threads = min(len(left), MOST_THREADS, os.cpu_count() or 1)
            if threads > 1:
                from concurrent.futures import ThreadPoolExecutor

                with ThreadPoolExecutor(threads, thread_name_prefix="digest") as pool:
                    self._known.update(zip(left, pool.map(_checked, left.values()), strict=True))
            else:
                self._known.update((path, _checked(source)) for path, source in left.items())
            return [self._known[source.path] for source in sources]

    def series(self, sources: Iterable[SourceFile]) -> Callable[[], str]:
        """A `Series.digest_of`: the digest of the sorted file digests, so that file names and order do not matter."""
        listed = list({source.path: source for source in sources}.values())

        def digest() -> str:
            contents = sorted(set(self.files(listed)))
            return contents[0].hex() if len(contents) == 1 else hashlib.sha256(b"".join(contents)).hexdigest()

        return digest


def _checked(source: SourceFile) -> bytes:
    try:
        digest, size = _read(source.path)
        changed_ns = source.path.stat().st_mtime_ns
    except OSError as error:
        raise UnreadableInput(f"{source.name} cannot be read to its end.", "Check the disk and try again.") from error
    if size != source.size or source.changed_ns not in (None, changed_ns):
        raise UnreadableInput(f"{source.name} changed while it was in use.", "Read it again.")
    return digest


def _read(path: Path) -> tuple[bytes, int]:
    """Digest and size of a file; hashlib and file reading both run without the interpreter lock."""
    digest, size = hashlib.sha256(), 0
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(view[:count])
            size += count
    return digest.digest(), size
