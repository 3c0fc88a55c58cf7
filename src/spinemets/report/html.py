"""`report.html`: one self-contained page made from an assessment alone (report.md, sections 2 and 3)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from spinemets.knowledge.catalogue import table
from spinemets.model.assessment import Assessment, LevelAssessment, Picture
from spinemets.model.finding import State
from spinemets.report import cards, lexicon, page_one, plots, spine_map, tables, wording
from spinemets.report.cards import Card
from spinemets.report.writing import write_whole

# Tags and field names around one picture, on the page and in the embedded data, rounded up.
MARKUP_BYTES = 1500
REVIEW_KEY = "Review"
# Keys of catalogue sources that name this project's own decisions: no literature.
OWN_KEYS = ("choice", "spec")
ORDER_OF_STATES = (State.PRESENT, State.INDETERMINATE, State.MEASURED, State.ABSENT, State.NOT_ASSESSABLE)


@dataclass(frozen=True, kw_only=True)
class LevelView:
    """What the templates need of one level."""

    level: LevelAssessment
    naming: str
    row: dict[str, tables.Cell]
    pictures: tuple[Picture, ...]
    cards: tuple[Card, ...]
    negative: tuple[Card, ...]
    refused: tuple[Card, ...]
    size: str


def write_html(assessment: Assessment, path: Path) -> None:
    """Write the page. It needs no network, no script and no other file.

    Parameters
    ----------
    assessment
        The only input; pictures travel inside it.
    path
        Final name; the file appears whole or not at all.
    """
    write_whole(Path(path), render(assessment))


def render(assessment: Assessment) -> str:
    """HTML text of the page, at most the hard limit of `tables/windows.yaml`: beyond it pictures are left out and said."""
    page = table("windows")["page"]
    template = environment().get_template("page.html.j2")
    words_only = len(template.render(**_names(replace(assessment, pictures=()), "")).encode())
    aim, hard = int(page["default_bytes"]["value"]), int(page["hard_bytes"]["value"])
    fitted, left_out = fit(assessment, words_only, aim, hard)
    return template.render(**_names(fitted, left_out))


def fit(assessment: Assessment, words_only: int, aim_bytes: int, hard_bytes: int) -> tuple[Assessment, str]:
    """Drop what the size limits do not allow: plain copies above the aim, whole pictures above the hard limit.

    Pictures are kept from the first on, so their order is their weight. `words_only` is the size of the page without
    any. Returns the assessment and a sentence that says what is not shown ("" if nothing).
    """
    used = words_only + sum(_frame(p) for p in assessment.pictures)
    kept: list[Picture] = []
    bare_copies = dropped = 0
    for picture in assessment.pictures:
        size = _encoded(picture.image)
        if used + size > hard_bytes:
            dropped += 1
            continue
        if picture.plain is not None and used + size + _encoded(picture.plain) > aim_bytes:
            picture = replace(picture, plain=None)  # noqa: PLW2901
            bare_copies += 1
        used += size + _encoded(picture.plain)
        kept.append(picture)
    sentences = []
    if bare_copies:
        sentences.append(f"To keep this file small, {wording.count(bare_copies, 'picture')} came without a plain copy.")
    if dropped:
        sentences.append(
            f"To keep this file small, {wording.count(dropped, 'picture')} of {len(assessment.pictures)} are not shown."
        )
    return replace(assessment, pictures=tuple(kept)), " ".join(sentences)


@cache
def environment() -> jinja2.Environment:
    """Templates with autoescape: every text of the assessment is escaped, drawings are built escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("spinemets.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["codes"] = _whole_codes
    return made


def _whole_codes(text: str) -> Markup:
    """A table cell whose reason codes do not break at their hyphen."""
    pieces = re.split(r"\b((?:NA|CV)-[A-Z]+)\b", text)
    code = Markup('<span class="code">{}</span>')
    return Markup("").join(code.format(p) if n % 2 else p for n, p in enumerate(pieces))


def embedded_json(assessment: Assessment) -> str:
    """The assessment without picture bytes, safe inside a script element (`<`, `>` and `&` as escapes)."""
    pictures = tuple(replace(p, image=b"", plain=None) for p in assessment.pictures)
    text = replace(assessment, pictures=pictures).to_json()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def references(assessment: Assessment) -> tuple[str, ...]:
    """Numbered sources: those the run names, then those behind the cut-offs on the page that the table knows.

    A source given as `Key: what it was used for` gets its full citation; several uses of one key share a number.
    """
    known = table("references")
    uses: dict[str, list[str]] = {}
    for text in assessment.references:
        key, _, use = text.partition(":")
        if key in OWN_KEYS:
            continue
        key = REVIEW_KEY if key in ("R", "review") else key
        uses.setdefault(key if key in known else text, []).extend([use.strip()] if key in known and use else [])
    cited = " ".join(c.source for f in assessment.all_findings() for c in f.cutoffs)
    for key in known:
        if re.search(rf"\b{re.escape(key)}\b", cited):
            uses.setdefault(key, [])
    return tuple(_reference(known[key], notes) if key in known else key for key, notes in uses.items())


def _reference(entry: dict[str, str], notes: list[str]) -> str:
    doi = f" doi:{entry['doi']}." if entry.get("doi") else ""
    used = f" Used for: {'; '.join(dict.fromkeys(notes))}." if notes else ""
    return f"{entry['text']}{doi} (Read: {entry['read']}.){used}"


def provenance_rows(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """What made this report."""
    p = assessment.provenance
    options = "; ".join(f"{key} = {value}" for key, value in p.options.items())
    return (
        ("Software", f"spinemets {p.software_version}"),
        ("Run", f"{p.run_id or 'without id'}, {p.created or 'time not recorded'}"),
        ("Parameters", p.parameter_hash),
        ("Options", f"{options or 'defaults'} (digest {p.options_digest})"),
        ("Libraries", ", ".join(f"{n} {v}" for n, v in p.libraries.items()) or "not recorded"),
        ("Model checksum", "no model of this program was used"),
        ("Schema", assessment.schema),
    )


def _names(a: Assessment, left_out: str) -> dict[str, Any]:
    """Everything the templates may name."""
    words = lexicon.lexicon()
    return {
        "a": a, "notice": words["notice"], "notified": words["notified"], "certainty_note": words["certainty_note"],
        "lexicon": words, "codes": _codes(a), "glossary": table("glossary"), "lesion_kinds": _kinds(words),
        "one": page_one.page_one(a), "map_rows": spine_map.list_rows(spine_map.rows(a)), "map_drawing": spine_map.draw(a),
        "patient_rows": tables.patient_rows(a), "clinical_rows": tables.clinical_rows(a),
        "series_rows": tables.series_rows(a), "lesion_rows": tables.lesion_rows(a),
        "study_cards": tuple(cards.card(f, a) for f in a.study_findings.values()),
        "columns": tables.level_columns(a), "missing_columns": tables.columns_without_records(a),
        "levels": [_level_view(level, a) for level in a.levels.values()],
        "overview": tuple(p for p in a.pictures if p.level_id is None and p.finding_id is None),
        "not_assessed": tables.not_assessed(a), "record_count": len(a.all_findings()),
        "known_ids": {f.id for f in a.all_findings()},
        "plots": plots.plots(a), "references": references(a), "provenance_rows": provenance_rows(a),
        "digests": _digests(a), "left_out": left_out,
        "css": _asset("page.css"), "script": _asset("page.js"), "page_boxes": _page_boxes(a),
        "embedded": Markup(embedded_json(a)),
        "b64": lambda data: base64.b64encode(data).decode(), "position": cards.position,
        "slice_words": lambda p: f"slice {p.slice_index + 1}", "points": wording.points,
        "caveat": lambda code: lexicon.caveat_words(code, a),
    }  # fmt: skip


def _level_view(level: LevelAssessment, a: Assessment) -> LevelView:
    made = [cards.card(f, a) for s in ORDER_OF_STATES for f in level.findings.values() if f.state is s]
    ids = {f.id for f in level.findings.values()}
    positive = (State.PRESENT.value, State.INDETERMINATE.value)
    return LevelView(
        level=level,
        naming=tables.level_naming(level),
        row=tables.level_row(level, a),
        pictures=tuple(p for p in a.pictures if p.level_id == level.level.id and p.finding_id not in ids),
        cards=tuple(c for c in made if c.state in positive),
        negative=tuple(c for c in made if c.state in (State.MEASURED.value, State.ABSENT.value)),
        refused=tuple(c for c in made if c.state == State.NOT_ASSESSABLE.value),
        size=tables.body_size(level),
    )


def _kinds(words: dict[str, Any]) -> list[dict[str, str]]:
    """One legend entry per letter."""
    kinds: dict[str, dict[str, str]] = {}
    for kind in words["lesion_letters"].values():
        kinds.setdefault(kind["letter"], {**kind, "words": kind["words"].split(",")[0]})
    return list(kinds.values())


def _codes(a: Assessment) -> dict[str, dict[str, str]]:
    """Reason and caveat codes that occur on the page, in words."""
    records = a.all_findings()
    reasons = sorted({f.reason for f in records if f.reason})
    lesions = [c for x in a.lesions for c in x.caveats]
    scores = [c for level in a.levels.values() for s in level.scores.values() for c in s.caveats]
    caveats = sorted({*(c for f in records for c in f.caveats), *lesions, *scores})
    return {
        "reasons": {code: lexicon.short_reason(code) for code in reasons},
        "caveats": {code: lexicon.caveat_words(code, a) for code in caveats},
    }


def _digests(a: Assessment) -> tuple[tuple[str, str], ...]:
    """Digests of the series by their number, then of other inputs."""
    series = {s.uid: (f"series {s.number}", s.digest) for s in a.series}
    others = [(name, digest) for name, digest in a.provenance.input_digests.items() if name not in series]
    known = {digest for _, digest in series.values()}
    return (*series.values(), *((name, digest) for name, digest in others if digest not in known))


def _page_boxes(a: Assessment) -> Markup:
    """Header and footer of printed pages. Only plain characters of the pseudonym reach the style sheet."""
    who = re.sub(
        r"[^A-Za-z0-9 .,_-]", "", f"{a.patient.pseudonym or 'no pseudonym'}, {a.patient.study_date or 'no date'}"
    )
    font = "font: 8pt sans-serif; color: #4b535b;"
    return Markup(
        "@page {{ margin: 12mm; "
        '@top-left {{ content: "Research use. Machine-generated, not reviewed."; {font} }} '
        '@top-right {{ content: "{who}"; {font} }} '
        '@bottom-right {{ content: "page " counter(page) " of " counter(pages); {font} }} }}'
    ).format(font=Markup(font), who=who)


@cache
def _asset(name: str) -> Markup:
    """Style sheet or script of the package, inlined as it is."""
    return Markup((files("spinemets.report") / "templates" / name).read_text(encoding="utf-8"))


def _frame(picture: Picture) -> int:
    """Bytes of a picture without its pixels: caption, places and alt text, once on the page and once as data."""
    return 2 * len(picture.caption) + 2 * len(picture.alt) + MARKUP_BYTES


def _encoded(data: bytes | None) -> int:
    """Length in base64."""
    return 0 if data is None else 4 * ((len(data) + 2) // 3)
