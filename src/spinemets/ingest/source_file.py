"""One file of the input: where its bytes are, what it is called, what it looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from spinemets.model.study import Unread

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


def stem(source: SourceFile) -> str:
    """Name without its ending."""
    for ending in (".nii.gz", ".nii", ".gz", ".json", ".bval", ".bvec", ".tsv", ".txt", ".md"):
        if source.name.lower().endswith(ending):
            return source.name[: -len(ending)]
    return source.name
