"""The files of an input: a folder of any depth, single files, and archives in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spinemets.ingest import limits as bounds
from spinemets.model.errors import UnreadableInput
from spinemets.model.study import Unread

# Text that commonly lies beside images.
SIDE_ENDINGS = (".json", ".bval", ".bvec", ".txt", ".md", ".tsv", ".csv", ".yaml", ".yml", ".html", ".log", ".pdf")


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """One regular file.

    Attributes
    ----------
    path
        Where its bytes are (inside a private temporary folder for members of archives).
    name
        Its name relative to the input, as shown to the user.
    size
        Bytes.
    kind
        What its name and first bytes look like: `nifti`, `nifti-gz`, `side` (text beside images), `zip`, `tar`, `gz`,
        or `dicom` for everything else.
    keep
        The owner of the temporary folder; the folder lives as long as something points to it.
    """

    path: Path
    name: str
    size: int
    kind: str = "dicom"
    keep: object = None


@dataclass
class Listing:
    """Files found, and what was not taken."""

    files: list[SourceFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


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
        from spinemets.ingest import archive  # lazy: tarfile and zipfile are needed for archives only

        members = archive.unpack(source)
        opened.files.extend(members.files)
        opened.unread.extend(members.unread)
    return opened


def sniff(path: Path, name: str) -> str:
    """What a file looks like, by its first bytes and its name."""
    with path.open("rb", buffering=0) as stream:
        head = stream.read(352)
    lower = name.lower()
    if head[128:132] == b"DICM":
        return "dicom"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or lower.endswith(".zip"):
        return "zip"
    if head[:2] == b"\x1f\x8b":
        nifti = lower.endswith((".nii.gz", ".nii"))
        return "nifti-gz" if nifti else "tar" if lower.endswith((".tgz", ".tar.gz")) else "gz"
    if head[257:262] == b"ustar" or head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"BZh":
        return "tar"
    if head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2") or lower.endswith((".nii", ".nii.gz")):
        return "nifti"
    return "side" if lower.endswith(SIDE_ENDINGS) else "dicom"
