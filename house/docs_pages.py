"""Pages made from the source: `python -m house.docs_pages` writes them, `--check` fails where they are out of date.

One page per criterion from its catalogue entry, the command line from its parser, exit codes from the error classes, the
glossary from its table, and the Python reference from the modules that exist.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spinemets.app import explain
from spinemets.app.cli.main import VERBS, parser
from spinemets.app.cli.schema import schema
from spinemets.knowledge.catalogue import Criterion, load, table
from spinemets.model import errors
from spinemets.segmentation.schemes import schemes

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path("docs/reference")
HEAD = "<!-- Made by `make pages` from {source}. Change that, not this page. -->\n\n"
ROOMS = (
    "model geometry statistics knowledge physics ingest series segmentation anatomy maps lesions measures findings "
    "impression report exports phantom app testing"
)


def cell(text: str) -> str:
    """Text that may stand in a table cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def rows(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> str:
    """A table."""
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def criterion(entry: Criterion) -> str:
    """The page of one catalogue entry."""
    kind = f"*{entry.kind}, per {entry.per}, {' and '.join(entry.modalities)}, version {entry.version}*"
    blocks = [HEAD.format(source=f"`knowledge/criteria/{entry.id}.yaml`") + f"# {entry.id}: {entry.title}", kind]
    for heading, lines in explain.sections(entry):
        listed = lines[0] if len(lines) == 1 and heading in ("Asks", "Shows", "Decided") else ""
        blocks += [f"## {heading}", cell(listed) if listed else "\n".join(f"- {cell(line)}" for line in lines)]
    if entry.statements:
        said = [(explain.STATE_WORDS.get(state, state), f"`{cell(text)}`") for state, text in entry.statements.items()]
        blocks += ["## Sentences", rows(("state", "sentence"), said).rstrip()]
    return "\n\n".join(blocks) + "\n"


def criteria_index(entries: list[Criterion]) -> str:
    """The list of all entries."""
    body = [(f"[{e.id}]({e.id}.md)", cell(e.title), e.kind, e.per, " ".join(e.modalities)) for e in entries]
    marks = rows(("mark", "meaning"), [(mark, words) for mark, words in explain.MARKS.items()])
    return (
        HEAD.format(source="the catalogue")
        + "# Criteria\n\nEvery number in a report comes from one of these entries. `spinemets explain ID` prints the same.\n\n"
        + "A number carries a mark of its origin. Only R and V count as published.\n\n"
        + marks
        + "\n"
        + rows(("id", "title", "kind", "per", "images"), body)
    )


def arguments(verb: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Names and help of a parser's arguments."""
    for action in verb._actions:  # argparse offers no public list of its actions
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        value = action.metavar or ""
        forms = [f"`{f'{name} {value}'.strip()}`" for name in action.option_strings] or [f"`{value or action.dest}`"]
        choices = f" ({', '.join(action.choices)})" if action.choices else ""
        yield " ".join(forms), cell(f"{action.help}{choices}")


def children(verb: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Parsers of sub-commands by name."""
    for action in verb._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def command_line() -> str:
    """Every verb with its arguments."""
    blocks = [HEAD.format(source="the option fields") + "# Command line", "Every verb has `--help` and `--json`."]
    top = children(parser())
    for name in VERBS:
        parts = children(top[name]) or {"": top[name]}
        for act, one in parts.items():
            title = f"spinemets {name} {act}".strip()
            about = cell(one.description or "")
            blocks += [f"## {title}", about, rows(("argument", "meaning"), list(arguments(one))).rstrip()]
    return "\n\n".join(blocks) + "\n"


def exit_codes() -> str:
    """Exit codes of the command line."""
    listed: dict[int, str] = {
        0: "done",
        4: "nothing could be assessed; the report says why, item by item",
        130: "interrupted",
    }
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.SpinemetsError):
            about = (error.__doc__ or "").strip().splitlines()[0].rstrip(".")
            if error.exit_code != errors.SpinemetsError.exit_code:
                listed.setdefault(error.exit_code, about[0].lower() + about[1:])
    listed[errors.SpinemetsError.exit_code] = "internal error: a fault of spinemets; `--debug` prints the traceback"
    body = [(str(code), cell(words)) for code, words in sorted(listed.items())]
    return HEAD.format(source="`model/errors.py`") + "# Exit codes\n\n" + rows(("code", "meaning"), body)


def glossary() -> str:
    """Terms."""
    terms = sorted(table("glossary").items(), key=lambda pair: pair[0].lower())
    body = "\n".join(f"**{term}**\n:   {cell(words)}\n" for term, words in terms)
    return HEAD.format(source="`knowledge/tables/glossary.yaml`") + "# Glossary\n\n" + body


def facts_file() -> str:
    """Fields of a facts file."""
    body = []
    for name, row in table("facts_fields").items():
        low, high = row.get("minimum", row.get("exclusiveMinimum")), row.get("maximum")
        span = f", {low:g} to {high:g}" if low is not None and high is not None else ""
        values = f" ({', '.join(row['enum'])})" if "enum" in row else ""
        body.append(
            (
                f"`{name}`",
                f"{row['type']}{span}{values}",
                cell(row["about"]),
                f"`{row['bids']}`" if "bids" in row else "",
            )
        )
    head = HEAD.format(source="`knowledge/tables/facts_fields.yaml`") + "# Fields of a facts file\n\n"
    return head + rows(("field", "type", "meaning", "BIDS key"), body)


def clinical_file() -> str:
    """Fields of a clinical file."""
    body = [
        (f"`{name}`", cell(row["description"]), cell(shape(row)))
        for name, row in table("clinical_fields")["properties"].items()
    ]
    head = HEAD.format(source="`knowledge/tables/clinical_fields.yaml`") + "# Fields of a clinical file\n\n"
    about = "A level is a name such as `T12`; a date is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.\n\n"
    return head + about + rows(("field", "meaning", "values"), body)


def shape(accepted: dict[str, Any]) -> str:
    """What a JSON Schema accepts, in a few words."""
    if "anyOf" in accepted:
        return ", or ".join(shape(one) for one in accepted["anyOf"] if one.get("type") != "null")
    if "enum" in accepted:
        return ", ".join(str(value) for value in accepted["enum"] if value is not None)
    if "$ref" in accepted:
        return str(accepted["$ref"]).rsplit("/", 1)[1]
    kind = accepted["type"]
    named = kind if isinstance(kind, str) else " or ".join(one for one in kind if one != "null")
    if named == "array":
        return f"list of ({shape(accepted['items'])})"
    if named == "object":
        return "{" + "; ".join(f"{name}: {shape(one)}" for name, one in accepted["properties"].items()) + "}"
    low, high = accepted.get("minimum", accepted.get("exclusiveMinimum")), accepted.get("maximum")
    return f"{named}, {low:g} to {high:g}" if low is not None and high is not None else named


def label_schemes() -> str:
    """Names that may follow the colon of `--labels`."""
    body = [(f"`{name}`", cell(s.title), cell("; ".join(s.cautions))) for name, s in sorted(schemes().items())]
    head = HEAD.format(source="`knowledge/tables/label_schemes.yaml`") + "# Label schemes\n\n"
    about = "Names for `--labels FILE:NAME`. A level such as `T12` names a binary mask of one vertebra.\n\n"
    return head + about + rows(("name", "what it is", "cautions"), body)


def schema_text(name: str) -> str:
    """A schema as it is published in `schemas/`."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def room(name: str) -> str:
    """Python reference of one room."""
    source = ROOT / "src" / "spinemets" / name
    modules = [".".join(path.relative_to(source).with_suffix("").parts) for path in sorted(source.rglob("*.py"))]
    shown = [module for module in modules if not module.split(".")[-1].startswith("_")]
    body = "\n\n".join(f"::: spinemets.{name}.{module}" for module in shown)
    return HEAD.format(source="the docstrings") + f"# spinemets.{name}\n\n::: spinemets.{name}\n\n{body}\n"


def pages() -> dict[Path, str]:
    """Every generated page by its path in the repository."""
    entries = sorted(load().values(), key=lambda entry: entry.id)
    made = {REFERENCE / "criteria" / f"{entry.id}.md": criterion(entry) for entry in entries}
    made[REFERENCE / "criteria" / "index.md"] = criteria_index(entries)
    made[REFERENCE / "command-line.md"] = command_line()
    made[REFERENCE / "exit-codes.md"] = exit_codes()
    made[REFERENCE / "glossary.md"] = glossary()
    made[REFERENCE / "facts-file.md"] = facts_file()
    made[REFERENCE / "clinical-file.md"] = clinical_file()
    made[REFERENCE / "label-schemes.md"] = label_schemes()
    made |= {
        Path(f"schemas/{name}.schema.json"): schema_text(name) for name in ("assessment", "series", "clinical", "facts")
    }
    made |= {REFERENCE / "python" / f"{name}.md": room(name) for name in ROOMS.split()}
    return made


def outdated(root: Path = ROOT) -> list[str]:
    """Pages that differ from their source, are missing, or have no source any more."""
    made = pages()
    found = [p.as_posix() for p, text in made.items() if not (root / p).is_file() or (root / p).read_text() != text]
    for folder in (REFERENCE / "criteria", REFERENCE / "python"):
        here = {path.relative_to(root) for path in (root / folder).glob("*.md")}
        found += [path.as_posix() for path in sorted(here - set(made))]
    return found


def write(root: Path = ROOT) -> None:
    """Write every page, and remove those without a source."""
    for name in outdated(root):
        (root / name).unlink(missing_ok=True)
    for path, text in pages().items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            target.write_text(text, encoding="utf-8")


def main() -> int:
    """Write, or with `--check` compare."""
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    found = outdated()
    for path in found:
        print(f"{path} is out of date: run `make pages`", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
