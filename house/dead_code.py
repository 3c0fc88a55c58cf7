"""Code nothing uses: `python -m house.dead_code`.

vulture sees Python only. What the catalogue loads by name and what templates read counts as used here, and fields of
values are left out, since the published JSON uses them all.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import vulture

ROOT = Path(__file__).resolve().parents[1]
# Rooms that are libraries: `physics` holds published formulas, each with its vector in the tests, of which the synthetic
# patient uses some; `testing` is for criteria made elsewhere.
LIBRARIES = ("src/spinemets/physics/", "src/spinemets/testing/")
KINDS = frozenset({"function", "method", "class", "property", "import", "unreachable_code"})
# Called by name: criteria by the runner, argparse, ast and pydicom hooks by their libraries, the doors by people.
BY_NAME = frozenset({"measure", "weigh", "main", "error", "analyze", "open_study", "report", "is_available"})


def words(folder: Path) -> set[str]:
    """Every name a template or a data file mentions, and every string of the source that is nothing but a name."""
    files = [path for kind in ("*.j2", "*.html", "*.yaml") for path in folder.rglob(kind)]
    found = {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    for path in folder.rglob("*.py"):
        found.update(re.findall(r"[\"'](\w+)[\"']", path.read_text(encoding="utf-8")))
    return found


def public(folder: Path) -> set[str]:
    """Names the documentation tells people to call."""
    return {
        word for path in folder.rglob("*.md") for word in re.findall(r"\w+(?=\()", path.read_text(encoding="utf-8"))
    }


def unused(root: Path = ROOT) -> list[str]:
    """`file:line: what` for each unused piece."""
    scan = vulture.Vulture()
    scan.scavenge([str(root / "src"), str(root / "house")])
    known = BY_NAME | words(root / "src") | public(root / "docs")
    found = [
        item
        for item in scan.get_unused_code(min_confidence=60)
        if item.typ in KINDS and item.name not in known and not item.name.startswith("__")
    ]
    placed = [(Path(item.filename).relative_to(root).as_posix(), item) for item in found]
    return [
        f"{name}:{item.first_lineno}: unused {item.typ} {item.name}"
        for name, item in placed
        if not name.startswith(LIBRARIES)
    ]


def main() -> int:
    """Print what is unused."""
    found = unused()
    print("\n".join(found) if found else "no unused code")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
