"""What the catalogue says about a criterion, as plain data and as text."""

from __future__ import annotations

import difflib
import textwrap
from typing import Any

import msgspec

from spinemets.knowledge.catalogue import Band, Criterion, Cut, Parameter, load, table
from spinemets.knowledge.units import words
from spinemets.model.errors import UsageError

MARKS = {
    "R": "stated by the review",
    "V": "verified in the literature",
    "N": "literature, not verified",
    "E": "engineering choice",
}
STATE_WORDS = {"not_assessable": "not assessable"}
WIDTH = 80


def listing() -> dict[str, Any]:
    """All entries, by id."""
    entries = sorted(load().values(), key=lambda entry: entry.id)
    return {
        "schema": "spinemets-explain-list/1",
        "entries": [
            {"id": e.id, "title": e.title, "kind": e.kind, "per": e.per, "version": e.version} for e in entries
        ],
    }


def entry(name: str) -> Criterion:
    """The entry of that id, in any case of letters.

    Raises
    ------
    UsageError
        If there is none; near ids are offered.
    """
    catalogue = load()
    for known in catalogue.values():
        if known.id.lower() == name.lower():
            return known
    near = difflib.get_close_matches(name.upper(), list(catalogue), n=3)
    offer = f"Did you mean {' or '.join(near)}?" if near else "`spinemets explain` lists all."
    raise UsageError(f"there is no catalogue entry {name!r}.", offer)


def data(criterion: Criterion) -> dict[str, Any]:
    """The entry as it is, the meaning of the marks, and the sentences of its caveat codes."""
    plain: dict[str, Any] = msgspec.to_builtins(criterion)
    return {
        "schema": "spinemets-explain/1",
        "entry": plain,
        "marks": MARKS,
        "caveat_sentences": {code: sentence(code) for code in codes(criterion)},
    }


def codes(criterion: Criterion) -> list[str]:
    """Caveat and reason codes the entry names."""
    named = [*criterion.caveats, *criterion.absent_caveats, *(rule.code for rule in criterion.judge.valid_when)]
    return list(dict.fromkeys(named))


def sentence(code: str) -> str:
    """What a caveat or reason code says to a reader; the code itself if no table has it."""
    row = table("caveats")["codes"].get(code) or table("reasons")["codes"].get(code) or {}
    return str(row.get("sentence", code))


def needs(criterion: Criterion) -> list[str]:
    """What the entry needs, one line each."""
    need = criterion.needs
    lines = [f"image {name}: {' or '.join(kinds)}" for name, kinds in need.volumes.items()]
    lines += [f"region: {name}" for name in need.regions]
    lines += [f"reference tissue: {name}" for name in need.references]
    lines += ["marrow of normal neighbours in the same series"] if need.normal else []
    lines += [f"lesion candidates of {criterion}" for criterion in need.lesions.values()]
    if need.focus:
        lines.append(f"leading lesion candidate of {', else '.join(need.focus)}, from another series, or none")
    lines += ["profile of the cortex, here and in the neighbours"] if need.cortex else []
    lines += [f"anatomy: {name}" for name in need.anatomy]
    lines += [f"header: {name}" for name in need.acquisition]
    lines += [f"gate {gate}: fit for {use}" for gate, use in need.gates.items()]
    lines += [f"results of {name} at all levels" for name in need.results]
    lines += [f"facts: {name}" for name in need.facts]
    lines += [f"knowledge table: {name}" for name in need.tables]
    return lines


def origin(mark: str, source: str) -> str:
    """Mark of origin in words, with the source where there is one."""
    return f"[{MARKS[mark]}; {source}]" if source else f"[{MARKS[mark]}]"


def in_unit(unit: str) -> str:
    """A unit as it follows a number."""
    shown = words(unit).strip("{}")
    return f" {shown}" if shown else ""


def number(name: str, parameter: Parameter) -> str:
    """One parameter with unit, origin and source."""
    value = parameter.value
    shown = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    about = f"{parameter.about} {origin(parameter.mark, parameter.source)}"
    return f"{name} = {shown}{in_unit(parameter.unit)}: {about}"


def held(item: Cut | Band) -> str:
    """Where a cut-off holds."""
    return f"{origin(item.mark, item.source)}. Population: {item.population.rstrip('.')}. {item.caveat}"


def cut(item: Cut, unit: str) -> str:
    """One cut-off with side, origin, population and caveat."""
    return f"{item.name}: {item.side} {item.value:g}{unit} {held(item)}"


def band(item: Band, unit: str) -> str:
    """One band with state, origin, population and caveat."""
    upto = "above that" if item.up_to is None else f"up to {item.up_to:g}{unit}"
    return f"{item.name}: {upto} -> {STATE_WORDS.get(item.state, item.state)} {held(item)}"


def decision(criterion: Criterion) -> list[str]:
    """Cut-offs, bands and categories, one line each."""
    judge = criterion.judge
    given = criterion.gives.get(judge.of or "")
    unit = "" if given is None else in_unit(given.unit)
    lines = [cut(item, unit) for item in judge.cuts] + [band(item, unit) for item in judge.bands]
    lines += [f"{name} -> {STATE_WORDS.get(state, state)}" for name, state in judge.categories.items()]
    lines += [f"elsewhere {STATE_WORDS.get(rule.otherwise, rule.otherwise)} ({rule.code})" for rule in judge.valid_when]
    return lines


def sections(criterion: Criterion) -> list[tuple[str, list[str]]]:
    """Headings and their lines, in the order a reader asks; empty ones left out."""
    gives = [
        f"{name}: {g.about or g.quantity} ({in_unit(g.unit).strip() or 'no unit'})"
        for name, g in criterion.gives.items()
    ]
    weights = [
        f"{STATE_WORDS.get(state, state)} counts for {w.hypothesis}, strength {w.strength:+d} {origin(w.mark, w.source)}"
        for state, listed in criterion.weights.items()
        for w in listed
    ]
    found = [
        ("Asks", [criterion.asks]),
        ("Shows", [criterion.shows]),
        ("Decided", [criterion.decided]),
        ("Needs", needs(criterion)),
        ("Gives", gives),
        ("Parameters", [number(name, p) for name, p in criterion.parameters.items()]),
        ("Cut-offs", decision(criterion)),
        ("Counts for", weights),
        ("Pitfalls", list(criterion.pitfalls)),
        ("Caveats", [f"{code}: {sentence(code)}" for code in codes(criterion)]),
        ("If it cannot be assessed", [criterion.remedy] if criterion.remedy else []),
        ("Sources", [f"{key}: {text}" for key, text in criterion.sources.items()]),
    ]
    return [(heading, lines) for heading, lines in found if any(lines)]


def text(criterion: Criterion) -> str:
    """The entry for a terminal, 80 columns."""
    head = f"{criterion.id}  {criterion.title}  (version {criterion.version}, {criterion.kind}, per {criterion.per})"
    blocks = [head]
    for heading, lines in sections(criterion):
        body = [
            textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
            for line in lines
        ]
        blocks.append("\n".join([heading, *body]))
    return "\n\n".join(blocks)
