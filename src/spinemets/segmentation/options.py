"""Options of the room `segmentation`: which label files, and what their integers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from spinemets.model.errors import UsageError
from spinemets.model.level import ORDER
from spinemets.segmentation.schemes import schemes

# Structures that a binary mask may be said to be, besides a level name.
WHOLE_STRUCTURES = ("sacrum", "canal", "cord")
_DRIVE = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """One label file.

    Attributes
    ----------
    path
        NIfTI file, DICOM SEG file, or a folder of either.
    scheme
        Name of a label scheme, or what a binary mask shows (`T12`, `sacrum`); None if the file must speak for itself.
    """

    path: Path
    scheme: str | None = None

    def __post_init__(self) -> None:
        if self.scheme is not None and not known(self.scheme):
            raise unknown_scheme(self.scheme)

    @classmethod
    def parse(cls, text: str) -> LabelFile:
        """`FILE[:SCHEME]` as typed on a command line; the colon of a Windows drive is no separator.

        Raises
        ------
        UsageError
            If what follows the last colon is neither a path nor a known scheme or level.
        """
        head, colon, tail = text.rpartition(":")
        is_drive = bool(_DRIVE.fullmatch(head)) and (tail.startswith(("\\", "/")) or not known(tail))
        if not colon or not head or is_drive or "/" in tail or "\\" in tail or Path(text).exists():
            return cls(path=Path(text))
        return cls(path=Path(head), scheme=tail)

    @property
    def single(self) -> str | None:
        """What a binary mask shows, None if the scheme is a table."""
        return self.scheme if self.scheme is not None and self.scheme not in schemes() else None


def known(scheme: str) -> bool:
    """Whether a word after the colon means something."""
    return scheme in schemes() or scheme in ORDER or scheme in WHOLE_STRUCTURES


def unknown_scheme(scheme: str) -> UsageError:
    """Error that lists every scheme."""
    return UsageError(
        f"{scheme!r} is no label scheme.",
        f"Known schemes: {', '.join(schemes())}; or a level such as T12 for a binary mask of one vertebra.",
    )


@dataclass(frozen=True, kw_only=True)
class SegmenterOptions:
    """Where the outlines come from: label files, or else a back end.

    Attributes
    ----------
    labels
        Label files; where there are any, no back end is run.
    backend
        Name of a back end (`spinemets.segmentation.backends.names`); `none` outlines nothing.
    limit_s
        Time [s] that one call of a program of its own may take; None = that of the table `external_segmenters`.
    keep_in
        Folder in which outlines are kept for a second call, None to keep none.
    """

    labels: tuple[LabelFile, ...] = ()
    backend: str = "network"
    limit_s: float | None = None
    keep_in: Path | None = None
