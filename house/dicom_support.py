"""Which DICOM files are read, by trial: `python -m house.dicom_support` writes docs/reference/dicom-support.md.

    python -m house.dicom_support [--shared FOLDER] [--check]

Two kinds of trial, each through the public door. *Made*: pictures written here in every pair of storage class and transfer
syntax that the encoders at hand can write, read back and compared value by value. *Real*: every DICOM file of the public test
images beside the repository, read alone, and its values compared with what pydicom makes of the same file. A cell nobody tried
is empty.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from house.dicom_trials import CLASSES, Outcome, Trial, made, real
from house.docs_pages import ROOT, rows
from spinemets.knowledge.catalogue import table

PAGE = ROOT / "docs" / "reference" / "dicom-support.md"
HEAD = "<!-- Made by `python -m house.dicom_support`. Change that, not this page. -->"
WORDS = {
    Outcome.EQUAL: "values equal",
    Outcome.LOSSY: "within the loss of the encoder",
    Outcome.REFUSED: "refused, with the reason",
}
INTRODUCTION = """# DICOM support

What was tried, and what came of it. *made* means: a picture written in that class and syntax by an independent encoder was
read back through `spinemets.ingest.read` with every value equal (lossy syntaxes: within the loss pydicom sees). A maker's name
with a number means: so many real files of that maker were read, series by series, and all values equal those pydicom makes of
the files. Empty means: nobody tried here (12-bit JPEG, high-throughput JPEG 2000 and deflated frames have tests of their own with
single pictures: `tests/ingest/pixels/test_codecs.py`). Real files that were refused are listed below the table with the reason.

Headers may be little or big endian, explicit or implicit, deflated, without preamble or without meta header; a syntax without
a decoder under a permissive licence is refused by its name.
"""


def page(trials: Sequence[Trial]) -> str:
    """The page of all trials."""
    blocks = [HEAD, INTRODUCTION.rstrip()]
    blocks += ["## Transfer syntax and storage class", _grid(trials), _refused_syntaxes()]
    blocks += ["## Real files that were refused", _refusals(trials), "## Real files by maker", _makers(trials)]
    return "\n\n".join(block.rstrip() for block in blocks) + "\n"


def _grid(trials: Sequence[Trial]) -> str:
    """One row a syntax, one column a storage class."""
    cells: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        cells[trial.syntax, trial.sop_class].append(trial)
    known = table("transfer_syntaxes")
    body = []
    for syntax, row in known.items():
        if row["plugin"]:
            line = tuple(_cell(cells.get((syntax, sop_class), [])) for sop_class in CLASSES)
            body.append((f"{row['name']}<br>`{syntax}`", *line))
    return rows(("syntax", *CLASSES.values()), body)


def _cell(trials: Iterable[Trial]) -> str:
    good = [trial for trial in trials if trial.outcome is not Outcome.REFUSED]
    parts = ["made"] if any(trial.maker is None for trial in good) else []
    makers = Counter(trial.maker for trial in good if trial.maker is not None)
    parts += [f"{maker} {count}" for maker, count in sorted(makers.items())]
    return "<br>".join(parts)


def _refused_syntaxes() -> str:
    """Names of all syntaxes without a decoder."""
    names = [row["name"] for row in table("transfer_syntaxes").values() if not row["plugin"]]
    return "Refused by name: " + "; ".join(names) + "."


def _refusals(trials: Sequence[Trial]) -> str:
    """Reasons and how many real files had each."""
    reasons = Counter(trial.reason for trial in trials if trial.outcome is Outcome.REFUSED and trial.maker is not None)
    body = [(str(count), reason) for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
    return rows(("files", "reason"), body) if body else "None."


def _makers(trials: Sequence[Trial]) -> str:
    """Real files by maker and outcome."""
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for trial in trials:
        if trial.maker is not None:
            counts[trial.maker][trial.outcome] += 1
    body = [(maker, *(str(found[outcome]) for outcome in Outcome)) for maker, found in sorted(counts.items())]
    return rows(("maker", *(WORDS[outcome] for outcome in Outcome)), body) if body else "None tried."


def cells(text: str) -> Mapping[str, tuple[str, ...]]:
    """Syntax -> cells of a written page, to compare without the real files."""
    found = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if len(parts) == len(CLASSES) + 1 and "`1.2.840" in parts[0]:
            found[parts[0].split("`")[1]] = tuple(parts[1:])
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Try everything and write the page, or compare it with the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder of the public test images")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where the page is out of date")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        trials = made(Path(folder))
        if given.shared.is_dir():
            trials += real(given.shared, Path(folder))
        elif not given.check:
            print(f"{given.shared.name} is not here: the page would lose its real files", file=sys.stderr)
            return 1
    if given.check and not given.shared.is_dir():
        return _check_made(trials)
    text = page(trials)
    if given.check:
        return int(text != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")
    print(f"{len(trials)} trials, {PAGE.name} written")
    return 0


def _check_made(trials: Sequence[Trial]) -> int:
    """Without the real files: every made cell of the page must still hold, and no other be claimed."""
    written = cells(PAGE.read_text(encoding="utf-8"))
    fresh = cells(page(trials))
    lost = [
        key
        for key in written
        if any(("made" in a) != ("made" in b) for a, b in zip(written[key], fresh[key], strict=True))
    ]
    for syntax in lost:
        print(f"{syntax}: the page does not say what was found", file=sys.stderr)
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
