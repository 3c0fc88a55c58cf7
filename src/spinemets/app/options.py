"""Options of `analyze`: one field each. Command line flag, `--help` and the options page are made from the field.

No room sees these values as a whole; the pipeline hands each stage its own part.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import Field as DataclassField
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from spinemets.model.errors import UsageError
from spinemets.model.level import ORDER


def option(default: Any, *, help: str, flag: str, metavar: str | None = None, short: str | None = None) -> Any:
    """Declare an option field.

    Parameters
    ----------
    default
        Value when the flag is not given. `()` makes the flag repeatable, `False` makes it a switch.
    help
        One sentence, with the unit where there is one.
    flag, short
        Long and one-letter form.
    metavar
        Name of the value in the help; None for a switch.
    """
    return field(default=default, metadata={"help": help, "flag": flag, "metavar": metavar, "short": short})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is read, and what the user states about files whose header is silent."""

    study: str | None = option(
        None, flag="--study", metavar="UID", help="StudyInstanceUID to assess where the input holds several studies"
    )
    facts: Path | None = option(
        None,
        flag="--facts",
        metavar="FILE",
        help="YAML or JSON file that states, per file or series, what its header does not say (kind, field_t, sides, ...)",
    )


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What the user states about the numbering of the vertebrae."""

    anchor: tuple[str, ...] = option(
        (),
        flag="--anchor",
        metavar="NAME=X,Y,Z",
        help="name of the vertebra at a point, LPS mm (for example L5=3.0,-12.5,-410); may be repeated",
    )
    top: str | None = option(
        None, flag="--top", metavar="NAME", help="name of the highest vertebra in view (for example T11)"
    )
    earlier: Path | None = option(
        None,
        flag="--earlier-levels",
        metavar="FILE",
        help="levels.json of an earlier study of the patient: the sizes of its vertebrae help to name these",
    )


@dataclass(frozen=True, kw_only=True)
class Outlining:
    """What outlines the spine where no label map is given."""

    backend: str = option(
        "network", flag="--backend", metavar="NAME", help="what outlines the spine (`spinemets doctor` lists them)"
    )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the answer goes and how much is said on the way."""

    out: Path = option(
        Path("spinemets-report"), flag="--out", short="-o", metavar="DIR", help="folder for the report and the data"
    )
    json: bool = option(False, flag="--json", help="print one JSON object on standard output and nothing else there")
    quiet: bool = option(False, flag="--quiet", short="-q", help="print errors and the path of the report only")
    verbose: bool = option(False, flag="--verbose", short="-v", help="print every warning of every stage")
    debug: bool = option(False, flag="--debug", help="print the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything `analyze` can be told."""

    reading: Reading = field(default_factory=Reading)
    labels: tuple[str, ...] = option(
        (),
        flag="--labels",
        metavar="FILE[:SCHEME]",
        help="label map of the vertebrae in the place of our own outlines, and the scheme of its numbers "
        "(for example labels.nii.gz:verse); may be repeated",
    )
    outlining: Outlining = field(default_factory=Outlining)
    levels: Levels = field(default_factory=Levels)
    clinical: Path | None = option(
        None,
        flag="--clinical",
        metavar="FILE",
        help="YAML or JSON file with what is known of the patient (age_y, primary, pain, treatments, ...)",
    )
    report: Report = field(default_factory=Report)

    def stated(self) -> dict[str, str]:
        """Options that change the answer and were given, by flag name (for provenance; files by name, not by path)."""
        usual = {name: value for name, _, value in walk(Options())}
        return {
            name: text
            for name, item, value in walk(self)
            if item.metadata["flag"] not in _SAYING and value != usual[name] and (text := _words(value))
        }

    def digest(self) -> str:
        """SHA-256 over `stated`, first 16 hex digits."""
        return hashlib.sha256(json.dumps(self.stated(), sort_keys=True).encode()).hexdigest()[:16]


# Where the answer is written and how loudly does not change it: these stay out of the digest.
_SAYING = frozenset({"--out", "--json", "--quiet", "--verbose", "--debug"})


def _words(value: Any) -> str:
    if value is None or value is False or value == ():
        return ""
    if isinstance(value, tuple):
        return " ".join(_words(item) for item in value)
    return value.name if isinstance(value, Path) else Path(str(value)).name if "/" in str(value) else str(value)


def walk(options: Any) -> Iterator[tuple[str, DataclassField[Any], Any]]:
    """Every leaf field as (name, field, value), groups opened in their order."""
    for item in fields(options):
        value = getattr(options, item.name)
        if is_dataclass(value):
            yield from walk(value)
        else:
            yield item.name, item, value


def build(options: type[Any], given: Callable[[str], Any]) -> Any:
    """An options dataclass whose leaf fields are `given(field name)`; a group is a field made by another dataclass."""
    values = {}
    for item in fields(options):
        group = item.default_factory
        values[item.name] = build(group, given) if is_dataclass(group) else given(item.name)
    return options(**values)


def anchor(text: str) -> tuple[str, tuple[float, float, float]]:
    """`L5=3.0,-12.5,-410` as (name, LPS mm).

    Raises
    ------
    UsageError
        If the name is no vertebra or the point is not three finite numbers.
    """
    name, _, point = text.partition("=")
    try:
        x, y, z = (float(number) for number in point.split(","))
    except ValueError:
        x = y = z = math.nan
    if not all(math.isfinite(number) for number in (x, y, z)):
        raise UsageError(
            f"--anchor {text!r} is not NAME=X,Y,Z.", "Give LPS millimetres, for example L5=3.0,-12.5,-410."
        )
    return level_name(name, "--anchor"), (x, y, z)


def level_name(text: str, flag: str) -> str:
    """A vertebra's name in capitals.

    Raises
    ------
    UsageError
        If there is no such vertebra.
    """
    name = text.strip().upper()
    if name not in ORDER:
        raise UsageError(f"{flag}: {text!r} is no vertebra.", "Names are C1 to C7, T1 to T13, L1 to L6, S1 to S5.")
    return name
