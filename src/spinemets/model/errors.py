"""Errors a user can meet, each with its exit code (`docs/reference/exit-codes`).

A bad *call* or an input that cannot be read at all raises one of these; bad *data* inside a study never does: it
becomes an `Unread` row or a `NotAssessable` value. Messages name what was wrong, where, and what to do, and never a patient.
"""

from __future__ import annotations


class SpinemetsError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    what
        One sentence: what is wrong and where.
    remedy
        One sentence: what the user can do.
    """

    exit_code = 8

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what} {remedy}".strip())


class UsageError(SpinemetsError):
    """The call itself is wrong: an option, a facts file, a clinical file."""

    exit_code = 2


class LabelSchemeError(UsageError):
    """A label map whose meaning is not stated, or is stated wrongly."""


class UnreadableInput(SpinemetsError):
    """Nothing in the input can be read."""

    exit_code = 3


class SeveralStudies(SpinemetsError):
    """The input holds several studies or patients and none was chosen."""

    exit_code = 5


class MissingPart(SpinemetsError):
    """An optional part of the installation is needed and absent."""

    exit_code = 6


class SegmenterFailed(MissingPart):
    """An optional segmenter is there, and did not do its work: it ended with an error, too late, or without usable labels."""


class OutOfResources(SpinemetsError):
    """Memory or disk ran out."""

    exit_code = 7


class GridMismatch(SpinemetsError):
    """Two arrays were combined although their grids differ (a programming error; both grids are named)."""


class CatalogueError(SpinemetsError):
    """A catalogue entry, table or schema of the product itself does not load."""
