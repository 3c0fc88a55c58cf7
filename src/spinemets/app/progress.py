"""Progress of a run: one line that is rewritten on a terminal, one line per stage elsewhere, nothing when quiet."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Called by the pipeline at the start of each stage.

    Parameters
    ----------
    stream
        Standard error.
    quiet
        Say nothing.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._begun = time.monotonic()

    def __call__(self, stage: str, share: float | None = None) -> None:
        """Say that `stage` begins, or how far it is (`share`, 0 to 1)."""
        if self._quiet or (share is not None and not self._terminal):
            return
        done = "" if share is None else f" {100 * share:.0f} %"
        line = f"{time.monotonic() - self._begun:6.1f} s  {stage}{done}"
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}")
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Clear the line on a terminal."""
        if self._terminal and not self._quiet:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
