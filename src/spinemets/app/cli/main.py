"""The command `spinemets`: finds the verb, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from spinemets import __version__
from spinemets.app.cli import say
from spinemets.model.errors import OutOfResources, SpinemetsError, UsageError

# Each verb is a module of this folder, imported when its arguments are asked for.
VERBS = (
    "analyze",
    "segment",
    "series",
    "convert",
    "map",
    "report",
    "explain",
    "doctor",
    "phantom",
    "schema",
    "completion",
)
INTERRUPTED = 130
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What is left at the end goes with the process: looking through all of it for cycles once more took 25 ms.
atexit.register(gc.freeze)


class Parser(argparse.ArgumentParser):
    """argparse whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving."""
        raise UsageError(f"{message}.", f"See `{self.prog} --help`.")


class Version(argparse.Action):
    """`--version`: the catalogue is read only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print versions and leave."""
        from spinemets.knowledge.catalogue import load, parameter_hash

        say.result(f"spinemets {__version__} (catalogue of {len(load())} entries, parameters {parameter_hash()})")
        parser.exit()


def parser(only: Iterable[str] = VERBS) -> argparse.ArgumentParser:
    """The command line with all verbs, or with those that a call needs."""
    top = Parser(
        prog="spinemets",
        description="Level-by-level, explained assessment of spinal metastatic disease from CT and MR. Research use only.",
        epilog="Start with `spinemets doctor`, then `spinemets series STUDY`, then `spinemets analyze STUDY`.",
    )
    top.add_argument(
        "--version", action=Version, nargs=0, help="versions of code and catalogue, hash of all parameters"
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name in only:
        module = verb(name)
        module.add(verbs.add_parser(name, help=module.HELP, description=module.DESCRIPTION))
    return top


def verb(name: str) -> ModuleType:
    """Module of a verb."""
    return import_module(f"spinemets.app.cli.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Fits spread over processors themselves. Threads of the linear algebra library beneath them wait spinning: a fit then takes up
    # to three times as long. It reads this when numpy is loaded, which no verb has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        # a call that begins with its verb needs no other
        known = arguments[:1] if set(arguments[:1]) & set(VERBS) else VERBS
        args = parser(known).parse_args(arguments)
        code: int = verb(args.verb).run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say.error("interrupted.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last door: every error becomes a line and a code
        if "--debug" in arguments:
            import traceback

            traceback.print_exc()
        return explained(error)


def explained(error: Exception) -> int:
    """Print one line for an error and give its exit code."""
    if isinstance(error, SpinemetsError):
        say.error(error.what, error.remedy)
        return error.exit_code
    if isinstance(error, MemoryError):
        say.error("out of memory.", "Assess fewer series at a time, or use a machine with more memory.")
        return OutOfResources.exit_code
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        say.error("the disk is full.", "Free some space, or choose another folder with --out.")
        return OutOfResources.exit_code
    # The message of a foreign error may quote a header: only its type and place are shown.
    say.error(
        f"internal error: {type(error).__name__} in {place(error.__traceback__)}.",
        "This is a fault of spinemets; run again with --debug for the traceback.",
    )
    return SpinemetsError.exit_code


def place(trace: TracebackType | None) -> str:
    """Module and line where our own code was left last."""
    found = "spinemets"
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("spinemets."):
            found = f"{name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
