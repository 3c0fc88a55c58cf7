"""The files of an input: a folder of any depth, single files, and archives in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spinemets.ingest import archive
from spinemets.ingest import limits as bounds
from spinemets.ingest.source_file import Listing, SourceFile, sniff
from spinemets.model.errors import UnreadableInput
from spinemets.model.study import Unread


# Text that commonly lies beside images.
def listing(paths: Sequence[Path], leave_out: Sequence[Path] = ()) -> Listing:
    """All files below the given paths, archives opened, in a fixed order.

    Raises
    ------
    UnreadableInput
        If a path does not exist or there are more files than the limit.
    """
    found = Listing()
    omitted = {path.resolve() for path in leave_out}
    for path in paths:
        if not path.exists():
            raise UnreadableInput(f"There is no file or folder {path.name!r}.", "Check the path.")
        if path.is_dir():
            _walk(path, found)
        else:
            _take(path, path.name, found)
    if omitted:
        found.files = [source for source in found.files if source.path.resolve() not in omitted]
    return _opened(found)


def _walk(top: Path, found: Listing) -> None:
    limit = bounds.load()
    for folder, folders, names in os.walk(top):
        relative = os.path.relpath(folder, top)
        folders.sort()
        if relative.count(os.sep) >= limit.max_folder_depth:
            folders[:] = []
            found.unread.append(Unread(file=relative, reason=f"more than {limit.max_folder_depth} folders deep"))
        for name in sorted(names):
            _take(Path(folder) / name, name if relative == "." else f"{relative}/{name}", found)


def _take(path: Path, name: str, found: Listing) -> None:
    limit = bounds.load()
    try:
        status = path.stat()
    except OSError:
        found.unread.append(Unread(file=name, reason="cannot be opened (broken link or no permission)"))
        return
    if path.name.startswith("."):
        found.unread.append(Unread(file=name, reason="hidden file", kind="set aside"))
    elif not stat.S_ISREG(status.st_mode):
        found.unread.append(Unread(file=name, reason="not a regular file"))
    elif status.st_size == 0:
        found.unread.append(Unread(file=name, reason="empty file"))
    elif status.st_size > limit.max_file_mb * bounds.MB:
        found.unread.append(Unread(file=name, reason=f"larger than the limit of {limit.max_file_mb} MB"))
    else:
        found.files.append(SourceFile(path=path, name=name, size=status.st_size))
    if len(found.files) > limit.max_files:
        raise UnreadableInput(f"The input holds more than {limit.max_files} files.", "Give the folder of one study.")


def _opened(found: Listing) -> Listing:
    opened = Listing(unread=found.unread)
    for plain in found.files:
        try:
            source = replace(plain, kind=sniff(plain.path, plain.name))
        except OSError:
            opened.unread.append(Unread(file=plain.name, reason="cannot be opened (no permission?)"))
            continue
        if source.kind not in ("zip", "tar", "gz"):
            opened.files.append(source)
            continue
        members = archive.unpack(source)
        opened.files.extend(members.files)
        opened.unread.extend(members.unread)
    return opened
