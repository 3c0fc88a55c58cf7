"""SHA-256 of file contents, on a second thread while the headers are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from spinemets.ingest.source_file import SourceFile
from spinemets.model.errors import UnreadableInput

BLOCK = 1 << 19


def of_file(path: Path) -> bytes:
    """SHA-256 of one file; hashlib and file reading both run without the interpreter lock."""
    digest = hashlib.sha256()
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(view[:count])
    return digest.digest()


class Digests:
    """Digests of many files; the digest of a series is that of its sorted file digests, so that file names and order do not matter."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="digest")
        self._futures: dict[Path, Future[bytes]] = {}

    def start(self, source: SourceFile) -> None:
        """Begin to hash a file."""
        self._futures[source.path] = self._pool.submit(of_file, source.path)

    def file(self, source: SourceFile) -> str:
        """Hexadecimal digest of one file."""
        return self._of(source).hex()

    def series(self, sources: Iterable[SourceFile]) -> str:
        """Digest over the contents of several files."""
        contents = sorted({self._of(source) for source in sources})
        return contents[0].hex() if len(contents) == 1 else hashlib.sha256(b"".join(contents)).hexdigest()

    def _of(self, source: SourceFile) -> bytes:
        try:
            return self._futures[source.path].result()
        except OSError as error:
            raise UnreadableInput(
                f"{source.name} cannot be read to its end.", "Check the disk and try again."
            ) from error

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
