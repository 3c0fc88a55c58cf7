"""One file of the input: where its bytes are, what it is called, what it looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache
from pathlib import Path

from spinemets.knowledge.catalogue import table
from spinemets.model.study import Unread

SIDE_ENDINGS = (".json", ".bval", ".bvec", ".txt", ".md", ".tsv", ".csv", ".yaml", ".yml", ".html", ".log", ".pdf")
ARCHIVES = frozenset(("zip", "tar", "gz", "xz", "bz2"))
DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"
LONGEST_NAME = 400
DESKTOP = "left behind by a desktop, not an image"
# An Analyze header begins with its own length, in either byte order.
ANALYZE_LENGTH = ((348).to_bytes(4, "little"), (348).to_bytes(4, "big"))


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
        What its name and first bytes look like: `nifti`, `nifti-gz`, `side` (text beside images), one of `ARCHIVES`,
        `dicomdir` (an index of DICOM files), `foreign` (a file type that is known and not read), or `dicom` for
        everything else.
    keep
        The owner of the temporary folder; the folder lives as long as something points to it.
    changed_ns
        When its contents last changed, as the file system says; None where that is of no interest.
    """

    path: Path
    name: str
    size: int
    kind: str = "dicom"
    keep: object = None
    changed_ns: int | None = None


@dataclass
class Listing:
    """Files found, and what was not taken."""

    files: list[SourceFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def sniff(path: Path, name: str) -> str:
    """What a file looks like, by its first bytes and its name."""
    with path.open("rb", buffering=0) as stream:
        head = stream.read(352)
    return kind_of(head, name)


def kind_of(head: bytes, name: str) -> str:
    """What a file of that name with those first bytes (352, or all) looks like."""
    lower = name.lower()
    if head[128:132] == b"DICM":
        return "dicomdir" if DICOMDIR_CLASS in head else "dicom"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or lower.endswith(".zip"):
        return "zip"
    if head[:2] == b"\x1f\x8b":
        return "nifti-gz" if lower.endswith((".nii.gz", ".nii")) else "gz"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:6] == b"\xfd7zXZ\x00":
        return "xz"
    if head[:3] == b"BZh":
        return "bz2"
    if head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2") or lower.endswith((".nii", ".nii.gz")):
        return "nifti"
    if lower.endswith(".hdr") and head[:4] in ANALYZE_LENGTH:
        return "nifti"
    if foreign(head) is not None:
        return "foreign"
    return "side" if lower.endswith(SIDE_ENDINGS) else "dicom"


def foreign(head: bytes) -> tuple[str, str] | None:
    """Name and kind (`archive`, `picture`, `document`) of a file type that is known and not read."""
    for start, name, kind in _signatures():
        if head.startswith(start):
            return name, kind
    return None


@cache
def _signatures() -> tuple[tuple[bytes, str, str], ...]:
    rows = table("foreign_files")["signatures"]
    return tuple((bytes.fromhex(row["bytes"]), row["name"], row["kind"]) for row in rows)


def left_by_desktop(name: str) -> bool:
    """Whether a name (with the folders before it) is that of a file that macOS or Windows leaves behind."""
    return _desktop().fullmatch(name) is not None


@cache
def _desktop() -> re.Pattern[str]:
    """One expression for all patterns: they are asked of every file. A pattern without a folder is that of a last name."""
    patterns = table("foreign_files")["desktop"]
    found = [f".*{translate(p)}" if "/" in p else f"(?:.*/)?{translate(p).replace('.*', '[^/]*')}" for p in patterns]
    return re.compile("|".join(found), re.DOTALL)


def shown(name: str) -> str:
    """A file name fit for a line of text: no control characters, no bytes that are not UTF-8, not endless."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME // 2]}...{text[-LONGEST_NAME // 2 :]}"


def stem(source: SourceFile) -> str:
    """Name without its ending."""
    for ending in (".nii.gz", ".nii", ".hdr", ".img", ".gz", ".json", ".bval", ".bvec", ".tsv", ".txt", ".md"):
        if source.name.lower().endswith(ending):
            return source.name[: -len(ending)]
    return source.name
