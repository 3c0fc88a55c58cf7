"""The files of an input: a folder of any depth, single files, and archives in it.

Nothing outside what was given is read: links that lead out of it are not followed. Every file that is not taken has a line.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spinemets.ingest.files import dicomdir
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import (
    ARCHIVES,
    DESKTOP,
    Listing,
    SourceFile,
    foreign,
    left_by_desktop,
    shown,
    sniff,
)
from spinemets.model.errors import UnreadableInput
from spinemets.model.study import Unread

# So many files left behind by a desktop have a line each; more are counted together.
DESKTOP_LINES = 3


def listing(paths: Sequence[Path], leave_out: Sequence[Path] = ()) -> Listing:
    """All files below the given paths, archives opened, in a fixed order.

    Raises
    ------
    UnreadableInput
        If a path does not exist or there are more files than the limit.
    OutOfResources
        If the disk is full while an archive is unpacked.
    """
    found = Listing()
    omitted = {path.resolve() for path in leave_out}
    for path in paths:
        name = shown(path.name or str(path))
        if not _exists(path):
            raise UnreadableInput(f"There is no file or folder {name!r}.", "Check the path.")
        if path.is_dir():
            _walk(path, found)
        else:
            _take(path, name, found)
    if omitted:
        found.files = [source for source in found.files if source.path.resolve() not in omitted]
    opened = _opened(found)
    opened.unread = _counted(opened.unread)
    return opened


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, a folder that may not be entered
        return False


def _walk(top: Path, found: Listing) -> None:
    limit = bounds.load()
    root = top.resolve()

    def cannot(error: OSError) -> None:
        name = shown(os.path.relpath(error.filename or top, top))
        found.unread.append(Unread(file=name, reason="folder that cannot be opened (no permission, or too deep)"))

    for folder, folders, names in os.walk(top, onerror=cannot):
        relative = os.path.relpath(folder, top)
        prefix = "" if relative == "." else f"{shown(relative)}/"
        folders.sort()
        for name in folders:
            if (Path(folder) / name).is_symlink():
                row = Unread(file=f"{prefix}{shown(name)}", reason="link to a folder, not followed", kind="set aside")
                found.unread.append(row)
        if relative.count(os.sep) >= limit.max_folder_depth:
            folders[:] = []
            found.unread.append(Unread(file=shown(relative), reason=f"more than {limit.max_folder_depth} folders deep"))
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_symlink() and not _inside(path, root):
                reason = "link that leads out of the folder, not followed"
                found.unread.append(Unread(file=f"{prefix}{shown(name)}", reason=reason))
            else:
                _take(path, f"{prefix}{shown(name)}", found)


def _inside(link: Path, root: Path) -> bool:
    """Whether a link ends inside the folder that was given; a broken one is said elsewhere."""
    try:
        target = link.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return True
    return target.is_relative_to(root) or not _exists(target)


def _take(path: Path, name: str, found: Listing) -> None:
    limit = bounds.load()
    try:
        status = path.stat()
    except OSError:
        found.unread.append(Unread(file=name, reason="cannot be opened (broken link or no permission)"))
        return
    if left_by_desktop(name):
        found.unread.append(Unread(file=name, reason=DESKTOP, kind="set aside"))
    elif path.name.startswith("."):
        found.unread.append(Unread(file=name, reason="hidden file", kind="set aside"))
    elif not stat.S_ISREG(status.st_mode):
        found.unread.append(Unread(file=name, reason="not a regular file"))
    elif status.st_size == 0:
        found.unread.append(Unread(file=name, reason="empty file"))
    elif status.st_size > limit.max_file_mb * bounds.MB:
        found.unread.append(Unread(file=name, reason=f"larger than the limit of {limit.max_file_mb} MB"))
    else:
        found.files.append(SourceFile(path=path, name=name, size=status.st_size, changed_ns=status.st_mtime_ns))
    if len(found.files) > limit.max_files:
        raise UnreadableInput(f"The input holds more than {limit.max_files} files.", "Give the folder of one study.")


def _opened(found: Listing) -> Listing:
    """Files with their kind; archives replaced by what they hold."""
    opened = Listing(unread=found.unread)
    for plain in found.files:
        try:
            source = replace(plain, kind=sniff(plain.path, plain.name))
        except OSError:
            opened.unread.append(Unread(file=plain.name, reason="cannot be opened (no permission?)"))
            continue
        if source.kind not in ARCHIVES:
            opened.files.append(source)
            continue
        from spinemets.ingest.files import archive  # lazy: five formats of the library, and most input has none

        members = archive.unpack(source)
        opened.files.extend(members.files)
        opened.unread.extend(members.unread)
    files = [source for source in opened.files if source.kind != "foreign"]
    opened.unread.extend(_not_read(source) for source in opened.files if source.kind == "foreign")
    if any(source.kind == "dicomdir" for source in files):
        names = [source.name for source in files] + [row.file for row in opened.unread]
        for source in files:
            if source.kind == "dicomdir":
                opened.unread.extend(dicomdir.missing(source, names))
    opened.files = files
    return opened


def _not_read(source: SourceFile) -> Unread:
    """The line of a file whose type is known and not read."""
    try:
        with source.path.open("rb", buffering=0) as stream:
            name, kind = foreign(stream.read(352)) or ("file", "document")
    except OSError:
        return Unread(file=source.name, reason="changed or vanished while the input was read")
    if kind == "archive":
        return Unread(file=source.name, reason=f"{name}: not opened, unpack it first")
    return Unread(file=source.name, reason=f"{name}: not read", kind="set aside")


def _counted(rows: Sequence[Unread]) -> list[Unread]:
    """Lines, those of many files that a desktop left behind made one."""
    desktop = [row for row in rows if row.reason == DESKTOP]
    if len(desktop) <= DESKTOP_LINES:
        return list(rows)
    reason = f"and {len(desktop) - 1} more files left behind by a desktop, no images"
    others = [row for row in rows if row.reason != DESKTOP]
    return [*others, replace(desktop[0], reason=reason)]
