"""Whether a tool is installed here: its program, its version, its weights. Nothing is started to find out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from spinemets.model.errors import MissingPart
from spinemets.segmentation.external.tools import Place, Run, Tool


def program(tool: Tool) -> Path | None:
    """The tool's program on the search path."""
    found = shutil.which(tool.program)
    return None if found is None else Path(found)


def version(tool: Tool) -> str | None:
    """Version by the installed package's own record, without starting the program (which loads its network library)."""
    for folder in _packages(tool):
        for record in sorted(folder.glob("*.dist-info")):
            name, _, number = record.name.removesuffix(".dist-info").rpartition("-")
            if name.lower().replace("_", "-") == tool.distribution.lower().replace("_", "-"):
                return number
    return None


def weights(tool: Tool, run: Run) -> Path | None:
    """First folder that holds every weight this run needs."""
    for folder in _folders(tool):
        if folder.is_dir() and all(any(folder.glob(mark)) for mark in run.marks):
            return folder
    return None


def ready(tool: Tool) -> tuple[Run, ...]:
    """Runs whose weights are here."""
    return tuple(run for run in tool.runs if weights(tool, run) is not None)


def available(tool: Tool) -> tuple[bool, str]:
    """Whether the tool can be used, and a sentence that says with what, or what is missing and what to do."""
    if program(tool) is None:
        return False, f"the program {tool.program} is not on the search path; install it ({tool.install})"
    number = version(tool)
    named = tool.title if number is None else f"{tool.title} {number}"
    if not ready(tool):
        return (
            False,
            f"{named} is installed, but its weights are missing and are never fetched from here: {tool.install}",
        )
    absent = [kind for run in tool.runs if weights(tool, run) is None for kind in run.kinds]
    lacking = f"; weights are missing for {', '.join(dict.fromkeys(absent))}" if absent else ""
    return True, f"{named} runs as a program of its own, without network and usage statistics{lacking}"


def require(tool: Tool) -> Path:
    """The tool's program.

    Raises
    ------
    MissingPart
        If program or weights are missing.
    """
    found = program(tool)
    usable, why = available(tool)
    if found is None or not usable:
        raise MissingPart(f"{tool.title} cannot be used here: {why}.", "Or choose another back end: spinemets doctor.")
    return found


def _folders(tool: Tool) -> Iterator[Path]:
    for place in tool.weights:
        yield from _folder(tool, place)


def _folder(tool: Tool, place: Place) -> Iterator[Path]:
    if place.variable is not None:
        stated = os.environ.get(place.variable)
        if stated:
            yield Path(stated) / place.below
    elif place.default is not None:
        yield Path.home() / place.default
    elif place.package is not None:
        for packages in _packages(tool):
            yield packages / place.package


def _packages(tool: Tool) -> Iterator[Path]:
    """Package folders of the environment that the program belongs to."""
    found = program(tool)
    if found is None:
        return
    root = found.resolve().parent.parent
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        yield from sorted(root.glob(pattern))
