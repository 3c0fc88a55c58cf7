"""Files appear whole or not at all: written under another name beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, to_disk: bool = True) -> Iterator[Path]:
    """Give a temporary path in the folder of `path`; on success it takes the final name, on failure it is removed.

    The temporary name ends like the final one (`.nii.gz` stays `.nii.gz`), because writers choose a format by it. A
    rename within one folder is atomic: a reader of `path` meets the old file, or the new one, never a part of it.

    Parameters
    ----------
    path
        Final name. Its folder is made if it does not exist.
    to_disk
        Whether to wait until the disk has it, for what cannot easily be made again.

    Yields
    ------
    Path
        Where to write.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".partial-{os.urandom(6).hex()}-{path.name}"
    try:
        yield temporary
        if to_disk:
            _to_disk(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with unix line ends, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _to_disk(path: Path) -> None:
    """Have the system put the content on disk, so that a power cut after the rename leaves no empty file."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
