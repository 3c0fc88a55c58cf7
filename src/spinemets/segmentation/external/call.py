"""Runs a program to its end or to its time limit, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinemets.model.errors import SegmenterFailed

LAST_WORDS = 200


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call.

    Attributes
    ----------
    title
        Name of the tool, for messages.
    command
        Program and arguments.
    folder
        Private working folder; its output and temporary files go there.
    environment
        Variables set for the program on top of those it inherits.
    limit_s
        Time after which it is ended.
    """

    title: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    limit_s: float


def run(call: Call) -> None:
    """Run it.

    Raises
    ------
    SegmenterFailed
        If it cannot be started, ends with an error, or does not end in time. Its children end with it.
    """
    log = call.folder / "messages.txt"
    scratch = call.folder / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch), **call.environment}
    with log.open("wb") as messages:
        try:
            process = subprocess.Popen(
                list(call.command),
                cwd=call.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise SegmenterFailed(
                f"{call.title} cannot be started ({type(error).__name__}).", f"Check that {call.command[0]} runs."
            ) from error
        code = _wait(process, call)
    if code != 0:
        raise SegmenterFailed(
            f"{call.title} ended with exit code {code}: {_last_words(log)}",
            "Run it by hand on this series to see why, or choose another back end.",
        )


def _wait(process: subprocess.Popen[bytes], call: Call) -> int:
    """Exit code. However this is left, no process of the call goes on."""
    try:
        return process.wait(timeout=call.limit_s)
    except subprocess.TimeoutExpired as error:
        raise SegmenterFailed(
            f"{call.title} did not end within {call.limit_s:g} s and was stopped.",
            "Give it more time, or choose another back end.",
        ) from error
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and its children, which share its session."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _last_words(log: Path) -> str:
    """Last line the program wrote, as one short printable line."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    last = "".join(c if c.isprintable() else " " for c in lines[-1]) if lines else "it said nothing"
    return last[:LAST_WORDS].rstrip(".") + "."
